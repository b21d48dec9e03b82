//! What a client meets once its connection is accepted: each address plays its service.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use url::Url;

use super::authorities::Authorities;
use super::http::{Answer, Asked, Sent};
use super::proxy::{self, Wanted};
use super::service::{ApiManner, Certificate, ClientCertificate, Http2Manner, Page, ProxyManner, Service, Site};
use super::workos::{self, Api};
use super::world::{API, INSTALLATION, PROXY, PUBLIC_DNS, World};
use super::zone::Zone;
use super::{Ground, doh, http, http2, installation, outgoing, socks};
use crate::secret::Secret;

/// Everything that connections share.
pub(super) struct Stage {
    pub(super) inside_zone: Arc<Zone>,
    public_zone: Zone,
    pub(super) api: Api,
    post: Option<Post>,
    installation_secrets: installation::Secrets,
    services: BTreeMap<SocketAddr, Player>,
    past_proxy: BTreeMap<SocketAddr, Player>,
    /// Connections to a lossy API so far.
    tried: AtomicU64,
}

/// How events leave for webhook endpoints.
struct Post {
    connector: TlsConnector,
    sources: Vec<IpAddr>,
    sent: AtomicUsize,
}

struct Player {
    service: Service,
    tls: Option<TlsAcceptor>,
}

impl Stage {
    pub(super) fn new(world: World, authorities: &Authorities, ground: Ground) -> io::Result<Self> {
        let player = |(address, service): (&SocketAddr, &Service)| {
            let tls = acceptor(&world, authorities, address.ip(), service)?;
            Ok((*address, Player { service: service.clone(), tls }))
        };
        let services = world.services.iter().map(player).collect::<io::Result<_>>()?;
        let past_proxy = world.past_proxy.iter().map(player).collect::<io::Result<_>>()?;
        // On loopback nobody has the addresses that events come from.
        let post = if ground == Ground::AsNamed && !world.delivers_from.is_empty() {
            let connector = outgoing::connector(authorities.public_der())?;
            Some(Post { connector, sources: world.delivers_from, sent: AtomicUsize::new(0) })
        } else {
            None
        };
        Ok(Self {
            post,
            inside_zone: Arc::new(world.inside_zone),
            public_zone: world.public_zone,
            api: Api::new(world.environments, world.seen_as, world.writes),
            installation_secrets: installation::Secrets {
                webhook: Secret::new(world.installation_secret),
                actions: Secret::new(world.actions_secret),
            },
            services,
            past_proxy,
            tried: AtomicU64::new(0),
        })
    }

    /// Plays the service at an address for one connection that came to it.
    pub(super) async fn play(&self, address: SocketAddr, stream: TcpStream) -> io::Result<()> {
        match self.services.get(&address) {
            Some(player) => self.perform(player, stream).await,
            None => Ok(()),
        }
    }

