//! Planted checks in a real network, run by the library's own plan, runner and network: what they declare leaves the machine,
//! and of what they do not declare no packet does.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use workos_preflight::check::{
    Check, CheckId, Contact, Grade, Group, Learnt, Method, Outcome, Planned, Running, Spec, Status, Touch, Vantage,
};
use workos_preflight::context::{Context, looking_up, requesting};
use workos_preflight::endpoint::Endpoint;
use workos_preflight::facts::Facts;
use workos_preflight::host::ThisHost;
use workos_preflight::net::{Layered, Limits, Live, Question, RecordKind, Request, TrustStores, Way};
use workos_preflight::plan::{Choice, Plan};
use workos_preflight::report::{Report, Verdict};
use workos_preflight::settings::{GivenSecrets, Settings};

use crate::planned;
use crate::stories::Place;

const API: &str = "api.workos.com";
/// One of the addresses that the world gives the API.
const ADDRESS: [u8; 4] = [104, 18, 2, 1];
/// What the played WorkOS redirects to a host of its own hosted pages.
const BEGIN: &str =
    "/user_management/authorize?client_id=none&redirect_uri=https%3A%2F%2Fnobody.example%2F&response_type=code";

/// What a planted check reaches for.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Verb {
    Resolve,
    Ask,
    Lookup,
    Connect,
    Handshake,
    Fetch,
    FetchUnrepeated,
    Follow,
}

/// A check that uses a verb, and declares it or does not.
struct Planted {
    verb: Verb,
    declares: bool,
}

fn api() -> Endpoint {
    Endpoint::new(API, 443)
}

impl Check for Planted {
    fn contacts(&self, _: &Facts, settings: &Settings) -> Vec<Contact> {
        let get = |path| Contact::new(Touch::request(Method::Get, &api(), path), "planted");
        match (self.verb, self.declares) {
            // The redirect itself is declared; to follow it is not.
            (Verb::Follow, false) => requesting(&api(), settings, [get(BEGIN)]),
            (Verb::Follow, true) => {
                let learnt = Contact::new(Touch::Learnt(Learnt::Redirects { followed: &[] }), "planted");
                requesting(&api(), settings, [get(BEGIN), learnt])
            }
            (_, false) => Vec::new(),
            (Verb::Resolve | Verb::Ask | Verb::Lookup, true) => looking_up(API, settings, "planted"),
            (_, true) => requesting(&api(), settings, [get("/organizations?limit=1")]),
        }
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let way = Way::direct(&api(), ADDRESS.into());
            if self.declares && !matches!(self.verb, Verb::Resolve | Verb::Ask | Verb::Lookup) {
                // The address of a connection comes from a lookup.
                cx.lookup(API).await;
            }
            let request = Request::get(way.clone(), "/organizations?limit=1");
            let worked = match self.verb {
                Verb::Resolve => cx.network.resolve(API).await.result.is_ok(),
                Verb::Ask => {
                    let server: SocketAddr = "10.20.0.53:53".parse().unwrap();
                    let question = Question { server, name: API.to_owned(), kind: RecordKind::A };
                    cx.network.ask(&question).await.result.is_ok()
                }
                Verb::Lookup => !cx.lookup(API).await.addresses().is_empty(),
                Verb::Connect => cx.network.connect(&way).await.result.is_ok(),
                Verb::Handshake => cx.network.handshake(&way).await.result.is_ok(),
                Verb::Fetch => cx.network.fetch(&request).await.result.is_ok(),
                Verb::FetchUnrepeated => cx.unrepeated.fetch(&request).await.result.is_ok(),
                Verb::Follow => follow(cx).await,
            };
            Outcome::graded(Grade::Reached).with("worked", worked.to_string())
        })
    }
}

/// Begins a sign-in, notes how many packets there have been, and goes where the answer points.
async fn follow(cx: &Context) -> bool {
    let Some(way) = cx.way(&api()).await else { return false };
    let Ok(answer) = cx.network.fetch(&Request::get(way, BEGIN)).await.result else { return false };
    let Some(location) = answer.header("location").and_then(|location| url::Url::parse(location).ok()) else {
        return false;
    };
    let next = Endpoint::new(location.host_str().unwrap_or_default(), 443);
    if next == api() {
        return false;
    }
    // What is under way to acknowledge the answer is there by then.
    tokio::time::sleep(Duration::from_millis(500)).await;
    fs::write(BEFORE_FOLLOWING, packets().unwrap().to_string()).unwrap();
    cx.way(&next).await.is_some()
}

const BEFORE_FOLLOWING: &str = "/etc/lab/packets";

