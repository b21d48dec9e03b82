//! A request that arrived where `WorkOS` delivers to, and what can be told of who sent it.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::signature::{Refusal, Verified};
use crate::facts::Origin;
use crate::net::special::special;

/// What WorkOS sends requests for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// Tells of an event.
    Webhook,
    /// Asks whether a sign-in or a registration may go on.
    Action,
}

impl Purpose {
    /// Whose the secret is that signs it.
    pub fn whose(self) -> &'static str {
        match self {
            Purpose::Webhook => "the webhook endpoint",
            Purpose::Action => "the Actions",
        }
    }

    /// "webhook", for sentences.
    pub fn in_words(self) -> &'static str {
        match self {
            Purpose::Webhook => "webhook",
            Purpose::Action => "Action",
        }
    }
}

/// A request that arrived at the path of a purpose.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// What it was sent for, by its path, or by the secret that signed it where that is another one.
    pub purpose: Purpose,
    /// The path that it asked for, where it is none that anything is delivered to.
    pub astray: Option<String>,
    /// When its head had arrived, by this host's clock.
    pub at: SystemTime,
    /// Who sent it: the peer, or whom the trusted proxies before this host name.
    pub source: IpAddr,
    /// The address at the other end of the connection.
    pub peer: IpAddr,
    /// How the one was told from the other, in words; empty where they are the same and nothing was claimed.
    pub chain: String,
    /// Where the source is a trusted proxy: why it is not known whom that had the request from.
    pub unnamed: Option<Unnamed>,
    /// Whose the source is.
    pub origin: Origin,
    /// Whether the signature holds.
    pub signature: Signature,
    /// What it tells of, where its body could be read.
    pub event: Option<Event>,
    /// Whether this run made WorkOS send it, which its signature shows.
    pub own: bool,
    /// Its body holds what this run had WorkOS send, and no signature shows that WorkOS sent it: anybody who saw it can repeat it.
    pub resembles_own: bool,
    /// The size of its body, in bytes.
    pub bytes: usize,
    /// The status that it was answered with.
    pub answered: u16,
    /// From its head to its answer.
    pub took: Duration,
}

/// A header in which proxies name the sender.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Header {
    /// The usual one.
    XForwardedFor,
    /// That of RFC 7239.
    Forwarded,
}

impl Header {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Header::XForwardedFor => "X-Forwarded-For",
            Header::Forwarded => "Forwarded",
        }
    }
}

/// Why it is not known whom a trusted proxy had a request from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unnamed {
    /// It sends no header that names the sender.
    Silent,
    /// Its PROXY header names nobody.
    NotAnnounced,
    /// Its two headers name different senders.
    Contradiction,
    /// It says `unknown`.
    Unknown(Header),
    /// It says a name of its own making.
    Obfuscated(Header),
    /// Its entry is empty, or has no `for`.
    Empty(Header),
    /// What it appended cannot be read.
    Unreadable(Header),
    /// It names trusted proxies, and nobody before them.
    OnlyProxies(Header),
}

impl Unnamed {
    /// Finishes "the trusted proxy 10.20.0.5 …".
    pub fn in_words(self) -> String {
        match self {
            Unnamed::Silent => "does not say whom it had the request from".to_owned(),
            Unnamed::NotAnnounced => {
                "begins with a PROXY header that names nobody (UNKNOWN, or LOCAL), so headers are not believed either"
                    .to_owned()
            }
            Unnamed::Contradiction => {
                "sends X-Forwarded-For and Forwarded, which name different senders, so neither is believed".to_owned()
            }
            Unnamed::Unknown(header) => {
                format!("says “unknown” in {}, where the sender's address belongs", header.as_str())
            }
            Unnamed::Obfuscated(header) => {
                format!("puts an obfuscated name in {}, where the sender's address belongs", header.as_str())
            }
            Unnamed::Empty(Header::XForwardedFor) => "leaves its entry in X-Forwarded-For empty".to_owned(),
            Unnamed::Empty(Header::Forwarded) => "sends Forwarded without a `for` that names the sender".to_owned(),
            Unnamed::Unreadable(Header::XForwardedFor) => {
                "sends an entry in X-Forwarded-For that is no address, so the header is not believed".to_owned()
            }
            Unnamed::Unreadable(Header::Forwarded) => {
                "sends a Forwarded that cannot be read (an entry that is no address, or a quote that is left open), so it is not believed".to_owned()
            }
            Unnamed::OnlyProxies(header) => {
                format!("names only trusted proxies in {}, and no sender before them", header.as_str())
            }
        }
    }
}

