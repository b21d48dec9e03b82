//! The network: a LAN with the installation, what may stand in front of it and the resolver; the router; the internet with
//! the `WorkOS` API and public DNS; a host on the internet to look from; and the host that `WorkOS` delivers from.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, mpsc};

use workos_preflight::facts::Facts;
use workos_preflight::simulator::world::INSTALLATION as NAME;
use workos_preflight::simulator::{
    Authorities, Certificate, ClientCertificate, Ground, InstallationManner, Service, Simulator, Site, World,
    ZoneAnswer,
};

use crate::edge::Edge;
use crate::host::Host;
use crate::trial::End;

/// The customer's LAN.
pub(crate) const LAN: &str = "10.20.0.0/24";
/// The router on the LAN.
pub(crate) const ROUTER: Ipv4Addr = Ipv4Addr::new(10, 20, 0, 1);
/// The installation.
pub(crate) const INSTALLATION: Ipv4Addr = Ipv4Addr::new(10, 20, 0, 10);
/// Where a server in front of it can stand.
pub(crate) const FRONT: Ipv4Addr = Ipv4Addr::new(10, 20, 0, 20);
/// The corporate resolver.
pub(crate) const RESOLVER: Ipv4Addr = Ipv4Addr::new(10, 20, 0, 53);
/// The router on the internet, where the installation's name leads.
pub(crate) const PUBLIC: Ipv4Addr = Ipv4Addr::new(93, 184, 215, 14);
/// A resolver on the internet.
const PUBLIC_RESOLVER: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 53);
/// The host that `WorkOS` delivers from, besides the addresses it delivers from.
const DELIVERING: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 10);
/// A host on the internet to look from.
pub(crate) const VANTAGE: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 77);
/// An address that `WorkOS` would deliver from if it were not missing in every list.
pub(crate) const UNLISTED: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 99);

/// Where the binary runs and finds its files: a directory of each host.
pub(crate) const WORKPLACE: &str = "/etc/lab";
/// What counts as a public root.
pub(crate) const PUBLIC_ROOTS: &str = "/etc/lab/public-roots.pem";
/// The installation's certificate with its chain.
pub(crate) const CERTIFICATE: &str = "/etc/lab/certificate.pem";
/// Its key.
pub(crate) const KEY: &str = "/etc/lab/key.pem";

/// Every host, joined and running.
pub(crate) struct Network {
    pub(crate) installation: Host,
    pub(crate) front: Host,
    pub(crate) corporate: Host,
    pub(crate) router: Host,
    pub(crate) internet: Host,
    pub(crate) vantage: Host,
    pub(crate) workos: Host,
    /// The public root as PEM.
    pub(crate) public_root: String,
    authorities: Arc<Authorities>,
    /// It has no address; its bridge joins the LAN.
    switch: Host,
}

/// The addresses that the guide publishes.
pub(crate) fn published() -> Vec<Ipv4Addr> {
    only_v4(&Facts::embedded().workos_sources.published.addresses)
}

/// Those that are only reported.
pub(crate) fn reported() -> Vec<Ipv4Addr> {
    only_v4(&Facts::embedded().workos_sources.reported.addresses)
}

fn only_v4(addresses: &[IpAddr]) -> Vec<Ipv4Addr> {
    addresses.iter().filter_map(|it| if let IpAddr::V4(it) = it { Some(*it) } else { None }).collect()
}

impl Network {
    /// Makes the hosts and joins them; the API and public DNS are up, the router has the rules of [`Edge::default`], and on
    /// the LAN nothing runs yet.
    pub(crate) fn make() -> Result<Self, End> {
        let authorities = Arc::new(Authorities::new()?);
        let network = Self {
            installation: Host::new()?,
            front: Host::new()?,
            corporate: Host::new()?,
            router: Host::new()?,
            internet: Host::new()?,
            vantage: Host::new()?,
            workos: Host::new()?,
            switch: Host::new()?,
            public_root: authorities.public_pem(),
            authorities,
        };
        network.join()?;
        network.router.forwards()?;
        network.internet.forwards()?;
        network.has(&Edge::default())?;
        for (hosts, resolver) in [
            ([&network.installation, &network.front, &network.corporate], RESOLVER),
            ([&network.internet, &network.vantage, &network.workos], PUBLIC_RESOLVER),
        ] {
            hosts.into_iter().try_for_each(|host| network.files(host, resolver))?;
        }
        network.play(&network.internet, of_internet())?;
        Ok(network)
    }

    /// Gives the router these rules.
    pub(crate) fn has(&self, edge: &Edge) -> Result<(), End> {
        self.router.nft(edge.rules())
    }

    /// Starts the corporate resolver; with a split horizon it gives the installation's own address inside.
    pub(crate) fn resolves(&self, split: bool) -> Result<(), End> {
        let mut world = World::healthy();
        world.services.clear();
        if split {
            world.inside_zone.set(NAME, ZoneAnswer::v4(&[INSTALLATION]));
        }
        self.play(&self.corporate, world)
    }

    /// Starts the customer's application on the installation.
    pub(crate) fn runs_the_application(&self) -> Result<(), End> {
        self.runs_the_application_with(Certificate::Good)
    }

