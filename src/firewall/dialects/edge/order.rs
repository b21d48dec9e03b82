//! The order of things that commands move about: a ring of links, so that moving one costs nothing.

/// Things by number, in an order.
pub(crate) struct Order {
    /// What stands behind each; place 0 is both ends, and thing n is at n + 1.
    next: Vec<usize>,
    before: Vec<usize>,
}

impl Default for Order {
    fn default() -> Self {
        Order { next: vec![0], before: vec![0] }
    }
}

impl Order {
    /// Puts the next thing at the end, and gives its number.
    pub(crate) fn push(&mut self) -> usize {
        let node = self.next.len();
        self.next.push(0);
        self.before.push(0);
        self.link(node, 0);
        node - 1
    }

    /// Moves a thing before another; before none, to the end.
    pub(crate) fn move_before(&mut self, thing: usize, other: Option<usize>) {
        let (node, pivot) = (thing + 1, other.map_or(0, |other| other + 1));
        if node != pivot {
            self.unlink(node);
            self.link(node, pivot);
        }
    }

    /// Moves a thing behind another; behind none, to the top.
    pub(crate) fn move_after(&mut self, thing: usize, other: Option<usize>) {
        let (node, pivot) = (thing + 1, other.map_or(0, |other| other + 1));
        if node != pivot {
            self.unlink(node);
            self.link(node, self.next[pivot]);
        }
    }

    /// The things, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> {
        let mut node = 0;
        std::iter::from_fn(move || {
            node = *self.next.get(node)?;
            node.checked_sub(1)
        })
    }

    fn link(&mut self, node: usize, behind: usize) {
        let ahead = self.before[behind];
        (self.next[ahead], self.before[node]) = (node, ahead);
        (self.next[node], self.before[behind]) = (behind, node);
    }

    fn unlink(&mut self, node: usize) {
        let (ahead, behind) = (self.before[node], self.next[node]);
        (self.next[ahead], self.before[behind]) = (behind, ahead);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_are_moved_to_where_they_are_wanted_and_none_is_lost() {
        let mut order = Order::default();
        for _ in 0..4 {
            order.push();
        }
        let mut after = |change: &dyn Fn(&mut Order)| {
            change(&mut order);
            order.iter().collect::<Vec<_>>()
        };

        assert_eq!(after(&|_| {}), [0, 1, 2, 3]);
        assert_eq!(after(&|order| order.move_before(3, Some(1))), [0, 3, 1, 2]);
        assert_eq!(after(&|order| order.move_after(0, Some(2))), [3, 1, 2, 0]);
        assert_eq!(after(&|order| order.move_after(0, None)), [0, 3, 1, 2]);
        assert_eq!(after(&|order| order.move_before(0, None)), [3, 1, 2, 0]);
        assert_eq!(after(&|order| order.move_before(1, Some(1))), [3, 1, 2, 0]);
        assert_eq!(after(&|order| order.move_after(1, Some(3))), [3, 1, 2, 0]);
    }
}
