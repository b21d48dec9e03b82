//! From what somebody typed to a value: durations, endpoints, URLs, addresses.
//!
//! Every parser answers with what would have been right, so that the message about a bad value can say it.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use url::Url;

use crate::endpoint::Endpoint;

/// `500ms`, `5s`, `2m`; a bare number is seconds. Zero and more than an hour are refused.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wanted = || "a duration from 1ms to 60m such as `500ms`, `5s` or `2m` (a bare number is seconds)".to_owned();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| wanted())?;
    let milliseconds = match unit {
        "ms" => Some(number),
        "" | "s" => number.checked_mul(1_000),
        "m" => number.checked_mul(60_000),
        _ => None,
    };
    match milliseconds {
        Some(milliseconds @ 1..=3_600_000) => Ok(Duration::from_millis(milliseconds)),
        _ => Err(wanted()),
    }
}

/// A host name without scheme, port or path, in the form DNS uses: lower case, punycode, no trailing dot.
pub fn host(text: &str) -> Result<String, String> {
    let wanted = || "a host name such as `app.customer.example`, without scheme, port or path".to_owned();
    match url::Host::parse(text.trim_end_matches('.')) {
        Ok(url::Host::Domain(name)) if name.split('.').all(is_label) => Ok(name.to_lowercase()),
        _ => Err(wanted()),
    }
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len()) && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// `host` or `host:port`; the port is 443 when it is not given. IPv6 literals stand in brackets when a port follows.
pub fn endpoint(text: &str) -> Result<Endpoint, String> {
    let wanted = || "a host and perhaps a port, such as `api.workos.com` or `login.example:8443`".to_owned();
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(Endpoint::new(address.to_string(), 443));
    }
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok(Endpoint::new(address.ip().to_string(), address.port()));
    }
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) => (name, port.parse().ok().filter(|port| *port != 0).ok_or_else(wanted)?),
        None => (text, 443),
    };
    Ok(Endpoint::new(host(name).map_err(|_| wanted())?, port))
}

/// The endpoint that a URL names, when it is an `http` or `https` URL with a host.
pub fn url_endpoint(url: &Url) -> Option<Endpoint> {
    let host = match url.host()? {
        url::Host::Domain(name) => name.trim_end_matches('.').to_lowercase(),
        url::Host::Ipv4(address) => address.to_string(),
        url::Host::Ipv6(address) => address.to_string(),
    };
    Some(Endpoint::new(host, url.port_or_known_default()?)).filter(|endpoint| !endpoint.host.is_empty())
}

/// An `http` or `https` URL with a host. Browsers read `https:///path` as a URL whose host is `path`; people do not.
pub fn web_url(text: &str) -> Option<Url> {
    let (_, rest) = text.split_once("://")?;
    let url = Url::parse(text).ok().filter(|_| !rest.starts_with(['/', '\\', '?', '#']))?;
    Some(url)
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty()))
}

/// What is syntactically a URL, of whatever scheme, as it was typed: whether it suits is for checks to say. Its scheme is not
/// taken from a host that a port stands behind, and a wildcard may stand in the place of the port, as redirect URIs have it.
pub fn whole_url(text: &str) -> Result<String, String> {
    let wrong = || match web_url(&format!("https://{text}")).filter(|_| !text.contains("://")) {
        Some(url) if url.host_str().is_some_and(|host| host == "localhost" || host.contains('.')) => {
            format!("a whole URL, with its scheme: `{}`", shown_url(url.as_str()))
        }
        _ => "a whole URL such as `https://app.customer.example/path`".to_owned(),
    };
    let (scheme, rest) = text.split_once(':').ok_or_else(wrong)?;
    let spaced = text.contains(|c: char| c.is_whitespace() || c.is_control());
    let is_whole = match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => web_url(&text.replacen(":*", "", 1)).is_some(),
        _ => Url::parse(text).is_ok() && !rest.is_empty() && !rest.starts_with(|c: char| c.is_ascii_digit()),
    };
    if is_whole && !spaced { Ok(text.to_owned()) } else { Err(wrong()) }
}

/// The base URL of an API: `https`, a host, nothing else but perhaps a port.
pub fn base_url(text: &str) -> Result<Endpoint, String> {
    let wanted = || "an https URL with a host and nothing after it, such as `https://api.workos.com`".to_owned();
    let url = web_url(text).ok_or_else(wanted)?;
    let bare = url.path() == "/" && url.query().is_none() && url.username().is_empty() && url.password().is_none();
    if url.scheme() != "https" || !bare {
        return Err(wanted());
    }
    url_endpoint(&url).ok_or_else(wanted)
}

/// An address, with a port where it is not the usual one.
pub fn server(text: &str, usual_port: u16) -> Result<SocketAddr, String> {
    text.parse::<SocketAddr>()
        .or_else(|_| text.parse::<IpAddr>().map(|address| SocketAddr::new(address, usual_port)))
        .map_err(|_| format!("an address such as `10.20.0.53` or `10.20.0.53:{usual_port}`"))
}

