//! A sign-in followed by hand, as far as WorkOS's own hosts lead. No key and no cookie is sent.

use url::{Position, Url};

use crate::check::{Contact, Endpoint, Learnt, Method, Touch};
use crate::context::{Context, requesting};
use crate::net::{Request, Response};
use crate::settings::Settings;
use crate::settings::values::shown_url;
use crate::workos::authorize::{self, Hop, MOST_HOPS};

/// Where a sign-in led.
pub(in crate::checks) struct Followed {
    /// Every URL on the way, as it may be shown.
    pub(in crate::checks) hops: Vec<String>,
    /// What the last hop says.
    pub(in crate::checks) last: Hop,
    /// Why it could not be followed further.
    pub(in crate::checks) failure: Option<String>,
    /// The last answer, whose ids WorkOS's support asks for.
    pub(in crate::checks) answer: Option<Response>,
}

/// What following a sign-in touches.
pub(in crate::checks) fn contacts(endpoint: &Endpoint, why: &str, settings: &Settings) -> Vec<Contact> {
    let begin = Touch::request(Method::Get, endpoint, &authorize::path("", "")).with_query_as_given();
    let next = Contact::new(Touch::Learnt(Learnt::Redirects { followed: authorize::FOLLOWED }), why);
    requesting(endpoint, settings, [Contact::new(begin, why), next])
}

/// How many sign-ins a check follows at most: the one that is asked about, and a made-up one.
const MOST_FOLLOWED: usize = 2;

// Every hop of every one may lead somewhere else, and none of them may be kept from being asked.
const _: () = assert!(Learnt::MOST >= MOST_FOLLOWED * MOST_HOPS);

impl Followed {
    /// The host of the hosted login, which users' browsers must reach.
    pub(in crate::checks) fn hosted_login(&self) -> Option<&str> {
        match &self.last {
            Hop::HostedLogin(host) | Hop::Elsewhere(host) => Some(host),
            _ => None,
        }
    }
}

/// Follows the sign-in that an application with this client ID and redirect URI begins.
pub(in crate::checks) async fn follow(endpoint: &Endpoint, client_id: &str, uri: &str, cx: &Context) -> Followed {
    let mut followed = Followed { hops: Vec::new(), last: Hop::End(0), failure: None, answer: None };
    let Ok(mut at) = Url::parse(&endpoint.https(&authorize::path(client_id, uri))) else {
        return followed;
    };
    for _ in 0..MOST_HOPS {
        followed.hops.push(shown_url(at.as_str()));
        let Some(next) = authorize::endpoint(&at) else { return followed };
        let Some(way) = cx.way(&next).await else {
            followed.failure = Some(format!("{next} cannot be reached"));
            return followed;
        };
        let mut request = Request::get(way, &at[Position::BeforePath..Position::AfterQuery]);
        request.headers.push(("accept", "text/html".to_owned()));
        match cx.network.fetch(&request).await.result {
            Err(error) => {
                followed.failure = Some(error.detail);
                return followed;
            }
            Ok(response) => {
                followed.last = authorize::read(&response, &at, uri);
                followed.answer = Some(response);
            }
        }
        match &followed.last {
            Hop::Next(further) => at = further.clone(),
            Hop::HostedLogin(host) | Hop::Elsewhere(host) => {
                followed.hops.push(format!("https://{host}/"));
                return followed;
            }
            _ => return followed,
        }
    }
    followed
}
