//! Who stands at the door, how far each has come, and who has to go when too many do.
//!
//! Every step on the way to an answer has room for so many, and whoever comes to one that is full sends away who has stood on
//! it longest. So a flood can crowd only the step that it reaches, and somebody who goes on without a pause passes through
//! each before the flood has turned it over, also where the two share an address. Listed senders are sent away last.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::AbortHandle;

/// How far a connection has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Step {
    /// Nothing came, but for what a balancer says of it.
    Silent,
    /// Something came.
    Speaking,
    /// The beginning of a TLS handshake came, whole.
    Greeting,
    /// A request may come: TLS is done, or not spoken here.
    Secured,
    /// The head of a request came.
    Asking,
    /// The whole request came, and is being answered.
    Heard,
}

/// Who a connection is from, as far as is known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Rank {
    /// Anybody.
    Stranger,
    /// A trusted proxy that has not named the sender yet.
    Proxy,
    /// An address that deliveries come from.
    Listed,
}

/// How many may stand at once at most, and how many of them on one step but the first. With what a connection may hold on each
/// step this bounds memory.
pub(super) const MOST_GUESTS: usize = 768;
const MOST_ON_A_STEP: usize = 160;

/// How much of unfinished bodies is held at once, in bytes. Whoever holds most of it goes first.
const MOST_HELD: usize = 4 * 1024 * 1024;

/// Fewer than this is no house.
pub(super) const FEWEST_GUESTS: usize = 12;

struct Guest {
    task: Option<AbortHandle>,
    from: IpAddr,
    rank: Rank,
    step: Step,
    /// When it came to the step, in the order of all that came to one.
    since: u64,
    /// What it brought of a body, in bytes.
    held: usize,
}

/// All who stand at the door.
pub(super) struct House {
    guests: BTreeMap<u64, Guest>,
    entered: u64,
    most: usize,
    /// Who is told of one that had to go.
    crowded: Box<dyn Fn(IpAddr) + Send>,
}

/// One guest, as the task that receives it holds it. It has left when this is dropped.
pub(super) struct Visit {
    house: Arc<Mutex<House>>,
    id: u64,
}

/// Those who have to go; they are told once the house is not locked any more.
#[must_use]
struct Gone(Vec<Guest>);

impl House {
    /// With room for this many at most.
    pub(super) fn new(most: usize, crowded: impl Fn(IpAddr) + Send + 'static) -> Arc<Mutex<Self>> {
        let most = most.clamp(FEWEST_GUESTS, MOST_GUESTS);
        Arc::new(Mutex::new(House { guests: BTreeMap::new(), entered: 0, most, crowded: Box::new(crowded) }))
    }

    /// Lets one in. Who can best be spared goes, where the house is full.
    pub(super) fn enter(house: &Arc<Mutex<Self>>, from: IpAddr, rank: Rank) -> Visit {
        let mut inside = lock(house);
        let gone = inside.make_room(1);
        let since = inside.next();
        inside.guests.insert(since, Guest { task: None, from, rank, step: Step::Silent, since, held: 0 });
        gone.leave(&inside);
        Visit { house: Arc::clone(house), id: since }
    }

    /// There are no more descriptors for as many as stand here; some are left to others from now on. Whether somebody went.
    pub(super) fn shrink(house: &Arc<Mutex<Self>>) -> bool {
        let mut inside = lock(house);
        inside.most = (inside.guests.len() - inside.guests.len() / 8).clamp(FEWEST_GUESTS, inside.most);
        let gone = inside.make_room(1);
        let went = !gone.0.is_empty();
        gone.leave(&inside);
        went
    }

    fn next(&mut self) -> u64 {
        self.entered += 1;
        self.entered
    }

    /// Room for so many more.
    fn make_room(&mut self, more: usize) -> Gone {
        let over = (self.guests.len() + more).saturating_sub(self.most);
        let gone = (0..over).map_while(|_| self.remove_first(|guest| Some((guest.rank, guest.step, guest.since))));
        Gone(gone.collect())
    }

    /// Takes out the one that comes first in this order, of those that are in it.
    fn remove_first<K: Ord>(&mut self, order: impl Fn(&Guest) -> Option<K>) -> Option<Guest> {
        let ordered = self.guests.iter().filter_map(|(id, guest)| Some((order(guest)?, *id)));
        let (_, id) = ordered.min()?;
        self.guests.remove(&id)
    }

