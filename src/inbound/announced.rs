//! What a load balancer says of the sender before anything else: the PROXY protocol, versions 1 and 2.

use std::io::{self, ErrorKind};
use std::net::IpAddr;

use proxy_header::{ParseConfig, ProxyHeader};
use tokio::io::{AsyncRead, AsyncReadExt};

/// The first bytes of a version 2 header.
const SECOND: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// The command of version 2 by which the balancer speaks for itself.
const LOCAL: u8 = 0;

/// The first bytes of a version 1 header.
const FIRST: &[u8] = b"PROXY ";

/// The longest header of version 1, in bytes, by its specification.
const LONGEST_FIRST: usize = 107;

/// How much may follow the fixed part of version 2, in bytes: addresses and a few notes.
const LONGEST_REST: usize = 2048;

/// Takes the header off a stream that must begin with one. `None` where the balancer speaks for itself, as to see whether
/// somebody is there.
pub(super) async fn announced(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<IpAddr>> {
    let strange = || io::Error::new(ErrorKind::InvalidData, "no PROXY header stands at the beginning");
    let mut header = vec![0; SECOND.len()];
    stream.read_exact(&mut header).await?;
    if header == SECOND {
        let mut fixed = [0; 4];
        stream.read_exact(&mut fixed).await?;
        let length = usize::from(u16::from_be_bytes([fixed[2], fixed[3]]));
        if length > LONGEST_REST {
            return Err(strange());
        }
        let mut rest = vec![0; length];
        stream.read_exact(&mut rest).await?;
        if fixed[0] & 0x0f == LOCAL {
            // Whatever else stands in it is to be passed over, by the specification.
            return Ok(None);
        }
        header.extend(fixed);
        header.extend(rest);
    } else if header.starts_with(FIRST) {
        while !header.ends_with(b"\r\n") {
            if header.len() >= LONGEST_FIRST {
                return Err(strange());
            }
            // Byte by byte, because what follows the line belongs to TLS.
            header.push(stream.read_u8().await?);
        }
    } else {
        return Err(strange());
    }
    let config = ParseConfig { include_tlvs: false, ..ParseConfig::default() };
    let (read, _) = ProxyHeader::parse(&header, config).map_err(|_| strange())?;
    Ok(read.proxied_address().map(|named| named.source.ip()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    async fn read(bytes: &[u8]) -> (io::Result<Option<IpAddr>>, Vec<u8>) {
        let mut stream = bytes;
        let announced = announced(&mut stream).await;
        (announced, stream.to_vec())
    }

    fn second(command: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [SECOND, &[command, 0x11], &length, rest].concat()
    }

    const ADDRESSES: [u8; 12] = [3, 217, 146, 166, 10, 20, 0, 10, 0xc8, 0, 1, 0xbb];

    #[tokio::test]
    async fn both_versions_name_the_sender_and_leave_what_follows() {
        let first = b"PROXY TCP4 3.217.146.166 10.20.0.10 51200 443\r\nHELLO";
        for bytes in [first.to_vec(), [second(0x21, &ADDRESSES), b"HELLO".to_vec()].concat()] {
            let (named, rest) = read(&bytes).await;

            assert_eq!(named.unwrap(), Some("3.217.146.166".parse().unwrap()));
            assert_eq!(rest, b"HELLO");
        }
    }

    #[tokio::test]
    async fn a_balancer_that_speaks_for_itself_names_nobody() {
        assert_eq!(read(b"PROXY UNKNOWN\r\n").await.0.unwrap(), None);
        assert_eq!(read(&second(0x20, &[])).await.0.unwrap(), None);
    }

    #[tokio::test]
    async fn what_is_no_header_or_too_long_is_refused() {
        let long = [b"PROXY TCP4 ".to_vec(), vec![b'1'; 200]].concat();
        for bytes in
            [b"GET / HTTP/1.1\r\n\r\n".to_vec(), long, second(0x21, &[0; 4000]), b"PROXY TCP4 x y 1 2\r\n".to_vec()]
        {
            assert!(read(&bytes).await.0.is_err());
        }
    }

    proptest! {
        #[test]
        fn whatever_stands_at_the_beginning_is_read_without_a_panic(bytes in any::<Vec<u8>>(), version in 0_usize..3) {
            let start: &[u8] = [&b""[..], FIRST, SECOND][version];
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let _ = runtime.block_on(read(&[start, &bytes].concat()));
        }
    }
}
