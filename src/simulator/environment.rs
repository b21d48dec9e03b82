//! One `WorkOS` environment: the keys that open it and the objects in it, in the shapes of the API.

use serde_json::{Value, json};

/// What belongs to one customer's environment.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Keys that reach it.
    pub api_keys: Vec<String>,
    /// Its client ID.
    pub client_id: String,
    /// Its organizations.
    pub organizations: Vec<Organization>,
    /// Where its webhooks go.
    pub webhook_endpoints: Vec<WebhookEndpoint>,
    /// Redirect URIs that are registered; the first is the default. One `*` may stand in a host's left-most label.
    pub redirect_uris: Vec<String>,
    /// Whether its hosted login is set up.
    pub hosted_login: bool,
    /// The first part of the paths that its keys may not read.
    pub forbidden: Vec<&'static str>,
}

/// One organization.
#[derive(Clone, Debug)]
pub struct Organization {
    /// `org_…`
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its e-mail domain.
    pub domain: String,
}

/// One webhook endpoint.
#[derive(Clone, Debug)]
pub struct WebhookEndpoint {
    /// `we_…`
    pub id: String,
    /// Where events are posted.
    pub url: String,
    /// What they are signed with.
    pub secret: String,
    /// Whether events are posted at all.
    pub enabled: bool,
    /// Which events.
    pub events: Vec<String>,
}

const CREATED: &str = "2026-03-02T09:14:07.412Z";

impl Environment {
    /// The production environment of the customer whose installation is played.
    pub fn of_customer() -> Self {
        Self {
            api_keys: vec!["sk_live_demo4Xk9TzR7vQmWcY2bNhE5aLs".to_owned()],
            client_id: "client_01HZBC6N1EB1ZY7KG32X".to_owned(),
            organizations: vec![Organization {
                id: "org_01HZBCD2W8Q4V6M3T9KXR5PAJE".to_owned(),
                name: "Customer Corp".to_owned(),
                domain: "customer.example".to_owned(),
            }],
            webhook_endpoints: vec![WebhookEndpoint {
                id: "we_01HZBCF7N3B9Y1D5S8GWQ2ZTKM".to_owned(),
                url: "https://app.customer.example/webhooks/workos".to_owned(),
                secret: "whsec_demo7Qp2LxV9cRtB4nJwKs".to_owned(),
                enabled: true,
                events: ["dsync.user.created", "dsync.user.deleted", "user.created"].map(str::to_owned).to_vec(),
            }],
            redirect_uris: vec!["https://app.customer.example/callback".to_owned()],
            hosted_login: true,
            forbidden: Vec::new(),
        }
    }

    /// Whether a redirect URI is registered: exactly, or by a wildcard that spans no label.
    pub(super) fn accepts(&self, uri: &str) -> bool {
        self.redirect_uris.iter().any(|registered| match registered.split_once('*') {
            None => registered == uri,
            Some((before, after)) => uri
                .strip_prefix(before)
                .and_then(|rest| rest.strip_suffix(after))
                .is_some_and(|label| !label.is_empty() && !label.contains(['.', '/', ':'])),
        })
    }

    /// Whether its keys may not use what a path names first.
    pub(super) fn forbids(&self, path: &str) -> bool {
        self.forbidden.iter().any(|first| path.split('/').nth(1) == Some(first))
    }

    pub(super) fn organizations(&self) -> Vec<Value> {
        self.organizations.iter().map(Organization::json).collect()
    }

    pub(super) fn webhook_endpoints(&self) -> Vec<Value> {
        self.webhook_endpoints.iter().map(WebhookEndpoint::json).collect()
    }

    pub(super) fn redirect_uris(&self) -> Vec<Value> {
        let registered = self.redirect_uris.iter().enumerate();
        registered
            .map(|(at, uri)| {
                json!({
                    "object": "redirect_uri", "id": format!("redir_01HZBCJ5T2W7M4Q9XV3K8RP{at:03}"), "uri": uri,
                    "default": at == 0, "created_at": CREATED, "updated_at": CREATED,
                })
            })
            .collect()
    }

    pub(super) fn connections(&self) -> Vec<Value> {
        let organizations = self.organizations.iter();
        organizations
            .map(|organization| {
                json!({
                    "object": "connection", "id": organization.id.replacen("org_", "conn_", 1),
                    "organization_id": organization.id, "connection_type": "EntraIdOIDC", "name": organization.name,
                    "state": "active", "status": "linked", "domains": [],
                    "created_at": CREATED, "updated_at": CREATED,
                })
            })
            .collect()
    }

    pub(super) fn directories(&self) -> Vec<Value> {
        let organizations = self.organizations.iter();
        organizations
            .map(|organization| {
                json!({
                    "object": "directory", "id": organization.id.replacen("org_", "directory_", 1),
                    "organization_id": organization.id, "external_key": "sPa12dwRQ", "type": "azure scim v2.0",
                    "state": "linked", "name": organization.name, "domain": organization.domain,
                    "created_at": CREATED, "updated_at": CREATED,
                })
            })
            .collect()
    }

    /// Events of these names; each organization was created once.
    pub(super) fn events(&self, names: &[&str]) -> Vec<Value> {
        let created = names.contains(&"organization.created");
        let organizations = self.organizations.iter().filter(|_| created);
        organizations
            .map(|organization| {
                json!({
                    "object": "event", "id": organization.id.replacen("org_", "event_", 1),
                    "event": "organization.created", "data": organization.json(), "created_at": CREATED, "context": {},
                })
            })
            .collect()
    }

    pub(super) fn jwks(&self) -> Value {
        json!({ "keys": [{
            "alg": "RS256", "kty": "RSA", "use": "sig", "kid": format!("sso_oidc_key_pair_{}", self.client_id),
            "n": MODULUS, "e": "AQAB", "x5c": [], "x5t#S256": "ZjQzYjI0OTk2MmZhMTg3ZGI3OWVkZjkxNWQ3NmNmNjU0",
        }] })
    }
}

// A 2048-bit number with the top bit set, in base64url; nothing is ever signed with it.
const MODULUS: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiF\
    V4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvR\
    L5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";

impl Organization {
    pub(super) fn json(&self) -> Value {
        json!({
            "object": "organization", "id": self.id, "name": self.name,
            "allow_profiles_outside_organization": false, "metadata": {}, "external_id": null,
            "domains": [{
                "object": "organization_domain", "id": self.id.replacen("org_", "org_domain_", 1),
                "organization_id": self.id, "domain": self.domain, "state": "verified",
                "verification_strategy": "dns", "created_at": CREATED, "updated_at": CREATED,
            }],
            "created_at": CREATED, "updated_at": CREATED,
        })
    }
}

impl WebhookEndpoint {
    pub(super) fn json(&self) -> Value {
        json!({
            "object": "webhook_endpoint", "id": self.id, "endpoint_url": self.url, "secret": self.secret,
            "status": if self.enabled { "enabled" } else { "disabled" }, "events": self.events,
            "created_at": CREATED, "updated_at": CREATED,
        })
    }
}
