//! SOCKS 5 (RFC 1928) with user and password (RFC 1929), as a client: credentials go out byte for byte, and each refusal keeps
//! its own meaning. No library takes a password that is not text.

use std::net::{IpAddr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::error::{ErrorKind, NetError, ProxyRefusal};
use super::stream::Stream;
use crate::endpoint::Endpoint;
use crate::settings::{Credentials, Proxy};

const VERSION: u8 = 5;
/// The version of the sub-negotiation of user and password.
const SIGN_IN_VERSION: u8 = 1;
const CONNECT: u8 = 1;

const NO_SIGN_IN: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const NOTHING_ACCEPTABLE: u8 = 0xff;

const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// Asks the SOCKS proxy at the other end of `stream` for a way to `endpoint`, by name or, where one is given, by address.
pub(super) async fn open(
    stream: &mut Stream,
    proxy: &Proxy,
    endpoint: &Endpoint,
    target: Option<IpAddr>,
) -> Result<(), NetError> {
    let methods: &[u8] = if proxy.credentials.is_some() { &[NO_SIGN_IN, USER_AND_PASSWORD] } else { &[NO_SIGN_IN] };
    stream.write_all(&[&[VERSION, counted(methods)?], methods].concat()).await?;
    let [version, method] = answer(stream).await?;
    if version != VERSION {
        return Err(not_socks());
    }
    match (method, &proxy.credentials) {
        (NO_SIGN_IN, _) => {}
        (USER_AND_PASSWORD, Some(credentials)) => sign_in(stream, credentials).await?,
        (NOTHING_ACCEPTABLE | USER_AND_PASSWORD, None) => {
            return Err(wants_sign_in("the proxy takes nobody who does not sign in"));
        }
        (NOTHING_ACCEPTABLE, Some(_)) => {
            return Err(wants_sign_in("the proxy takes neither user and password nor nobody's"));
        }
        _ => return Err(not_socks()),
    }
    stream.write_all(&request(endpoint, target)?).await?;
    // Version, reply, a reserved byte, and the kind of the address that the proxy is bound to.
    let [version, reply, _, kind] = answer(stream).await?;
    if version != VERSION {
        return Err(not_socks());
    }
    refusal(reply, endpoint)?;
    let length = match kind {
        IPV4 => 4,
        IPV6 => 16,
        NAME => usize::from(answer::<1>(stream).await?[0]),
        _ => return Err(not_socks()),
    };
    let mut bound = vec![0; length + 2];
    stream.read_exact(&mut bound).await?;
    Ok(())
}

async fn sign_in(stream: &mut Stream, credentials: &Credentials) -> Result<(), NetError> {
    let (user, password) = (credentials.user(), credentials.password());
    let message = [&[SIGN_IN_VERSION, counted(user)?], user, &[counted(password)?], password].concat();
    stream.write_all(&message).await?;
    let [_, status] = answer(stream).await?;
    if status == 0 { Ok(()) } else { Err(wants_sign_in("the proxy refuses this user and password")) }
}

fn request(endpoint: &Endpoint, target: Option<IpAddr>) -> Result<Vec<u8>, NetError> {
    let mut request = vec![VERSION, CONNECT, 0];
    match target.or_else(|| endpoint.host.parse().ok()).map(|address| SocketAddr::new(address, endpoint.port)) {
        Some(SocketAddr::V4(address)) => {
            request.push(IPV4);
            request.extend(address.ip().octets());
        }
        Some(SocketAddr::V6(address)) => {
            request.push(IPV6);
            request.extend(address.ip().octets());
        }
        None => {
            request.extend([NAME, counted(endpoint.host.as_bytes())?]);
            request.extend(endpoint.host.bytes());
        }
    }
    request.extend(endpoint.port.to_be_bytes());
    Ok(request)
}

/// A length as SOCKS counts it.
fn counted(bytes: &[u8]) -> Result<u8, NetError> {
    u8::try_from(bytes.len())
        .map_err(|_| NetError::new(ErrorKind::Other, "SOCKS cannot carry more than 255 bytes in one field"))
}

/// The next bytes of the proxy. One that closes in their place speaks something else.
async fn answer<const N: usize>(stream: &mut Stream) -> Result<[u8; N], NetError> {
    let mut bytes = [0; N];
    match stream.read_exact(&mut bytes).await {
        Ok(_) => Ok(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Err(not_socks()),
        Err(error) => Err(error.into()),
    }
}

fn refusal(reply: u8, endpoint: &Endpoint) -> Result<(), NetError> {
    let denied =
        |said: &str| Err(refused(ProxyRefusal::Denied(said.to_owned()), format!("the proxy forbids {endpoint}")));
    let upstream = |said: &str| {
        Err(refused(ProxyRefusal::Upstream(said.to_owned()), format!("the proxy cannot reach {endpoint}: {said}")))
    };
    match reply {
        0 => Ok(()),
        1 => upstream("general failure"),
        2 => denied("not allowed by its rules"),
        3 => upstream("network unreachable"),
        4 => upstream("host unreachable, or its name does not resolve there"),
        5 => upstream("connection refused"),
        6 => upstream("no answer in time"),
        7 | 8 => Err(refused(
            ProxyRefusal::NotAProxy("does not open connections in SOCKS 5".to_owned()),
            format!("the proxy answers the request for {endpoint} with reply {reply}"),
        )),
        _ => Err(not_socks()),
    }
}

fn wants_sign_in(words: &str) -> NetError {
    refused(ProxyRefusal::SignIn(vec!["user and password".to_owned()]), words.to_owned())
}

fn not_socks() -> NetError {
    let does = "does not answer in SOCKS 5";
    refused(ProxyRefusal::NotAProxy(does.to_owned()), format!("what listens there {does}"))
}

fn refused(why: ProxyRefusal, words: String) -> NetError {
    NetError::new(ErrorKind::Proxy(why), words)
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    /// Plays `answers`, each after it has read something, and gives back what was read and how the client ended.
    async fn played(url: &str, answers: &[&[u8]]) -> (Vec<Vec<u8>>, Result<(), NetError>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = listener.local_addr().unwrap();
        let proxy = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut heard = Vec::new();
            for answer in answers {
                let mut bytes = vec![0; 600];
                let length = stream.read(&mut bytes).await.unwrap();
                bytes.truncate(length);
                heard.push(bytes);
                stream.write_all(answer).await.unwrap();
            }
            heard
        };
        let client = async {
            let mut stream = Stream::Plain(TcpStream::connect(place).await.unwrap());
            let proxy = Proxy::parse(url).unwrap();
            open(&mut stream, &proxy, &Endpoint::new("api.workos.com", 443), None).await
        };
        tokio::join!(proxy, client)
    }

    const OPENED: &[u8] = &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0];

    #[tokio::test]
    async fn a_name_is_asked_for_and_credentials_go_out_byte_for_byte() {
        let (heard, end) = played("socks5h://caf%E9:@127.0.0.1:1080", &[&[5, 2], &[1, 0], OPENED]).await;

        assert!(end.is_ok(), "{end:?}");
        assert_eq!(heard[0], [5, 2, 0, 2]);
        assert_eq!(heard[1], b"\x01\x04caf\xe9\x00");
        assert_eq!(heard[2], b"\x05\x01\x00\x03\x0eapi.workos.com\x01\xbb");
    }

    #[tokio::test]
    async fn each_refusal_keeps_its_meaning() {
        let kind = |end: Result<(), NetError>| match end.unwrap_err().kind {
            ErrorKind::Proxy(refusal) => refusal,
            kind => panic!("{kind:?}"),
        };
        let plain = "socks5h://127.0.0.1:1080";
        let signed = "socks5h://u:p@127.0.0.1:1080";

        for (url, answers) in [
            (plain, &[&[5, 0xff][..]][..]),
            (plain, &[&[5, 2]]),
            (signed, &[&[5, 0xff]]),
            (signed, &[&[5, 2], &[1, 1]]),
        ] {
            assert!(matches!(kind(played(url, answers).await.1), ProxyRefusal::SignIn(_)), "{answers:?}");
        }
        for (answers, expected) in [
            (&[&[5, 0][..], &[5, 2, 0, 1, 0, 0, 0, 0, 0, 0]][..], "Denied"),
            (&[&[5, 0], &[5, 4, 0, 1, 0, 0, 0, 0, 0, 0]], "Upstream"),
            (&[&[5, 0], &[5, 1, 0, 3, 1, b'x', 0, 0]], "Upstream"),
            (&[&[5, 0], &[5, 7, 0, 1, 0, 0, 0, 0, 0, 0]], "NotAProxy"),
            (&[&[5, 0], &[5, 0, 0, 9, 0, 0, 0, 0, 0, 0]], "NotAProxy"),
            (&[&[5, 1]], "NotAProxy"),
            (&[&[0, 91]], "NotAProxy"),
            (&[b"HTTP/1.1 400 Bad Request\r\n\r\n"], "NotAProxy"),
            (&[b""], "NotAProxy"),
        ] {
            let refusal = format!("{:?}", kind(played(plain, answers).await.1));
            assert!(refusal.starts_with(expected), "{answers:?}: {refusal}");
        }
    }
}
