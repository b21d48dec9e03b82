//! What can be wrong in the played world, by name, with the codes that a run against it must produce.

mod api;
mod dns;
mod installation;
mod network;
mod proxy;
mod registration;

use std::net::Ipv4Addr;

use super::service::{Certificate, Service};
use super::world::{World, https};

/// One thing that is wrong.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// Its name, in kebab-case.
    pub name: &'static str,
    /// What it shows, for somebody who meets it for the first time.
    pub shows: &'static str,
    /// Codes a run must find, the main one first; empty where nothing is wrong after all.
    pub expect: &'static [&'static str],
    /// Whether it can be played on loopback; else it needs a network namespace.
    pub anywhere: bool,
    /// Makes it so.
    pub apply: fn(&mut World),
}

impl Fault {
    const fn new(
        name: &'static str,
        shows: &'static str,
        expect: &'static [&'static str],
        apply: fn(&mut World),
    ) -> Self {
        Self { name, shows, expect, anywhere: true, apply }
    }

    /// The fault by this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        FAULTS.iter().find(|it| it.name == name)
    }

    /// The healthy world with this fault.
    pub fn world(&self) -> World {
        let mut world = World::healthy();
        (self.apply)(&mut world);
        world
    }
}

/// Every fault: names first, then the way, then what answers, then the installation.
pub const FAULTS: &[Fault] = &joined();

const TABLES: [&[Fault]; 6] =
    [dns::FAULTS, network::FAULTS, proxy::FAULTS, api::FAULTS, registration::FAULTS, installation::FAULTS];
const COUNT: usize = dns::FAULTS.len()
    + network::FAULTS.len()
    + proxy::FAULTS.len()
    + api::FAULTS.len()
    + registration::FAULTS.len()
    + installation::FAULTS.len();

/// The tables one after another; a constant cannot use iterators.
const fn joined() -> [Fault; COUNT] {
    let mut all = [dns::FAULTS[0]; COUNT];
    let (mut table, mut row, mut at) = (0, 0, 0);
    while table < TABLES.len() {
        if row == TABLES[table].len() {
            table += 1;
            row = 0;
            continue;
        }
        all[at] = TABLES[table][row];
        at += 1;
        row += 1;
    }
    all
}

impl World {
    /// Changes every service at these addresses on port 443.
    fn change(&mut self, addresses: &[Ipv4Addr], change: impl Fn(&mut Service)) {
        for address in addresses {
            if let Some(service) = self.services.get_mut(&https(*address)) {
                change(service);
            }
        }
    }

    /// Puts this service at these addresses on port 443.
    fn put(&mut self, addresses: &[Ipv4Addr], service: &Service) {
        self.services.extend(addresses.iter().map(|it| (https(*it), service.clone())));
    }

    /// Shows this certificate at these addresses.
    fn show(&mut self, addresses: &[Ipv4Addr], shown: Certificate) {
        self.change(addresses, |service| {
            if let Service::Tls { certificate, .. } = service {
                *certificate = shown;
            }
        });
    }
}
