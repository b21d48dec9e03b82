use std::net::IpAddr;
use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::facts::Facts;
use crate::host::fake::FakeHost;
use crate::net::fake::{Fake, response};
use crate::net::{Asking, Attempted, BodyEnd, Connected, Handshake, Layered, Network, Question, Records};
use crate::outcome::Vantage;
use crate::settings::{GivenSecrets, Settings};
use crate::workos::pages::{LARGEST_OBJECT, PAGE};

const OURS: &str = "workos-preflight-0123456789ab (a test of webhook delivery; safe to delete)";
const OUR_URL: &str = "https://app.customer.example/hook?workos-preflight=0123456789ab";

/// An environment with organizations and endpoints, oldest first, and what becomes of requests.
#[derive(Clone)]
struct Played {
    state: Arc<Mutex<State>>,
    reached: Arc<Fake>,
}

struct State {
    organizations: Vec<Value>,
    endpoints: Vec<Value>,
    /// A page with more bytes is cut off.
    readable: usize,
    /// The same for one that may be larger.
    readable_alone: usize,
    /// The status that a deletion is answered with, and whether it is carried out.
    deleting: (u16, bool),
    /// What the organizations are answered with in the place of their list.
    refused: Option<u16>,
    /// Every page names this cursor.
    circle: bool,
    deleted: Vec<String>,
    sent: usize,
}

impl Played {
    fn new(organizations: Vec<Value>, endpoints: Vec<Value>) -> Self {
        let state = State {
            organizations,
            endpoints,
            readable: usize::MAX,
            readable_alone: usize::MAX,
            deleting: (204, true),
            refused: None,
            circle: false,
            deleted: Vec::new(),
            sent: 0,
        };
        Played { state: Arc::new(Mutex::new(state)), reached: Arc::new(Fake::api()) }
    }

    fn with(self, change: impl FnOnce(&mut State)) -> Self {
        change(&mut self.state.lock().unwrap());
        self
    }

    fn deleted(&self) -> Vec<String> {
        self.state.lock().unwrap().deleted.clone()
    }

    fn context(&self) -> Context {
        let settings = Settings::merge(&[], GivenSecrets::default(), Vec::new()).unwrap();
        let (network, host) = (Layered::bare(Arc::new(self.clone())), FakeHost::default());
        Context::new(network, host, settings, Facts::embedded(), Vantage::Inside)
    }

    async fn marked(&self, kind: Kind) -> Result<(Vec<String>, Option<Unseen>), String> {
        let (cx, key) = (self.context(), Secret::new("sk_live_abcdefghijklmnopqrstuvwxyz"));
        let marked = Vendor::new(&cx, &key).marked(kind, None).await?;
        Ok((marked.things.iter().map(|thing| thing.id.to_string()).collect(), marked.unseen))
    }

    async fn delete(&self, kind: Kind, id: &str) -> Result<(), String> {
        let (cx, key) = (self.context(), Secret::new("sk_live_abcdefghijklmnopqrstuvwxyz"));
        Vendor::new(&cx, &key).delete(&Id::read(kind, id).unwrap()).await
    }
}

