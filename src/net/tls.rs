//! The TLS handshake as a verb of its own: it completes whatever the certificate is, and then judges the certificate twice.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::Handshake;
use super::anatomy::{Anatomy, Key};
use super::certificate;
use super::chain::Chain;
use super::error::{ErrorKind, NetError, ProxyRefusal};
use super::hello::Hello;
use super::stream::Stream;
use super::trust::TrustStores;

/// TLS to an https proxy, whose certificate is held to what this host trusts before anything is said: the proxy is given
/// credentials.
pub(super) async fn to_proxy(stream: TcpStream, host: &str, stores: &TrustStores) -> Result<Stream, NetError> {
    let shaken = async {
        let name = named(host)?;
        let asked = Arc::new(AskedForCertificate::default());
        let mut config = looking(Hello::Small, &asked)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let connected = TlsConnector::from(Arc::new(config)).connect(name.clone(), stream).await;
        let mut tls = connected.map_err(|error| {
            let error = NetError::from(error);
            if asked.was() { for_want_of_certificate(error) } else { error }
        })?;
        let presented = tls.get_ref().1.peer_certificates().unwrap_or_default();
        let chain = certificate::chain(presented);
        let (here, _) = Chain { presented, read: &chain, name: &name, stores }.here();
        here.map_err(NetError::untrusted)?;
        if asked.was() {
            silent_without_certificate(&mut tls).await?;
        }
        Ok(tls)
    };
    match shaken.await {
        Ok(tls) => Ok(Stream::Tls(Box::new(tls))),
        Err(NetError { kind, detail, .. }) => {
            Err(NetError::new(ErrorKind::Proxy(ProxyRefusal::Tls(Box::new(kind))), detail))
        }
    }
}

fn named(host: &str) -> Result<ServerName<'static>, NetError> {
    ServerName::try_from(host.to_owned())
        .map_err(|_| NetError::new(ErrorKind::Other, format!("`{host}` is no name that TLS can ask for")))
}

/// Completes the handshake whatever the certificate is, and notes whether one of this side is asked for.
fn looking(hello: Hello, asked: &Arc<AskedForCertificate>) -> Result<ClientConfig, NetError> {
    let provider = Arc::new(hello.provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| NetError::from(&error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Recording { provider }))
        .with_client_cert_resolver(Arc::clone(asked) as Arc<dyn ResolvesClientCert>);
    Ok(config)
}

/// Which versions of HTTP the client offers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Offer {
    /// HTTP/2, and HTTP/1.1 in its place.
    Both,
    /// HTTP/1.1 alone, where HTTP/2 is known to break.
    Http1,
}

impl Offer {
    fn protocols(self) -> Vec<Vec<u8>> {
        match self {
            Offer::Both => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            Offer::Http1 => vec![b"http/1.1".to_vec()],
        }
    }
}

/// A TLS session that stands, and what was seen of it. A request can go on with it where the certificate holds.
pub(super) struct Session {
    pub(super) tls: TlsStream<Listening>,
    pub(super) seen: Handshake,
}

/// Shakes hands on `stream` and looks at what was presented.
pub(super) async fn handshake(
    stream: Stream,
    host: &str,
    stores: &TrustStores,
    offer: Offer,
    hello: Hello,
) -> Result<Session, NetError> {
    let name = named(host)?;
    let asked = Arc::new(AskedForCertificate::default());
    let mut config = looking(hello, &asked)?;
    config.alpn_protocols = offer.protocols();

    let heard = Heard::default();
    let listening = Listening { stream, heard: heard.clone() };
    let connected = TlsConnector::from(Arc::new(config)).connect(name.clone(), listening).await;
    let tls = connected.map_err(|error| {
        let error = with_first_bytes(error, &heard);
        if asked.was() { for_want_of_certificate(error) } else { error }
    })?;

    let (_, session) = tls.get_ref();
    let presented = session.peer_certificates().unwrap_or_default();
    let chain = certificate::chain(presented);
    let held = Chain { presented, read: &chain, name: &name, stores };
    let (here, doubts) = held.here();
    let public = held.public();
    let seen = Handshake {
        version: session.protocol_version().map(|version| format!("{version:?}")).unwrap_or_default(),
        cipher: session.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite())).unwrap_or_default(),
        protocol: session.alpn_protocol().map(|protocol| String::from_utf8_lossy(protocol).into_owned()),
        here,
        public,
        doubts,
        small_hello_only: None,
        chain,
        asked_for_certificate: asked.was(),
    };
    Ok(Session { tls, seen })
}

impl Session {
    /// Waits for what a server says only after the handshake. None is left where reading took something of what follows.
    pub(super) async fn settled(mut self) -> Result<Option<Self>, NetError> {
        if !self.seen.asked_for_certificate {
            return Ok(Some(self));
        }
        let silent = silent_without_certificate(&mut self.tls).await?;
        Ok(silent.then_some(self))
    }

