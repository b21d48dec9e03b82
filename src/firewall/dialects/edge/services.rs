//! Services as sets: protocols with the ports that they come from and go to.

use crate::firewall::ranges::Ranges;

use super::named::Set;

/// Protocols that have ports.
const WITH_PORTS: [u8; 3] = [6, 17, 132];

/// A protocol, or several, with ports from and to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Service {
    pub protocol: Ranges,
    pub source_port: Ranges,
    pub port: Ranges,
}

impl Service {
    /// Whatever it is.
    pub(crate) fn any() -> Self {
        Service { protocol: Ranges::all(), source_port: Ranges::all(), port: Ranges::all() }
    }

    /// All of a protocol.
    pub(crate) fn protocol(number: u8) -> Self {
        Service { protocol: Ranges::one(number), ..Service::any() }
    }

    /// These ports of a protocol.
    pub(crate) fn to(number: u8, port: Ranges) -> Self {
        Service { port, ..Service::protocol(number) }
    }

    /// What is of both.
    pub(crate) fn and(&self, other: &Service) -> Option<Service> {
        let both = Service {
            protocol: self.protocol.and(&other.protocol),
            source_port: self.source_port.and(&other.source_port),
            port: self.port.and(&other.port),
        };
        let nothing = both.protocol.is_empty() || both.source_port.is_empty() || both.port.is_empty();
        (!nothing).then_some(both)
    }
}

/// Several services, as few pieces as they come to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Services(Vec<Service>);

impl Services {
    /// All that is of any of these.
    pub(crate) fn of(each: impl IntoIterator<Item = Service>) -> Self {
        let mut all: Vec<Service> = each.into_iter().collect();
        // First ports of the same protocol come together, then protocols of the same ports.
        all.sort_unstable();
        all = merged(
            &all,
            |one, next| one.protocol == next.protocol && one.source_port == next.source_port,
            |run| {
                let port = Ranges::any_of(run.iter().map(|one| &one.port));
                run.first().map(|one| Service { port, ..one.clone() })
            },
        );
        all.sort_unstable_by(|a, b| {
            (&a.source_port, &a.port, &a.protocol).cmp(&(&b.source_port, &b.port, &b.protocol))
        });
        all = merged(
            &all,
            |one, next| one.source_port == next.source_port && one.port == next.port,
            |run| {
                let protocol = Ranges::any_of(run.iter().map(|one| &one.protocol));
                run.first().map(|one| Service { protocol, ..one.clone() })
            },
        );
        Services(all)
    }

    /// The pieces.
    pub(crate) fn each(&self) -> &[Service] {
        &self.0
    }

    /// All that is of none of them; nothing, where they go by the port that a connection comes from.
    pub(crate) fn others(&self) -> Option<Vec<Service>> {
        if self.0.iter().any(|service| !service.source_port.is_all()) {
            return None;
        }
        let ports = |number: u8| {
            Ranges::any_of(
                self.0.iter().filter(|service| service.protocol.contains(number)).map(|service| &service.port),
            )
        };
        let with_ports = Ranges::of(WITH_PORTS.map(|number| (u128::from(number), u128::from(number))));
        let whole = self.0.iter().filter(|service| service.port.is_all()).map(|service| &service.protocol);
        let rest = Ranges::any_of(whole).or(&with_ports).not();
        let mut others: Vec<Service> =
            WITH_PORTS.iter().map(|number| Service::to(*number, ports(*number).not())).collect();
        others.push(Service { protocol: rest, ..Service::any() });
        others.retain(|service| !service.port.is_empty() && !service.protocol.is_empty());
        Some(others)
    }
}

fn merged(
    all: &[Service],
    alike: impl Fn(&Service, &Service) -> bool,
    join: impl Fn(&[Service]) -> Option<Service>,
) -> Vec<Service> {
    all.chunk_by(|one, next| alike(one, next)).filter_map(join).collect()
}

impl Set for Services {
    fn none() -> Self {
        Services::default()
    }

    fn all() -> Self {
        Services(vec![Service::any()])
    }

    fn any_of(sets: &[&Self]) -> Self {
        match sets {
            [one] => (*one).clone(),
            several => Services::of(several.iter().flat_map(|set| set.0.iter().cloned())),
        }
    }

    fn minus(&self, _: &Self) -> Option<Self> {
        None
    }

    fn weight(&self) -> usize {
        self.0.iter().map(|service| 1 + service.port.intervals().len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_protocols_come_together_and_what_is_left_out_is_everything_else() {
        let dns = Services::of([
            Service::to(6, Ranges::one(53_u8)),
            Service::to(17, Ranges::one(53_u8)),
            Service::to(17, Ranges::one(54_u8)),
            Service::to(6, Ranges::one(54_u8)),
        ]);
        assert_eq!(dns.each().len(), 1);
        assert_eq!(dns.each()[0].port, Ranges::between(53_u8, 54_u8));

        let others = dns.others().unwrap();
        let holds = |protocol: u8, port: u16| {
            others.iter().filter(|one| one.protocol.contains(protocol) && one.port.contains(port)).count()
        };
        assert_eq!((holds(6, 53), holds(17, 54), holds(6, 443), holds(1, 0), holds(132, 53)), (0, 0, 1, 1, 1));
        assert_eq!(Services::all().others().unwrap(), []);
        let from = Service { source_port: Ranges::one(11_u8), ..Service::to(6, Ranges::one(12_u8)) };
        assert_eq!(Services::of([from]).others(), None);
    }
}
