//! Does the application answer at the redirect URI, where browsers come back to after a sign-in?

pub(in crate::checks) mod codes;
mod words;

use url::{Position, Url};

use self::codes::{
    LOGIN_WALL, NOT_FOUND, NOT_REACHED, REDIRECTS_ELSEWHERE, REFUSED_BEFORE_THE_APPLICATION, SERVER_ERROR,
    SIGN_IN_EVERYWHERE, UNCLEAR_ANSWER, UNREACHABLE, UNTRUSTED,
};
use super::arrival::{Arrival, arrival};
use super::contacts_of_arrival;
use super::trusted;
use super::wall::{Front, MADE_UP_PATH, shown_location, wants_sign_in};
use crate::check::{
    About, Check, CheckId, Contact, Endpoint, Finding, Grade, Method, Outcome, Planned, Running, Spec, Touch, Vantage,
};
use crate::context::Context;
use crate::elsewhere::{OTHERWISE_OUTSIDE, SEEN_LONG_AGO};
use crate::facts::Facts;
use crate::middlebox;
use crate::net::special::special;
use crate::net::{ErrorKind, NetError, Request, Response, Trust, Way};
use crate::said::{listed, page_title};
use crate::settings::values::{host, shown_url, url_endpoint, web_url};
use crate::settings::{REDIRECT_URIS, Settings, Wanted};

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the callback answers",
    explain: "\
Asks for each redirect URI without a code, as a browser would that comes back from a sign-in without one. The application \
should say that something is missing (400, 401 or 403), show a page of its own, or send the browser to its sign-in.

A callback that is not there ends every sign-in in an error page, after WorkOS and the identity provider did all they \
should. A sign-in product in front of it stops the browser, and loses the code.

Browsers resolve the redirect URI, so its host may be known inside alone: then the inside answer is used, and said. From \
inside, a callback that cannot be reached settles nothing.

Usually broken by a path that the application does not have, by a reverse proxy that passes other paths alone, or by an \
access product (single sign-on in front of the site) that was not told to leave the callback alone.",
    vantages: &[Vantage::Inside, Vantage::Outside],
    required: super::required,
    codes: &[
        &NOT_FOUND, &SERVER_ERROR, &LOGIN_WALL, &SIGN_IN_EVERYWHERE, &UNTRUSTED, &UNREACHABLE, &NOT_REACHED, &REFUSED_BEFORE_THE_APPLICATION,
        &UNCLEAR_ANSWER, &REDIRECTS_ELSEWHERE, &SEEN_LONG_AGO, &OTHERWISE_OUTSIDE,
    ],
    needs: &[trusted::ID],
    plan: |_, settings| Planned::each(callbacks(settings), NO_URI),
};

pub(super) const ID: CheckId = CheckId::new("ingress.callback");

const NO_URI: Wanted = REDIRECT_URIS.wanted_as("that can be asked for (https, with a host name)");

struct Callback {
    url: Url,
    endpoint: Endpoint,
}

/// One for each redirect URI that names a host on the network; a wildcard and the reader's own machine cannot be asked.
fn callbacks(settings: &Settings) -> Vec<Callback> {
    let mut callbacks: Vec<Callback> = Vec::new();
    for given in &settings.redirect_uris {
        let Some(url) = web_url(&given.value).filter(|url| url.scheme() == "https") else { continue };
        let Some(endpoint) = url_endpoint(&url).filter(|endpoint| host(&endpoint.host).is_ok()) else { continue };
        let known = callbacks.iter().any(|known| known.url == url);
        if known || endpoint.host == "localhost" || endpoint.host.ends_with(".localhost") {
            continue;
        }
        callbacks.push(Callback { url, endpoint });
    }
    callbacks
}

impl Check for Callback {
    fn subject(&self) -> Option<String> {
        Some(self.shown())
    }

    fn about(&self) -> About {
        About::Endpoint(self.endpoint.clone())
    }