/// Why something was turned away.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Turned {
    /// It came past the proxy that has to announce it.
    NotThroughTheProxy,
    /// The proxy did not begin with a PROXY header.
    NotAnnounced,
    /// It did not bring a byte.
    Mute,
    /// No TLS handshake came about.
    NoHandshake,
    /// It spoke plain HTTP to a listener of TLS.
    SpeaksHttp,
    /// It spoke TLS to a listener of plain HTTP.
    SpeaksTls,
    /// It began with a PROXY header, which nobody was told to expect.
    Announced,
    /// After the TLS handshake it did not bring a byte.
    HandshakeOnly,
    /// No HTTP request came about, or not in time.
    NoRequest,
    /// It was for another path.
    OtherPath,
    /// It was no POST.
    OtherMethod,
    /// Its body was larger than any event.
    TooLarge,
    /// Its body did not come in time, or broke off.
    BodyMissing,
    /// It is a probe with another nonce than this listener's.
    OtherNonce,
    /// It was sent by this tool's own checks, or by somebody who says so.
    OwnCheck,
    /// It had to go, or could not come in, because too many stood there.
    Crowded,
}

impl Turned {
    /// Whether it is what a load balancer does to see that somebody is there.
    pub fn is_health_check(self) -> bool {
        matches!(self, Turned::Mute | Turned::HandshakeOnly)
    }

    /// Whether it may have been a delivery, had it not been turned away.
    pub fn may_be_a_delivery(self) -> bool {
        !matches!(self, Turned::OwnCheck | Turned::OtherNonce)
    }

    /// Finishes "17 connections …" and "a connection from 198.51.100.7 …".
    pub fn in_words(self) -> &'static str {
        match self {
            Turned::NotThroughTheProxy => "came past the trusted proxy",
            Turned::NotAnnounced => "lacked the PROXY header",
            Turned::Mute => "brought not one byte, as health checks do",
            Turned::NoHandshake => "made no TLS handshake",
            Turned::SpeaksHttp => "spoke plain HTTP, where TLS is expected",
            Turned::SpeaksTls => "spoke TLS, where plain HTTP is expected",
            Turned::Announced => "began with a PROXY header, which is not expected",
            Turned::HandshakeOnly => "made a TLS handshake and asked for nothing, as health checks do",
            Turned::NoRequest => "made no HTTP request that could be read",
            Turned::OtherPath => "asked for another path",
            Turned::OtherMethod => "used another method than POST",
            Turned::TooLarge => "had too large a body",
            Turned::OtherNonce => "presented another nonce",
            Turned::OwnCheck => "said to be of this tool's own checks",
            Turned::Crowded => "had to go, because too many stood there",
            Turned::BodyMissing => "did not bring the whole body in time",
        }
    }
}

/// Connections from one address that were turned away for one reason.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TurnedAway {
    /// Why.
    pub why: Turned,
    /// Where they came from, as far as it was known.
    pub source: IpAddr,
    /// How many they were.
    pub count: usize,
    /// The path that the first of them asked for, where it was another one.
    pub path: Option<String>,
}

/// The path of a request as it may be shown: without its query, and not longer than a line.
pub fn shown_path(path: &str) -> String {
    let plain = |c: char| if c.is_ascii_graphic() { c } else { '?' };
    path.split(['?', '#']).next().unwrap_or_default().chars().map(plain).take(LONGEST_PATH).collect()
}

/// A path is shown up to here.
const LONGEST_PATH: usize = 120;

/// What is known of a signature.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Signature {
    /// It holds.
    Holds(Verified),
    /// It does not.
    Refused(Refusal),
    /// There is one, and no secret to hold it to.
    Unchecked,
}

#[cfg(test)]
impl Delivery {
    /// A webhook that arrived straight from an address, and was taken.
    pub(crate) fn straight_from(source: &str, signature: Signature) -> Self {
        let source: IpAddr = source.parse().unwrap();
        Delivery {
            purpose: Purpose::Webhook,
            astray: None,
            at: SystemTime::UNIX_EPOCH,
            source,
            peer: source,
            chain: String::new(),
            unnamed: None,
            origin: crate::facts::Facts::embedded().origin(source),
            signature,
            event: Some(Event {
                id: Some("event_1".to_owned()),
                name: "organization.created".to_owned(),
                object: None,
            }),
            own: false,
            resembles_own: false,
            bytes: 200,
            answered: 200,
            took: Duration::from_millis(1),
        }
    }
}

impl Delivery {
    /// Whether only WorkOS, or somebody with the secret, can have sent it.
    pub fn is_genuine(&self) -> bool {
        matches!(self.signature, Signature::Holds(_))
    }

