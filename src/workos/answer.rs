//! One classification of everything that comes back where the API's answer belongs.

use serde_json::Value;
use url::Url;

use crate::middlebox::{self, Guess};
use crate::net::{BodyEnd, Response};
use crate::said::page_title;
use crate::secret::Secret;
use crate::settings::values::shown_url;

/// What came back.
#[derive(Clone, PartialEq, Debug)]
pub enum Answer {
    /// JSON, whole.
    Json(JsonAnswer),
    /// A 5xx that passed Cloudflare: `WorkOS` or Cloudflare fails, not this network.
    Unavailable {
        /// The status code.
        status: u16,
        /// Cloudflare's id of the request.
        ray: String,
    },
    /// Cloudflare, or a firewall before the API, wants a browser or refuses the client.
    Challenge,
    /// A 4xx that passed Cloudflare and is not the API's: Cloudflare refuses, not this network.
    RefusedAtTheEdge {
        /// The status code.
        status: u16,
        /// Cloudflare's own number of the error, such as 1020.
        error: Option<u16>,
        /// Cloudflare's id of the request.
        ray: String,
    },
    /// A redirect that passed Cloudflare: it is no sign-in of this network's.
    Moved {
        /// The status code.
        status: u16,
        /// Where it points to, without query.
        location: String,
        /// Cloudflare's id of the request.
        ray: String,
    },
    /// Something on the way wants a sign-in of its own, and says so without a redirect.
    SignIn {
        /// The status code.
        status: u16,
        /// How it says so: the header, or the name of the status.
        asks: String,
    },
    /// A redirect to the page of a filter.
    Filter {
        /// Where it points to, without query.
        location: String,
        /// Which product it is probably of.
        product: Guess,
    },
    /// A redirect to somewhere else: the network wants a sign-in first.
    Portal {
        /// Where it points to, without query.
        location: String,
    },
    /// A page for people.
    Page {
        /// The status code.
        status: u16,
        /// Its title.
        title: Option<String>,
        /// Which product it is probably from.
        product: Option<Guess>,
    },
    /// The body ended before it was through.
    Cut {
        /// How much of it came, in bytes.
        read: usize,
        /// How it ended.
        end: BodyEnd,
    },
    /// Nothing of these.
    Strange {
        /// The status code.
        status: u16,
        /// The content type, if any.
        media_type: Option<String>,
        /// Which product it is probably from.
        product: Option<Guess>,
    },
}

/// JSON from where the API should be.
#[derive(Clone, PartialEq, Debug)]
pub struct JsonAnswer {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: Value,
    /// It carries `x-request-id` or `cf-ray`, as every answer of the API does.
    pub marked: bool,
}

impl JsonAnswer {
    /// The API's `message`.
    pub fn message(&self) -> Option<&str> {
        self.body.get("message").and_then(Value::as_str)
    }

    /// Whether it is a list as the API gives it.
    pub fn is_list(&self) -> bool {
        self.listed().is_some()
    }

    /// What it lists, where it is a list as the API gives it: 200 with `object`, `data` and `list_metadata`.
    pub fn listed(&self) -> Option<&[Value]> {
        let is_list = self.status == 200
            && self.body.get("object").and_then(Value::as_str) == Some("list")
            && self.body.get("list_metadata").is_some_and(Value::is_object);
        self.body.get("data").and_then(Value::as_array).map(Vec::as_slice).filter(|_| is_list)
    }

    /// The ids of a key set, where it is one: `{"keys":[{"kid":…}]}`.
    pub fn key_ids(&self) -> Option<Vec<&str>> {
        let keys = self.body.get("keys").and_then(Value::as_array).filter(|_| self.status == 200)?;
        Some(keys.iter().filter_map(|key| key.get("kid").and_then(Value::as_str)).collect())
    }

    /// The secret that an endpoint signs with, which is told to whoever registers it.
    pub fn signing_secret(&self) -> Option<Secret> {
        let secret = self.body.get("secret").and_then(Value::as_str).filter(|secret| !secret.is_empty());
        secret.map(Secret::new)
    }

    /// The kind of an OAuth error, under either of the names that the API uses.
    pub fn error_kind(&self) -> Option<&str> {
        ["error", "code"].iter().find_map(|field| self.body.get(field).and_then(Value::as_str))
    }
}