    fn contacts(&self, facts: &Facts, settings: &Settings) -> Vec<Contact> {
        let mut contacts = contacts_of_arrival(&self.endpoint, true, "for the requests to it", facts, settings);
        contacts.extend([
            Contact::new(
                Touch::request(Method::Get, &self.endpoint, &self.path()).with_query_as_given(),
                "whether the application answers where browsers come back to",
            ),
            Contact::new(
                Touch::request(Method::Get, &self.endpoint, MADE_UP_PATH),
                "only after a refusal or a page with a sign-in, to see whether every path answers alike",
            ),
        ]);
        contacts
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let arrival = arrival(&self.endpoint, cx).await;
            let Some(way) = arrival.way() else { return self.no_way(&arrival, cx).tried(arrival.attempts()) };
            let inside_only = arrival.public.iter().all(|one| special(one.way.first_hop().ip()).is_some());
            let trust = if inside_only { Trust::Here } else { Trust::Public };
            let answer = cx.network.fetch(&request(way, trust, &self.path())).await;
            let mut outcome = match &answer.result {
                Ok(response) => self.answered(response, way, trust, cx).await,
                Err(error) => self.failed(error, cx),
            };
            outcome.saw_passing("asked at", way.first_hop().to_string());
            if inside_only {
                outcome.saw(
                    "inside only",
                    "no public address leads there, so the inside answer is used, and the CAs that this host trusts",
                );
            }
            outcome.via("direct").tried(answer.attempts)
        })
    }
}

impl Callback {
    fn no_way(&self, arrival: &Arrival, cx: &Context) -> Outcome {
        let tried: Vec<_> = arrival.public.iter().chain(&arrival.inside).collect();
        let mut outcome = Outcome::graded(Grade::Declared).via("direct");
        for one in &tried {
            let how = one.connection.result.as_ref().err().map(|error| error.detail.clone()).unwrap_or_default();
            outcome.saw("connection", format!("{}: {how}", one.way.first_hop()));
        }
        let addresses = listed(tried.iter().map(|one| one.way.first_hop().ip()).collect::<Vec<_>>());
        match (cx.vantage, tried.is_empty()) {
            (Vantage::Outside, true) => outcome.not_available(format!(
                "{} has no public address, so only browsers inside reach it: look with `check` from there",
                self.endpoint.host
            )),
            (Vantage::Outside, false) => {
                outcome.because(self.unreachable(&format!("could not connect to {addresses}")))
            }
            (Vantage::Inside, true) => outcome
                .because(self.not_reached("neither public DNS nor the resolvers here give an address for its host")),
            (Vantage::Inside, false) => {
                outcome.because(self.not_reached(&format!("could not connect to {addresses} from here")))
            }
        }
    }

    fn failed(&self, error: &NetError, cx: &Context) -> Outcome {
        let outcome = Outcome::graded(Grade::Reached).with("failure", error.detail.clone());
        outcome.because(match (&error.kind, cx.vantage) {
            (ErrorKind::Certificate(_), _) => self.untrusted(&error.detail),
            (_, Vantage::Outside) => self.unreachable(&error.detail),
            (_, Vantage::Inside) => self.not_reached(&error.detail),
        })
    }

    async fn answered(&self, response: &Response, way: &Way, trust: Trust, cx: &Context) -> Outcome {
        let mut outcome = Outcome::graded(Grade::Answered).with("answer", response.status.to_string());
        if let Some(location) = response.header("location") {
            outcome.saw("location", shown_location(location));
        }
        let title = page_title(&response.body);
        let finding = match response.status {
            300..=399 => self.redirected(response, cx),
            401 if wants_sign_in(response) => {
                Some(self.login_wall("a demand for a name and a password (401)", response.status))
            }
            404 | 410 => Some(self.not_found(response.status)),
            500..=599 => Some(self.server_error(response.status)),
            200..=299 if has_sign_in(response) => {
                let everywhere = made_up(way, trust, cx).await.is_some_and(|answer| has_sign_in(&answer));
                let called = title.map_or_else(String::new, |title| format!(" called “{title}”"));
                let product = middlebox::by_page(&response.text(), &response.headers);
                everywhere.then(|| match product {
                    Some(product) => {
                        let how =
                            format!("a page with a sign-in{called}, {}, as at every other path", product.in_words());
                        self.login_wall(&how, response.status)
                    }
                    None => self.sign_in_everywhere(&called),
                })
            }
            200..=299 => Front::default()
                .wall(response, self.url.path())
                .map(|wall| self.before_the_application(wall, response.status)),
            status => {
                let front = Front::seen(&request(way, trust, &self.path()), cx).await;
                match front.wall(response, self.url.path()) {
                    Some(wall) => Some(self.before_the_application(wall, status)),
                    None => (!matches!(status, 400 | 401 | 403 | 422)).then(|| self.unclear(status)),
                }
            }
        };
        match finding {
            Some(finding) => outcome.because(finding),
            None => outcome,
        }
    }

