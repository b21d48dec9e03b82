//! CONNECT: how a forward proxy is asked for a way through, and what it answers.

use std::io;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::error::{ErrorKind, NetError, ProxyAnswer};
use crate::check::Endpoint;
use crate::settings::Proxy;

/// A head longer than this is not read further.
const LONGEST_HEAD: usize = 16 * 1024;

/// How much of a refusal's page is read for its title.
const PAGE: usize = 8 * 1024;

/// Asks the proxy at the other end of `stream` for a tunnel to `endpoint`.
pub(super) async fn open(stream: &mut TcpStream, proxy: &Proxy, endpoint: &Endpoint) -> Result<(), NetError> {
    let authorization = proxy
        .credentials
        .as_ref()
        .map(|credentials| format!("Proxy-Authorization: Basic {}\r\n", BASE64_STANDARD.encode(credentials.expose())));
    let request =
        format!("CONNECT {endpoint} HTTP/1.1\r\nHost: {endpoint}\r\n{}\r\n", authorization.unwrap_or_default());
    stream.write_all(request.as_bytes()).await?;

    let (head, rest) = head(stream).await?;
    let answer = Head::read(&head).ok_or_else(|| NetError::new(ErrorKind::NotAProxy, "the answer is not HTTP"))?;
    if (200..300).contains(&answer.status) {
        return Ok(());
    }
    let page = page(stream, rest).await;
    Err(NetError::new(
        ErrorKind::ProxyAnswered(ProxyAnswer { status: answer.status, schemes: answer.schemes, title: title(&page) }),
        format!("CONNECT {endpoint} was answered with {}", answer.status),
    ))
}

/// The head of the answer, and what was read beyond it. It is read byte-exactly in spirit: what follows belongs to TLS,
/// but a server that must speak second sends nothing before our first packet.
async fn head(stream: &mut TcpStream) -> io::Result<(Vec<u8>, Vec<u8>)> {
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

async fn page(stream: &mut TcpStream, mut page: Vec<u8>) -> Vec<u8> {
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
}