impl Answer {
    /// The API's JSON answer about what was asked; an error says, in words, what came in its place.
    pub fn about_what_was_asked(self) -> Result<JsonAnswer, String> {
        match self {
            Answer::Json(answer) if answer.status == 429 => {
                Err("too many requests (429), also after the wait that was asked for".to_owned())
            }
            Answer::Json(answer) if answer.status < 500 => Ok(answer),
            Answer::Json(answer) => Err(format!("a server error ({})", answer.status)),
            other => Err(other.in_words()),
        }
    }

    /// What came, as a fragment: "a challenge for browsers".
    pub fn in_words(&self) -> String {
        match self {
            Answer::Json(answer) => format!("JSON with status {}", answer.status),
            Answer::Unavailable { status, ray } => {
                format!("a server error of WorkOS or Cloudflare ({status}, cf-ray {ray})")
            }
            Answer::Challenge => "a challenge for browsers".to_owned(),
            Answer::RefusedAtTheEdge { status, error, ray } => {
                let error = error.map(|error| format!(", error {error}")).unwrap_or_default();
                format!("a refusal of Cloudflare's ({status}{error}, cf-ray {ray})")
            }
            Answer::Filter { location, .. } | Answer::Portal { location } | Answer::Moved { location, .. } => {
                format!("a redirect to {location}")
            }
            Answer::SignIn { status, asks } => format!("a sign-in that something on the way wants ({status}, {asks})"),
            Answer::Page { status, title, .. } => match title {
                Some(title) => format!("a page called “{title}” ({status})"),
                None => format!("a page without a title ({status})"),
            },
            Answer::Cut { read, .. } => format!("an answer that breaks off after {read} bytes"),
            Answer::Strange { status, .. } => format!("something that is no JSON ({status})"),
        }
    }
}

/// Titles of Cloudflare's own challenge and block pages.
const CHALLENGE_TITLES: &[&str] = &["just a moment", "attention required! | cloudflare", "access denied | "];

impl Answer {
    /// Classifies a response.
    pub fn read(response: &Response) -> Self {
        let media_type =
            response.header("content-type").map(|value| shortened(value.split(';').next().unwrap_or(value)));
        let html = media_type.as_deref().is_some_and(|value| value.eq_ignore_ascii_case("text/html"));
        let text = response.text();
        // What is called so in JSON is the name of something, and the title of nothing.
        let json = response.body.trim_ascii_start().first().is_some_and(|first| matches!(first, b'{' | b'['));
        let title = page_title(&response.body).filter(|_| !json);
        let product = || middlebox::by_page(&text, &response.headers);
        let status = response.status;

        let ray = response.header("cf-ray").map(shortened);
        let number = error_number(&text);
        let challenged = response.header("cf-mitigated").is_some()
            || title.as_ref().is_some_and(|title| {
                let title = title.to_ascii_lowercase();
                response.header("cf-ray").is_some() && CHALLENGE_TITLES.iter().any(|known| title.starts_with(known))
            });
        // A page that names its number is a refusal, and no challenge that a browser would pass.
        if challenged && (number.is_none() || response.header("cf-mitigated").is_some()) {
            return Answer::Challenge;
        }
        if let (500.., Some(ray)) = (status, &ray) {
            return Answer::Unavailable { status, ray: ray.clone() };
        }
        if let (300..=399, Some(location)) = (status, response.header("location")) {
            return match (sent_on_to(location), ray) {
                (Answer::Portal { location }, Some(ray)) => Answer::Moved { status, location, ray },
                (answer, _) => answer,
            };
        }
        if let Some(asks) = sign_in(response, ray.is_some(), json) {
            return Answer::SignIn { status, asks };
        }
        let parsed = serde_json::from_slice::<Value>(&response.body);
        // JSON that breaks off is told from text that is no JSON at all.
        let broken_off = parsed.as_ref().is_err_and(|error| error.is_eof() && !response.body.is_empty());
        // A 401 is what the API says, however it arrives, and what breaks off says nothing of who wrote it.
        if let (400 | 402..=499, Some(ray)) = (status, &ray)
            && middlebox::by_page(&text, &[]).is_none()
            && response.end == BodyEnd::Whole
            && parsed.is_err()
            && !broken_off
        {
            return Answer::RefusedAtTheEdge { status, error: number, ray: ray.clone() };
        }
        // What is JSON is no page, whatever it is called on the way, and neither is nothing.
        if html && !json && !response.body.is_empty() || title.is_some() {
            return match (product(), page_target(&text).filter(|_| ray.is_none())) {
                (None, Some(target)) => sent_on_to(target),
                (product, _) => Answer::Page { status, title, product },
            };
        }
        if response.end != BodyEnd::Whole {
            return Answer::Cut { read: response.body.len(), end: response.end };
        }
        match parsed {
            Ok(body) => {
                let marked = response.header("x-request-id").is_some() || ray.is_some();
                Answer::Json(JsonAnswer { status, body, marked })
            }
            Err(_) if broken_off => Answer::Cut { read: response.body.len(), end: BodyEnd::Whole },
            Err(_) => Answer::Strange { status, media_type, product: product() },
        }
    }
}

