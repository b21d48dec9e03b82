//! Library errors become kinds, here and nowhere else: from `io::Error` kinds, errno and the libraries' own types, never from text.

mod tls;

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use super::certificate::CertificateProblem;
use super::hello::OpensslsOwn;
use crate::said::spoken;

/// How an attempt failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NetError {
    /// What checks judge by.
    pub kind: ErrorKind,
    /// The library's words, for the evidence.
    pub detail: String,
    /// The names that a DNS answer without addresses led along.
    pub aliases: Vec<String>,
}

/// What happened, in the exact words of networks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ErrorKind {
    /// NXDOMAIN.
    NoSuchName,
    /// The name exists, without records of the type that was asked for.
    NoData,
    /// SERVFAIL.
    ServFail,
    /// REFUSED.
    DnsRefused,
    /// Another response code that is no answer: FORMERR (1), NOTIMP (4) and what else the registry has.
    DnsCode(u16),
    /// UDP stayed silent, and this came over TCP.
    OverTcpOnly(Box<ErrorKind>),
    /// The answer over UDP was cut, and this became of asking over TCP.
    CutShort(Box<ErrorKind>),
    /// The system's own resolution gave nothing and does not say why.
    NotResolved,
    /// The system's own resolution was not asked: it would read this file, which has no end, until no memory is left.
    Endless(&'static str),
    /// ECONNREFUSED: a closed port, or a reset or port-unreachable sent in its place.
    Refused,
    /// ECONNRESET.
    Reset,
    /// The other side closed the connection before it had answered.
    Closed,
    /// EHOSTUNREACH: rejected on the way, or no such host.
    Unreachable,
    /// ENETUNREACH.
    NoRoute,
    /// EACCES or EPERM: this host forbids it.
    Prohibited,
    /// No answer in time.
    TimedOut(Phase),
    /// What came back is not TLS; the first bytes of it, printable.
    NotTls(String),
    /// The other side refuses TLS 1.2 and 1.3.
    TlsTooOld,
    /// The other side ended the handshake with this alert.
    Alert(String),
    /// The other side wants a certificate from the client.
    ClientCertificateRequired,
    /// The other side speaks TLS in a way that OpenSSL knows and this tool does not; which.
    Beyond(OpensslsOwn),
    /// The certificate does not hold.
    Certificate(Box<CertificateProblem>),
    /// A proxy refused to open a way through.
    Proxy(ProxyRefusal),
    /// What came back is not HTTP.
    NotHttp,
    /// Something else; the detail says what.
    Other,
}

impl ErrorKind {
    /// Whether this is what a DNS server said, and not that nothing was heard of it.
    pub fn is_dns_answer(&self) -> bool {
        matches!(
            self.over_either(),
            ErrorKind::NoSuchName
                | ErrorKind::NoData
                | ErrorKind::ServFail
                | ErrorKind::DnsRefused
                | ErrorKind::DnsCode(_)
        )
    }

    /// The same, whether it came over UDP or over TCP only.
    pub fn over_either(&self) -> &ErrorKind {
        match self {
            ErrorKind::OverTcpOnly(kind) => kind,
            kind => kind,
        }
    }
}

/// Why a proxy opens no way through.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ProxyRefusal {
    /// It wants a sign-in, by one of these schemes, or refuses the one it got.
    SignIn(Vec<String>),
    /// It leads people to this page to sign in; host and path of it.
    SignInPage(String),
    /// Its rules forbid the destination; in its own words.
    Denied(String),
    /// It agrees, and cannot reach the destination; in its own words.
    Upstream(String),
    /// What answers at its address is no proxy; what it does instead.
    NotAProxy(String),
    /// It is spoken to in plain HTTP, and speaks TLS.
    SpeaksTls(String),
    /// The TLS handshake with the proxy itself fails.
    Tls(Box<ErrorKind>),
}

/// What was being waited for, in the order in which that comes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Phase {
    /// A DNS answer.
    Lookup,
    /// The TCP connection.
    Connect,
    /// The proxy's TLS handshake.
    ProxyHandshake,
    /// The proxy's answer to the request for a way through.
    Tunnel,
    /// The TLS handshake.
    Handshake,
    /// The HTTP answer.
    Answer,
}

impl NetError {
    /// An error of this kind, in these words.
    pub fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        NetError { kind, detail: detail.into(), aliases: Vec::new() }
    }

    /// Nothing came within `limit`.
    pub fn timed_out(phase: Phase, limit: Duration) -> Self {
        NetError::new(ErrorKind::TimedOut(phase), format!("no answer within {}", spoken(limit)))
    }

    /// The other side's certificate does not hold.
    pub(super) fn untrusted(problem: CertificateProblem) -> Self {
        let words = format!("the certificate does not hold: {}", problem.words());
        NetError::new(ErrorKind::Certificate(Box::new(problem)), words)
    }

    /// Whether another attempt could end differently.
    pub fn is_transient(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::TimedOut(_)
                | ErrorKind::Reset
                | ErrorKind::Closed
                | ErrorKind::ServFail
                | ErrorKind::Unreachable
        )
    }
}