    fn redirected(&self, response: &Response, cx: &Context) -> Option<Finding> {
        let target = response.header("location").and_then(|location| self.url.join(location).ok());
        let Some(target) = target else { return Some(self.unclear(response.status)) };
        if let Some(product) = middlebox::by_sign_in(&target) {
            let called = format!("a redirect to {}, {}", shown_url(target.as_str()), product.in_words());
            return Some(self.login_wall(&called, response.status));
        }
        let to = target.host_str().unwrap_or_default().to_ascii_lowercase();
        let own = to == self.endpoint.host || cx.settings.inbound_hosts().contains(&to);
        (!own && !is_workos(&to, &cx.settings)).then(|| self.redirects_elsewhere(&target))
    }

    fn path(&self) -> String {
        self.url[Position::BeforePath..Position::AfterQuery].to_owned()
    }

    fn shown(&self) -> String {
        shown_url(self.url.as_str())
    }
}

/// As a browser asks.
fn request(way: &Way, trust: Trust, path: &str) -> Request {
    let accept = ("accept", "text/html,application/json;q=0.9,*/*;q=0.8".to_owned());
    Request { trust, headers: vec![accept], ..Request::get(way.clone(), path) }
}

async fn made_up(way: &Way, trust: Trust, cx: &Context) -> Option<Response> {
    cx.network.fetch(&request(way, trust, MADE_UP_PATH)).await.result.ok()
}

/// The API, by whichever domain, and the hosts of the hosted login.
fn is_workos(host: &str, settings: &Settings) -> bool {
    let named = settings.authkit_domains.iter().any(|named| named.value == host);
    named || host == settings.api.value.host || host.ends_with(".workos.com") || host.ends_with(".authkit.app")
}