/// A URL as it may be shown: without user, password, query and fragment.
pub fn shown_url(text: &str) -> String {
    let Some(mut url) = web_url(text) else {
        // What is not a URL may still hold a password before its last `@`, or one in a query.
        let end = text.find(['?', '#']).unwrap_or(text.len());
        let text = &text[..end];
        return text.rsplit_once('@').map_or_else(|| text.to_owned(), |(_, rest)| format!("***@{rest}"));
    };
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let had_query = url.query().is_some();
    url.set_query(None);
    url.set_fragment(None);
    if had_query { format!("{url}?…") } else { url.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units_and_bounds() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("5"), Ok(Duration::from_secs(5)));
        assert_eq!(duration("2m"), Ok(Duration::from_mins(2)));
        for bad in ["", "s", "-1s", "0", "5 s", "1h", "99999999999999999999", "18446744073709551615m"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_url_of_any_scheme_is_taken_as_it_was_typed_and_what_is_none_is_refused_with_what_may_be_meant() {
        for url in [
            "https://app.customer.example/hook?a=b#c",
            "HTTPS://App.Customer.Example",
            "http://localhost:3000/callback",
            "http://localhost:*/callback",
            "https://*.customer.example/callback",
            "https://[::1]:8443/",
            "https://b\u{fc}cher.example/callback",
            "ftp://app.customer.example/",
            "myapp:/callback",
            "com.example.app:/oauth2redirect",
            "urn:ietf:wg:oauth:2.0:oob",
        ] {
            assert_eq!(whole_url(url).as_deref(), Ok(url));
        }
        for (text, meant) in [
            ("app.customer.example/hook", "`https://app.customer.example/hook`"),
            ("app.customer.example:8443/hook", "`https://app.customer.example:8443/hook`"),
            ("localhost:3000/callback", "`https://localhost:3000/callback`"),
            ("app.customer.example/hook?key=planted", "`https://app.customer.example/hook?…`"),
            ("https:/app.customer.example/hook", "such as"),
            ("https:app.customer.example/hook", "such as"),
            ("https:///hook", "such as"),
            ("https://", "such as"),
            ("://app.customer.example", "such as"),
            ("https://app.customer.example:84433/", "such as"),
            ("https://app customer.example/hook", "such as"),
            (" https://app.customer.example/hook", "such as"),
            ("https://app.customer.example/hook\n", "such as"),
            ("/callback", "such as"),
            ("callback", "such as"),
            ("https", "such as"),
            ("", "such as"),
        ] {
            let right = whole_url(text).unwrap_err();
            assert!(right.contains(meant) && !right.contains("planted"), "{text}: {right}");
        }
    }

    #[test]
    fn hosts_are_names_and_nothing_else() {
        assert_eq!(host("App.Customer.Example."), Ok("app.customer.example".to_owned()));
        assert_eq!(host("bücher.example"), Ok("xn--bcher-kva.example".to_owned()));
        for bad in ["https://app.example", "app.example:443", "app.example/x", "", "10.0.0.1", "a..b", "two words"] {
            assert!(host(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn endpoints_default_to_443() {
        assert_eq!(endpoint("login.example"), Ok(Endpoint::new("login.example", 443)));
        assert_eq!(endpoint("login.example:8443"), Ok(Endpoint::new("login.example", 8443)));
        assert_eq!(endpoint("[2001:db8::1]:8443"), Ok(Endpoint::new("2001:db8::1", 8443)));
        assert!(endpoint("login.example:0").is_err());
    }

    #[test]
    fn a_base_url_is_https_with_a_host_and_no_more() {
        assert_eq!(base_url("https://api.workos.com"), Ok(Endpoint::new("api.workos.com", 443)));
        for bad in [
            "http://api.workos.com",
            "https://",
            "api.workos.com",
            "https://u:p@api.workos.com",
            "https://api.workos.com/v1",
        ] {
            assert!(base_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn shown_urls_lose_credentials_and_queries_also_when_malformed() {
        assert_eq!(shown_url("https://u:secret@app.example/cb?token=secret#x"), "https://app.example/cb?…");
        assert_eq!(shown_url("http://u:se@cret@:bad"), "***@:bad");
        assert!(!shown_url("not a url?key=secret").contains("secret"));
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_typed_is_read_without_a_panic(text in ".*", other in "[ -~]{0,40}") {
            for text in [text.as_str(), other.as_str()] {
                let _ = (duration(text), host(text), endpoint(text), base_url(text), server(text, 53), web_url(text));
                let _ = shown_url(text);
            }
        }

        #[test]
        fn whatever_the_url_its_userinfo_and_query_are_never_shown(path in "[a-z/]{0,10}") {
            let shown = shown_url(&format!("https://PLANTED:PLANTED@app.example/{path}?key=PLANTED#PLANTED"));

            proptest::prop_assert!(!shown.contains("PLANTED"), "{}", shown);
        }
    }
}
