//! A server that wants a certificate of the client, and speaks one version of TLS alone.

use std::sync::Arc;

use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use workos_preflight::net::{Handshake, Limits, Live, NetError, Network, TrustStores};
use workos_preflight::simulator::Authorities;
use workos_preflight::simulator::world::API;

/// Shakes hands with such a server.
pub(crate) async fn handshake(version: &'static SupportedProtocolVersion) -> Result<Handshake, NetError> {
    let authorities = Authorities::new().unwrap();
    let (chain, key) = authorities.certificate_pem(&[API.to_owned()]).unwrap();
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain.as_bytes()).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let mut roots = RootCertStore::empty();
    let pem = authorities.public_pem();
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(pem.as_bytes()).map(Result::unwrap));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().unwrap();
    let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
    let config = builder.with_client_cert_verifier(verifier).with_single_cert(chain, key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let live_at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            // As OpenSSL does it: TLS 1.2 ends with handshake_failure.
            drop(acceptor.accept(tcp).await);
        }
    });
    let stores = TrustStores::from_pem(&pem, &pem).unwrap();
    let places = std::collections::HashMap::from([(super::API_HTTPS.into(), live_at)]);
    Live::played(Limits { attempt: super::PATIENT }, stores, places).handshake(&super::way()).await.result
}