    // Boxed because a proxy plays the service at the far end of its tunnel in the same way.
    fn perform<'a>(
        &'a self,
        player: &'a Player,
        mut stream: TcpStream,
    ) -> Pin<Box<dyn Future<Output = io::Result<()>> + Send + 'a>> {
        Box::pin(async move {
            match (&player.service, &player.tls) {
                (Service::BehindSmallPackets { resets, service }, tls) => {
                    if first_message(&stream).await? > LARGEST_IN_ONE_PACKET {
                        return if *resets { reset(&mut stream).await } else { std::future::pending().await };
                    }
                    let behind = Player { service: service.as_ref().clone(), tls: tls.clone() };
                    self.perform(&behind, stream).await
                }
                (Service::Tls { site: Site::Workos(ApiManner::Lossy), .. }, _) if self.loses_this_one() => {
                    std::future::pending().await
                }
                (Service::Tls { site, .. }, Some(tls)) => {
                    let stream = tls.accept(stream).await?;
                    http::serve(stream, |asked| self.answer(site, asked)).await
                }
                (Service::Http2 { manner, site }, Some(tls)) => {
                    let stream = tls.accept(stream).await?;
                    let agreed = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                    match manner {
                        _ if !agreed => http::serve(stream, |asked| self.answer(site, asked)).await,
                        Http2Manner::Works | Http2Manner::Only => {
                            http2::serve(stream, |asked| self.answer(site, asked)).await
                        }
                        broken => http2::break_off(stream, *broken).await,
                    }
                }
                (Service::Proxy(manner), _) => match proxy::greet(&mut stream, *manner).await? {
                    Wanted::Tunnel { host, port } => {
                        let old = *manner == ProxyManner::OpensInOldStyle;
                        let speaks = if old { Speaks::OldHttp } else { Speaks::Http };
                        self.tunnel(&host, port, stream, speaks).await
                    }
                    Wanted::Nothing => Ok(()),
                },
                (Service::Socks(manner), _) => match socks::greet(&mut stream, *manner).await? {
                    Wanted::Tunnel { host, port } => self.tunnel(&host, port, stream, Speaks::Socks).await,
                    Wanted::Nothing => stream.shutdown().await,
                },
                (Service::TlsProxy { manner, .. }, Some(tls)) => {
                    let mut outer = tls.accept(stream).await?;
                    // What is inside of TLS is a connection of its own, to the same proxy without TLS.
                    let (mut near, far) = pair().await?;
                    let inner = Player { service: Service::Proxy(*manner), tls: None };
                    let (_, carried) =
                        tokio::join!(self.perform(&inner, far), tokio::io::copy_bidirectional(&mut outer, &mut near));
                    carried.map(drop)
                }
                (Service::ResetsInHandshake, _) => reset(&mut stream).await,
                (Service::OnlyCbc, _) => only_cbc(stream).await,
                (Service::StallsInHandshake, _) => std::future::pending().await,
                (Service::Garbage, _) => say(stream, b"\x13\x37 no protocol \x00\xff\xfe\r\n").await,
                (Service::OnlyOldTls, _) => {
                    // A fatal alert, protocol_version (RFC 5246 §7.2).
                    say(stream, &[0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46]).await
                }
                (Service::PlainHttp(page), _) => say(stream, plain(page).as_bytes()).await,
                // Nothing accepts connections for the rest.
                _ => Ok(()),
            }
        })
    }

    /// Every fourth connection.
    fn loses_this_one(&self) -> bool {
        self.tried.fetch_add(1, Ordering::Relaxed) % 4 == 3
    }

    fn answer(&self, site: &Site, asked: &Asked) -> Answer {
        let empty = Page::json(200, "");
        match site {
            Site::Workos(manner) => {
                let answer = self.api.answer(*manner, asked);
                self.send_out();
                answer
            }
            Site::HostedPages => workos::hosted_page(asked),
            Site::DnsOverHttps => doh::answer(&self.public_zone, asked),
            Site::Installation(manner) => installation::answer(*manner, &self.installation_secrets, asked),
            Site::Page(page) => page.clone().into(),
            Site::OversizedBody => Answer { page: empty, sent: Sent::Oversized },
            Site::EndlessBody => Answer { page: empty, sent: Sent::Endless },
        }
    }

    /// Delivers what requests have caused, in tasks of their own.
    fn send_out(&self) {
        for event in self.api.outgoing() {
            let Some(post) = &self.post else { continue };
            let turn = post.sent.fetch_add(1, Ordering::Relaxed);
            let source = post.sources.get(turn % post.sources.len()).copied();
            let host =
                Url::parse(&event.url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
            let address = self.public_zone.addresses(&host).into_iter().next();
            let (Some(source), Some(address)) = (source, address) else { continue };
            let connector = post.connector.clone();
            tokio::spawn(async move {
                // How it is received is for the receiver to tell.
                drop(outgoing::deliver(&event, source, SocketAddr::new(address, 443), &connector).await);
            });
        }
    }

    /// The proxy resolves the name itself, and what it reaches is played at the other end of the same connection.
    async fn tunnel(&self, host: &str, port: u16, mut stream: TcpStream, speaks: Speaks) -> io::Result<()> {
        let addresses = match host.parse::<IpAddr>() {
            Ok(address) => vec![address],
            Err(_) => match self.public_zone.addresses(host) {
                none if none.is_empty() => self.inside_zone.addresses(host),
                found => found,
            },
        };
        let mut addresses = addresses.into_iter().map(|it| SocketAddr::new(it, port)).peekable();
        let first = addresses.peek().copied();
        let mut players = addresses.filter_map(|it| self.past_proxy.get(&it).or_else(|| self.services.get(&it)));
        match players.find(|it| accepts_connections(&it.service)) {
            Some(player) => {
                match speaks {
                    Speaks::Http => proxy::open(&mut stream).await?,
                    Speaks::OldHttp => proxy::open_in_old_style(&mut stream).await?,
                    Speaks::Socks => socks::open(&mut stream).await?,
                }
                self.perform(player, stream).await
            }
            None => match speaks {
                Speaks::Http | Speaks::OldHttp => proxy::unreachable(&mut stream, first).await,
                Speaks::Socks => socks::unreachable(&mut stream).await,
            },
        }
    }
}

