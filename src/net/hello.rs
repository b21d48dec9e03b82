//! The first message of TLS: the two that this tool sends, and one that it sends only to see whether OpenSSL would be answered.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::error::ErrorKind;
use super::stream::Stream;
use crate::endpoint::Endpoint;

/// How large the first message is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Hello {
    /// With the hybrid key share that Node 22 and newer, Go, Bun and browsers send: larger than one packet.
    Large,
    /// Without it, as curl, Python and Java send it.
    Small,
}

impl Hello {
    pub(super) fn provider(self) -> CryptoProvider {
        let groups = match self {
            Hello::Large => vec![
                aws_lc_rs::kx_group::X25519MLKEM768,
                aws_lc_rs::kx_group::X25519,
                aws_lc_rs::kx_group::SECP256R1,
                aws_lc_rs::kx_group::SECP384R1,
            ],
            Hello::Small => {
                vec![aws_lc_rs::kx_group::X25519, aws_lc_rs::kx_group::SECP256R1, aws_lc_rs::kx_group::SECP384R1]
            }
        };
        CryptoProvider { kx_groups: groups, ..aws_lc_rs::default_provider() }
    }
}

/// What is known of the way to an endpoint.
#[derive(Clone)]
pub(super) enum Takes {
    /// The large one was answered: what fails from then on fails for something else.
    Large,
    /// Only the small one is; and what became of the large one.
    SmallOnly(ErrorKind),
}

/// Which hello each endpoint's way takes, as far as it is known.
#[derive(Default)]
pub(super) struct Hellos(Mutex<HashMap<Endpoint, Takes>>);

impl Hellos {
    pub(super) fn taken(&self, endpoint: &Endpoint) -> Option<Takes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(endpoint).cloned()
    }

    pub(super) fn note(&self, endpoint: &Endpoint, takes: Takes) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(endpoint.clone(), takes);
    }
}

/// Whether a first message can have ended so because of its size.
pub(super) fn may_be_its_size(kind: &ErrorKind) -> bool {
    matches!(kind, ErrorKind::TimedOut(_) | ErrorKind::Reset | ErrorKind::Closed | ErrorKind::Alert(_))
}

/// Cipher suites that OpenSSL offers at its defaults and this tool does not have: CBC, and key exchange by RSA or by DH over
/// numbers.
const OPENSSLS_OWN: &[(u16, &str)] = &[
    (0xc024, "ECDHE-ECDSA-AES256-SHA384"),
    (0xc028, "ECDHE-RSA-AES256-SHA384"),
    (0xc023, "ECDHE-ECDSA-AES128-SHA256"),
    (0xc027, "ECDHE-RSA-AES128-SHA256"),
    (0xc00a, "ECDHE-ECDSA-AES256-SHA"),
    (0xc014, "ECDHE-RSA-AES256-SHA"),
    (0xc009, "ECDHE-ECDSA-AES128-SHA"),
    (0xc013, "ECDHE-RSA-AES128-SHA"),
    (0x009f, "DHE-RSA-AES256-GCM-SHA384"),
    (0x009e, "DHE-RSA-AES128-GCM-SHA256"),
    (0x006b, "DHE-RSA-AES256-SHA256"),
    (0x0067, "DHE-RSA-AES128-SHA256"),
    (0x0039, "DHE-RSA-AES256-SHA"),
    (0x0033, "DHE-RSA-AES128-SHA"),
    (0x009d, "AES256-GCM-SHA384"),
    (0x009c, "AES128-GCM-SHA256"),
    (0x003d, "AES256-SHA256"),
    (0x003c, "AES128-SHA256"),
    (0x0035, "AES256-SHA"),
    (0x002f, "AES128-SHA"),
];

/// Groups for the key exchange that OpenSSL offers at its defaults and this tool does not have.
const OPENSSLS_OWN_GROUPS: &[(u16, &str)] =
    &[(0x001e, "X448"), (0x0019, "P-521"), (0x0100, "ffdhe2048"), (0x0101, "ffdhe3072"), (0x0102, "ffdhe4096")];