/// A page in which a password can be typed.
fn has_sign_in(response: &Response) -> bool {
    let html = response.header("content-type").is_some_and(|value| value.starts_with("text/html"));
    let start: String = response.text().chars().take(64_000).collect::<String>().to_ascii_lowercase();
    html && ["type=\"password\"", "type='password'", "type=password"].iter().any(|field| start.contains(field))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{Held, Site, ask, codes};
    use crate::net::fake::{Fake, response};
    use crate::net::{CertificateProblem, Method};

    const APP: &str = "app.customer.example";
    const URI: &str = "https://app.customer.example/callback";
    const PUBLIC: &str = "9.9.9.9:53";

    fn network() -> Fake {
        Fake::default()
            .resolves(APP, Ok(&["10.20.0.10"]))
            .serves("10.20.0.53:53", APP, Ok(&["10.20.0.10"]))
            .serves(PUBLIC, APP, Ok(&["93.184.215.14"]))
            .connects("93.184.215.14:443", Ok(()))
    }

    fn site(network: Fake) -> Site {
        Site::of(network).with("network.public_resolver", "9.9.9.9").with("installation.redirect_uris", URI)
    }

    async fn run(site: Site) -> Held {
        let callback = callbacks(&site.settings()).remove(0);
        ask(&SPEC, &callback, &site.context()).await
    }

    /// The callback answers one thing, and a made-up path another.
    async fn answering(answer: Response, made_up: Response) -> Held {
        let elsewhere = format!("https://{APP}{MADE_UP_PATH}");
        let network = network().fetches(Method::Get, URI, Ok(answer)).fetches(Method::Get, &elsewhere, Ok(made_up));
        run(site(network)).await
    }

    fn not_there() -> Response {
        response(404, &[], "")
    }

    fn redirect(to: &str) -> Response {
        response(302, &[("location", to)], "")
    }

    fn product() -> Response {
        let page = "<title>Sign in</title>Protected by Zscaler<input type=\"password\">";
        response(200, &[("content-type", "text/html")], page)
    }

    fn sign_in() -> Response {
        response(200, &[("content-type", "text/html")], "<title>Sign in</title><input type=\"password\">")
    }

    #[tokio::test]
    async fn what_the_application_says_itself_passes() {
        for answer in [
            response(400, &[], "{\"error\":\"missing code\"}"),
            response(401, &[], ""),
            response(403, &[], ""),
            response(200, &[("content-type", "text/html")], "<title>Customer App</title>"),
            sign_in(),
            redirect("/login?next=%2F"),
            redirect("https://api.workos.com/user_management/authorize?client_id=x"),
            redirect("https://quiet-harbor-21.authkit.app/"),
        ] {
            let outcome = answering(answer, not_there()).await;
            assert_eq!((outcome.status(), outcome.grade), (Status::Pass, Grade::Answered), "{outcome:?}");
        }
    }

    #[tokio::test]
    async fn everything_else_has_its_own_code() {
        let basic = response(401, &[("www-authenticate", "Negotiate")], "");
        for (answer, made_up, code) in [
            (not_there(), not_there(), "not-found"),
            (response(502, &[], ""), not_there(), "server-error"),
            (basic, not_there(), "login-wall"),
            (sign_in(), sign_in(), "sign-in-everywhere"),
            (product(), product(), "login-wall"),
            (redirect("https://customer.cloudflareaccess.com/cdn-cgi/access/login"), not_there(), "login-wall"),
            (redirect("/my.policy"), not_there(), "login-wall"),
            (redirect("https://www.vendor.example/?token=planted"), not_there(), "redirects-elsewhere"),
            (response(403, &[], ""), response(403, &[], ""), "refused-before-the-application"),
            (response(405, &[], ""), not_there(), "unclear-answer"),
        ] {
            let outcome = answering(answer, made_up).await;
            assert_eq!(codes(&outcome), [code]);
            assert!(!format!("{outcome:?}").contains("planted"));
        }
    }

    #[tokio::test]
    async fn a_host_that_is_known_inside_alone_is_asked_there_and_that_is_said() {
        let inside = || {
            network().serves(PUBLIC, APP, Err(ErrorKind::NoSuchName)).connects("10.20.0.10:443", Ok(())).fetches(
                Method::Get,
                URI,
                Ok(response(400, &[], "")),
            )
        };
        let asked = run(site(inside())).await;
        let from_outside = run(site(inside()).seen_from_outside()).await;

        assert_eq!(asked.status(), Status::Pass);
        assert!(asked.evidence.iter().any(|seen| seen.what == "inside only"));
        assert_eq!(from_outside.status(), Status::Skip);
    }

    #[tokio::test]
    async fn what_is_not_reached_fails_from_outside_and_settles_nothing_from_inside() {
        let dropped = || {
            network()
                .connects("93.184.215.14:443", Err(ErrorKind::Refused))
                .connects("10.20.0.10:443", Err(ErrorKind::Refused))
        };
        let untrusted = ErrorKind::Certificate(Box::new(CertificateProblem::SelfSigned));

        assert_eq!(codes(&run(site(dropped())).await), ["not-reached"]);
        assert_eq!(codes(&run(site(dropped()).seen_from_outside()).await), ["unreachable"]);
        assert_eq!(codes(&run(site(network().fetches(Method::Get, URI, Err(untrusted)))).await), ["untrusted"]);
    }

    #[test]
    fn wildcards_and_the_readers_own_machine_are_not_asked() {
        for uri in
            ["https://*.customer.example/cb", "https://localhost/cb", "https://127.0.0.1/cb", "http://a.example/cb"]
        {
            let settings = Site::of(Fake::default()).with("installation.redirect_uris", uri).settings();
            assert!(callbacks(&settings).is_empty(), "{uri}");
        }
    }
}