/// A DNS response code by its name in IANA's registry.
pub fn dns_code(code: u16) -> String {
    let name = match code {
        1 => "FORMERR",
        4 => "NOTIMP",
        6 => "YXDOMAIN",
        7 => "YXRRSET",
        8 => "NXRRSET",
        9 => "NOTAUTH",
        10 => "NOTZONE",
        16 => "BADVERS",
        other => return format!("response code {other}"),
    };
    name.to_owned()
}

impl fmt::Display for NetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl From<io::Error> for NetError {
    fn from(error: io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::ConnectionRefused => ErrorKind::Refused,
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
                ErrorKind::Reset
            }
            io::ErrorKind::UnexpectedEof => ErrorKind::Closed,
            io::ErrorKind::HostUnreachable => ErrorKind::Unreachable,
            io::ErrorKind::NetworkUnreachable => ErrorKind::NoRoute,
            io::ErrorKind::PermissionDenied => ErrorKind::Prohibited,
            io::ErrorKind::TimedOut => ErrorKind::TimedOut(Phase::Connect),
            _ => ErrorKind::Other,
        };
        // A rustls error travels inside an io::Error.
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(tls) => NetError::from(tls),
            // TLS without a farewell, about which the library has a page.
            None if kind == ErrorKind::Closed => NetError::new(kind, "the other side closed the connection"),
            None => NetError::new(kind, error.to_string()),
        }
    }
}

impl From<&hyper::Error> for NetError {
    fn from(error: &hyper::Error) -> Self {
        let mut source: Option<&(dyn Error + 'static)> = error.source();
        while let Some(cause) = source {
            if let Some(http2) = cause.downcast_ref::<h2::Error>() {
                return NetError::from(http2);
            }
            if let Some(io) = cause.downcast_ref::<io::Error>() {
                return of_io(io);
            }
            source = cause.source();
        }
        let kind = if error.is_parse() {
            ErrorKind::NotHttp
        } else if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
            ErrorKind::Closed
        } else {
            ErrorKind::Other
        };
        NetError::new(kind, error.to_string())
    }
}

impl From<&h2::Error> for NetError {
    fn from(error: &h2::Error) -> Self {
        if let Some(io) = error.get_io() {
            return of_io(io);
        }
        let reason = error.reason().map(|reason| format!("{reason:?}")).unwrap_or_default();
        if error.is_remote() {
            let frame = if error.is_go_away() { "GOAWAY" } else { "RST_STREAM" };
            return NetError::new(ErrorKind::Closed, format!("the other side ended it with {frame}, {reason}"));
        }
        NetError::new(ErrorKind::NotHttp, format!("what came back is not HTTP/2 ({reason})"))
    }
}

/// What a library has wrapped, or holds on to.
fn of_io(io: &io::Error) -> NetError {
    // An end without a word is made a broken pipe by the library for HTTP/2; a real one comes with an errno.
    if io.kind() == io::ErrorKind::BrokenPipe && io.raw_os_error().is_none() {
        return NetError::new(ErrorKind::Closed, "the other side closed the connection");
    }
    let inner = io.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    inner.map_or_else(|| NetError::from(io::Error::new(io.kind(), io.to_string())), NetError::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errno_decides_the_kind_and_words_do_not() {
        let kind = |code| NetError::from(io::Error::from_raw_os_error(code)).kind;

        assert_eq!(kind(111), ErrorKind::Refused);
        assert_eq!(kind(104), ErrorKind::Reset);
        assert_eq!(kind(113), ErrorKind::Unreachable);
        assert_eq!(kind(101), ErrorKind::NoRoute);
        assert_eq!(kind(13), ErrorKind::Prohibited);
        assert_eq!(kind(1), ErrorKind::Prohibited);
        assert_eq!(NetError::from(io::Error::other("connection refused, timed out")).kind, ErrorKind::Other);
    }

    #[test]
    fn what_may_end_differently_the_next_time_is_transient_and_what_was_decided_is_not() {
        let transient = |kind: ErrorKind| NetError::new(kind, "").is_transient();
        let passing = [
            ErrorKind::TimedOut(Phase::Lookup),
            ErrorKind::TimedOut(Phase::Answer),
            ErrorKind::Reset,
            ErrorKind::Closed,
            ErrorKind::ServFail,
            ErrorKind::Unreachable,
        ];
        let decided = [
            ErrorKind::NoSuchName,
            ErrorKind::NoData,
            ErrorKind::DnsRefused,
            ErrorKind::Refused,
            ErrorKind::NoRoute,
            ErrorKind::Prohibited,
            ErrorKind::TlsTooOld,
            ErrorKind::NotHttp,
            ErrorKind::Certificate(Box::new(CertificateProblem::Expired)),
            ErrorKind::Proxy(ProxyRefusal::Denied(String::new())),
        ];

        for kind in passing {
            assert!(transient(kind.clone()), "{kind:?}");
        }
        for kind in decided {
            assert!(!transient(kind.clone()), "{kind:?}");
        }
    }

    #[test]
    fn the_systems_words_are_kept_but_for_an_end_without_a_farewell() {
        let detail = |error| NetError::from(error).detail;

        assert_eq!(detail(io::Error::other("as the system says it")), "as the system says it");
        assert_eq!(detail(io::ErrorKind::ConnectionRefused.into()), io::ErrorKind::ConnectionRefused.to_string());
        assert_eq!(
            detail(io::Error::new(io::ErrorKind::UnexpectedEof, "see https://docs.rs")),
            "the other side closed the connection"
        );
    }
}