/// A redirect, by where it leads.
fn sent_on_to(location: &str) -> Answer {
    let shown = shortened(&shown_url(location));
    match Url::parse(location).ok().and_then(|url| middlebox::by_filter(&url)) {
        Some(product) => Answer::Filter { location: shown, product },
        None => Answer::Portal { location: shown },
    }
}

/// How an answer asks for a sign-in that is not the API's: by its status, or by a challenge beside what is no JSON.
fn sign_in(response: &Response, passed_cloudflare: bool, json: bool) -> Option<String> {
    let header = match response.status {
        511 => return Some("Network Authentication Required".to_owned()),
        407 => "proxy-authenticate",
        401 if !passed_cloudflare && !json => "www-authenticate",
        _ => return None,
    };
    match response.header(header) {
        Some(challenge) => Some(format!("{header}: {}", shortened(challenge))),
        None => (response.status == 407).then(|| "Proxy Authentication Required".to_owned()),
    }
}

/// Where a page sends browsers by itself, with a refresh or a script.
fn page_target(text: &str) -> Option<&str> {
    let start = text.char_indices().nth(20_000).map_or(text, |(end, _)| &text[..end]);
    // Lower case changes no place in ASCII, and elsewhere is not looked.
    let lower = start.to_ascii_lowercase();
    let refresh =
        lower.find("http-equiv").filter(|at| lower[*at..].chars().take(40).collect::<String>().contains("refresh"));
    let by_refresh = refresh.and_then(|at| Some(at + lower[at..].find("url=")? + "url=".len()));
    let by_script = || {
        let script = lower.find("<script")?;
        let says = ["location.href", "location.replace(", "window.location", "document.location", "location.assign("];
        let (at, mark) = says.iter().filter_map(|mark| Some((lower[script..].find(mark)?, mark))).min()?;
        Some(script + at + mark.len())
    };
    let after = by_refresh.or_else(by_script)?;
    let rest = start[after..].trim_start_matches([' ', '=', '(']).trim_start_matches(['\'', '"']);
    let target = rest.split(['\'', '"', '>', '<', ';', ' ', '\n']).next()?;
    (target.starts_with("http://") || target.starts_with("https://") || target.starts_with('/')).then_some(target)
}

/// The number that Cloudflare gives its errors, in text (`error code: 1020`) and on its pages (`Error 1020`, among tags).
fn error_number(text: &str) -> Option<u16> {
    let start: String = text.chars().take(20_000).collect::<String>().to_ascii_lowercase();
    let start = words_of(&start);
    ["error code: ", "error code ", "error "].iter().find_map(|before| {
        start.match_indices(before).find_map(|(at, before)| {
            let digits: String = start[at + before.len()..].chars().take_while(char::is_ascii_digit).take(5).collect();
            digits.parse().ok().filter(|number| (1000..=1200).contains(number))
        })
    })
}

