//! What rustls says, in our kinds and our words: its own are about its code.

use rustls::{AlertDescription, CertificateError, PeerIncompatible};

use super::{ErrorKind, NetError};
use crate::net::certificate::CertificateProblem;

impl From<&rustls::Error> for NetError {
    fn from(error: &rustls::Error) -> Self {
        let kind = match error {
            // In the handshake it is not a chain that is verified, but that the other side has the key.
            rustls::Error::InvalidCertificate(CertificateError::BadSignature) => ErrorKind::Other,
            rustls::Error::InvalidCertificate(problem) => {
                ErrorKind::Certificate(Box::new(CertificateProblem::from(problem)))
            }
            rustls::Error::AlertReceived(AlertDescription::ProtocolVersion)
            | rustls::Error::PeerIncompatible(
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
            ) => ErrorKind::TlsTooOld,
            rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => ErrorKind::ClientCertificateRequired,
            rustls::Error::AlertReceived(alert) => ErrorKind::Alert(alert_name(*alert)),
            rustls::Error::InvalidMessage(_) => ErrorKind::NotTls(String::new()),
            _ => ErrorKind::Other,
        };
        let words = match (&kind, error) {
            (ErrorKind::Certificate(problem), _) => format!("the certificate does not hold: {}", problem.words()),
            (ErrorKind::TlsTooOld, _) => "the other side refuses TLS 1.2 and 1.3".to_owned(),
            (ErrorKind::ClientCertificateRequired, _) => {
                "the other side wants a certificate from the client".to_owned()
            }
            (ErrorKind::Alert(alert), _) => format!("the other side ends it with the alert {alert}"),
            (ErrorKind::NotTls(_), _) => "what comes back is not TLS".to_owned(),
            (_, rustls::Error::InvalidCertificate(_)) => {
                "the other side does not prove that it has the key of its certificate".to_owned()
            }
            (_, rustls::Error::NoCertificatesPresented) => "the other side shows no certificate".to_owned(),
            (_, rustls::Error::PeerIncompatible(_)) => {
                "the other side and this tool have no way of TLS in common".to_owned()
            }
            (
                _,
                rustls::Error::PeerMisbehaved(_)
                | rustls::Error::InappropriateMessage { .. }
                | rustls::Error::InappropriateHandshakeMessage { .. },
            ) => "the other side breaks the rules of TLS".to_owned(),
            (_, rustls::Error::DecryptError | rustls::Error::PeerSentOversizedRecord) => {
                "what comes back cannot be decrypted".to_owned()
            }
            (_, rustls::Error::NoApplicationProtocol) => "no application protocol was agreed on".to_owned(),
            _ => "the TLS handshake does not complete".to_owned(),
        };
        NetError::new(kind, words)
    }
}

/// An alert's name as RFC 8446 has it: `handshake_failure`.
fn alert_name(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::UnknownCA => "unknown_ca".to_owned(),
        AlertDescription::UnknownPSKIdentity => "unknown_psk_identity".to_owned(),
        AlertDescription::UnrecognisedName => "unrecognized_name".to_owned(),
        AlertDescription::Unknown(number) => format!("number {number}"),
        named => {
            let mut name = String::new();
            for c in format!("{named:?}").chars() {
                if c.is_ascii_uppercase() && !name.is_empty() {
                    name.push('_');
                }
                name.push(c.to_ascii_lowercase());
            }
            name
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_and_strange_bytes_come_apart() {
        let kind = |error: rustls::Error| NetError::from(&error).kind;

        assert_eq!(kind(rustls::Error::AlertReceived(AlertDescription::ProtocolVersion)), ErrorKind::TlsTooOld);
        for (alert, name) in [
            (AlertDescription::HandshakeFailure, "handshake_failure"),
            (AlertDescription::UnrecognisedName, "unrecognized_name"),
            (AlertDescription::UnknownCA, "unknown_ca"),
            (AlertDescription::Unknown(200), "number 200"),
        ] {
            assert_eq!(kind(rustls::Error::AlertReceived(alert)), ErrorKind::Alert(name.to_owned()));
        }
        assert!(matches!(
            kind(rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType)),
            ErrorKind::NotTls(_)
        ));
    }

    #[test]
    fn what_the_library_says_is_said_in_our_words() {
        for error in [
            rustls::Error::InvalidCertificate(CertificateError::BadSignature),
            rustls::Error::InvalidCertificate(CertificateError::UnhandledCriticalExtension),
            rustls::Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon),
            rustls::Error::PeerMisbehaved(rustls::PeerMisbehaved::UnsolicitedServerHelloExtension),
            rustls::Error::AlertReceived(AlertDescription::UnrecognisedName),
            rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType),
            rustls::Error::General("internals".to_owned()),
        ] {
            let (ours, theirs) = (NetError::from(&error).detail, error.to_string());

            assert!(!theirs.contains(&ours) && !ours.contains(&theirs) && !ours.contains("http"), "{ours} / {theirs}");
        }
        let eof = std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "peer closed: https://docs.rs/rustls/");
        assert_eq!(NetError::from(eof).detail, "the other side closed the connection");
    }
}