/// What accepts TLS for a service that has it.
fn acceptor(
    world: &World,
    authorities: &Authorities,
    address: IpAddr,
    service: &Service,
) -> io::Result<Option<TlsAcceptor>> {
    let config = match service {
        Service::BehindSmallPackets { service, .. } => return acceptor(world, authorities, address, service),
        Service::Tls { certificate, client_certificate, site } => {
            authorities.server_config(*certificate, &names(world, address, site), *client_certificate)?
        }
        Service::Http2 { manner, site } => {
            let names = names(world, address, site);
            let mut config = authorities.server_config(Certificate::Good, &names, ClientCertificate::NotAsked)?;
            config.alpn_protocols.insert(0, b"h2".to_vec());
            if *manner == Http2Manner::Only {
                config.alpn_protocols.truncate(1);
            }
            config
        }
        Service::TlsProxy { certificate, .. } => {
            authorities.server_config(*certificate, &[PROXY.to_owned()], ClientCertificate::NotAsked)?
        }
        _ => return Ok(None),
    };
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}

/// A packet of 1,500 bytes has room for this much of TLS.
const LARGEST_IN_ONE_PACKET: usize = 1_400;

/// How long the first record of TLS is, which stays to be read.
async fn first_message(stream: &TcpStream) -> io::Result<usize> {
    let mut head = [0; 5];
    loop {
        match stream.peek(&mut head).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            some if some < head.len() => tokio::task::yield_now().await,
            _ => break,
        }
    }
    Ok(usize::from(u16::from_be_bytes([head[3], head[4]])))
}

async fn reset(stream: &mut TcpStream) -> io::Result<()> {
    hear(stream).await?;
    // Closing with a zero linger time sends a reset.
    socket2::SockRef::from(&*stream).set_linger(Some(Duration::ZERO))
}

/// Chooses ECDHE-RSA-AES128-SHA256 where it is offered, and refuses the rest with the alert `handshake_failure`.
async fn only_cbc(mut stream: TcpStream) -> io::Result<()> {
    const SUITE: [u8; 2] = [0xc0, 0x27];

    let length = first_message(&stream).await?;
    let mut message = vec![0; 5 + length];
    stream.read_exact(&mut message).await?;
    // The suites stand behind the record's and the message's head, the version, the random and the session.
    let session = 5 + 4 + 2 + 32;
    let suites = session + 1 + usize::from(message.get(session).copied().unwrap_or_default());
    let count = message.get(suites..suites + 2).map(|it| usize::from(u16::from_be_bytes([it[0], it[1]])));
    let offered = message.get(suites + 2..suites + 2 + count.unwrap_or_default()).unwrap_or_default();
    if !offered.chunks(2).any(|suite| suite == SUITE) {
        stream.write_all(&[0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28]).await?;
        return stream.shutdown().await;
    }
    let hello = [&[3, 3][..], &[7; 32], &[0], &SUITE, &[0]].concat();
    let length = u8::try_from(hello.len()).unwrap_or_default();
    stream.write_all(&[&[0x16, 3, 3, 0, length + 4, 2, 0, 0, length][..], &hello].concat()).await?;
    stream.shutdown().await
}

/// What a proxy speaks to its client.
#[derive(Clone, Copy)]
enum Speaks {
    Http,
    OldHttp,
    Socks,
}

/// The two ends of a connection on loopback.
async fn pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let near = TcpStream::connect(listener.local_addr()?).await?;
    let (far, _) = listener.accept().await?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    Ok((near, far))
}

/// Whether a connection to this service is established at all.
pub(super) fn accepts_connections(service: &Service) -> bool {
    !matches!(
        service,
        Service::Drops | Service::Refuses | Service::Unreachable | Service::Prohibited | Service::NoRoute
    )
}

/// The names a certificate at this address is for.
fn names(world: &World, address: IpAddr, site: &Site) -> Vec<String> {
    // A fault may have taken the name away from the address; what is there is still meant for it.
    let meant = match site {
        Site::Workos(_) => Some(API),
        Site::DnsOverHttps => Some(PUBLIC_DNS),
        Site::Installation(_) => Some(INSTALLATION),
        _ => None,
    };
    let zones = [&world.public_zone, &world.inside_zone];
    let found = zones.into_iter().flat_map(|zone| zone.names_of(address));
    let mut names: Vec<String> = meant.into_iter().chain(found).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

/// Waits until the client has said something, so that it is past connecting when the answer comes.
async fn hear(stream: &mut TcpStream) -> io::Result<()> {
    stream.read(&mut [0; 4096]).await.map(drop)
}

async fn say(mut stream: TcpStream, bytes: &[u8]) -> io::Result<()> {
    hear(&mut stream).await?;
    stream.write_all(bytes).await?;
    stream.shutdown().await?;
    // Closing with unread bytes would send a reset that can overtake what was said.
    while stream.read(&mut [0; 4096]).await? > 0 {}
    Ok(())
}

fn plain(Page { status, headers, body }: &Page) -> String {
    let headers: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let (headers, length) = (headers.concat(), body.len());
    format!("HTTP/1.1 {status} Answer\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}")
}
