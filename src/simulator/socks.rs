//! A SOCKS 5 proxy (RFC 1928, RFC 1929).

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::proxy::Wanted;
use super::service::SocksManner;

const VERSION: u8 = 5;
/// The user and the password that [`SocksManner::WantsPassword`] accepts.
const USER: &[u8] = b"installer";
const PASSWORD: &[u8] = b"demo";

/// The replies that are played.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Reply {
    Opened = 0,
    NotAllowed = 2,
    HostUnreachable = 4,
}

/// Reads the greeting and the request, and answers them but for the tunnel itself.
pub(super) async fn greet(stream: &mut TcpStream, manner: SocksManner) -> io::Result<Wanted> {
    if stream.read_u8().await? != VERSION {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let methods = pascal(stream).await?;
    if manner == SocksManner::WantsPassword {
        if !methods.contains(&2) {
            stream.write_all(&[VERSION, 0xff]).await?;
            return Ok(Wanted::Nothing);
        }
        stream.write_all(&[VERSION, 2]).await?;
        stream.read_u8().await?;
        let (user, password) = (pascal(stream).await?, pascal(stream).await?);
        let right = user == USER && password == PASSWORD;
        stream.write_all(&[1, u8::from(!right)]).await?;
        if !right {
            return Ok(Wanted::Nothing);
        }
    } else {
        stream.write_all(&[VERSION, 0]).await?;
    }
    // Version, command, a reserved byte, and the kind of address.
    let mut request = [0; 4];
    stream.read_exact(&mut request).await?;
    let host = match request[3] {
        1 => {
            let mut address = [0; 4];
            stream.read_exact(&mut address).await?;
            Ipv4Addr::from(address).to_string()
        }
        4 => {
            let mut address = [0; 16];
            stream.read_exact(&mut address).await?;
            Ipv6Addr::from(address).to_string()
        }
        _ => String::from_utf8(pascal(stream).await?).map_err(io::Error::other)?,
    };
    let port = stream.read_u16().await?;
    match manner {
        SocksManner::Opens | SocksManner::WantsPassword => Ok(Wanted::Tunnel { host, port }),
        SocksManner::Denies => reply(stream, Reply::NotAllowed).await.map(|()| Wanted::Nothing),
        SocksManner::CannotReach => reply(stream, Reply::HostUnreachable).await.map(|()| Wanted::Nothing),
    }
}

/// Says that the tunnel is open.
pub(super) async fn open(stream: &mut TcpStream) -> io::Result<()> {
    reply(stream, Reply::Opened).await
}

/// Says that there is no tunnel.
pub(super) async fn unreachable(stream: &mut TcpStream) -> io::Result<()> {
    reply(stream, Reply::HostUnreachable).await
}

async fn reply(stream: &mut TcpStream, reply: Reply) -> io::Result<()> {
    // The address that the proxy is bound to is of no use to anybody: 0.0.0.0, port 0.
    stream.write_all(&[VERSION, reply as u8, 0, 1, 0, 0, 0, 0, 0, 0]).await
}

/// Bytes with their number in front.
async fn pascal(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::from(stream.read_u8().await?)];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}
