//! What a refusal of CONNECT means. The status alone does not say it: products use the same one for a rule, a sign-in and their
//! own failure, and tell in headers and in the page which it is.

use url::Url;

use super::error::ProxyRefusal;
use crate::endpoint::Endpoint;
use crate::said::page_title;

/// The head of an answer, read as leniently as it is written: what is no header is passed over.
pub(super) struct Head {
    pub(super) status: u16,
    reason: String,
    headers: Vec<(String, String)>,
}

/// How many headers are kept.
const MOST_HEADERS: usize = 100;

/// Sign-in schemes (IANA, and those that Windows added), which tells them from the rest of a realm without quotes.
const SCHEMES: &[&str] = &[
    "basic",
    "bearer",
    "digest",
    "dpop",
    "gnap",
    "hoba",
    "kerberos",
    "mutual",
    "negotiate",
    "ntlm",
    "oauth",
    "scram-sha-1",
    "scram-sha-256",
    "vapid",
];

impl Head {
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.split('\n').map(|line| line.trim_end_matches('\r'));
        let mut words = lines.next()?.strip_prefix("HTTP/")?.splitn(2, ' ');
        words.next()?.starts_with(|c: char| c.is_ascii_digit()).then_some(())?;
        let rest = words.next()?.trim_start();
        let (digits, reason) = rest.split_at_checked(3)?;
        let is_status =
            digits.bytes().all(|byte| byte.is_ascii_digit()) && (reason.is_empty() || reason.starts_with(' '));
        let status = is_status.then(|| digits.parse().ok()).flatten().filter(|status| *status >= 100)?;
        let headers = lines.filter_map(|line| line.split_once(':')).take(MOST_HEADERS);
        let headers =
            headers.map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned())).collect();
        Some(Head { status, reason: reason.trim().to_owned(), headers })
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// How long the page says it is.
    pub(super) fn length(&self) -> Option<usize> {
        self.header("content-length")?.parse().ok()
    }

    /// The schemes of all challenges, each once. Several headers and one list are the same.
    fn schemes(&self) -> Vec<String> {
        let mut schemes: Vec<String> = Vec::new();
        for scheme in self
            .headers
            .iter()
            .filter(|(name, _)| name == "proxy-authenticate")
            .flat_map(|(_, value)| challenges(value))
        {
            if !schemes.iter().any(|known| known.eq_ignore_ascii_case(&scheme)) && schemes.len() < 10 {
                schemes.push(scheme);
            }
        }
        schemes
    }

    /// Headers that proxies write and web servers do not.
    fn is_of_a_proxy(&self) -> bool {
        const MARKS: &[&str] =
            &["via", "proxy-agent", "proxy-connection", "proxy-status", "proxy-authenticate", "x-squid-error"];
        MARKS.iter().any(|mark| self.header(mark).is_some())
    }
}

/// The schemes of one header: elements between commas outside of quotes, as far as they are no parameters of the one before.
fn challenges(value: &str) -> Vec<String> {
    let mut quoted = false;
    let mut escaped = false;
    let elements = value.split(|c: char| {
        let ends = c == ',' && !quoted;
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        ends
    });
    let mut schemes = Vec::new();
    for element in elements.map(str::trim) {
        let end = element.find(|c: char| !(c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)));
        let (word, rest) = element.split_at(end.unwrap_or(element.len()));
        let is_parameter = rest.trim_start().starts_with('=');
        let is_scheme =
            schemes.is_empty() || rest.contains('=') || SCHEMES.iter().any(|known| word.eq_ignore_ascii_case(known));
        if !word.is_empty() && !is_parameter && is_scheme {
            schemes.push(word.chars().take(40).collect());
        }
    }
    schemes
}

