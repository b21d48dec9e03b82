//! The authorize endpoint as a question that needs no key: is the client ID known, and the redirect URI registered?
//!
//! WorkOS answers good and bad alike with a redirect, so the verdict is in where the hops lead (facts §3.6).

use url::{Url, form_urlencoded};

use crate::endpoint::is_under;
use crate::net::{Request, Response, Way};
use crate::settings::values::{url_endpoint, web_url};

/// How far the chain is followed.
pub const MOST_HOPS: usize = 8;

/// The hosts to which the chain is followed, with every host under them; it is followed on the host that was asked too.
pub const FOLLOWED: &[&str] = &["workos.com"];

/// What a hop says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Hop {
    /// The redirect URI is not registered for the client.
    RedirectUriInvalid,
    /// No client has this ID.
    ClientIdInvalid,
    /// Client and redirect URI were accepted, and the hosted login is not set up.
    SelectorInvalid,
    /// Accepted: the hosted login at this host comes next.
    HostedLogin(String),
    /// Accepted: a sign-in page of another host comes next, which is not followed.
    Elsewhere(String),
    /// The chain goes on here.
    Next(Url),
    /// The chain ends with this status, and none of the above.
    End(u16),
}

/// The first request of the chain.
pub fn request(way: Way, client_id: &str, redirect_uri: &str) -> Request {
    let mut request = Request::get(way, path(client_id, redirect_uri));
    request.headers.push(("accept", "text/html".to_owned()));
    request
}

/// The path of the first request of the chain.
pub fn path(client_id: &str, redirect_uri: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("client_id", client_id)
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("response_type", "code")
        .append_pair("provider", "authkit")
        .append_pair("state", "workos-preflight");
    format!("/user_management/authorize?{}", query.finish())
}

/// Reads a hop: `at` is where it was asked, `redirect_uri` what was asked about.
pub fn read(response: &Response, at: &Url, redirect_uri: &str) -> Hop {
    let location = response.header("location").filter(|_| (300..400).contains(&response.status));
    let Some(location) = location else { return page(response, at) };
    let Ok(next) = at.join(location) else { return Hop::End(response.status) };
    if let Some(verdict) = by_path(&next) {
        return verdict;
    }
    let asked = web_url(redirect_uri);
    if asked.is_some_and(|asked| asked.origin() == next.origin() && asked.path() == next.path()) {
        // Sent back to the application without a sign-in: the redirect URI was good, the selector was not.
        return Hop::SelectorInvalid;
    }
    match next.host_str() {
        Some(host) if host.ends_with(".authkit.app") || host == "authkit.workos.com" => {
            Hop::HostedLogin(host.to_owned())
        }
        Some(host) if is_under(host, FOLLOWED) || Some(host) == at.host_str() => Hop::Next(next),
        Some(host) => Hop::Elsewhere(host.to_owned()),
        None => Hop::End(response.status),
    }
}

/// Spellings of the path vary from one generation to the next, so a part of it decides.
fn by_path(url: &Url) -> Option<Hop> {
    let path = url.path();
    if path.contains("redirect-uri-invalid") {
        Some(Hop::RedirectUriInvalid)
    } else if path.contains("client-id-invalid") {
        Some(Hop::ClientIdInvalid)
    } else if path.contains("invalid-connection-selector") {
        Some(Hop::SelectorInvalid)
    } else {
        None
    }
}

fn page(response: &Response, at: &Url) -> Hop {
    let text = response.text();
    if text.contains("data-hak-page=\"redirect-uri-invalid\"") || text.contains("<title>Invalid Redirect URI</title>") {
        return Hop::RedirectUriInvalid;
    }
    by_path(at).unwrap_or(Hop::End(response.status))
}

/// The endpoint of a hop.
pub fn endpoint(url: &Url) -> Option<crate::endpoint::Endpoint> {
    url_endpoint(url).filter(|_| url.scheme() == "https")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::fake::response;

    const CALLBACK: &str = "https://app.customer.example/callback";

    fn hop(location: &str) -> Hop {
        let at = Url::parse("https://api.workos.com/user_management/authorize?client_id=client_1").unwrap();
        read(&response(302, &[("location", location)], ""), &at, CALLBACK)
    }

    #[test]
    fn refusals_are_told_by_where_they_lead_and_not_by_the_status() {
        for location in [
            "https://error.workos.com/redirect-uri-invalid",
            "https://error.workos.com/sso/redirect-uri-invalid?x=1",
            "https://quiet-harbor-21.authkit.app/redirect-uri-invalid",
        ] {
            assert_eq!(hop(location), Hop::RedirectUriInvalid);
        }
        assert_eq!(hop("https://error.workos.com/client-id-invalid"), Hop::ClientIdInvalid);
        assert_eq!(hop("https://error.workos.com/invalid-connection-selector"), Hop::SelectorInvalid);
        assert_eq!(hop("https://app.customer.example/callback?error=connection_invalid"), Hop::SelectorInvalid);
    }

    #[test]
    fn acceptance_names_the_host_of_the_login_and_other_hosts_are_not_followed() {
        assert_eq!(
            hop("https://quiet-harbor-21.authkit.app/?client_id=1"),
            Hop::HostedLogin("quiet-harbor-21.authkit.app".to_owned())
        );
        assert_eq!(hop("https://login.vendor.example/"), Hop::Elsewhere("login.vendor.example".to_owned()));
        assert!(matches!(hop("/user_management/next"), Hop::Next(_)));
        assert!(matches!(hop("https://auth.workos.com/x"), Hop::Next(_)));
    }

    #[test]
    fn a_page_that_is_the_error_page_itself_is_read() {
        let at = Url::parse("https://auth.workos.com/x").unwrap();
        let page = response(200, &[], "<html><title>Invalid Redirect URI</title>");

        assert_eq!(read(&page, &at, CALLBACK), Hop::RedirectUriInvalid);
        assert_eq!(read(&response(500, &[], ""), &at, CALLBACK), Hop::End(500));
    }

    proptest::proptest! {
        #[test]
        fn wherever_a_hop_leads_it_is_read_without_a_panic(location in ".*", body in ".*") {
            let _ = hop(&location);
            let at = Url::parse("https://api.workos.com/").unwrap();
            let _ = read(&response(200, &[], &body), &at, &location);
        }
    }
}