    /// Whether the other side has not closed it meanwhile, as far as can be seen.
    pub(super) fn stands(&self) -> bool {
        let tcp = self.tls.get_ref().0.stream.tcp();
        let mut byte = [0];
        let mut byte = ReadBuf::new(&mut byte);
        match tcp.poll_peek(&mut Context::from_waker(Waker::noop()), &mut byte) {
            Poll::Pending => true,
            Poll::Ready(peeked) => peeked.is_ok_and(|read| read > 0),
        }
    }
}

/// With TLS 1.3 a server that insists on a client certificate says so only after the handshake. Says whether it was silent.
async fn silent_without_certificate(tls: &mut (impl AsyncRead + Unpin)) -> Result<bool, NetError> {
    const WORTH_WAITING: Duration = Duration::from_millis(500);
    let mut byte = [0];
    match tokio::time::timeout(WORTH_WAITING, tls.read(&mut byte)).await {
        Ok(Err(error)) => Err(for_want_of_certificate(NetError::from(error))),
        Ok(Ok(0)) => Err(for_want_of_certificate(NetError::from(io::Error::from(io::ErrorKind::UnexpectedEof)))),
        // Silence or data: it asked, and goes on without.
        Ok(Ok(_)) => Ok(false),
        Err(_) => Ok(true),
    }
}

/// What ends once a certificate was asked for and none was given, ends for the want of one: TLS 1.2 has no alert of its own for
/// that, and some servers just close.
fn for_want_of_certificate(error: NetError) -> NetError {
    match error.kind {
        ErrorKind::Alert(_) | ErrorKind::Closed | ErrorKind::Reset => NetError::new(
            ErrorKind::ClientCertificateRequired,
            format!("a certificate of the client is asked for, and without one {}", error.detail),
        ),
        _ => error,
    }
}

/// What is not TLS is shown by its first bytes.
fn with_first_bytes(error: io::Error, heard: &Heard) -> NetError {
    let first = heard.bytes();
    let error = NetError::from(error);
    match error.kind {
        ErrorKind::NotTls(_) => NetError::new(ErrorKind::NotTls(printable(&first)), error.detail),
        // A few bytes that are no TLS record, and then the end.
        ErrorKind::Closed | ErrorKind::Reset if first.first().is_some_and(|byte| !(20..=24).contains(byte)) => {
            NetError::new(ErrorKind::NotTls(printable(&first)), error.detail)
        }
        _ => error,
    }
}

fn printable(bytes: &[u8]) -> String {
    let line = bytes.split(|byte| *byte == b'\r' || *byte == b'\n').next().unwrap_or_default();
    line.iter()
        .take(60)
        .map(|byte| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' })
        .collect()
}

/// The first bytes that came back.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<u8>>>);

impl Heard {
    const ENOUGH: usize = 128;

    fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, bytes: &[u8]) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = Self::ENOUGH.saturating_sub(heard.len());
        heard.extend(bytes.iter().take(room));
    }
}

/// A stream whose first bytes are noted as they come in.
pub(super) struct Listening {
    stream: Stream,
    heard: Heard,
}

impl AsyncRead for Listening {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.heard.note(buf.filled().get(before..).unwrap_or_default());
        polled
    }
}

impl AsyncWrite for Listening {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Accepts every chain, so that it can be looked at; signatures are verified all the same.
#[derive(Debug)]
struct Recording {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Recording {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        unless_out_of_reach(cert, rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        unless_out_of_reach(cert, rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let mut schemes = self.provider.signature_verification_algorithms.supported_schemes();
        schemes.extend(ASKED_BESIDES);
        schemes
    }
}

/// Signatures that this tool cannot verify and OpenSSL can. They are asked for all the same, so that the chain is seen:
/// Ed448, keys that are for RSASSA-PSS alone, and the Brainpool curves.
const ASKED_BESIDES: [SignatureScheme; 7] = [
    SignatureScheme::ED448,
    SignatureScheme::Unknown(0x0809),
    SignatureScheme::Unknown(0x080a),
    SignatureScheme::Unknown(0x080b),
    SignatureScheme::Unknown(0x081a),
    SignatureScheme::Unknown(0x081b),
    SignatureScheme::Unknown(0x081c),
];

/// A key that this tool cannot verify with is judged with the chain, which it is a part of, and does not end the handshake.
fn unless_out_of_reach(
    cert: &CertificateDer<'_>,
    verified: Result<HandshakeSignatureValid, rustls::Error>,
) -> Result<HandshakeSignatureValid, rustls::Error> {
    verified.or_else(|error| match Anatomy::read(cert) {
        Some(leaf) if leaf.key != Key::Usable => Ok(HandshakeSignatureValid::assertion()),
        _ => Err(error),
    })
}

/// Has no client certificate to give, and remembers being asked for one.
#[derive(Debug, Default)]
struct AskedForCertificate(std::sync::atomic::AtomicBool);

impl AskedForCertificate {
    fn was(&self) -> bool {
        self.0.load(std::sync::atomic::Ordering::Relaxed)
    }
}

impl ResolvesClientCert for AskedForCertificate {
    fn resolve(&self, _issuers: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.store(true, std::sync::atomic::Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        // rustls asks `resolve` only when there might be some.
        true
    }
}
