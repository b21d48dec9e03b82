//! How what stands before an application gives itself away.

use crate::context::Context;
use crate::middlebox::{self, Guess};
use crate::net::{Request, Response};
use crate::settings::values::shown_url;

/// No application has it: what answers there as it answers elsewhere is not the application.
pub(in crate::checks) const MADE_UP_PATH: &str = "/workos-preflight-made-up-path";

/// Whether a 401 asks a person, or a machine of the network, for a name and a password.
pub(in crate::checks) fn wants_sign_in(response: &Response) -> bool {
    response.header("www-authenticate").is_some_and(|value| {
        let scheme = value.split_ascii_whitespace().next().unwrap_or_default().to_ascii_lowercase();
        ["basic", "digest", "negotiate", "ntlm"].contains(&scheme.trim_end_matches(','))
    })
}

/// Where a redirect leads, as it may be shown.
pub(in crate::checks) fn shown_location(location: &str) -> String {
    shown_url(&location.chars().filter(|c| !c.is_control()).take(200).collect::<String>())
}

/// What refuses in the application's place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::checks) enum Wall {
    /// It wants a certificate of whoever connects.
    ClientCertificate,
    /// A product that gives itself away on the page or in the headers.
    Product(Guess),
    /// The application's framework, which wants a token against requests that another site makes a browser send.
    CrossSite,
    /// It answers a path that no application has in the same way.
    EveryPath,
}

impl Wall {
    /// How it gave itself away; finishes the sentence "… is refused".
    pub(in crate::checks) fn in_words(self, status: u16) -> String {
        match self {
            Wall::ClientCertificate => {
                format!("with {status} for want of a client certificate (mutual TLS)")
            }
            Wall::Product(guess) => {
                format!("with {status} by a page that is not the application's: {}", guess.in_words())
            }
            Wall::CrossSite => {
                format!("with {status} for want of a token against forged requests of browsers (CSRF)")
            }
            Wall::EveryPath => format!("with {status}, and so is a made-up path, in the same words"),
        }
    }
}

/// What is known of whatever stands before an application.
#[derive(Clone, Default, Debug)]
pub(in crate::checks) struct Front {
    /// What it answers for [`MADE_UP_PATH`]; nothing where that was not asked, or not answered.
    pub(in crate::checks) made_up: Option<Response>,
    /// Its handshake asks for a client certificate.
    pub(in crate::checks) asks_certificate: bool,
}

impl Front {
    /// Asks for the made-up path by this request, and looks at the handshake, which is known from the certificate's check.
    pub(in crate::checks) async fn seen(request: &Request, cx: &Context) -> Self {
        let elsewhere = Request { path: MADE_UP_PATH.to_owned(), ..request.clone() };
        let (answer, shaken) = tokio::join!(cx.network.fetch(&elsewhere), cx.network.handshake(&request.way));
        Front {
            made_up: answer.result.ok(),
            asks_certificate: shaken.result.is_ok_and(|handshake| handshake.asked_for_certificate),
        }
    }

    /// What answered a request for `path` in the application's place, as far as the answer gives it away. Where nothing is
    /// there, or no POST is taken, other findings say so.
    pub(in crate::checks) fn wall(&self, answer: &Response, path: &str) -> Option<Wall> {
        let refused = matches!(answer.status, 400..=499) && !matches!(answer.status, 404 | 405 | 410);
        let everywhere = refused && self.is_everywhere(answer, path);
        let text = answer.text();
        if (answer.status >= 400 && middlebox::wants_certificate(&text)) || (self.asks_certificate && everywhere) {
            return Some(Wall::ClientCertificate);
        }
        if let Some(product) = middlebox::by_refusal(&text, &answer.headers) {
            return Some(Wall::Product(product));
        }
        if !refused {
            return None;
        }
        let of_signatures = text.to_ascii_lowercase().contains("signature");
        let server = middlebox::by_refusing_server(answer.status, &text, &answer.headers);
        if let Some(product) = server.filter(|_| !of_signatures) {
            return Some(Wall::Product(product));
        }
        everywhere.then_some(Wall::EveryPath)
    }

