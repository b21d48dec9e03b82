//! What a client sees of the played world on loopback.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use rustls::{CertificateError, ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::world::{API, API_ADDRESSES, INSTALLATION, INSTALLATION_ADDRESS, https};
use super::*;

mod answering;
mod connecting;

const PATIENCE: Duration = Duration::from_secs(10);

async fn playing(fault: &str) -> Simulator {
    let world = if fault.is_empty() { World::healthy() } else { Fault::named(fault).unwrap().world() };
    Simulator::start(world, Ground::Loopback).await.unwrap()
}

async fn with_api(service: Service) -> Simulator {
    let mut world = World::healthy();
    world.services.insert(https(API_ADDRESSES[0]), service);
    Simulator::start(world, Ground::Loopback).await.unwrap()
}

fn api(simulator: &Simulator) -> SocketAddr {
    simulator.map()[&https(API_ADDRESSES[0])]
}

async fn handshake<S>(pem: &str, stream: S, name: &str) -> io::Result<TlsStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut roots = RootCertStore::empty();
    for root in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        roots.add(root.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    timeout(PATIENCE, TlsConnector::from(Arc::new(config)).connect(name, stream)).await?
}

async fn secured(simulator: &Simulator, played: SocketAddr, name: &str) -> io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(simulator.map()[&played]).await?;
    handshake(simulator.trusted_pem(), stream, name).await
}

/// Everything that comes back for one request, up to an error or the end.
async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

async fn asked(simulator: &Simulator, played: SocketAddr, name: &str, request: &str) -> String {
    exchange(secured(simulator, played, name).await.unwrap(), request).await
}

async fn api_asked(simulator: &Simulator, headers: &str) -> String {
    let request = format!("GET /organizations HTTP/1.1\r\nHost: {API}\r\nConnection: close\r\n{headers}\r\n");
    asked(simulator, https(API_ADDRESSES[0]), API, &request).await
}

async fn posted(simulator: &Simulator, path: &str) -> String {
    let request =
        format!("POST {path} HTTP/1.1\r\nHost: {INSTALLATION}\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{{}}");
    asked(simulator, https(INSTALLATION_ADDRESS), INSTALLATION, &request).await
}

fn refusal(error: &io::Error) -> Option<&CertificateError> {
    match error.get_ref()?.downcast_ref::<rustls::Error>()? {
        rustls::Error::InvalidCertificate(refusal) => Some(refusal),
        _ => None,
    }
}

#[tokio::test]
async fn a_part_of_a_world_that_is_played_apart_shows_the_same_authorities() {
    let authorities = Authorities::new().unwrap();
    let parts = [World::healthy(), World::healthy()]
        .map(|world| async { Simulator::start_under(&authorities, world, Ground::Loopback).await.unwrap() });

    for part in parts {
        let part = part.await;
        let stream = TcpStream::connect(api(&part)).await.unwrap();
        assert!(handshake(&authorities.public_pem(), stream, API).await.is_ok());
    }
}

#[test]
fn a_certificate_that_is_handed_out_comes_with_its_chain_and_its_key() {
    let (chain, key) = Authorities::new().unwrap().certificate_pem(&[INSTALLATION.to_owned()]).unwrap();

    assert_eq!(CertificateDer::pem_slice_iter(chain.as_bytes()).filter_map(Result::ok).count(), 2);
    assert!(rustls_pki_types::PrivateKeyDer::from_pem_slice(key.as_bytes()).is_ok());
}