    /// The same behind another certificate.
    pub(crate) fn runs_the_application_with(&self, certificate: Certificate) -> Result<(), End> {
        let mut world = World::healthy();
        let site = Site::Installation(InstallationManner::Works);
        let application = Service::Tls { certificate, client_certificate: ClientCertificate::NotAsked, site };
        world.services = [(SocketAddr::new(INSTALLATION.into(), 443), application)].into();
        // It comes with a resolver, which nobody asks.
        world.resolver = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 53);
        self.play(&self.installation, world)
    }

    /// Plays a part of the world on a host until the process ends.
    fn play(&self, host: &Host, world: World) -> Result<(), End> {
        let (tell, told) = mpsc::channel();
        let authorities = Arc::clone(&self.authorities);
        host.serve(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let simulator = Simulator::start_under(&authorities, world, Ground::AsNamed).await;
                tell.send(simulator.as_ref().map(drop).map_err(ToString::to_string)).unwrap();
                std::future::pending::<()>().await;
            });
        });
        told.recv().unwrap().map_err(|error| End::Broke(format!("cannot play the world: {error}")))
    }

    fn join(&self) -> Result<(), End> {
        self.switch.ip(["link add bridge type bridge", "link set bridge up"])?;
        let lan = [&self.router, &self.installation, &self.front, &self.corporate];
        for (host, name) in lan.into_iter().zip(["lan", "eth0", "eth0", "eth0"]) {
            // A bridge of its own, so that hosts on the LAN reach each other past the router, as through a switch.
            let port = format!("port{}", host.thread);
            self.switch.cable(&port, host, name)?;
            self.switch.ip([format!("link set {port} master bridge")])?;
        }
        self.internet.cable("customer", &self.router, "wan")?;
        self.internet.cable("vantage", &self.vantage, "eth0")?;
        self.internet.cable("workos", &self.workos, "eth0")?;

        self.router.ip([
            format!("address add {ROUTER}/24 dev lan"),
            format!("address add {PUBLIC}/29 dev wan"),
            "route add default via 93.184.215.9".to_owned(),
        ])?;
        for (host, address, gateway) in [
            (&self.installation, INSTALLATION, ROUTER),
            (&self.front, FRONT, ROUTER),
            (&self.corporate, RESOLVER, ROUTER),
            (&self.vantage, VANTAGE, Ipv4Addr::new(198, 51, 100, 1)),
            (&self.workos, DELIVERING, Ipv4Addr::new(203, 0, 113, 1)),
        ] {
            let lines = [format!("address add {address}/24 dev eth0"), format!("route add default via {gateway}")];
            host.ip(lines)?;
        }
        self.workos.ip(sources().map(|address| format!("address add {address}/32 dev lo")))?;

        self.internet.ip([
            "address add 93.184.215.9/29 dev customer",
            "address add 198.51.100.1/24 dev vantage",
            "address add 203.0.113.1/24 dev workos",
        ])?;
        self.internet.ip(sources().map(|address| format!("route add {address} via {DELIVERING}")))?;
        let played = of_internet();
        let owned: BTreeSet<IpAddr> = played.services.keys().chain([&played.resolver]).map(SocketAddr::ip).collect();
        self.internet.ip(owned.into_iter().map(|address| format!("address add {address}/32 dev lo")))
    }

    /// What the system, the binary and the servers read on a host. `/etc` was empty before.
    fn files(&self, host: &Host, resolver: Ipv4Addr) -> Result<(), End> {
        let root = self.public_root.clone();
        let (chain, key) = self.authorities.certificate_pem(&[NAME.to_owned()])?;
        host.run(move || {
            fs::create_dir_all("/etc/ssl/certs")?;
            fs::create_dir_all(WORKPLACE)?;
            fs::write("/etc/resolv.conf", format!("nameserver {resolver}\n"))?;
            fs::write("/etc/hosts", "127.0.0.1 localhost\n")?;
            fs::write("/etc/nsswitch.conf", "hosts: files dns\n")?;
            fs::write("/etc/passwd", "root:x:0:0:root:/:/bin/sh\n")?;
            fs::write("/etc/group", "root:x:0:\n")?;
            fs::write("/etc/ssl/certs/ca-certificates.crt", &root)?;
            fs::write(PUBLIC_ROOTS, root)?;
            fs::write(CERTIFICATE, chain)?;
            fs::write(KEY, key)
        })
        .map_err(|error| End::Broke(format!("cannot write the files: {error}")))
    }
}

/// Everything that `WorkOS` delivers from here, listed or not.
fn sources() -> impl Iterator<Item = Ipv4Addr> {
    published().into_iter().chain(reported()).chain([UNLISTED])
}

/// The API, public DNS and a resolver that everybody may ask.
fn of_internet() -> World {
    let mut world = World::healthy();
    world.services.retain(|address, _| address.ip() != IpAddr::V4(PUBLIC));
    world.inside_zone = world.public_zone.clone();
    world.resolver = SocketAddr::new(PUBLIC_RESOLVER.into(), 53);
    world
}
