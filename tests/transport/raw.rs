//! A server behind TLS that says what it is given, byte for byte, once it has heard a request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use workos_preflight::net::{Limits, Live, NetError, Network, Request, Response, TrustStores};
use workos_preflight::simulator::Authorities;

pub(crate) struct Server {
    live_at: std::net::SocketAddr,
    roots: String,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Server {
    pub(crate) async fn saying(name: &str, bytes: Vec<u8>, http2: bool) -> Self {
        let authorities = Authorities::new().unwrap();
        let (chain, key) = authorities.certificate_pem(&[name.to_owned()]).unwrap();
        let chain: Vec<_> = CertificateDer::pem_slice_iter(chain.as_bytes()).map(Result::unwrap).collect();
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let mut config = builder.with_no_client_auth().with_single_cert(chain, key).unwrap();
        config.alpn_protocols = vec![if http2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let live_at = listener.local_addr().unwrap();
        let heard: Arc<Mutex<Vec<u8>>> = Arc::default();
        let hearing = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let Ok(mut tls) = acceptor.accept(tcp).await else { continue };
                // A request ends with an empty line; over HTTP/2, its frame of headers is what follows the settings.
                loop {
                    let mut chunk = [0; 4096];
                    let Ok(read @ 1..) = tls.read(&mut chunk).await else { break };
                    let mut all = hearing.lock().unwrap();
                    all.extend(&chunk[..read]);
                    let frames = all.get(24..).unwrap_or_default();
                    if if http2 { has_headers(frames) } else { all.ends_with(b"\r\n\r\n") } {
                        break;
                    }
                }
                // A client that has had enough may close before all is said.
                let _ = tls.write_all(&bytes).await;
                let _ = tls.shutdown().await;
            }
        });
        Server { live_at, roots: authorities.public_pem(), heard }
    }

    pub(crate) async fn fetch(&self, request: &Request, limit: Duration) -> Result<Response, NetError> {
        let stores = TrustStores::from_pem(&self.roots, &self.roots).unwrap();
        let places = HashMap::from([(super::nowhere(), self.live_at)]);
        Live::played(Limits { attempt: limit }, stores, places).fetch(request).await.result
    }

    pub(crate) fn heard(&self) -> String {
        String::from_utf8_lossy(&self.heard.lock().unwrap()).into_owned()
    }
}

/// Whether there is a frame of headers among these.
fn has_headers(mut frames: &[u8]) -> bool {
    while let [a, b, c, kind, _, _, _, _, _, rest @ ..] = frames {
        if *kind == 1 {
            return true;
        }
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        frames = rest.get(length..).unwrap_or_default();
    }
    false
}
