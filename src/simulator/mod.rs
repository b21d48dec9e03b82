//! The embedded `WorkOS`, DNS, DNS over HTTPS and customer installation that `demo` and the tests run against, over real sockets.

mod authorities;
mod dns;
mod doh;
pub mod environment;
pub mod faults;
mod http;
mod http2;
mod installation;
mod listing;
mod outgoing;
mod proxy;
pub mod service;
mod socks;
mod stage;
mod workos;
pub mod world;
mod writing;
pub mod zone;

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Socket, Type};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;
use tokio::time::timeout;

pub use self::authorities::Authorities;
pub use self::faults::{FAULTS, Fault};
pub use self::service::{
    ApiManner, Certificate, ClientCertificate, Http2Manner, InstallationManner, PROXY_AUTHORIZATION, Page, ProxyManner,
    Service, Site, SocksManner,
};
pub use self::world::World;
pub use self::writing::WritesManner;
pub use self::zone::{ResolverManner, Zone, ZoneAnswer};

use self::stage::{Stage, accepts_connections};

const LONGEST_CONNECTION: Duration = Duration::from_mins(1);
const MOST_CONNECTIONS: usize = 256;
const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Where the played addresses are bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// 127.0.0.1, a free port for each played address and port: for `demo`, anywhere, without privileges.
    Loopback,
    /// The played addresses themselves with their real ports: for a network namespace that owns them.
    AsNamed,
}

/// A world that is being played; it ends when this is dropped.
pub struct Simulator {
    map: HashMap<SocketAddr, SocketAddr>,
    public_roots: String,
    trusted: String,
    stage: Arc<Stage>,
    // Both only need to live: dropping them ends the tasks and frees the ports.
    _playing: JoinSet<()>,
    _held: Vec<Held>,
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator").field("map", &self.map).finish_non_exhaustive()
    }
}

/// A port that is kept without serving it.
#[derive(Debug)]
struct Held {
    _socket: Socket,
    _queued: Vec<TcpStream>,
}

impl Simulator {
    /// Binds everything the world has and plays it.
    ///
    /// # Errors
    /// `Unsupported` where the world has a service that only a namespace can play; otherwise whatever binding said.
    pub async fn start(world: World, ground: Ground) -> io::Result<Self> {
        Self::start_under(&Authorities::new()?, world, ground).await
    }

    /// The same with these authorities, for a world whose parts are played in several places.
    ///
    /// # Errors
    /// As [`Simulator::start`].
    pub async fn start_under(authorities: &Authorities, world: World, ground: Ground) -> io::Result<Self> {
        let public_roots = authorities.public_pem();
        let mut trusted = public_roots.clone();
        if world.corporate_ca_trusted {
            trusted.push_str(&authorities.corporate_pem());
        }
        let (resolver, manner) = (world.resolver, world.resolver_manner);
        let services = world.services.clone();
        let stage = Arc::new(Stage::new(world, authorities, ground)?);

        let mut map = HashMap::new();
        let mut playing = JoinSet::new();
        let mut held = Vec::new();
        let (udp, tcp) = bind_resolver(resolver, ground).await?;
        map.insert(resolver, tcp.local_addr()?);
        let zone = &stage.inside_zone;
        playing.spawn(dns::serve_udp(udp, Arc::clone(zone), manner));
        let zone = Arc::clone(zone);
        playing.spawn(accept(tcp, move |stream| dns::serve_tcp(stream, Arc::clone(&zone), manner)));

        for (address, service) in &services {
            let address = *address;
            if accepts_connections(service) {
                let listener = bind(address, ground).await?;
                map.insert(address, listener.local_addr()?);
                let stage = Arc::clone(&stage);
                playing.spawn(accept(listener, move |stream| {
                    let stage = Arc::clone(&stage);
                    async move { stage.play(address, stream).await }
                }));
            } else if ground == Ground::AsNamed {
                map.insert(address, address);
            } else {
                let (real, port) = hold(address, service).await?;
                map.insert(address, real);
                held.push(port);
            }
        }
        Ok(Self { map, public_roots, trusted, stage, _playing: playing, _held: held })
    }

    /// Where each played address and port really is.
    pub fn map(&self) -> &HashMap<SocketAddr, SocketAddr> {
        &self.map
    }

    /// The environments as they are now.
    pub fn environments(&self) -> Vec<environment::Environment> {
        self.stage.api.environments().clone()
    }

    /// How many requests that write have come.
    pub fn writes(&self) -> u32 {
        self.stage.api.writes()
    }

    /// The root that plays the public ones.
    pub fn public_roots_pem(&self) -> &str {
        &self.public_roots
    }

    /// What this machine trusts: the public root, and the customer's CA where the world says so.
    pub fn trusted_pem(&self) -> &str {
        &self.trusted
    }
}

async fn bind(address: SocketAddr, ground: Ground) -> io::Result<TcpListener> {
    match ground {
        Ground::Loopback => TcpListener::bind(LOOPBACK).await,
        Ground::AsNamed => TcpListener::bind(address).await,
    }
}

/// UDP and TCP on the same port, because one played address has one real one.
async fn bind_resolver(address: SocketAddr, ground: Ground) -> io::Result<(UdpSocket, TcpListener)> {
    let mut attempts = 0;
    loop {
        let tcp = bind(address, ground).await?;
        match UdpSocket::bind(tcp.local_addr()?).await {
            Ok(udp) => return Ok((udp, tcp)),
            // The port that was free for TCP may be taken for UDP.
            Err(_) if ground == Ground::Loopback && attempts < 16 => attempts += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Accepts until it is dropped, which ends its connections too.
async fn accept<F>(listener: TcpListener, serve: impl Fn(TcpStream) -> F)
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < MOST_CONNECTIONS => {
                let Ok((stream, _)) = accepted else {
                    // Out of file descriptors, most likely: let some close.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                };
                // Without it a small answer after a small one waits for the client's delayed ACK.
                let _ = stream.set_nodelay(true);
                let connection = serve(stream);
                // How a client leaves is not our concern, so the result is dropped.
                connections.spawn(async move { drop(timeout(LONGEST_CONNECTION, connection).await) });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Keeps a loopback port that refuses or drops.
async fn hold(address: SocketAddr, service: &Service) -> io::Result<(SocketAddr, Held)> {
    if matches!(service, Service::Unreachable | Service::Prohibited | Service::NoRoute) {
        let only = format!("{address} is {service:?}, which only a network namespace can play");
        return Err(io::Error::new(io::ErrorKind::Unsupported, only));
    }
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&LOOPBACK.into())?;
    let real = real_address(&socket)?;
    let queued = if matches!(service, Service::Drops) { fill_queue(&socket, real).await? } else { Vec::new() };
    let held = Held { _queued: queued, _socket: socket };
    Ok((real, held))
}

/// Fills the accept queue that nobody empties, after which the kernel drops further SYNs.
async fn fill_queue(socket: &Socket, address: SocketAddr) -> io::Result<Vec<TcpStream>> {
    socket.listen(0)?;
    let mut queued = Vec::new();
    while queued.len() < 16 {
        match timeout(Duration::from_millis(100), TcpStream::connect(address)).await {
            Ok(stream) => queued.push(stream?),
            Err(_) => return Ok(queued),
        }
    }
    Err(io::Error::new(io::ErrorKind::Unsupported, "this system accepts connections beyond a full queue"))
}

fn real_address(socket: &Socket) -> io::Result<SocketAddr> {
    socket.local_addr()?.as_socket().ok_or_else(|| io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests;