    /// It comes from WorkOS, holds what this run had WorkOS send, or comes from where WorkOS may be hidden.
    pub fn may_be_workos(&self) -> bool {
        self.origin.is_workos() || self.resembles_own || may_hide(self.origin, self.source)
    }
}

/// Whether the sender may be hidden behind where something came from: Cloudflare, or a proxy or router of a private network.
pub fn may_hide(origin: Origin, source: IpAddr) -> bool {
    matches!(origin, Origin::Cloudflare(_)) || special(source).is_some()
}

/// What the names of events begin with that this tool's own checks send. `WorkOS` has none like it.
pub const OWN_EVENTS: &str = "workos_preflight.";

/// What a body tells of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// `event_…`; equal in the Events API.
    pub id: Option<String>,
    /// `organization.created`, or the kind of an Action.
    pub name: String,
    /// The id of the object that it is about.
    pub object: Option<String>,
}

/// Reads what a body tells of; nothing but ids and the name is taken over, nor kept meanwhile: strangers send bodies, too.
pub fn event(body: &[u8]) -> Option<Event> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Body {
        event: Word,
        object: Word,
        id: Word,
        data: Data,
    }
    let body: Body = serde_json::from_slice(body).ok()?;
    let name = body.event.0.or(body.object.0)?;
    Some(Event { id: body.id.0, name, object: body.data.0.0 })
}

/// A word, where one stands there. Whatever else does is passed over.
#[derive(Default)]
struct Word(Option<String>);

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Passing::<false>).map(|(word, _)| word)
    }
}

/// The id of what an event is about, where there is one.
#[derive(Default)]
struct Data(Word);

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Passing::<true>).map(|(_, id)| Data(id))
    }
}

/// Reads a value for the word that it is and, where `INSIDE`, for the `id` in it; keeps nothing else.
struct Passing<const INSIDE: bool>;

impl<'de, const INSIDE: bool> Visitor<'de> for Passing<INSIDE> {
    type Value = (Word, Word);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
        let is_word = plain && !text.is_empty() && text.len() <= LONGEST_WORD;
        Ok((Word(is_word.then(|| text.to_owned())), Word::default()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut id = Word::default();
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            if INSIDE && name == "id" {
                id = map.next_value()?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok((Word::default(), id))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::Value::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Self::Value::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Self::Value::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Self::Value::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Self::Value::default())
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Self::Value::default())
    }
}

/// No id and no name of an event is longer, in bytes.
const LONGEST_WORD: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_the_name_are_taken_over_and_nothing_else() {
        let body = br#"{"id":"event_1","event":"organization.created","data":{"id":"org_1","name":"planted"},"created_at":"x"}"#;
        let action = br#"{"object":"authentication_action_context","user":{"email":"planted@example.com"}}"#;

        let told = event(body).unwrap();

        assert_eq!(
            (told.name.as_str(), told.id.as_deref(), told.object.as_deref()),
            ("organization.created", Some("event_1"), Some("org_1"))
        );
        assert_eq!(event(action).unwrap().name, "authentication_action_context");
        assert!(!format!("{told:?}{:?}", event(action)).contains("planted"));
    }

    #[test]
    fn what_is_no_word_is_not_repeated() {
        assert_eq!(event(br#"{"event":"\u001b[31mplanted"}"#), None);
        assert_eq!(event(b"<html>"), None);
        assert_eq!(event(br#"{"event":"a.b","id":"two words"}"#).unwrap().id, None);
        assert_eq!(event(br#"[{"event":"a.b"}]"#), None);
    }

    #[test]
    fn what_stands_where_a_word_belongs_is_passed_over_whatever_it_is() {
        for odd in ["1", "-1.5e3", "true", "null", "[1,[2]]", r#"{"id":{"id":[]}}"#, r#""\u0000""#] {
            let body = format!(r#"{{"x":{odd},"id":{odd},"object":{odd},"data":{odd},"event":"user.created"}}"#);
            let told = event(body.as_bytes());

            assert_eq!(told, Some(Event { id: None, name: "user.created".to_owned(), object: None }), "{odd}");
        }
        let escaped = event(br#"{"d\u0061ta":{"\u0069d":"org_1"},"\u0065vent":"a\u002eb"}"#).unwrap();
        assert_eq!((escaped.name.as_str(), escaped.object.as_deref()), ("a.b", Some("org_1")));
    }

    #[test]
    fn a_path_is_shown_without_its_query_on_one_line_and_no_longer_than_one() {
        assert_eq!(shown_path("/hook/a?token=planted#planted"), "/hook/a");
        assert_eq!(shown_path("/h\u{f6}ok\n\u{1b}[1m"), "/h?ok??[1m");
        assert_eq!(shown_path(&"/".repeat(500)).len(), LONGEST_PATH);
    }
}
