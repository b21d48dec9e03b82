//! Which lines stand, and what is known of HTTP/2 on each way.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::error::ErrorKind;
use super::line::Line;
use super::tls::{Offer, Session};
use super::{NetError, Version, Way};

/// Lines that stand, by the way that they take.
#[derive(Default)]
pub(super) struct Lines(Mutex<HashMap<Way, OnWay>>);

#[derive(Default)]
struct OnWay {
    /// A handshake that was looked at; the first request goes on with it.
    shaken: Option<Session>,
    idle: Vec<Line>,
    http2: Http2,
}

/// What is known of HTTP/2 on a way.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(super) enum Http2 {
    /// Nothing yet.
    #[default]
    Untried,
    /// It carried a whole answer.
    Works,
    /// It gave nothing in time, and neither did HTTP/1.1.
    Silent,
    /// It broke in this way where HTTP/1.1 works.
    Broke(String),
}

impl Lines {
    fn all(&self) -> MutexGuard<'_, HashMap<Way, OnWay>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a session for the first request.
    pub(super) fn shaken(&self, way: &Way, session: Session) {
        self.all().entry(way.clone()).or_default().shaken = Some(session);
    }

    /// The session that was kept for the first request.
    pub(super) fn take_shaken(&self, way: &Way, offer: Offer) -> Option<Session> {
        let mut all = self.all();
        let kept = all.get_mut(way)?.shaken.take()?;
        let fits = offer == Offer::Both || kept.seen.protocol.as_deref() != Some("h2");
        (fits && kept.stands()).then_some(kept)
    }

    /// A line that stands idle, or one of HTTP/2 that others use too.
    pub(super) fn take(&self, way: &Way, offer: Offer) -> Option<Line> {
        let mut all = self.all();
        let idle = &mut all.get_mut(way)?.idle;
        idle.retain(Line::stands);
        let place = idle.iter().position(|line| offer == Offer::Both || line.version() == Version::Http1)?;
        Some(match idle[place].version() {
            Version::Http2 => idle[place].clone(),
            Version::Http1 => idle.swap_remove(place),
        })
    }

    /// Keeps a line for the next request.
    pub(super) fn give_back(&self, way: &Way, line: &Line) {
        if line.stands() {
            let mut all = self.all();
            let idle = &mut all.entry(way.clone()).or_default().idle;
            let shared = line.version() == Version::Http2 && idle.iter().any(|it| it.version() == Version::Http2);
            if !shared {
                idle.push(line.clone().after_idling());
            }
        }
    }

    /// Lets no other request take a line that failed.
    pub(super) fn forget(&self, way: &Way, line: &Line) {
        if let Some(on_way) = self.all().get_mut(way) {
            on_way.idle.retain(|kept| !kept.is(line));
        }
    }

    /// Lets no other request take the HTTP/2 of a way.
    pub(super) fn forget_http2(&self, way: &Way) {
        if let Some(on_way) = self.all().get_mut(way) {
            on_way.idle.retain(|line| line.version() == Version::Http1);
        }
    }

    /// What is known of HTTP/2 on a way.
    pub(super) fn http2(&self, way: &Way) -> Http2 {
        self.all().get(way).map(|on_way| on_way.http2.clone()).unwrap_or_default()
    }

    /// Notes what is known of HTTP/2 on a way now. What broke stays broken.
    pub(super) fn learn(&self, way: &Way, now: Http2) {
        let mut all = self.all();
        let known = &mut all.entry(way.clone()).or_default().http2;
        if !matches!(known, Http2::Broke(_)) {
            *known = now;
        }
    }
}

/// Whether an error of a line of HTTP/2 can be HTTP/2's own.
pub(super) fn is_silence(error: &NetError) -> bool {
    matches!(error.kind, ErrorKind::TimedOut(_))
}