    /// Whether the made-up path is answered alike, and sent to the same place where it is sent away.
    pub(in crate::checks) fn is_everywhere(&self, answer: &Response, path: &str) -> bool {
        self.made_up
            .as_ref()
            .is_some_and(|other| alike(answer, path, other, MADE_UP_PATH) && place(answer) == place(other))
    }
}

/// Where an answer leads to, without the query, in which the path that was asked for may stand.
fn place(response: &Response) -> Option<&str> {
    response.header("location").map(|location| location.split(['?', '#']).next().unwrap_or_default())
}

/// Whether two refusals are the same but for what changes from request to request: the path that was asked for, times, ids.
pub(in crate::checks) fn alike(one: &Response, one_path: &str, other: &Response, other_path: &str) -> bool {
    one.status == other.status && words(one, one_path) == words(other, other_path)
}

fn words(response: &Response, path: &str) -> Vec<String> {
    let text: String = decoded(&response.text()).chars().take(4_096).collect();
    let path = path.split('?').next().unwrap_or_default();
    let text = if path.len() > 1 { text.replace(path, " ") } else { text };
    text.split(|c: char| !(c.is_alphanumeric() || "-_".contains(c)))
        .filter(|word| !word.is_empty() && word.len() <= LONGEST_WORD && !word.contains(|c: char| c.is_ascii_digit()))
        .filter(|word| word.len() < SHORTEST_ID || !word.chars().all(|c| c.is_ascii_hexdigit()))
        .map(str::to_owned)
        .collect()
}

/// A page with what it may write a path with taken back: `&#47;`, `&#x2f;`, `%2F` and `\/`.
fn decoded(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['&', '%', '\\']) {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        let (c, length) = escape(from);
        plain.extend(c);
        rest = from.get(length..).unwrap_or_default();
    }
    plain.push_str(rest);
    plain
}

/// What the sign at the beginning stands for, and how long it is. What is no escape of a sign of ASCII stands for itself.
fn escape(text: &str) -> (Option<char>, usize) {
    let ascii = |number: Option<u8>| number.filter(u8::is_ascii_graphic).map(char::from);
    if let Some((number, _)) = text.strip_prefix("&#").and_then(|it| it.split_once(';')).filter(|(it, _)| it.len() < 5)
    {
        let value = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u8::from_str_radix(hex, 16).ok(),
            None => number.parse().ok(),
        };
        if let Some(c) = ascii(value) {
            return (Some(c), number.len() + 3);
        }
    }
    if text.starts_with('%')
        && let Some(c) = ascii(text.get(1..3).and_then(|hex| u8::from_str_radix(hex, 16).ok()))
    {
        return (Some(c), 3);
    }
    if text.starts_with("\\/") {
        return (Some('/'), 2);
    }
    (text.chars().next(), 1)
}

/// What is longer is a token, not a word.
const LONGEST_WORD: usize = 24;

