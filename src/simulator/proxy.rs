//! An HTTP CONNECT proxy.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::service::{PROXY_AUTHORIZATION, ProxyManner};

const LARGEST_HEAD: usize = 64 * 1024;

/// What the client asked the proxy for.
pub(super) enum Wanted {
    /// A tunnel that is open from now on.
    Tunnel { host: String, port: u16 },
    /// Nothing more: the answer is sent.
    Nothing,
}

/// Reads one request and answers it, but for the tunnel itself.
pub(super) async fn greet(stream: &mut TcpStream, manner: ProxyManner) -> io::Result<Wanted> {
    let head = read_head(stream).await?;
    let target = head.lines().next().and_then(|line| line.strip_prefix("CONNECT "));
    let target = target.and_then(|rest| rest.split_whitespace().next()).and_then(host_and_port);
    let refusal = match (manner, target) {
        (ProxyManner::NeverAnswers, _) => return std::future::pending().await,
        (ProxyManner::NotAProxy, _) => page("405 Method Not Allowed", "Server: nginx\r\n", "405 Not Allowed"),
        (_, None) => page("400 Bad Request", "", "Only CONNECT is served here"),
        (ProxyManner::Requires, Some(_)) if !is_authorized(&head) => page(
            "407 Proxy Authentication Required",
            "Proxy-Authenticate: Negotiate\r\nProxy-Authenticate: Basic realm=\"proxy.customer.example\"\r\n",
            "Access Denied: authentication required",
        ),
        (ProxyManner::WantsWindowsSignIn, Some(_)) => page(
            "407 Proxy Authentication Required",
            "Proxy-Authenticate: Negotiate, NTLM, Digest realm=\"customer, Basic\"\r\n",
            "Access Denied: authentication required",
        ),
        (ProxyManner::LeadsToSignIn, Some((host, _))) => {
            let target = format!("Location: https://gateway.proxy.example/sign-in?origin={host}&token=demo\r\n");
            page("307 Temporary Redirect", &target, "Moved")
        }
        (ProxyManner::DeniesWith407, Some((host, _))) => {
            let rule = format!("egress is denied to host '{host}': it matches no rule");
            let length = rule.len();
            format!("HTTP/1.1 407 Request rejected by proxy\r\nContent-Length: {length}\r\n\r\n{rule}")
        }
        (ProxyManner::UpstreamFailsWith500, Some(_)) => {
            page("500 Unable to connect", "Server: tinyproxy/1.11.1\r\n", "500 Unable to connect")
        }
        (ProxyManner::Closes, Some(_)) => String::new(),
        (ProxyManner::Denies, Some(_)) => page("403 Forbidden", "", "Access Denied by Customer Corp policy"),
        (ProxyManner::UpstreamFails, Some(_)) => page("502 Bad Gateway", "", "The upstream did not answer"),
        (ProxyManner::Opens | ProxyManner::OpensInOldStyle | ProxyManner::Requires, Some((host, port))) => {
            return Ok(Wanted::Tunnel { host, port });
        }
    };
    stream.write_all(refusal.as_bytes()).await?;
    stream.shutdown().await?;
    Ok(Wanted::Nothing)
}

/// Says that the tunnel is open.
pub(super) async fn open(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await
}

/// Says it as old proxies do.
pub(super) async fn open_in_old_style(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(b"HTTP/1.0 100 Continue\n\nHTTP/1.0 200 Connection established\nProxy-agent: old\n\n").await
}

/// Says why there is no tunnel to this address.
pub(super) async fn unreachable(stream: &mut TcpStream, address: Option<SocketAddr>) -> io::Result<()> {
    let title = match address {
        Some(_) => "502: the upstream did not accept a connection",
        None => "502: the name does not resolve",
    };
    stream.write_all(page("502 Bad Gateway", "", title).as_bytes()).await?;
    stream.shutdown().await
}

async fn read_head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    let mut piece = [0; 4096];
    while !head.windows(4).any(|it| it == b"\r\n\r\n") {
        let length = stream.read(&mut piece).await?;
        if length == 0 || head.len() > LARGEST_HEAD {
            return Err(io::ErrorKind::InvalidData.into());
        }
        head.extend_from_slice(piece.get(..length).unwrap_or_default());
        // A request begins with a method; TLS and SOCKS do not.
        if !head.first().is_some_and(u8::is_ascii_uppercase) {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    String::from_utf8(head).map_err(io::Error::other)
}

fn host_and_port(authority: &str) -> Option<(String, u16)> {
    let (host, port) = authority.rsplit_once(':')?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Some((host.to_owned(), port.parse().ok()?))
}

fn is_authorized(head: &str) -> bool {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.any(|(name, value)| name.eq_ignore_ascii_case("proxy-authorization") && value.trim() == PROXY_AUTHORIZATION)
}

fn page(status: &str, headers: &str, title: &str) -> String {
    let body = format!("<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>");
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Type: text/html\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}