/// The text of a page without its tags, each blank once.
fn words_of(page: &str) -> String {
    let mut inside = false;
    let bare: String = page
        .chars()
        .map(|c| {
            inside = (inside || c == '<') && c != '>';
            if inside || c == '>' { ' ' } else { c }
        })
        .collect();
    bare.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A header is what a stranger wrote.
fn shortened(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::fake::response;

    #[test]
    fn the_real_answer_is_json_with_a_mark() {
        let real = response(
            401,
            &[("cf-ray", "8a0-FRA"), ("content-type", "application/json")],
            r#"{"message":"Unauthorized"}"#,
        );
        let Answer::Json(answer) = Answer::read(&real) else { panic!("it is JSON") };

        assert_eq!((answer.status, answer.message(), answer.marked), (401, Some("Unauthorized"), true));
    }

    #[test]
    fn pages_portals_challenges_and_outages_come_apart() {
        let html = ("content-type", "text/html; charset=utf-8");
        let page = response(200, &[html], "<title>Web Page Blocked</title> FortiGuard");
        let portal = response(302, &[("location", "http://login.example/?mac=1")], "");
        let challenge =
            response(403, &[html, ("cf-ray", "1"), ("cf-mitigated", "challenge")], "<title>Just a moment...</title>");
        let outage = response(503, &[html, ("cf-ray", "8a0-FRA")], "<title>503</title>");

        assert!(matches!(Answer::read(&page), Answer::Page { status: 200, product: Some(_), .. }));
        assert_eq!(Answer::read(&portal), Answer::Portal { location: "http://login.example/?…".to_owned() });
        assert_eq!(Answer::read(&challenge), Answer::Challenge);
        assert!(matches!(Answer::read(&outage), Answer::Unavailable { status: 503, .. }));
    }

    #[test]
    fn what_cloudflare_itself_refuses_is_told_from_a_gateway_and_from_the_api() {
        let ray = ("cf-ray", "8a0-FRA");
        let html = ("content-type", "text/html");
        let refused = |error| Answer::RefusedAtTheEdge { status: 403, error, ray: "8a0-FRA".to_owned() };

        assert_eq!(Answer::read(&response(403, &[ray], "error code: 1020")), refused(Some(1020)));
        assert_eq!(Answer::read(&response(403, &[ray, html], "<h1>Error 1006</h1>")), refused(Some(1006)));
        assert_eq!(Answer::read(&response(403, &[ray, html], "<title>403 Forbidden</title>")), refused(None));
        assert!(matches!(
            Answer::read(&response(403, &[html], "<title>error code: 1020</title>")),
            Answer::Page { .. }
        ));
        assert!(matches!(Answer::read(&response(429, &[ray], r#"{"message":"Too many requests."}"#)), Answer::Json(_)));
        assert!(matches!(
            Answer::read(&response(403, &[ray, html], "<title>x</title>FortiGuard")),
            Answer::Page { .. }
        ));
        assert!(matches!(Answer::read(&response(401, &[ray], "Unauthorized")), Answer::Strange { .. }));
        assert!(matches!(Answer::read(&response(403, &[ray], r#"{"mess"#)), Answer::Cut { .. }));
    }

    #[test]
    fn a_redirect_to_a_filters_page_is_no_sign_in() {
        let to = |location: &str| Answer::read(&response(302, &[("location", location)], ""));

        for filter in [
            "https://block.opendns.com/?url=1",
            "http://10.1.1.1:8015/webfilter/blocked?id=7",
            "https://proxy.customer.example/access-denied.html",
        ] {
            assert!(matches!(to(filter), Answer::Filter { .. }), "{filter}");
        }
        for portal in [
            "http://portal.example/",
            "https://gateway.zscaler.net/login?policy=1",
            "/relative",
            "http://login.customer.example/denied/sso",
        ] {
            assert!(matches!(to(portal), Answer::Portal { .. }), "{portal}");
        }
    }

    #[test]
    fn what_breaks_off_is_cut_and_what_is_no_json_is_strange() {
        let cut = response(200, &[], r#"{"object":"list","data":["#);
        let mut too_large = response(200, &[], "");
        too_large.end = BodyEnd::TooLarge;
        let named = response(200, &[], r#"{"name":"<title>Blocked</title>"}"#);

        assert!(matches!(Answer::read(&named), Answer::Json(_)));
        assert!(matches!(Answer::read(&cut), Answer::Cut { end: BodyEnd::Whole, .. }));
        assert!(matches!(Answer::read(&too_large), Answer::Cut { end: BodyEnd::TooLarge, .. }));
        assert!(matches!(Answer::read(&response(200, &[], "hello")), Answer::Strange { status: 200, .. }));
        assert!(matches!(Answer::read(&response(204, &[], "")), Answer::Strange { status: 204, .. }));
    }

    proptest::proptest! {
        #[test]
        fn whatever_answers_is_classified_without_a_panic(status in 100_u16..600, name in "[a-z-]{1,20}", value in ".*", body in ".*") {
            for header in [name.as_str(), "content-type", "location", "cf-ray", "cf-mitigated"] {
                let _ = Answer::read(&response(status, &[(header, &value)], &body));
            }
        }
    }
}