/// What a refusal means.
pub(super) fn refusal(head: &Head, page: &[u8], proxy: &Endpoint, endpoint: &Endpoint) -> ProxyRefusal {
    let said = said(head, page);
    let text = String::from_utf8_lossy(page).to_ascii_lowercase();
    match said_by_marks(head) {
        Some(Cause::Rule) => return ProxyRefusal::Denied(said),
        Some(Cause::Upstream) => return ProxyRefusal::Upstream(said),
        None => {}
    }
    match head.status {
        429 => ProxyRefusal::Denied(format!("{said}: it limits how often, or for whom, it opens a way")),
        300..=399 => match head.header("location").and_then(|target| sign_in_page(target, proxy, endpoint)) {
            Some(page) => ProxyRefusal::SignInPage(page),
            None => ProxyRefusal::NotAProxy(format!("answers CONNECT with {said}, as a web server does")),
        },
        407 => match head.schemes() {
            // Nobody can sign in where no scheme is offered: it is how some products refuse by a rule.
            none if none.is_empty() => ProxyRefusal::Denied(format!("{said}, without offering a way to sign in")),
            schemes => ProxyRefusal::SignIn(schemes),
        },
        400 if TO_A_TLS_PORT.iter().any(|words| text.contains(words)) => ProxyRefusal::SpeaksTls(said),
        404 if head.is_of_a_proxy() || speaks_of_the_way(&text, endpoint) => ProxyRefusal::Upstream(said),
        // RFC 6585: a page for people, whose address stands in the page.
        511 => ProxyRefusal::SignInPage(format!("a page of its own ({said})")),
        408 | 500 | 502..=504 | 506..=599 => ProxyRefusal::Upstream(said),
        401 if head.header("www-authenticate").is_some() => {
            ProxyRefusal::NotAProxy(format!("answers CONNECT with {said}, as a web server does"))
        }
        101 | 400 | 404 | 405 | 426 | 501 | 505 => ProxyRefusal::NotAProxy(format!("answers CONNECT with {said}")),
        _ => ProxyRefusal::Denied(said),
    }
}

/// What nginx, Apache and Go answer to a plain request on a port of theirs that speaks TLS.
const TO_A_TLS_PORT: &[&str] = &[
    "plain http request was sent to https port",
    "speaking plain http to an ssl-enabled server port",
    "client sent an http request to an https server",
];

enum Cause {
    Rule,
    Upstream,
}

/// What a proxy says in a header of its own: squid's error, or RFC 9209.
fn said_by_marks(head: &Head) -> Option<Cause> {
    if let Some(error) = head.header("x-squid-error").and_then(|value| value.split_whitespace().next()) {
        return match error {
            "ERR_ACCESS_DENIED" | "ERR_TOO_BIG" | "ERR_FORWARDING_DENIED" | "ERR_BLOCKED" => Some(Cause::Rule),
            "ERR_DNS_FAIL"
            | "ERR_CONNECT_FAIL"
            | "ERR_SECURE_CONNECT_FAIL"
            | "ERR_CANNOT_FORWARD"
            | "ERR_READ_TIMEOUT"
            | "ERR_READ_ERROR"
            | "ERR_WRITE_ERROR"
            | "ERR_SOCKET_FAILURE"
            | "ERR_LIFETIME_EXP"
            | "ERR_ZERO_SIZE_OBJECT" => Some(Cause::Upstream),
            _ => None,
        };
    }
    let status = head.header("proxy-status")?;
    let error = status.split(';').find_map(|part| part.trim().strip_prefix("error="))?.trim_matches('"');
    match error {
        "http_request_denied" | "destination_ip_prohibited" => Some(Cause::Rule),
        _ if ["dns_", "connection_", "destination_", "tls_"].iter().any(|kind| error.starts_with(kind)) => {
            Some(Cause::Upstream)
        }
        _ => None,
    }
}

/// Whether a page is about reaching a host, as a proxy's is (Privoxy answers 404), and not about a file that is missing.
fn speaks_of_the_way(page: &str, endpoint: &Endpoint) -> bool {
    let words = ["proxy", "privoxy", "no such domain", "resolve", "dns", "unable to connect", "could not connect"];
    page.contains(&endpoint.host) || words.iter().any(|word| page.contains(word))
}

/// Host and path of the page that a redirect leads people to. A web server that is asked for CONNECT leads to itself, or to
/// the same name over https.
fn sign_in_page(target: &str, proxy: &Endpoint, endpoint: &Endpoint) -> Option<String> {
    let url = Url::parse(target).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let host = url.host_str()?.trim_end_matches('.').to_ascii_lowercase();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let bare = matches!(url.path(), "" | "/") && url.query().is_none();
    if host == endpoint.host || (host == proxy.host && bare) {
        return None;
    }
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let page = format!("{}://{}{port}{}", url.scheme(), url.host_str()?, url.path());
    Some(page.chars().take(200).collect())
}

/// The refusal in the proxy's own words: `403, “Access Denied” (Via: 1.1 gw)`.
fn said(head: &Head, page: &[u8]) -> String {
    let reason = Some(one_line(&head.reason)).filter(|reason| !reason.is_empty());
    let quoted = page_title(page).or_else(|| first_line(page)).or(reason).map(|words| format!(", “{words}”"));
    let mut marks: Vec<String> = Vec::new();
    for (name, shown) in [
        ("x-squid-error", "X-Squid-Error"),
        ("proxy-status", "Proxy-Status"),
        ("proxy-agent", "Proxy-Agent"),
        ("via", "Via"),
        ("server", "Server"),
    ] {
        marks.extend(head.header(name).map(|value| format!("{shown}: {}", one_line(value))));
    }
    marks.truncate(2);
    let marks = if marks.is_empty() { String::new() } else { format!(" ({})", marks.join(", ")) };
    format!("{}{}{marks}", head.status, quoted.unwrap_or_default())
}

