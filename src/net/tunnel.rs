//! How an HTTP proxy is asked for a way through, and what it answers: CONNECT.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

use super::USER_AGENT;
use super::connect_answer::{Head, refusal};
use super::error::{ErrorKind, NetError, ProxyRefusal};
use super::stream::Stream;
use crate::endpoint::Endpoint;
use crate::settings::Proxy;

/// Heads longer than this together are not read further. It is what curl takes.
const LONGEST_HEADS: usize = 300 * 1024;

/// How much of a refusal's page is read, and for how long: it only serves to quote it.
const PAGE: usize = 8 * 1024;
const PATIENCE: Duration = Duration::from_millis(500);

/// Asks the HTTP proxy at the other end of `stream` for a tunnel to `endpoint`.
pub(super) async fn connect(stream: &mut Stream, proxy: &Proxy, endpoint: &Endpoint) -> Result<(), NetError> {
    let authorization = proxy.credentials.as_ref().map(|credentials| {
        let basic = credentials.basic();
        format!("Proxy-Authorization: {}\r\n", basic.expose())
    });
    let authorization = authorization.unwrap_or_default();
    let request =
        format!("CONNECT {endpoint} HTTP/1.1\r\nHost: {endpoint}\r\nUser-Agent: {USER_AGENT}\r\n{authorization}\r\n");
    stream.write_all(request.as_bytes()).await?;

    let (answer, mut rest) = final_answer(stream).await?;
    // What a 200 says of a body means nothing (RFC 9110 §9.3.6): what follows is the tunnel.
    if (200..300).contains(&answer.status) {
        return Ok(());
    }
    page(stream, &mut rest, answer.length()).await;
    let why = refusal(&answer, &rest, &proxy.endpoint, endpoint);
    Err(told(why, endpoint))
}

fn told(why: ProxyRefusal, endpoint: &Endpoint) -> NetError {
    let words = match &why {
        ProxyRefusal::SignIn(schemes) => format!("the proxy wants a sign-in ({})", schemes.join(", ")),
        ProxyRefusal::SignInPage(page) => format!("the proxy sends the request for {endpoint} to {page}"),
        ProxyRefusal::Denied(said) => format!("the proxy forbids {endpoint}: {said}"),
        ProxyRefusal::Upstream(said) => format!("the proxy cannot reach {endpoint}: {said}"),
        ProxyRefusal::NotAProxy(does) => format!("what listens there {does}"),
        ProxyRefusal::SpeaksTls(said) => format!("the proxy speaks TLS: {said}"),
        ProxyRefusal::Tls(_) => "the TLS handshake with the proxy fails".to_owned(),
    };
    NetError::new(ErrorKind::Proxy(why), words)
}

/// The first answer that is not an interim one, and what was read beyond its head. Nothing of the tunnel can be among that:
/// the other side of TLS speaks second.
async fn final_answer(stream: &mut Stream) -> Result<(Head, Vec<u8>), NetError> {
    let not_a_proxy = |does: &str| Err(told(ProxyRefusal::NotAProxy(does.to_owned()), &Endpoint::new("", 0)));
    let mut bytes = Vec::new();
    let mut before = 0;
    let mut looked = 0;
    let mut chunk = [0; 4096];
    loop {
        // A head that ends with the connection is read as far as it came.
        let read = stream.read(&mut chunk).await?;
        bytes.extend(chunk.iter().take(read));
        if read == 0 && bytes.is_empty() && before == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        // A TLS alert, or a handshake: records of type 21 or 22 of version 3.
        if matches!(bytes.as_slice(), [21 | 22, 3, ..]) {
            let why = ProxyRefusal::SpeaksTls("it answers a plain request with a TLS record".to_owned());
            return Err(told(why, &Endpoint::new("", 0)));
        }
        if !b"HTTP/".starts_with(bytes.get(..5.min(bytes.len())).unwrap_or_default()) {
            return not_a_proxy("does not answer in HTTP");
        }
        while let Some(end) = end_of_head(&bytes, looked).or((read == 0).then_some(bytes.len())).filter(|end| *end > 0)
        {
            let rest = bytes.split_off(end);
            before += end;
            let Some(head) = Head::read(&bytes) else { return not_a_proxy("does not answer in HTTP") };
            if !(100..200).contains(&head.status) || head.status == 101 {
                return Ok((head, rest));
            }
            bytes = rest;
            looked = 0;
        }
        // An end can begin in what has been looked at.
        looked = bytes.len().saturating_sub(2);
        if read == 0 || bytes.len() + before > LONGEST_HEADS {
            return not_a_proxy("does not end what it answers");
        }
    }
}

/// Where a head ends, looked for from there on. Old proxies end lines with a bare line feed.
fn end_of_head(bytes: &[u8], from: usize) -> Option<usize> {
    (from..bytes.len()).find_map(|at| match bytes.get(at..)? {
        [b'\n', b'\n', ..] => Some(at + 2),
        [b'\n', b'\r', b'\n', ..] => Some(at + 3),
        _ => None,
    })
}