impl State {
    fn answer(&mut self, request: &Request) -> Response {
        self.sent += 1;
        let marked = [("x-request-id", "1")];
        let url = url::Url::parse(&request.way.endpoint.https(&request.path)).unwrap();
        let segments: Vec<&str> = url.path_segments().unwrap().collect();
        let absent = || response(404, &marked, r#"{"message":"Not found"}"#);
        let (kind, of_kind) = match segments[0] {
            "organizations" => (Kind::Organization, &mut self.organizations),
            _ => (Kind::Endpoint, &mut self.endpoints),
        };
        match (request.method, segments.get(1)) {
            (Method::Delete, Some(id)) => {
                self.deleted.push(request.path.clone());
                let (status, carried_out) = self.deleting;
                if carried_out {
                    of_kind.retain(|object| object["id"] != **id);
                }
                response(status, &[("x-request-id", "1"), ("location", "/organizations/org_other")], "{}")
            }
            _ if kind == Kind::Organization && self.refused.is_some() => {
                response(self.refused.unwrap(), &marked, r#"{"message":"No"}"#)
            }
            (Method::Get, Some(_)) if kind == Kind::Endpoint => response(404, &[], r#"{"message":"no Route"}"#),
            (Method::Get, Some(id)) => match of_kind.iter().find(|object| object["id"] == **id) {
                Some(object) => response(200, &marked, &object.to_string()),
                None => absent(),
            },
            _ => {
                let page = page(of_kind, &url, self.circle).to_string();
                let mut answer = response(200, &marked, &page);
                let readable = if request.largest < LARGEST_OBJECT { self.readable } else { self.readable_alone };
                if page.len() > readable {
                    answer.body.truncate(readable);
                    answer.end = BodyEnd::TooLarge;
                }
                answer
            }
        }
    }
}

fn page(all: &[Value], url: &url::Url, circle: bool) -> Value {
    let given = |name: &str| url.query_pairs().find(|(it, _)| it == name).map(|(_, value)| value.into_owned());
    let limit: usize = given("limit").unwrap().parse().unwrap();
    let mut all = all.to_vec();
    if given("order").as_deref() != Some("asc") {
        all.reverse();
    }
    let start = given("after").and_then(|after| all.iter().position(|it| it["id"] == *after)).map_or(0, |at| at + 1);
    let end = (start + limit).min(all.len());
    let mut after = (end < all.len()).then(|| all[end - 1]["id"].clone());
    if circle {
        after = Some(all[0]["id"].clone());
    }
    json!({ "object": "list", "data": all[start..end], "list_metadata": { "before": null, "after": after } })
}

impl Network for Played {
    fn resolve<'a>(&'a self, name: &'a str) -> Asking<'a, Vec<IpAddr>> {
        self.reached.resolve(name)
    }

    fn ask<'a>(&'a self, question: &'a Question) -> Asking<'a, Records> {
        self.reached.ask(question)
    }

    fn connect<'a>(&'a self, way: &'a Way) -> Asking<'a, Connected> {
        self.reached.connect(way)
    }

    fn handshake<'a>(&'a self, way: &'a Way) -> Asking<'a, Handshake> {
        self.reached.handshake(way)
    }

    fn fetch<'a>(&'a self, request: &'a Request) -> Asking<'a, Response> {
        let answer = self.state.lock().unwrap().answer(request);
        Box::pin(async move { Attempted { result: Ok(answer), attempts: 1, took: Duration::ZERO } })
    }
}

fn organization(id: &str, name: &str) -> Value {
    json!({ "object": "organization", "id": id, "name": name })
}

fn endpoint(id: &str, url: &str) -> Value {
    json!({ "object": "webhook_endpoint", "id": id, "endpoint_url": url })
}

fn large(id: &str) -> Value {
    json!({ "object": "organization", "id": id, "name": "x".repeat(4_000) })
}

/// So many organizations of others, the newest last.
fn others(count: usize) -> Vec<Value> {
    (0..count).map(|at| organization(&format!("org_other{at}"), "Customer Corp")).collect()
}

#[tokio::test]
async fn what_is_marked_is_found_among_what_others_made_once_and_by_ids_that_are_ids() {
    let organizations = vec![
        organization("org_ours", OURS),
        organization("org_theirs", "workos-preflight-0123456789ab GmbH"),
        organization("..", OURS),
        organization("we_1", OURS),
        organization("org_1/../org_2", OURS),
        organization("org_1\u{1b}[2J", OURS),
        organization("org_ours", OURS),
        json!({ "id": 7, "name": OURS }),
        json!("org_3"),
        endpoint("org_4", OUR_URL),
    ];
    let played = Played::new(organizations, vec![endpoint("we_ours", OUR_URL), endpoint("", OUR_URL)]);
    let (cx, key) = (played.context(), Secret::new("sk_live_abcdefghijklmnopqrstuvwxyz"));

    let marked = Vendor::new(&cx, &key).marked(Kind::Organization, None).await.unwrap();

    assert_eq!((marked.things.len(), marked.unnameable), (1, 5));
    assert_eq!(marked.things[0].id.to_string(), "org_ours");
    assert_eq!(played.marked(Kind::Endpoint).await, Ok((vec!["we_ours".to_owned()], None)));
}

#[tokio::test]
async fn large_pages_are_read_in_smaller_ones() {
    let mut organizations = others(250);
    organizations[40] = large("org_large");
    organizations.insert(10, organization("org_ours", OURS));
    for readable in [20_000, 6_000, 4_300, 1_000] {
        let played = Played::new(organizations.clone(), Vec::new()).with(|state| state.readable = readable);

        assert_eq!(played.marked(Kind::Organization).await, Ok((vec!["org_ours".to_owned()], None)), "{readable}");
    }
}

#[tokio::test]
async fn behind_one_that_cannot_be_read_at_all_the_rest_is_seen_from_the_other_end() {
    let mut organizations = others(30);
    organizations[20] = large("org_large");
    organizations[3] = organization("org_ours", OURS);
    let played = Played::new(organizations, Vec::new()).with(|state| {
        (state.readable, state.readable_alone) = (2_000, 2_000);
    });

    let (found, unseen) = played.marked(Kind::Organization).await.unwrap();

    assert_eq!(found, ["org_ours"]);
    assert!(matches!(unseen, Some(Unseen::Rest(why)) if why.contains("too large")));
}

#[tokio::test]
async fn pages_that_lead_in_a_circle_are_left() {
    let mut organizations = others(3);
    organizations.push(organization("org_ours", OURS));
    let played = Played::new(organizations, Vec::new()).with(|state| state.circle = true);

    let (found, unseen) = played.marked(Kind::Organization).await.unwrap();

    assert_eq!(found, ["org_ours"]);
    assert!(matches!(unseen, Some(Unseen::Rest(why)) if why.contains("circle")));
    assert!(played.state.lock().unwrap().sent < 4);
}

#[tokio::test]
async fn an_environment_without_end_is_looked_through_as_far_as_that_helps() {
    let played = Played::new(others(5_000), Vec::new());

    assert_eq!(played.marked(Kind::Organization).await, Ok((Vec::new(), Some(Unseen::Older))));
    assert_eq!(played.state.lock().unwrap().sent, MOST_OBJECTS / PAGE as usize);
}

#[tokio::test]
async fn trouble_with_one_kind_is_none_with_the_other() {
    for status in [403, 500, 302] {
        let played = Played::new(Vec::new(), vec![endpoint("we_ours", OUR_URL)]).with(|it| it.refused = Some(status));

        assert!(played.marked(Kind::Organization).await.is_err());
        assert_eq!(played.marked(Kind::Endpoint).await, Ok((vec!["we_ours".to_owned()], None)));
    }
}

#[tokio::test]
async fn whatever_a_deletion_is_answered_what_is_there_decides() {
    for (kind, id) in [(Kind::Organization, "org_ours"), (Kind::Endpoint, "we_ours")] {
        let played = |status, carried_out| {
            Played::new(vec![organization("org_ours", OURS)], vec![endpoint("we_ours", OUR_URL)])
                .with(|state| state.deleting = (status, carried_out))
        };
        for status in [200, 202, 204, 307, 400, 403, 404, 409, 429, 500, 503] {
            assert_eq!(played(status, true).delete(kind, id).await, Ok(()), "{id} {status}");
            let here = played(status, false);
            assert!(here.delete(kind, id).await.is_err(), "{id} {status}");
            let tries = if matches!(status, 307 | 409 | 429 | 500 | 503) { ATTEMPTS as usize } else { 1 };
            assert_eq!(here.deleted(), vec![format!("{}/{id}", kind.place()); tries], "{id} {status}");
        }
        let refused = played(204, false).delete(kind, id).await.unwrap_err();
        assert!(refused.contains("204") && refused.contains("still there"), "{refused}");
    }
}

#[tokio::test]
async fn what_cannot_be_looked_at_again_is_deleted_where_the_answer_says_so_and_only_there() {
    let hidden = |status| {
        Played::new(vec![organization("org_ours", OURS)], Vec::new()).with(|state| {
            state.deleting = (status, true);
            state.refused = Some(403);
        })
    };

    assert_eq!(hidden(204).delete(Kind::Organization, "org_ours").await, Ok(()));
    let left = hidden(500).delete(Kind::Organization, "org_ours").await.unwrap_err();
    assert!(left.contains("500") && left.contains("cannot be seen"), "{left}");
}
