//! HTTP/2 on the serving side: as it should be, and in the ways in which boxes on the path break it.

use std::future::poll_fn;
use std::io;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use h2::server::SendResponse;
use h2::{RecvStream, SendStream};
use http_body_util::BodyExt;
use hyper::header::{DATE, HeaderValue};
use hyper::{Request, Response};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::http::{self, Answer, Asked, Body, LARGEST_REQUEST};
use super::service::{Http2Manner, Page};

/// Serves one connection until either side closes it.
pub(super) async fn serve<S, F>(stream: S, answer: F) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
    F: Fn(&Asked) -> Answer,
{
    let mut connection = h2::server::handshake(stream).await.map_err(io::Error::other)?;
    let mut answering = FuturesUnordered::new();
    loop {
        tokio::select! {
            accepted = connection.accept() => match accepted {
                Some(Ok((request, respond))) => answering.push(take(request, respond, &answer)),
                Some(Err(error)) => return Err(io::Error::other(error)),
                None => return Ok(()),
            },
            // How one stream ends is not the connection's concern.
            Some(_) = answering.next() => {}
        }
    }
}

async fn take(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    answer: &impl Fn(&Asked) -> Answer,
) -> Result<(), h2::Error> {
    let (head, mut incoming) = request.into_parts();
    let mut body = Vec::new();
    while let Some(chunk) = incoming.data().await {
        let chunk = chunk?;
        incoming.flow_control().release_capacity(chunk.len())?;
        body.extend(chunk.iter().take(LARGEST_REQUEST.saturating_sub(body.len())));
    }
    let answer = if body.len() < LARGEST_REQUEST {
        answer(&Asked::of(head, body.into()))
    } else {
        Page::json(413, r#"{"message":"Payload Too Large"}"#).into()
    };
    let (mut head, body) = http::respond(answer).await.into_parts();
    if let Ok(now) = HeaderValue::try_from(httpdate::fmt_http_date(SystemTime::now())) {
        head.headers.entry(DATE).or_insert(now);
    }
    let stream = respond.send_response(Response::from_parts(head, ()), false)?;
    send(stream, body).await
}

async fn send(mut stream: SendStream<Bytes>, mut body: Body) -> Result<(), h2::Error> {
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            stream.send_reset(h2::Reason::INTERNAL_ERROR);
            return Ok(());
        };
        let Ok(mut data) = frame.into_data() else { continue };
        while !data.is_empty() {
            stream.reserve_capacity(data.len());
            let Some(room) = poll_fn(|cx| stream.poll_capacity(cx)).await else { return Ok(()) };
            let room = room?.min(data.len());
            stream.send_data(data.split_to(room), false)?;
        }
    }
    stream.send_data(Bytes::new(), true)
}

const PREFACE: usize = 24;
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
const SETTINGS_ACK: &[u8] = &[0, 0, 0, 4, 1, 0, 0, 0, 0];
const HEADERS: u8 = 1;
/// `:status: 200` by the static table (RFC 7541), the end of the headers and not of the stream.
const STATUS_200: &[u8] = &[0, 0, 1, HEADERS, 4, 0, 0, 0, 1, 0x88];
/// Nine bytes of a body.
const PART_OF_A_BODY: &[u8] = b"\0\0\x09\0\0\0\0\0\x01{\"message";

/// Breaks HTTP/2 after it was agreed on.
pub(super) async fn break_off(mut stream: impl AsyncRead + AsyncWrite + Unpin, manner: Http2Manner) -> io::Result<()> {
    stream.read_exact(&mut [0; PREFACE]).await?;
    match manner {
        Http2Manner::ClosesAfterPreface => return stream.shutdown().await,
        Http2Manner::SpeaksHttp1 => {
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await?;
            return drain(stream).await;
        }
        Http2Manner::NeverAnswers => return drain(stream).await,
        _ => {}
    }
    stream.write_all(&[SETTINGS, SETTINGS_ACK].concat()).await?;
    until_headers(&mut stream).await?;
    match manner {
        // INTERNAL_ERROR, and HTTP_1_1_REQUIRED (RFC 9113 §7).
        Http2Manner::GoesAway => stream.write_all(b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x02").await?,
        Http2Manner::WantsHttp1 => stream.write_all(b"\0\0\x04\x03\0\0\0\0\x01\0\0\0\x0d").await?,
        Http2Manner::ResetsStreams => stream.write_all(b"\0\0\x04\x03\0\0\0\0\x01\0\0\0\x02").await?,
        // DATA belongs to a stream, and 0 is none.
        Http2Manner::BreaksTheRules => stream.write_all(b"\0\0\x01\0\0\0\0\0\0x").await?,
        Http2Manner::ClosesOnRequest => return stream.shutdown().await,
        Http2Manner::CutsBodies => {
            stream.write_all(&[STATUS_200, PART_OF_A_BODY].concat()).await?;
            // The part must be on its way before the stream is reset.
            stream.flush().await?;
            tokio::time::sleep(Duration::from_millis(50)).await;
            stream.write_all(b"\0\0\x04\x03\0\0\0\0\x01\0\0\0\x02").await?;
        }
        Http2Manner::StallsInBodies => stream.write_all(&[STATUS_200, PART_OF_A_BODY].concat()).await?,
        _ => {}
    }
    stream.flush().await?;
    drain(stream).await
}

/// Reads frames up to the first request.
async fn until_headers(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        tokio::io::copy(&mut (&mut *stream).take(u64::from(length)), &mut tokio::io::sink()).await?;
        if head[3] == HEADERS {
            return Ok(());
        }
    }
}

/// Says nothing more. Closing with unread bytes would send a reset that can overtake what was said.
async fn drain(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    stream.flush().await?;
    while stream.read(&mut [0; 4096]).await? > 0 {}
    Ok(())
}