async fn page(stream: &mut Stream, page: &mut Vec<u8>, length: Option<usize>) {
    let end = Instant::now() + PATIENCE;
    let wanted = length.unwrap_or(PAGE).min(PAGE);
    let mut chunk = [0; 1024];
    while page.len() < wanted {
        match timeout_at(end, stream.read(&mut chunk)).await {
            Ok(Ok(read)) if read > 0 => page.extend(chunk.iter().take(read)),
            _ => break,
        }
    }
    page.truncate(wanted);
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    /// A proxy that reads the request, says these bytes one after another and closes.
    async fn answering(url: &str, pieces: &[&[u8]]) -> (String, Result<(), NetError>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = listener.local_addr().unwrap();
        let proxy = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 2048];
            let length = stream.read(&mut request).await.unwrap();
            request.truncate(length);
            for piece in pieces {
                // The client may have heard enough.
                let _ = stream.write_all(piece).await;
                tokio::task::yield_now().await;
            }
            String::from_utf8(request).unwrap()
        };
        let client = async {
            let mut stream = Stream::Plain(TcpStream::connect(place).await.unwrap());
            connect(&mut stream, &Proxy::parse(url).unwrap(), &Endpoint::new("api.workos.com", 443)).await
        };
        tokio::join!(proxy, client)
    }

    async fn refused(answer: &str) -> ProxyRefusal {
        match answering("http://127.0.0.1:3128", &[answer.as_bytes()]).await.1.unwrap_err().kind {
            ErrorKind::Proxy(refusal) => refusal,
            kind => panic!("{answer}: {kind:?}"),
        }
    }

    #[tokio::test]
    async fn a_request_names_its_agent_and_carries_credentials_byte_for_byte() {
        let (request, end) = answering("http://caf%E9:a%+b@127.0.0.1:3128", &[b"HTTP/1.1 200\r\n\r\n"]).await;

        assert!(end.is_ok());
        assert_eq!(
            request,
            format!(
                "CONNECT api.workos.com:443 HTTP/1.1\r\nHost: api.workos.com:443\r\nUser-Agent: {USER_AGENT}\r\n\
                 Proxy-Authorization: Basic Y2Fm6TphJSti\r\n\r\n"
            )
        );
    }

    #[tokio::test]
    async fn consent_is_heard_in_every_form_in_which_proxies_give_it() {
        for pieces in [
            &[&b"HTTP/1.1 200 Connection established\r\n\r\n"[..]][..],
            &[b"HTTP/1.0 200\r\n\r\n"],
            &[b"HTTP/1.0 200 Connection established\nProxy-agent: old\n\n"],
            &[b"HTTP/1.1 200 OK\r\nVia: x\n\r\n"],
            &[b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 7\r\n\r\n"],
            &[b"HTTP/1.1 204 \r\n\r\n"],
            &[b"HTT", b"P/1.1 2", b"00 OK\r", b"\n\r", b"\n"],
            &[b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"],
            &[b"HTTP/1.1 200 OK\r\nno colon here\r\n folded: x\r\n\xff\xfe: \xff\r\n\r\n"],
        ] {
            let end = answering("http://127.0.0.1:3128", pieces).await.1;
            assert!(end.is_ok(), "{}: {end:?}", String::from_utf8_lossy(&pieces.concat()));
        }
    }

    #[tokio::test]
    async fn what_does_not_answer_as_a_proxy_says_what_it_does_instead() {
        assert!(matches!(refused("SSH-2.0-OpenSSH_9.2\r\n").await, ProxyRefusal::NotAProxy(_)));
        assert!(matches!(refused("\x05\x0f").await, ProxyRefusal::NotAProxy(_)));
        assert!(matches!(refused("HTTP/1.1 abc\r\n\r\n").await, ProxyRefusal::NotAProxy(_)));
        assert!(matches!(refused("HTTP/1.1 100 Continue\r\n\r\n").await, ProxyRefusal::NotAProxy(_)));
        assert!(matches!(refused("\x15\x03\x01\x00\x02\x02\x46").await, ProxyRefusal::SpeaksTls(_)));
        // A head that the end of the connection cuts short is an answer all the same.
        assert!(matches!(refused("HTTP/1.1 403 Forbidden\r\nServer: gw").await, ProxyRefusal::Denied(_)));
        let closed = answering("http://127.0.0.1:3128", &[]).await.1.unwrap_err().kind;
        assert!(matches!(closed, ErrorKind::Closed), "{closed:?}");
    }

    #[tokio::test]
    async fn heads_without_an_end_are_left_and_pages_without_an_end_are_cut() {
        let endless = vec![b'x'; 320 * 1024];
        let head = answering("http://127.0.0.1:3128", &[b"HTTP/1.1 200 OK\r\nA: ", &endless]).await.1.unwrap_err();
        let refusal: [&[u8]; 2] = [b"HTTP/1.1 403 No\r\n\r\n<title>Kept out</title>", &endless];
        let page = answering("http://127.0.0.1:3128", &refusal).await.1.unwrap_err();
        let long = [&b"HTTP/1.1 200 OK\r\nA: "[..], &endless[..60 * 1024], b"\r\n\r\n"].concat();
        assert!(answering("http://127.0.0.1:3128", &[&long]).await.1.is_ok());
        let interim = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(15_000);
        let interim = answering("http://127.0.0.1:3128", &[&interim]).await.1.unwrap_err();

        assert!(matches!(head.kind, ErrorKind::Proxy(ProxyRefusal::NotAProxy(_))), "{head:?}");
        assert!(matches!(interim.kind, ErrorKind::Proxy(ProxyRefusal::NotAProxy(_))), "{interim:?}");
        assert!(page.detail.contains("“Kept out”"), "{page:?}");
    }
}