/// The suites that both have: of TLS 1.3, and of TLS 1.2 with ECDHE.
const USUAL_SUITES: [u16; 9] = [0x1302, 0x1303, 0x1301, 0xc02c, 0xc030, 0xc02b, 0xc02f, 0xcca9, 0xcca8];

/// What a server takes of what OpenSSL offers and this tool does not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum OpensslsOwn {
    /// A cipher suite of TLS 1.2, as OpenSSL calls it.
    Suite(&'static str),
    /// A group for the key exchange; TLS 1.2 does not say which before the end.
    Group(Option<&'static str>),
}

impl OpensslsOwn {
    /// What it is, as a part of a sentence.
    pub fn in_words(&self) -> String {
        match self {
            OpensslsOwn::Suite(suite) => format!("TLS 1.2 with {suite}"),
            OpensslsOwn::Group(Some(group)) => format!("TLS 1.3 with the group {group}"),
            OpensslsOwn::Group(None) => "TLS 1.2 with a curve such as P-521 or X448".to_owned(),
        }
    }
}

/// Which of what OpenSSL has besides is offered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Besides {
    Groups,
    Suites,
}

/// Offers what this tool does not have, and says which of it the other side takes. Nothing else is said.
pub(super) async fn taken_from_openssl(mut stream: Stream, host: &str, besides: Besides) -> Option<OpensslsOwn> {
    stream.write_all(&offer(host, besides)?).await.ok()?;
    let mut head = [0; 5];
    stream.read_exact(&mut head).await.ok()?;
    let length = usize::from(u16::from_be_bytes([head[3], head[4]]));
    if head[0] != 22 || !(42..=16_384).contains(&length) {
        return None;
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    chosen(&body)
}

/// What a `ServerHello` names: type, length, version, random, session, suite, and in TLS 1.3 the group (RFC 8446 §4.1.3).
fn chosen(body: &[u8]) -> Option<OpensslsOwn> {
    if body.first() != Some(&2) || body.get(4..6) != Some(&[3, 3]) {
        return None;
    }
    let session = usize::from(*body.get(38)?);
    let suite = number(body.get(39 + session..41 + session)?)?;
    if let Some((_, name)) = OPENSSLS_OWN.iter().find(|(number, _)| *number == suite) {
        return Some(OpensslsOwn::Suite(name));
    }
    if !USUAL_SUITES.contains(&suite) {
        return None;
    }
    if suite >> 8 != 0x13 {
        return Some(OpensslsOwn::Group(None));
    }
    // Without a key share of ours it asks for another hello (RFC 8446 §4.1.4), and names the group.
    let mut rest = body.get(44 + session..)?;
    while let (Some(kind), Some(length)) = (rest.get(..2).and_then(number), rest.get(2..4).and_then(number)) {
        let content = rest.get(4..4 + usize::from(length))?;
        if kind == 51 {
            let group = content.get(..2).and_then(number)?;
            let own = OPENSSLS_OWN_GROUPS.iter().find(|(number, _)| *number == group);
            return own.map(|(_, name)| OpensslsOwn::Group(Some(name)));
        }
        rest = rest.get(4 + usize::from(length)..)?;
    }
    None
}

fn number(bytes: &[u8]) -> Option<u16> {
    bytes.try_into().ok().map(u16::from_be_bytes)
}

/// A `ClientHello` (RFC 8446 §4.1.2, and for the suites RFC 5246 §7.4.1.2), with OpenSSL's signatures.
fn offer(host: &str, besides: Besides) -> Option<Vec<u8>> {
    const GROUPS: [u16; 6] = [0x001d, 0x0017, 0x001e, 0x0019, 0x0018, 0x0100];
    const SIGNATURES: [u16; 14] = [
        0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0809, 0x080a, 0x080b, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601,
    ];
    let numbers = |all: &[u16]| all.iter().flat_map(|number| number.to_be_bytes()).collect::<Vec<u8>>();
    let mut random = [0; 32];
    aws_lc_rs::default_provider().secure_random.fill(&mut random).ok()?;

    let mut extensions = Vec::new();
    let mut extension = |kind: u16, content: Vec<u8>| {
        extensions.extend(kind.to_be_bytes());
        extensions.extend(counted(&content)?);
        Some(())
    };
    if host.parse::<std::net::IpAddr>().is_err() {
        extension(0, counted(&[vec![0], counted(host.as_bytes())?].concat())?)?;
    }
    let firsts = |all: &[(u16, &str)]| all.iter().map(|(number, _)| *number).collect::<Vec<u16>>();
    let (groups, suites) = match besides {
        Besides::Suites => (GROUPS.to_vec(), firsts(OPENSSLS_OWN)),
        Besides::Groups => (firsts(OPENSSLS_OWN_GROUPS), USUAL_SUITES.to_vec()),
    };
    extension(10, counted(&numbers(&groups))?)?;
    if besides == Besides::Groups {
        extension(43, vec![4, 3, 4, 3, 3])?;
        extension(51, counted(&[])?)?;
    }
    extension(11, vec![1, 0])?;
    extension(13, counted(&numbers(&SIGNATURES))?)?;
    extension(23, Vec::new())?;
    extension(0xff01, vec![0])?;

    let body = [&[3, 3][..], &random, &[0], &counted(&numbers(&suites))?, &[1, 0], &counted(&extensions)?].concat();
    let message = [vec![1, 0], counted(&body)?].concat();
    Some([vec![22, 3, 1], counted(&message)?].concat())
}

/// The bytes with their number before them, in two bytes.
fn counted(bytes: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(bytes.len()).ok()?;
    Some([&length.to_be_bytes(), bytes].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_chose_is_read_from_its_hello() {
        let hello = |version: u8, suite: u16| {
            [&[2, 0, 0, 40, 3, version][..], &[7; 32], &[2, 9, 9], &suite.to_be_bytes(), &[0]].concat()
        };

        assert_eq!(chosen(&hello(3, 0xc027)), Some(OpensslsOwn::Suite("ECDHE-RSA-AES128-SHA256")));
        assert_eq!(chosen(&hello(3, 0x002f)), Some(OpensslsOwn::Suite("AES128-SHA")));
        assert_eq!(chosen(&hello(3, 0xc02f)), Some(OpensslsOwn::Group(None)));
        let again = |group: u16| {
            let extensions = [&[0, 43, 0, 2, 3, 4, 0, 51, 0, 2][..], &group.to_be_bytes()].concat();
            [hello(3, 0x1301), counted(&extensions).unwrap()].concat()
        };
        assert_eq!(chosen(&again(0x0019)), Some(OpensslsOwn::Group(Some("P-521"))));
        assert_eq!(chosen(&again(0x001e)), Some(OpensslsOwn::Group(Some("X448"))));
        assert_eq!(chosen(&again(0x001d)), None);
        assert_eq!(chosen(&hello(2, 0x002f)), None);
        assert_eq!(chosen(&hello(3, 0x1301)), None);
        assert_eq!(chosen(&[2, 0, 0, 2, 3, 3]), None);
        assert_eq!(chosen(&[]), None);
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_server_says_is_read_without_a_panic(bytes: Vec<u8>) {
            let _ = chosen(&bytes);
            let _ = chosen(&[&[2, 0, 0, 40, 3, 3][..], &bytes].concat());
            let _ = chosen(&[&[2, 0, 0, 40, 3, 3][..], &[7; 32], &[0, 0x13, 1, 0, 0, 9], &bytes].concat());
        }
    }

    #[test]
    fn only_an_end_that_a_box_makes_of_a_large_message_may_be_its_size() {
        use crate::net::Phase;

        let alert = ErrorKind::Alert("decode_error".to_owned());
        for kind in [ErrorKind::TimedOut(Phase::Handshake), ErrorKind::Reset, ErrorKind::Closed, alert] {
            assert!(may_be_its_size(&kind), "{kind:?}");
        }
        for kind in [ErrorKind::Refused, ErrorKind::NotTls(String::new()), ErrorKind::TlsTooOld, ErrorKind::Other] {
            assert!(!may_be_its_size(&kind), "{kind:?}");
        }
    }
}
