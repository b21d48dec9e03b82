//! The `WorkOS` API as the checks need it: requests, answers and their classification.

mod answer;

pub use answer::{Answer, JsonAnswer};

use crate::net::{Request, Way};
use crate::secret::Secret;

/// `GET /organizations?limit=1`: needs a key, changes nothing, and answers exactly `{"message":"Unauthorized"}` without one
/// (facts of 2026-11-23, §2.3 and §3.1).
pub const LIST_ORGANIZATIONS: &str = "/organizations?limit=1";

/// The request that every other question to the API begins with.
pub fn list_organizations(way: Way, key: Option<&Secret>) -> Request {
    let mut request = Request::get(way, LIST_ORGANIZATIONS);
    request.headers.push(("accept", "application/json".to_owned()));
    request.bearer = key.cloned();
    request
}
