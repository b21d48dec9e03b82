//! The played API against the schemas that `WorkOS` publishes (`tests/openapi.json`), over a real TLS connection.
#![expect(clippy::unwrap_used, reason = "a test ends at what it did not expect, in what it is built of too")]

use std::net::SocketAddr;
use std::sync::Arc;

use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use workos_preflight::endpoint::Endpoint;
use workos_preflight::net::Way;
use workos_preflight::secret::Secret;
use workos_preflight::simulator::environment::Organization;
use workos_preflight::simulator::world::{API, PUBLIC_DNS};
use workos_preflight::simulator::{Fault, Ground, Simulator, World};
use workos_preflight::workos::writing;

/// An answer in its parts.
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

async fn ask(simulator: &Simulator, host: &str, head: &str, body: &[u8]) -> Answer {
    let played = if host == PUBLIC_DNS { "104.16.248.249:443" } else { "104.18.2.1:443" };
    let real = simulator.map()[&played.parse::<SocketAddr>().unwrap()];
    let mut roots = rustls::RootCertStore::empty();
    for root in CertificateDer::pem_slice_iter(simulator.trusted_pem().as_bytes()) {
        roots.add(root.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).unwrap();
    let stream = TcpStream::connect(real).await.unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();

    let length = body.len();
    let head = format!("{head}Host: {host}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();

    let end = answer.windows(4).position(|it| it == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let status = head[9..12].parse().unwrap();
    Answer { status, head, body: answer[end + 4..].to_vec() }
}

async fn get(simulator: &Simulator, path: &str, key: &str) -> Answer {
    ask(simulator, API, &format!("GET {path} HTTP/1.1\r\nAuthorization: Bearer {key}\r\n"), b"").await
}

async fn playing(world: World) -> Simulator {
    Simulator::start(world, Ground::Loopback).await.unwrap()
}

fn assert_described(path: &str, method: &str, answer: &Answer) {
    let openapi: Value = serde_json::from_str(include_str!("openapi.json")).unwrap();
    let schema = &openapi["paths"][path][method]["responses"][answer.status.to_string()]["content"]["application/json"]
        ["schema"];
    assert!(schema.is_object(), "{method} {path} describes no {}", answer.status);
    let schema = json!({ "allOf": [schema], "components": openapi["components"] });
    let validator = jsonschema::validator_for(&schema).unwrap();
    let instance = answer.json();
    let wrong: Vec<String> = validator.iter_errors(&instance).map(|it| it.to_string()).collect();
    assert!(wrong.is_empty(), "{method} {path}: {wrong:?} in {instance:#}");
}

#[tokio::test]
async fn answers_have_the_published_shapes() {
    let world = World::healthy();
    let key = world.api_key.clone();
    let organization = world.environments[0].organizations[0].id.clone();
    let client = world.environments[0].client_id.clone();
    let simulator = playing(world).await;

    for (status, schema, path) in [
        (200, "/organizations", "/organizations?limit=1"),
        (422, "/organizations", "/organizations?limit=0"),
        (422, "/organizations", "/organizations?limit=x&order=asc"),
        (422, "/organizations", "/organizations?order=sideways"),
        (200, "/organizations/{id}", &format!("/organizations/{organization}")),
        (404, "/organizations/{id}", "/organizations/org_unknown"),
        (200, "/events", "/events?events=organization.created,user.created&limit=1"),
        (400, "/events", "/events?limit=1"),
        (200, "/webhook_endpoints", "/webhook_endpoints"),
        (200, "/connections", "/connections?limit=1"),
        (200, "/directories", "/directories?limit=1"),
        (200, "/user_management/redirect_uris", "/user_management/redirect_uris"),
        (200, "/sso/jwks/{clientId}", &format!("/sso/jwks/{client}")),
        (404, "/sso/jwks/{clientId}", "/sso/jwks/client_unknown"),
    ] {
        let answer = get(&simulator, path, &key).await;

        assert_eq!(answer.status, status, "{path}");
        assert_described(schema, "get", &answer);
    }
}

async fn write(simulator: &Simulator, method: &str, path: &str, key: &str, body: &Value) -> Answer {
    let head = format!("{method} {path} HTTP/1.1\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n");
    ask(simulator, API, &head, body.to_string().as_bytes()).await
}

#[tokio::test]
async fn answers_to_what_writes_have_the_published_shapes() {
    let world = World::healthy();
    let key = world.api_key.clone();
    let simulator = playing(world).await;
    let events = json!(["organization.created"]);
    let (hook, taken) = ("https://app.customer.example/hook", "https://app.customer.example/webhooks/workos");

    for (status, path, body) in [
        (201, "/organizations", json!({ "name": "A new one" })),
        (422, "/organizations", json!({})),
        (201, "/webhook_endpoints", json!({ "endpoint_url": hook, "events": events })),
        (409, "/webhook_endpoints", json!({ "endpoint_url": taken, "events": events })),
        (422, "/webhook_endpoints", json!({ "endpoint_url": "http://app.customer.example/", "events": events })),
    ] {
        let answer = write(&simulator, "POST", path, &key, &body).await;
        assert_eq!(answer.status, status, "{path} {body}");
        assert_described(path, "post", &answer);
    }
    let made = simulator.environments().remove(0);
    let organization = made.organizations.last().unwrap().id.clone();
    let endpoint = made.webhook_endpoints.last().unwrap().id.clone();
    for (status, path) in
        [(202, format!("/organizations/{organization}")), (204, format!("/webhook_endpoints/{endpoint}"))]
    {
        assert_eq!(write(&simulator, "DELETE", &path, &key, &json!({})).await.status, status, "{path}");
        let again = write(&simulator, "DELETE", &path, &key, &json!({})).await;
        let described = path.rsplit_once('/').map(|(list, _)| format!("{list}/{{id}}")).unwrap();
        assert_described(&described, "delete", &again);
    }
    assert_eq!(write(&simulator, "POST", "/organizations", "sk_live_unknown0000", &json!({})).await.status, 401);
}

#[test]
fn what_the_tool_writes_is_what_the_published_schemas_take() {
    let openapi: Value = serde_json::from_str(include_str!("openapi.json")).unwrap();
    let way = || Way::direct(&Endpoint::new(API, 443), [104, 18, 2, 1].into());
    let key = Secret::new("sk_live_abcdefghijklmnop");
    let hook = "https://app.customer.example/hook?workos-preflight=0123456789ab";

    for request in [
        writing::create_organization(way(), &key, "workos-preflight-0123456789ab (a test; safe to delete)"),
        writing::register_endpoint(way(), &key, hook, &["organization.created"]),
    ] {
        let taken = &openapi["paths"][&request.path]["post"]["requestBody"]["content"]["application/json"]["schema"];
        let schema = json!({ "allOf": [taken], "components": openapi["components"] });
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let wrong: Vec<String> = validator.iter_errors(&body).map(|it| it.to_string()).collect();
        assert!(taken.is_object() && wrong.is_empty(), "{}: {wrong:?} in {body:#}", request.path);
    }
}

#[tokio::test]
async fn lists_are_not_empty_where_the_environment_is_not() {
    let world = World::healthy();
    let key = world.api_key.clone();
    let simulator = playing(world).await;

    for path in ["/organizations", "/events?events=organization.created", "/webhook_endpoints", "/connections"] {
        let answer = get(&simulator, path, &key).await;

        assert_eq!(answer.json()["data"].as_array().unwrap().len(), 1, "{path}");
    }
}

#[tokio::test]
async fn without_a_known_key_the_answer_is_the_one_of_production() {
    let simulator = playing(World::healthy()).await;

    for key in ["", "sk_live_unknown"] {
        for path in ["/organizations", "/events?events=x", "/user_management/redirect_uris"] {
            let answer = get(&simulator, path, key).await;

            assert_eq!((answer.status, answer.body.as_slice()), (401, br#"{"message":"Unauthorized"}"#.as_slice()));
            for header in [
                "Server: cloudflare",
                "Cf-Ray: ",
                "-FRA",
                "Cf-Cache-Status: DYNAMIC",
                "X-Request-Id: ",
                "Content-Type: application/json; charset=utf-8",
                "Strict-Transport-Security: ",
                "Date: ",
            ] {
                assert!(answer.head.contains(header), "{header} in {}", answer.head);
            }
        }
    }
}

#[tokio::test]
async fn a_list_is_walked_by_its_cursors() {
    let mut world = World::healthy();
    let key = world.api_key.clone();
    let organizations = (0..5).map(|at| Organization {
        id: format!("org_{at}"),
        name: format!("Organization {at}"),
        domain: "customer.example".to_owned(),
    });
    world.environments[0].organizations = organizations.collect();
    let simulator = playing(world).await;
    let mut seen = Vec::new();
    let mut path = "/organizations?limit=2&order=asc".to_owned();

    loop {
        let page = get(&simulator, &path, &key).await.json();
        seen.extend(page["data"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()));
        let Some(after) = page["list_metadata"]["after"].as_str() else {
            break;
        };
        path = format!("/organizations?limit=2&order=asc&after={after}");
    }
    let back = get(&simulator, "/organizations?limit=2&order=asc&before=org_4", &key).await.json();

    assert_eq!(seen, ["org_0", "org_1", "org_2", "org_3", "org_4"]);
    assert_eq!(back["data"][0]["id"], "org_2");
    assert_eq!(back["list_metadata"]["before"], "org_2");
}

#[tokio::test]
async fn each_key_sees_its_own_environment() {
    let mut world = World::healthy();
    let mut other = world.environments[0].clone();
    other.api_keys = vec!["sk_live_other".to_owned()];
    other.organizations.clear();
    let key = world.api_key.clone();
    world.environments.push(other);
    let simulator = playing(world).await;

    let own = get(&simulator, "/organizations", &key).await.json();
    let others = get(&simulator, "/organizations", "sk_live_other").await.json();

    assert_eq!(own["data"].as_array().unwrap().len(), 1);
    assert!(others["data"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn a_redirect_uri_is_told_apart_by_where_the_redirect_leads() {
    let client = World::healthy().environments[0].client_id.clone();
    let simulator = playing(World::healthy()).await;
    let query = |client: &str, uri: &str| {
        format!("/user_management/authorize?client_id={client}&redirect_uri={uri}&response_type=code&provider=authkit")
    };

    let right = get(&simulator, &query(&client, "https%3A%2F%2Fapp.customer.example%2Fcallback"), "").await;
    let wrong = get(&simulator, &query(&client, "https%3A%2F%2Felsewhere.example%2F"), "").await;
    let unknown = get(&simulator, &query("client_unknown", "https%3A%2F%2Fapp.customer.example%2Fcallback"), "").await;

    assert_eq!((right.status, wrong.status, unknown.status), (302, 302, 302));
    assert!(!right.head.contains("invalid"), "{}", right.head);
    assert!(wrong.head.contains("/redirect-uri-invalid"), "{}", wrong.head);
    assert!(unknown.head.contains("/client-id-invalid"), "{}", unknown.head);
}

#[tokio::test]
async fn a_code_is_refused_differently_for_a_pair_and_for_strangers() {
    let world = World::healthy();
    let (client, key) = (world.environments[0].client_id.clone(), world.api_key.clone());
    let simulator = playing(world).await;
    let exchange = async |secret: &str| {
        let body =
            json!({ "client_id": client, "client_secret": secret, "grant_type": "authorization_code", "code": "x" });
        let head = "POST /user_management/authenticate HTTP/1.1\r\nContent-Type: application/json\r\n";
        ask(&simulator, API, head, body.to_string().as_bytes()).await
    };

    let paired = exchange(&key).await;
    let strangers = exchange("sk_live_other").await;

    assert_described("/user_management/authenticate", "post", &paired);
    assert_eq!(paired.json()["error"], "invalid_grant");
    assert_eq!(strangers.json()["error"], "invalid_client");
}

#[tokio::test]
async fn the_edge_says_which_address_it_sees() {
    let simulator = playing(World::healthy()).await;

    let answer = get(&simulator, "/cdn-cgi/trace", "").await;

    assert!(String::from_utf8(answer.body).unwrap().contains("\nip=93.184.215.14\n"));
}

#[tokio::test]
async fn dns_over_https_shows_the_public_zone_and_honours_checking_disabled() {
    let simulator = playing(Fault::named("domain-dnssec").unwrap().world()).await;
    let lookup = async |checking_disabled: bool| {
        let mut message = Message::new(0, MessageType::Query, OpCode::Query);
        message.metadata.checking_disabled = checking_disabled;
        let name = Name::from_ascii("app.customer.example.").unwrap();
        message.add_query(Query::query(name, RecordType::A));
        let head = "POST /dns-query HTTP/1.1\r\nContent-Type: application/dns-message\r\n";
        let answer = ask(&simulator, PUBLIC_DNS, head, &message.to_vec().unwrap()).await;
        assert!(answer.head.contains("Content-Type: application/dns-message"), "{}", answer.head);
        Message::from_vec(&answer.body).unwrap()
    };

    let checked = lookup(false).await;
    let unchecked = lookup(true).await;

    assert_eq!(checked.metadata.response_code, ResponseCode::ServFail);
    assert_eq!(unchecked.answers.len(), 1);
}

#[tokio::test]
async fn dns_over_https_can_be_asked_with_get() {
    let simulator = playing(World::healthy()).await;
    // A question for the A records of app.customer.example, in base64url.
    let question = "AAABAAABAAAAAAAAA2FwcAhjdXN0b21lcgdleGFtcGxlAAABAAE";

    let answer = ask(&simulator, PUBLIC_DNS, &format!("GET /dns-query?dns={question} HTTP/1.1\r\n"), b"").await;

    assert_eq!(Message::from_vec(&answer.body).unwrap().answers.len(), 1);
}
