//! The requests that write at WorkOS. Only `listen --deliver` and `listen --clean-up` send them, and only with consent.

use serde_json::{Value, json};
use url::form_urlencoded;

use super::JSON;
use crate::net::{Method, Request, Way};
use crate::secret::Secret;

/// `POST /organizations`: makes WorkOS send `organization.created` (facts of 2026-11-23, §4.4).
pub fn create_organization(way: Way, key: &Secret, name: &str) -> Request {
    post(way, ORGANIZATIONS, key, &json!({ "name": name }))
}

/// `DELETE /organizations/{id}`
pub fn delete_organization(way: Way, key: &Secret, id: &str) -> Request {
    delete(way, ORGANIZATIONS, key, id)
}

/// `POST /webhook_endpoints`: the answer holds the endpoint's secret (facts §3.4).
pub fn register_endpoint(way: Way, key: &Secret, url: &str, events: &[&str]) -> Request {
    post(way, WEBHOOK_ENDPOINTS, key, &json!({ "endpoint_url": url, "events": events }))
}

/// `DELETE /webhook_endpoints/{id}`
pub fn delete_endpoint(way: Way, key: &Secret, id: &str) -> Request {
    delete(way, WEBHOOK_ENDPOINTS, key, id)
}

/// Where organizations are.
pub const ORGANIZATIONS: &str = "/organizations";

/// Where webhook endpoints are.
pub const WEBHOOK_ENDPOINTS: &str = "/webhook_endpoints";

fn post(way: Way, path: &str, key: &Secret, body: &Value) -> Request {
    Request {
        method: Method::Post,
        headers: vec![("accept", JSON.to_owned()), ("content-type", JSON.to_owned())],
        bearer: Some(key.clone()),
        body: body.to_string().into_bytes(),
        ..Request::get(way, path)
    }
}

fn delete(way: Way, path: &str, key: &Secret, id: &str) -> Request {
    let id: String = form_urlencoded::byte_serialize(id.as_bytes()).collect();
    Request {
        method: Method::Delete,
        headers: vec![("accept", JSON.to_owned())],
        bearer: Some(key.clone()),
        ..Request::get(way, format!("{path}/{id}"))
    }
}