/// The first line of a page that is plain text.
fn first_line(page: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(page).ok()?.trim();
    let line = text.lines().next().filter(|line| !line.starts_with(['<', '{', '[']))?;
    Some(one_line(line)).filter(|line| !line.is_empty())
}

fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().filter(|c| !c.is_control()).take(140).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(head: &str, page: &str) -> ProxyRefusal {
        let head = Head::read(head.replace('\n', "\r\n").as_bytes()).unwrap();
        refusal(
            &head,
            page.as_bytes(),
            &Endpoint::new("proxy.customer.example", 3128),
            &Endpoint::new("api.workos.com", 443),
        )
    }

    fn schemes(headers: &str) -> Vec<String> {
        match meant(&format!("HTTP/1.1 407 Sign in\n{headers}"), "") {
            ProxyRefusal::SignIn(schemes) => schemes,
            other => panic!("{headers}: {other:?}"),
        }
    }

    #[test]
    fn challenges_are_read_from_lists_and_from_several_headers() {
        for (headers, expected) in [
            ("Proxy-Authenticate: Basic realm=\"x\"\nproxy-authenticate: Negotiate", &["Basic", "Negotiate"][..]),
            ("Proxy-Authenticate: Negotiate, NTLM, Basic realm=\"a, b\"", &["Negotiate", "NTLM", "Basic"]),
            ("Proxy-Authenticate: NTLM,Negotiate", &["NTLM", "Negotiate"]),
            (
                "Proxy-Authenticate: Digest realm=\"x, Basic\", qop=\"auth,auth-int\", nonce = \"a\\\"b, NTLM\", Basic realm=y",
                &["Digest", "Basic"],
            ),
            ("Proxy-Authenticate: Negotiate YIIJvwYGKwYBBQUCoIIJ==, basic", &["Negotiate", "basic"]),
            ("Proxy-Authenticate: Basic realm=Corp Proxy, Ltd", &["Basic"]),
            ("Proxy-Authenticate: Corp-SSO realm=\"x\", Basic, BASIC", &["Corp-SSO", "Basic"]),
            ("Proxy-Authenticate: , ,Bearer", &["Bearer"]),
        ] {
            assert_eq!(schemes(headers), expected, "{headers}");
        }
    }

    #[test]
    fn a_407_that_offers_nothing_is_a_rule_and_quotes_it() {
        for (head, page, words) in [
            (
                "HTTP/1.1 407 Request rejected by proxy\nX-Smokescreen-Error: no rule",
                "egress proxying is denied to host 'api.workos.com:443'",
                "egress proxying is denied",
            ),
            ("HTTP/1.1 407 Request rejected by proxy", "", "Request rejected by proxy"),
            ("HTTP/1.1 407 x\nX-Squid-Error: ERR_ACCESS_DENIED 0", "<title>ERROR: no</title>", "ERR_ACCESS_DENIED 0"),
        ] {
            match meant(head, page) {
                ProxyRefusal::Denied(said) => assert!(said.contains(words), "{said}"),
                other => panic!("{head}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_redirect_to_another_place_is_a_page_to_sign_in_at_and_one_to_itself_a_web_servers() {
        for (target, page) in [
            ("https://gateway.zscaler.net:443/auD?origurl=api.workos.com", Some("https://gateway.zscaler.net/auD")),
            ("http://proxy.customer.example:1000/fgtauth?0a1b", Some("http://proxy.customer.example:1000/fgtauth")),
            ("https://10.0.0.1/login", Some("https://10.0.0.1/login")),
            ("https://api.workos.com:443/", None),
            ("http://proxy.customer.example/", None),
            ("/login", None),
            ("javascript:alert(1)", None),
        ] {
            let refusal = meant(&format!("HTTP/1.1 302 Found\nLocation: {target}"), "");
            match (page, &refusal) {
                (Some(page), ProxyRefusal::SignInPage(found)) => assert_eq!(found, page),
                (None, ProxyRefusal::NotAProxy(_)) => {}
                _ => panic!("{target}: {refusal:?}"),
            }
        }
    }

    #[test]
    fn the_proxys_own_way_out_its_rules_and_what_is_no_proxy_come_apart() {
        for (head, page, kind) in [
            (
                "HTTP/1.0 500 Unable to connect\nServer: tinyproxy/1.11.1",
                "<title>500 Unable to connect</title>",
                "Upstream",
            ),
            ("HTTP/1.1 404 No such domain", "<title>404 - No such domain (Privoxy@gw)</title>", "Upstream"),
            ("HTTP/1.1 404 Not Found\nVia: 1.1 gw", "", "Upstream"),
            ("HTTP/1.1 404 Not Found", "<p>api.workos.com was not found</p>", "Upstream"),
            ("HTTP/1.1 503 Service Unavailable\nX-Squid-Error: ERR_DNS_FAIL 0", "", "Upstream"),
            ("HTTP/1.1 502 Bad Gateway", "", "Upstream"),
            ("HTTP/1.1 403 Forbidden\nProxy-Status: gw; error=dns_error; rcode=\"NXDOMAIN\"", "", "Upstream"),
            ("HTTP/1.1 503 No\nProxy-Status: gw; error=http_request_denied", "", "Denied"),
            ("HTTP/1.1 503 No\nX-Squid-Error: ERR_ACCESS_DENIED 0", "", "Denied"),
            ("HTTP/1.1 403 Forbidden", "<title>Web Page Blocked</title>", "Denied"),
            ("HTTP/1.1 403", "", "Denied"),
            ("HTTP/1.1 429 Too Many Requests\nRetry-After: 5", "", "Denied"),
            ("HTTP/1.1 408 Request Timeout", "", "Upstream"),
            ("HTTP/1.1 511 Network Authentication Required", "<title>Sign in</title>", "SignInPage"),
            ("HTTP/1.1 451 Unavailable For Legal Reasons", "", "Denied"),
            ("HTTP/1.1 404 Not Found", "404 page not found", "NotAProxy"),
            ("HTTP/1.1 405 Not Allowed\nServer: nginx", "<title>405 Not Allowed</title>", "NotAProxy"),
            ("HTTP/1.1 501 Unsupported method ('CONNECT')", "", "NotAProxy"),
            ("HTTP/1.1 400 Bad Request\nServer: nginx", "<title>400 Bad Request</title>", "NotAProxy"),
            ("HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Basic realm=\"router\"", "", "NotAProxy"),
            ("HTTP/1.1 302 Found", "", "NotAProxy"),
            (
                "HTTP/1.1 400 Bad Request\nServer: nginx",
                "<title>400 The plain HTTP request was sent to HTTPS port</title>",
                "SpeaksTls",
            ),
            ("HTTP/1.0 400 Bad Request", "Client sent an HTTP request to an HTTPS server.\n", "SpeaksTls"),
        ] {
            let refusal = format!("{:?}", meant(head, page));
            assert!(refusal.starts_with(kind), "{head}: {refusal}");
        }
    }

    #[test]
    fn a_refusal_is_quoted_with_the_product_that_wrote_it() {
        assert_eq!(
            meant(
                "HTTP/1.1 403 Forbidden\nX-Squid-Error: ERR_ACCESS_DENIED 0\nVia: 1.1 gw (squid/5.7)",
                "<title>ERROR</title>"
            ),
            ProxyRefusal::Denied(
                "403, “ERROR” (X-Squid-Error: ERR_ACCESS_DENIED 0, Via: 1.1 gw (squid/5.7))".to_owned()
            )
        );
    }

    #[test]
    fn what_is_not_http_is_no_head() {
        for bytes in [
            &b"SSH-2.0-OpenSSH\r\n\r\n"[..],
            b"HTTP/1.1 abc\r\n\r\n",
            b"",
            b"HTTP/1.1 99999999 x\r\n\r\n",
            b"HTTP/x 200\r\n\r\n",
            b"HTTP/1.1 099 x\r\n\r\n",
            b"HTTP/1.1\r\n\r\n",
        ] {
            assert!(Head::read(bytes).is_none(), "{}", String::from_utf8_lossy(bytes));
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_proxy_answers_is_read_without_a_panic(bytes: Vec<u8>, status in 100_u16..600, name in ".*", value in ".*") {
            let (proxy, endpoint) = (Endpoint::new("proxy.example", 1), Endpoint::new("api.workos.com", 443));
            for name in [name.as_str(), "Location", "Proxy-Authenticate", "X-Squid-Error", "Proxy-Status"] {
                let _ = Head::read(&bytes);
                if let Some(head) = Head::read(format!("HTTP/1.1 {status} x\r\n{name}: {value}\r\n\r\n").as_bytes()) {
                    let _ = refusal(&head, &bytes, &proxy, &endpoint);
                }
            }
        }
    }
}