/// What is hexadecimal and at least as long may be an id without a digit in it.
const SHORTEST_ID: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::fake::response;

    fn kind(refusal: &Response, made_up: &Response, asks_certificate: bool) -> Option<Wall> {
        Front { made_up: Some(made_up.clone()), asks_certificate }.wall(refusal, "/hooks/workos")
    }

    #[test]
    fn what_answers_a_made_up_path_in_the_same_words_is_not_the_application() {
        let page = |path: &str, id: &str| response(403, &[], &format!("<p>No access to {path}. Reference {id}</p>"));
        let (refusal, made_up) = (page("/hooks/workos", "a81c2"), page(MADE_UP_PATH, "77fe0"));

        assert_eq!(kind(&refusal, &made_up, false), Some(Wall::EveryPath));
        assert_eq!(kind(&response(401, &[], ""), &response(401, &[], ""), false), Some(Wall::EveryPath));
        assert_eq!(kind(&response(401, &[], "no signature"), &response(401, &[], "no session"), false), None);
        assert_eq!(kind(&response(401, &[], ""), &response(404, &[], ""), false), None);
        assert_eq!(Front::default().wall(&response(401, &[], ""), "/hooks/workos"), None);
    }

    #[test]
    fn a_page_of_a_product_gives_it_away_whatever_the_status() {
        let nothing = response(404, &[], "");
        for (status, headers, page, product) in [
            (403, &[][..], "<center>Microsoft-Azure-Application-Gateway/v2</center>", "Azure Application Gateway"),
            (200, &[], "<title>Request Rejected</title> Your support ID is: 17", "F5 BIG-IP"),
            (406, &[], "<p>This error was generated by Mod_Security.</p>", "ModSecurity"),
            (403, &[], "<title>Attention Required! | Cloudflare</title>", "Cloudflare's firewall"),
            (403, &[("cf-mitigated", "challenge")], "", "Cloudflare's firewall"),
            (403, &[], "Request unsuccessful. Incapsula incident ID: 1-2", "Imperva"),
            (403, &[("x-sucuri-block", "EXPVP6")], "", "Sucuri"),
            (403, &[("server", "AkamaiGHost")], "<H1>Access Denied</H1>", "Akamai"),
            (403, &[("server", "awselb/2.0")], "", "an AWS load balancer, or the WAF before it"),
            (200, &[], r#"{"supportID": "17", "status":"blocked"}"#, "F5 BIG-IP"),
            (403, &[], r#"{"message":"Missing Authentication Token"}"#, "Amazon API Gateway"),
            (401, &[], r#"{"message":"No API key found in request"}"#, "Kong"),
            (
                403,
                &[],
                "<center><h1>403 Forbidden</h1></center>\r\n<hr><center>nginx/1.24.0</center>",
                "a rule of nginx itself",
            ),
        ] {
            let found = kind(&response(status, headers, page), &nothing, false);

            assert!(matches!(found, Some(Wall::Product(guess)) if guess.product == product), "{page}: {found:?}");
        }
        let passed_on = response(401, &[("server", "cloudflare"), ("via", "1.1 squid")], "bad signature");
        assert_eq!(kind(&passed_on, &nothing, false), None);
        for own in [
            response(401, &[], "<center><h1>401 Authorization Required</h1></center><hr><center>nginx</center>"),
            response(403, &[], "<h1>403 Forbidden</h1>"),
            response(403, &[("server", "awselb/2.0")], "invalid signature"),
            response(404, &[("server", "awselb/2.0")], ""),
            response(502, &[("server", "awselb/2.0")], ""),
        ] {
            assert_eq!(kind(&own, &response(410, &[], ""), false), None, "{}", own.text());
        }
    }

    #[test]
    fn the_path_is_known_again_however_a_page_escapes_it() {
        let page = |path: String| response(403, &[], &format!("no access to {path} here"));
        let entities = |path: &str| path.replace('/', "&#47;").replace('-', "&#x2d;");
        for escaped in [entities, |path: &str| path.replace('/', "%2F"), |path: &str| path.replace('/', "\\/")] {
            let (refusal, made_up) = (page(escaped("/hooks/workos")), page(escaped(MADE_UP_PATH)));

            assert_eq!(kind(&refusal, &made_up, false), Some(Wall::EveryPath), "{}", refusal.text());
        }
        assert_eq!(decoded("100 %, &#9999999999; &#x; %zz \\n ü%C3"), "100 %, &#9999999999; &#x; %zz \\n ü%C3");
    }

    #[test]
    fn a_wanted_client_certificate_is_named_by_the_page_or_by_the_handshake_and_the_made_up_path() {
        let nginx = response(400, &[], "<center>No required SSL certificate was sent</center>");
        let bare = response(403, &[], "");

        assert_eq!(kind(&nginx, &response(404, &[], ""), false), Some(Wall::ClientCertificate));
        assert_eq!(kind(&bare, &bare, true), Some(Wall::ClientCertificate));
        assert_eq!(kind(&bare, &response(404, &[], ""), true), None);
    }
}