    fn most_in(&self, step: Step) -> usize {
        match step {
            Step::Silent | Step::Heard => self.most,
            _ => (self.most / 5).min(MOST_ON_A_STEP),
        }
    }

    fn reach(&mut self, id: u64, step: Step) -> Gone {
        let since = self.next();
        let Some(guest) = self.guests.get_mut(&id).filter(|guest| guest.step < step) else { return Gone(Vec::new()) };
        (guest.step, guest.since) = (step, since);
        if step == Step::Heard {
            guest.held = 0;
        }
        let there = self.guests.values().filter(|guest| guest.step == step).count();
        let over = there.saturating_sub(self.most_in(step));
        let oldest = |guest: &Guest| (guest.step == step).then_some((guest.rank, guest.since));
        Gone((0..over).map_while(|_| self.remove_first(oldest)).collect())
    }

    fn hold(&mut self, id: u64, bytes: usize) -> Gone {
        if let Some(guest) = self.guests.get_mut(&id) {
            guest.held = bytes;
        }
        let mut gone = Vec::new();
        while self.guests.values().map(|guest| guest.held).sum::<usize>() > MOST_HELD {
            let fattest = |guest: &Guest| (guest.held > 0).then_some((guest.rank, usize::MAX - guest.held));
            match self.remove_first(fattest) {
                Some(guest) => gone.push(guest),
                None => break,
            }
        }
        Gone(gone)
    }
}

impl Gone {
    fn leave(self, house: &House) {
        for guest in self.0 {
            if let Some(task) = guest.task {
                task.abort();
            }
            (house.crowded)(guest.from);
        }
    }
}

impl Visit {
    /// The task that has to end where this one has to go.
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// It has come to this step.
    pub(super) fn reaches(&self, step: Step) {
        let mut house = lock(&self.house);
        house.reach(self.id, step).leave(&house);
    }

    /// It is from there.
    pub(super) fn is_from(&self, from: IpAddr, rank: Rank) {
        if let Some(guest) = lock(&self.house).guests.get_mut(&self.id) {
            (guest.from, guest.rank) = (from, rank);
        }
    }

    /// So much of its body is held.
    pub(super) fn holds(&self, bytes: usize) {
        let mut house = lock(&self.house);
        house.hold(self.id, bytes).leave(&house);
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        lock(&self.house).guests.remove(&self.id);
    }
}

/// Who receives a guest.
pub(super) fn received_by(house: &Arc<Mutex<House>>, id: u64, task: AbortHandle) {
    match lock(house).guests.get_mut(&id) {
        Some(guest) => guest.task = Some(task),
        None => task.abort(),
    }
}

