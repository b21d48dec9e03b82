//! The addresses of a world inside a namespace: what is local, what is dropped, what is rejected.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use futures_util::TryStreamExt;
use rtnetlink::packet_route::address::AddressHeaderFlags;
use rtnetlink::packet_route::route::{RouteScope, RouteType};
use rtnetlink::{Handle, LinkUnspec, LinkVeth, RouteMessageBuilder, new_connection};
use workos_preflight::simulator::{Service, World};

/// The address of the machine that the binary runs on, where a scenario names no other.
pub(crate) const HOST: Ipv4Addr = Ipv4Addr::new(10, 20, 0, 10);
const HOST_V6: Ipv6Addr = Ipv6Addr::new(0xfd20, 0, 0, 0, 0, 0, 0, 0x10);
/// The table that decides which addresses are the machine's own.
const LOCAL_TABLE: u32 = 255;

/// What the kernel does with packets to an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    /// Delivers them here: to a listener, else with a reset.
    Local,
    /// Loses them.
    Dropped,
    /// Says that the host is unreachable.
    Unreachable,
    /// Says that this is forbidden.
    Prohibited,
    /// Finds no route.
    Nowhere,
}

/// Every address and its fate.
#[derive(Default, Debug)]
pub(crate) struct Addresses(BTreeMap<IpAddr, Fate>);

impl Addresses {
    pub(crate) fn of(world: &World) -> Result<Self, String> {
        let mut addresses = Self::default();
        addresses.put(world.resolver.ip(), Fate::Local)?;
        for (address, service) in &world.services {
            let fate = match service {
                Service::Drops => Fate::Dropped,
                Service::Unreachable => Fate::Unreachable,
                Service::Prohibited => Fate::Prohibited,
                Service::NoRoute => Fate::Nowhere,
                _ => Fate::Local,
            };
            // What goes to 0.0.0.0 goes to loopback already.
            if !address.ip().is_unspecified() {
                addresses.put(address.ip(), fate)?;
            }
        }
        Ok(addresses)
    }

    pub(crate) fn put(&mut self, address: IpAddr, fate: Fate) -> Result<(), String> {
        match self.0.insert(address, fate) {
            Some(other) if other != fate => {
                Err(format!("{address} cannot be {other:?} and {fate:?}: routes know no port"))
            }
            _ => Ok(()),
        }
    }

    /// Makes it so in the namespace of this process, on a machine with this address.
    pub(crate) async fn lay(&self, host: Ipv4Addr) -> io::Result<()> {
        let (connection, handle, _) = new_connection()?;
        tokio::spawn(connection);
        self.lay_with(&handle, host).await.map_err(|error| match error {
            rtnetlink::Error::NetlinkError(message) => message.to_io(),
            other => io::Error::other(other.to_string()),
        })
    }

    async fn lay_with(&self, netlink: &Handle, host: Ipv4Addr) -> Result<(), rtnetlink::Error> {
        let lo = index(netlink, "lo").await?;
        netlink.link().set(LinkUnspec::new_with_index(lo).up().build()).execute().await?;
        // Without ARP packets go out to a peer that has no address, which loses them.
        netlink.link().add(LinkVeth::new("out", "nowhere").build()).execute().await?;
        let out = index(netlink, "out").await?;
        for end in [out, index(netlink, "nowhere").await?] {
            netlink.link().set(LinkUnspec::new_with_index(end).arp(false).up().build()).execute().await?;
        }
        netlink.address().add(out, host.into(), 32).execute().await?;
        if self.0.keys().any(IpAddr::is_ipv6) {
            own_v6(netlink, out, HOST_V6).await?;
        }
        for (address, fate) in &self.0 {
            match (address, fate) {
                // There is no default route here, so nothing has to be done.
                (_, Fate::Nowhere) => {}
                // The kernel binds IPv6 to addresses of an interface only.
                (IpAddr::V6(address), Fate::Local) => own_v6(netlink, lo, *address).await?,
                (IpAddr::V4(address), Fate::Local) => {
                    // A local route in place of an address: the machine keeps its own address as the source.
                    let route = route_v4(*address).pref_source(host).table_id(LOCAL_TABLE).scope(RouteScope::Host);
                    let route = route.kind(RouteType::Local).output_interface(lo).build();
                    netlink.route().add(route).execute().await?;
                }
                (IpAddr::V4(address), Fate::Dropped) => {
                    let route = route_v4(*address).pref_source(host).scope(RouteScope::Link).output_interface(out);
                    netlink.route().add(route.build()).execute().await?;
                }
                (IpAddr::V6(address), Fate::Dropped) => {
                    netlink.route().add(route_v6(*address).output_interface(out).build()).execute().await?;
                }
                (IpAddr::V4(address), rejected) => {
                    netlink.route().add(route_v4(*address).kind(kind(*rejected)).build()).execute().await?;
                }
                (IpAddr::V6(address), rejected) => {
                    let route = route_v6(*address).kind(kind(*rejected)).output_interface(lo);
                    netlink.route().add(route.build()).execute().await?;
                }
            }
        }
        Ok(())
    }
}

/// Without duplicate address detection, which would keep an address from being bound until a worker of the kernel gets to it.
async fn own_v6(netlink: &Handle, link: u32, address: Ipv6Addr) -> Result<(), rtnetlink::Error> {
    let mut request = netlink.address().add(link, address.into(), 128);
    request.message_mut().header.flags.insert(AddressHeaderFlags::Nodad);
    request.execute().await
}

fn kind(rejected: Fate) -> RouteType {
    if rejected == Fate::Prohibited { RouteType::Prohibit } else { RouteType::Unreachable }
}

fn route_v4(address: Ipv4Addr) -> RouteMessageBuilder<Ipv4Addr> {
    RouteMessageBuilder::<Ipv4Addr>::new().destination_prefix(address, 32)
}

fn route_v6(address: Ipv6Addr) -> RouteMessageBuilder<Ipv6Addr> {
    RouteMessageBuilder::<Ipv6Addr>::new().destination_prefix(address, 128)
}

async fn index(netlink: &Handle, name: &str) -> Result<u32, rtnetlink::Error> {
    let found = netlink.link().get().match_name(name.to_owned()).execute().try_next().await?;
    found.map(|link| link.header.index).ok_or(rtnetlink::Error::RequestFailed)
}
