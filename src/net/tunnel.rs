//! How a forward proxy is asked for a way through, and what it answers: CONNECT, and SOCKS 5.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::USER_AGENT;
use super::error::{ErrorKind, NetError, ProxyRefusal};
use super::stream::Stream;
use crate::endpoint::Endpoint;
use crate::settings::Proxy;

/// A head longer than this is not read further.
const LONGEST_HEAD: usize = 16 * 1024;

/// How much of a refusal's page is read for its title.
const PAGE: usize = 8 * 1024;

/// Asks the HTTP proxy at the other end of `stream` for a tunnel to `endpoint`.
pub(super) async fn connect(stream: &mut Stream, proxy: &Proxy, endpoint: &Endpoint) -> Result<(), NetError> {
    let authorization = proxy
        .credentials
        .as_ref()
        .map(|credentials| format!("Proxy-Authorization: {}\r\n", credentials.basic().expose()));
    let request = format!(
        "CONNECT {endpoint} HTTP/1.1\r\nHost: {endpoint}\r\nUser-Agent: {USER_AGENT}\r\n{}\r\n",
        authorization.unwrap_or_default()
    );
    stream.write_all(request.as_bytes()).await?;

    let (head, rest) = head(stream).await?;
    let Some(answer) = Head::read(&head) else {
        return Err(refusal(ProxyRefusal::NotAProxy("does not answer in HTTP".to_owned()), endpoint));
    };
    if (200..300).contains(&answer.status) {
        return Ok(());
    }
    let title = title(&page(stream, rest).await).map(|title| format!(", “{title}”")).unwrap_or_default();
    let said = format!("{}{title}", answer.status);
    let why = match answer.status {
        407 => ProxyRefusal::SignIn(answer.schemes),
        502..=504 => ProxyRefusal::Upstream(said),
        400 | 404 | 405 | 501 | 300..=399 => ProxyRefusal::NotAProxy(format!("answers CONNECT with {said}")),
        _ => ProxyRefusal::Denied(said),
    };
    Err(refusal(why, endpoint))
}

fn refusal(why: ProxyRefusal, endpoint: &Endpoint) -> NetError {
    let words = match &why {
        ProxyRefusal::SignIn(schemes) => format!("the proxy wants a sign-in ({})", schemes.join(", ")),
        ProxyRefusal::Denied(said) => format!("the proxy forbids {endpoint}: {said}"),
        ProxyRefusal::Upstream(said) => format!("the proxy cannot reach {endpoint}: {said}"),
        ProxyRefusal::NotAProxy(does) => format!("what listens there {does}"),
        ProxyRefusal::Tls(_) => "the TLS handshake with the proxy fails".to_owned(),
    };
    NetError::new(ErrorKind::Proxy(why), words)
}

/// The head of the answer, and what was read beyond it. Nothing of the tunnel can be among it: the other side of TLS speaks
/// second.
async fn head(stream: &mut Stream) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 1024];
    loop {
        let read = stream.read(&mut chunk).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend(chunk.iter().take(read));
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            return Ok((bytes, rest));
        }
        // What does not begin like HTTP, or has no end, is no answer of a proxy.
        if bytes.len() > LONGEST_HEAD || !b"HTTP/".starts_with(bytes.get(..5.min(bytes.len())).unwrap_or_default()) {
            return Ok((bytes, Vec::new()));
        }
    }
}

async fn page(stream: &mut Stream, mut page: Vec<u8>) -> Vec<u8> {
    let mut chunk = [0; 1024];
    let patience = std::time::Duration::from_millis(300);
    while page.len() < PAGE {
        match tokio::time::timeout(patience, stream.read(&mut chunk)).await {
            Ok(Ok(read)) if read > 0 => page.extend(chunk.iter().take(read)),
            _ => break,
        }
    }
    page
}

struct Head {
    status: u16,
    schemes: Vec<String>,
}

impl Head {
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut head = httparse::Response::new(&mut headers);
        head.parse(bytes).ok()?.is_complete().then_some(())?;
        let schemes = head
            .headers
            .iter()
            .filter(|header| header.name.eq_ignore_ascii_case("proxy-authenticate"))
            .filter_map(|header| std::str::from_utf8(header.value).ok()?.split_ascii_whitespace().next())
            .map(|scheme| scheme.trim_end_matches(',').chars().take(40).collect())
            .collect();
        Some(Head { status: head.code?, schemes })
    }
}

/// The title of a page that a stranger wrote: one line, bounded.
pub fn title(page: &[u8]) -> Option<String> {
    let page = String::from_utf8_lossy(page);
    // ASCII lower case keeps every byte where it was.
    let lower = page.to_ascii_lowercase();
    let open = lower.find("<title")?;
    let start = open + lower.get(open..)?.find('>')? + 1;
    let end = start + lower.get(start..)?.find("</title")?;
    let words: Vec<&str> = page.get(start..end)?.split_whitespace().collect();
    let title: String = words.join(" ").chars().filter(|c| !c.is_control()).take(120).collect();
    Some(title).filter(|title| !title.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_its_schemes() {
        let head = b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\nproxy-authenticate: Negotiate\r\n\r\n";
        let read = Head::read(head).unwrap();

        assert_eq!((read.status, read.schemes), (407, vec!["Basic".to_owned(), "Negotiate".to_owned()]));
    }

    #[test]
    fn what_is_not_http_is_no_head() {
        for bytes in [&b"SSH-2.0-OpenSSH\r\n\r\n"[..], b"HTTP/1.1 abc\r\n\r\n", b"", b"HTTP/1.1 99999999 x\r\n\r\n"] {
            assert!(Head::read(bytes).is_none());
        }
    }

    #[test]
    fn titles_are_found_in_any_case_and_kept_to_one_line() {
        assert_eq!(title(b"<HTML><Title lang=de>Web\n  Page Blocked</TITLE>"), Some("Web Page Blocked".to_owned()));
        assert_eq!(title(b"<title>never ends"), None);
        assert_eq!(title("\u{130}<title>x</title>".as_bytes()), Some("x".to_owned()));
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_proxy_answers_is_read_without_a_panic(bytes: Vec<u8>, status: u16, name in ".*", value in ".*") {
            let _ = Head::read(&bytes);
            let _ = Head::read(format!("HTTP/1.1 {status} x\r\n{name}: {value}\r\n\r\n").as_bytes());
        }

        #[test]
        fn whatever_a_page_holds_its_title_is_short_and_printable(before in ".*", title in ".*", after in ".*") {
            let found = super::title(format!("{before}<title>{title}</title>{after}").as_bytes());
            let found = found.unwrap_or_default();

            proptest::prop_assert!(found.chars().count() <= 120 && !found.chars().any(char::is_control));
        }
    }
}