fn lock(house: &Arc<Mutex<House>>) -> MutexGuard<'_, House> {
    house.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A house in which everybody's address is their number, and who had to go, in order.
    struct Told {
        house: Arc<Mutex<House>>,
        gone: Arc<Mutex<Vec<IpAddr>>>,
    }

    impl Told {
        fn new(most: usize) -> Self {
            let gone = Arc::new(Mutex::new(Vec::new()));
            let told = Arc::clone(&gone);
            Told { house: House::new(most, move |who| told.lock().unwrap().push(who)), gone }
        }

        fn enters(&self, who: u32, rank: Rank) -> Visit {
            House::enter(&self.house, address(who), rank)
        }

        fn strangers(&self, who: std::ops::Range<u32>, step: Step) -> Vec<Visit> {
            let come = |who| {
                let visit = self.enters(who, Rank::Stranger);
                visit.reaches(step);
                visit
            };
            who.map(come).collect()
        }

        fn stand(&self, who: u32) -> bool {
            lock(&self.house).guests.values().any(|guest| guest.from == address(who))
        }
    }

    fn address(who: u32) -> IpAddr {
        std::net::Ipv4Addr::from(who).into()
    }

    #[test]
    fn the_longest_silent_goes_first_and_whoever_came_further_stays() {
        let told = Told::new(20);
        let further = told.strangers(1..3, Step::Asking);
        let silent = told.strangers(10..28, Step::Silent);
        let _new = told.strangers(30..33, Step::Silent);

        assert_eq!(*told.gone.lock().unwrap(), [10, 11, 12].map(address));
        assert!(told.stand(1) && told.stand(2) && told.stand(32));
        drop((further, silent));
        assert!(!told.stand(1) && !told.stand(27) && told.stand(32));
    }

    #[test]
    fn a_flood_at_every_step_lets_somebody_through_who_goes_on_also_from_its_own_address() {
        use Step::{Asking, Greeting, Heard, Secured, Silent, Speaking};

        for flooded in [Silent, Speaking, Greeting, Secured, Asking] {
            let told = Told::new(100);
            let mut flood = told.strangers(1000..1300, flooded);
            let genuine = told.enters(1, Rank::Stranger);
            for (round, step) in [Speaking, Greeting, Secured, Asking, Heard].into_iter().enumerate() {
                // As many come as one step can lose, while one goes on by one.
                let first = 2000 + 100 * u32::try_from(round).unwrap();
                flood.extend(told.strangers(first..first + 15, flooded));
                assert!(told.stand(1), "before {step:?}, under a flood of {flooded:?}");
                genuine.reaches(step);
                assert!(told.stand(1), "at {step:?}, under a flood of {flooded:?}");
            }
        }
    }

    #[test]
    fn a_listed_sender_stays_as_soon_as_it_is_named_whatever_strangers_do() {
        let told = Told::new(30);
        let named = told.enters(1, Rank::Proxy);
        let other = told.enters(2, Rank::Proxy);
        named.is_from(address(3), Rank::Listed);
        other.is_from(address(4), Rank::Stranger);
        let mut flood = Vec::new();
        for step in [Step::Silent, Step::Speaking, Step::Secured, Step::Asking] {
            flood.extend(told.strangers(100..200, step));
            named.reaches(step);
        }

        assert!(told.stand(3) && !told.stand(4));
        assert!(told.gone.lock().unwrap().contains(&address(4)));
    }

    #[test]
    fn who_holds_most_of_what_is_held_goes_before_memory_does() {
        let told = Told::new(100);
        let visits = told.strangers(1..12, Step::Asking);
        let listed = told.enters(50, Rank::Listed);
        listed.holds(500_000);
        visits[4].holds(600_000);
        for visit in &visits {
            visit.holds(400_000);
        }
        visits[9].holds(500_000);

        assert_eq!(told.gone.lock().unwrap().last(), Some(&address(10)));
        assert!(told.stand(50));
        assert!(lock(&told.house).guests.values().map(|guest| guest.held).sum::<usize>() <= MOST_HELD);
    }

    #[test]
    fn where_descriptors_run_out_some_are_left_to_others_from_then_on() {
        let told = Told::new(100);
        let visits = told.strangers(0..40, Step::Silent);

        assert!(House::shrink(&told.house));
        assert_eq!(*told.gone.lock().unwrap(), (0..6).map(address).collect::<Vec<_>>());
        drop(visits);
        let more = told.strangers(100..200, Step::Silent);
        assert_eq!(lock(&told.house).guests.len(), 35);
        drop(more);
        for _ in 0..9 {
            House::shrink(&told.house);
        }
        assert_eq!(lock(&told.house).most, FEWEST_GUESTS);
    }

    #[tokio::test]
    async fn the_task_of_one_that_has_to_go_ends() {
        let told = Told::new(12);
        let visit = told.enters(1, Rank::Stranger);
        let id = visit.id();
        let task = tokio::spawn(async move {
            let _visit = visit;
            std::future::pending::<()>().await;
        });
        received_by(&told.house, id, task.abort_handle());
        let _others = told.strangers(10..22, Step::Silent);

        assert!(task.await.unwrap_err().is_cancelled());
    }

    #[test]
    fn a_listed_sender_that_pauses_is_crowded_off_no_step_by_strangers() {
        for step in [Step::Speaking, Step::Greeting, Step::Secured, Step::Asking] {
            let told = Told::new(100);
            let listed = told.enters(1, Rank::Listed);
            let stranger = told.enters(2, Rank::Stranger);
            listed.reaches(step);
            stranger.reaches(step);
            let _flood = told.strangers(100..150, step);

            assert!(told.stand(1) && !told.stand(2), "{step:?}");
        }
    }
}
