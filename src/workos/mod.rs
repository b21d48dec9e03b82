//! The WorkOS API as the checks need it: requests, answers and their classification.

mod answer;
pub mod authorize;
pub mod delivery;
pub mod id;
pub mod key;
pub mod pages;
pub mod signature;
pub mod writing;

pub use answer::{Answer, JsonAnswer};

use serde_json::json;
use url::form_urlencoded;

use self::id::Id;
use crate::net::{Method, Request, Way};
use crate::secret::Secret;

/// Where the API is, unless a custom Authentication API domain was set up.
pub const USUAL_HOST: &str = "api.workos.com";

/// The API's `message` to a request without a key.
pub const UNAUTHORIZED: &str = "Unauthorized";

/// `GET /organizations?limit=1`: needs a key, changes nothing, and answers exactly `{"message":"Unauthorized"}` without one
/// (facts of 2026-11-23, §2.3 and §3.1).
pub const LIST_ORGANIZATIONS: &str = "/organizations?limit=1";

/// Events need a name, or the answer is 400 (facts §3.3).
pub const LIST_EVENTS: &str = "/events?events=organization.created&limit=1";

/// The one request of a check that is no GET: opt-in, because it may leave a failed sign-in in the environment's log (facts §3.5).
pub const AUTHENTICATE: &str = "/user_management/authenticate";

/// The request that every other question to the API begins with.
pub fn list_organizations(way: Way, key: Option<&Secret>) -> Request {
    get(way, LIST_ORGANIZATIONS, key)
}

/// One object by itself, to see whether it is there; endpoints are only listed.
pub fn organization(way: Way, key: &Secret, id: &Id) -> Request {
    get(way, &id.path(), Some(key))
}

/// The public keys of a client ID; needs no key (facts §3.7).
pub fn jwks(way: Way, client_id: &str) -> Request {
    get(way, &path_of_jwks(client_id), None)
}

/// The path of the public keys of a client ID.
pub fn path_of_jwks(client_id: &str) -> String {
    let id: String = form_urlencoded::byte_serialize(client_id.as_bytes()).collect();
    format!("/sso/jwks/{id}")
}

/// The latest events of a name, `limit` at most a hundred.
pub fn latest_events(way: Way, key: &Secret, name: &str, limit: u32) -> Request {
    get(way, &format!("/events?events={name}&limit={limit}&order=desc"), Some(key))
}

/// One event.
pub fn list_events(way: Way, key: &Secret) -> Request {
    get(way, LIST_EVENTS, Some(key))
}

/// An exchange of a code that cannot exist, to see whether key and client ID belong together.
pub fn exchange_no_code(way: Way, key: &Secret, client_id: &str) -> Request {
    let body = json!({
        "client_id": client_id,
        "client_secret": key.expose(),
        "grant_type": "authorization_code",
        "code": "workos-preflight-no-such-code",
    });
    Request {
        method: Method::Post,
        headers: vec![("accept", JSON.to_owned()), ("content-type", JSON.to_owned())],
        body: body.to_string().into_bytes(),
        ..Request::get(way, AUTHENTICATE)
    }
}

const JSON: &str = "application/json";

fn get(way: Way, path: &str, key: Option<&Secret>) -> Request {
    let mut request = Request::get(way, path);
    request.headers.push(("accept", JSON.to_owned()));
    request.bearer = key.cloned();
    request
}

#[cfg(test)]
mod tests {
    use super::id::Kind;
    use super::pages::Pages;
    use super::*;
    use crate::endpoint::Endpoint;

    /// The endpoints that are called, and how. Everything that is not a GET is opt-in.
    const CALLED: &[(Method, &str)] = &[
        (Method::Get, "/organizations"),
        (Method::Get, "/organizations/org_1"),
        (Method::Get, "/sso/jwks/client_1"),
        (Method::Get, "/webhook_endpoints"),
        (Method::Get, "/events"),
        (Method::Get, "/user_management/authorize"),
        (Method::Post, "/user_management/authenticate"),
    ];

    #[test]
    fn only_these_endpoints_are_called_and_only_one_is_no_get() {
        let way = || Way::direct(&Endpoint::new("api.workos.com", 443), [104, 18, 2, 1].into());
        let key = Secret::new("sk_live_abcdefghijklmnopqrstuvwxyz");
        let requests = [
            list_organizations(way(), None),
            Pages::of(Kind::Organization).request(way(), &key),
            Pages::oldest_first(Kind::Endpoint).request(way(), &key),
            organization(way(), &key, &Id::read(Kind::Organization, "org_1").unwrap()),
            jwks(way(), "client_1"),
            list_events(way(), &key),
            authorize::request(way(), "client_1", "https://app.customer.example/callback"),
            exchange_no_code(way(), &key, "client_1"),
        ];

        for request in requests {
            let path = request.path.split('?').next().unwrap().to_owned();
            assert!(CALLED.contains(&(request.method, &path)), "{:?} {path}", request.method);
            assert!(!format!("{request:?}").contains("abcdefgh"));
        }
        assert_eq!(CALLED.iter().filter(|(method, _)| *method != Method::Get).count(), 1);
    }

    /// What is written, with consent. A test of the layers holds the callers to `listen`.
    const WRITTEN: &[(Method, &str)] = &[
        (Method::Post, "/organizations"),
        (Method::Delete, "/organizations/org_1"),
        (Method::Post, "/webhook_endpoints"),
        (Method::Delete, "/webhook_endpoints/we_1"),
    ];

    #[test]
    fn only_these_requests_write() {
        let way = || Way::direct(&Endpoint::new("api.workos.com", 443), [104, 18, 2, 1].into());
        let key = Secret::new("sk_live_abcdefghijklmnopqrstuvwxyz");
        let requests = [
            writing::create_organization(way(), &key, "a name"),
            writing::delete(way(), &key, &Id::read(Kind::Organization, "org_1").unwrap()),
            writing::register_endpoint(way(), &key, "https://app.customer.example/hook", &["organization.created"]),
            writing::delete(way(), &key, &Id::read(Kind::Endpoint, "we_1").unwrap()),
        ];

        let written: Vec<(Method, &str)> =
            requests.iter().map(|request| (request.method, request.path.as_str())).collect();
        assert_eq!(written, WRITTEN);
    }
}
