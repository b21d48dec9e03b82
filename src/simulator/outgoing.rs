//! Delivers events to webhook endpoints as `WorkOS` does: from its own addresses, over verified TLS, signed.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::SystemTime;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use url::{Position, Url};

use super::writing::Outgoing;
use crate::secret::Secret;
use crate::workos::signature;

/// What trusts the played public root and nothing else.
pub(super) fn connector(root: rustls_pki_types::CertificateDer<'static>) -> io::Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    roots.add(root).map_err(io::Error::other)?;
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Posts one event to the address of its endpoint, once, from this source. The status it was answered with.
pub(super) async fn deliver(
    outgoing: &Outgoing,
    source: IpAddr,
    address: SocketAddr,
    connector: &TlsConnector,
) -> io::Result<u16> {
    let url = Url::parse(&outgoing.url).map_err(io::Error::other)?;
    let host = url.host_str().unwrap_or_default().to_owned();
    let stream = from(source, address).await?;
    let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
    let mut stream = connector.connect(name, stream).await?;
    let now = signature::milliseconds(SystemTime::now());
    let signed = signature::sign(&Secret::new(outgoing.secret.as_str()), now, outgoing.body.as_bytes());
    let path = &url[Position::BeforePath..Position::AfterQuery];
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nWorkOS-Signature: \
         {signed}\r\nConnection: close\r\n\r\n{}",
        outgoing.body.len(),
        outgoing.body
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    // A peer that closes without a TLS goodbye has answered all the same.
    let _ = stream.take(4096).read_to_end(&mut answer).await;
    let text = String::from_utf8_lossy(&answer);
    text.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

async fn from(source: IpAddr, address: SocketAddr) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.bind(SocketAddr::new(source, 0))?;
    socket.connect(address).await
}