macro_rules! planted {
    ($($name:ident, $id:literal, $verb:expr, $declares:literal;)*) => {
        $(static $name: Spec = Spec {
            id: CheckId::new($id),
            title: "it is kept in its bounds",
            explain: "",
            vantages: &[Vantage::Inside],
            required: |_, _| true,
            codes: &[],
            needs: &[],
            plan: |_, _| Planned::one(Planted { verb: $verb, declares: $declares }),
        };)*
        const ALL: &[(&Spec, Verb, bool, &[Group])] = &[
            $((&$name, $verb, $declares, &[Group { id: "planted", title: "", noun: "", specs: &[&$name] }]),)*
        ];
    };
}

planted! {
    RESOLVES, "planted.resolves", Verb::Resolve, false;
    ASKS, "planted.asks", Verb::Ask, false;
    LOOKS_UP, "planted.looks-up", Verb::Lookup, false;
    CONNECTS, "planted.connects", Verb::Connect, false;
    SHAKES, "planted.shakes", Verb::Handshake, false;
    FETCHES, "planted.fetches", Verb::Fetch, false;
    SAMPLES, "planted.samples", Verb::FetchUnrepeated, false;
    FOLLOWS, "planted.follows", Verb::Follow, false;
    MAY_RESOLVE, "planted.may-resolve", Verb::Resolve, true;
    MAY_ASK, "planted.may-ask", Verb::Ask, true;
    MAY_LOOK_UP, "planted.may-look-up", Verb::Lookup, true;
    MAY_CONNECT, "planted.may-connect", Verb::Connect, true;
    MAY_SHAKE, "planted.may-shake", Verb::Handshake, true;
    MAY_FETCH, "planted.may-fetch", Verb::Fetch, true;
    MAY_SAMPLE, "planted.may-sample", Verb::FetchUnrepeated, true;
    MAY_FOLLOW, "planted.may-follow", Verb::Follow, true;
}

/// A story: no packet leaves of what a planted check does not declare, and what it declares does leave.
pub(crate) fn no_packet_leaves(place: &Place) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|it| it.to_string())?;
    for (spec, verb, declares, groups) in ALL {
        let _ = fs::remove_file(BEFORE_FOLLOWING);
        let before = packets()?;
        let (report, cx) = runtime.block_on(run(place, groups))?;
        let at_last = packets()?;
        // Connections that stand would say goodbye.
        drop(cx);
        let row = report.rows.first().ok_or("nothing was asked")?;
        let reason = row.reason().unwrap_or_default();
        let told = format!("{} ({verb:?}): {:?}, {reason}, {before} to {at_last} packets", spec.id, row.status());
        if *declares {
            let worked = row.evidence().iter().any(|seen| seen.what == "worked" && seen.value == "true");
            if row.status() != Status::Pass || !worked || at_last == before {
                return Err(format!("kept from what it declares: {told}"));
            }
            continue;
        }
        let since = match verb {
            Verb::Follow => fs::read_to_string(BEFORE_FOLLOWING).map_err(|error| format!("{told}: {error}"))?,
            _ => before.to_string(),
        };
        let says = reason.contains("does not declare") && reason.contains("defect");
        if row.status() != Status::Unknown || !says || report.verdict() != Verdict::Undecided {
            return Err(format!("not said: {told}"));
        }
        if since != at_last.to_string() {
            return Err(format!("packets left, from {since} on: {told}"));
        }
    }
    Ok(())
}

/// How many packets have left over loopback, where everything of this world is.
fn packets() -> Result<u64, String> {
    let counters = fs::read_to_string("/proc/self/net/dev").map_err(|error| error.to_string())?;
    let line = counters.lines().find_map(|line| line.trim_start().strip_prefix("lo:")).ok_or("no loopback")?;
    // Eight counters of what arrives, then bytes and packets of what leaves.
    let sent = line.split_ascii_whitespace().nth(9).and_then(|packets| packets.parse().ok());
    sent.ok_or_else(|| format!("the counters read {line}"))
}

async fn run(place: &Place, groups: &'static [Group]) -> Result<(Report, Arc<Context>), String> {
    let settings = Settings::merge(&[], GivenSecrets::default(), Vec::new()).map_err(|error| error.to_string())?;
    let facts = Facts::embedded();
    let plan = Plan::new(groups, &facts, &settings, Vantage::Inside, &Choice::default());
    let (trusted, public) = (place.simulator.trusted_pem(), place.simulator.public_roots_pem());
    let stores = TrustStores::from_pem(trusted, public).map_err(|error| error.to_string())?;
    let trust = stores.summary.clone();
    let live = Live::new(Limits { attempt: settings.timeout.value }, stores);
    let network = Layered::over(live, settings.retries.value);
    let cx = Context { trust, ..Context::new(network, ThisHost::default(), settings, facts, Vantage::Inside) };
    let cx = Arc::new(cx);
    let report = planned::run(plan, Arc::clone(&cx)).await;
    Ok((report, cx))
}
