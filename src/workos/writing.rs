//! The requests that write at WorkOS. Only `listen --deliver` and `listen --clean-up` send them, and only with consent.

use serde_json::{Value, json};

use super::JSON;
use super::id::{Id, Kind};
use crate::net::{Method, Request, Way};
use crate::secret::Secret;

/// `POST /organizations`: makes WorkOS send `organization.created` (facts of 2026-11-23, §4.4).
pub fn create_organization(way: Way, key: &Secret, name: &str) -> Request {
    post(way, Kind::Organization.place(), key, &json!({ "name": name }))
}

/// `POST /webhook_endpoints`: the answer holds the endpoint's secret (facts §3.4).
pub fn register_endpoint(way: Way, key: &Secret, url: &str, events: &[&str]) -> Request {
    post(way, Kind::Endpoint.place(), key, &json!({ "endpoint_url": url, "events": events }))
}

/// `DELETE /organizations/{id}` or `DELETE /webhook_endpoints/{id}`, which an [`Id`] cannot turn into anything else.
pub fn delete(way: Way, key: &Secret, id: &Id) -> Request {
    Request {
        method: Method::Delete,
        headers: vec![("accept", JSON.to_owned())],
        bearer: Some(key.clone()),
        ..Request::get(way, id.path())
    }
}

fn post(way: Way, path: &str, key: &Secret, body: &Value) -> Request {
    Request {
        method: Method::Post,
        headers: vec![("accept", JSON.to_owned()), ("content-type", JSON.to_owned())],
        bearer: Some(key.clone()),
        body: body.to_string().into_bytes(),
        ..Request::get(way, path)
    }
}
