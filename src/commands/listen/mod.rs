//! `listen`: stands at the webhook URL and says what arrives, from where, and whether WorkOS signed it.

mod clean_up;
mod consent;
mod lines;
mod provocation;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::net::TcpListener;
use tokio::sync::mpsc;

use self::lines::Lines;
use self::provocation::{Provocation, Vendor};
use super::session::{self, Account};
use super::{Failure, gather, say};
use crate::check::{Grade, Outcome, Status, Vantage};
use crate::checks::delivered::{self, Arrivals};
use crate::checks::{self, arrives};
use crate::cli::ListenArgs;
use crate::context::Context;
use crate::facts::Facts;
use crate::inbound::nonce::ProbeSeen;
use crate::inbound::{Answering, Entry, Heard, Keys, Listener, Route, Security, Turned};
use crate::net::{Limits, Live};
use crate::report::{Report, Row};
use crate::secret::Secret;
use crate::settings::values::{duration, shown_url, spoken, web_url};
use crate::settings::{Settings, Source};
use crate::workos::delivery::{Delivery, Purpose, Signature};

pub(super) fn run(args: &ListenArgs) -> Result<u8, Failure> {
    let (settings, facts) = gather::settings(&args.settings)?;
    if args.clean_up {
        return clean_up::run(args, settings, facts);
    }
    let post = Post::of(args, &settings)?;
    let security = security(args, &post)?;
    let stores = gather::trust(&settings)?;
    let trust = stores.summary.clone();
    let live = Live::new(Limits { attempt: settings.timeout.value }, stores);
    let cx = session::context(settings, facts, Vantage::Inside, live, trust, None);
    session::block_on(async {
        let socket = TcpListener::bind(args.bind).await.map_err(|error| {
            Failure::machine(format!("cannot listen on {} (--bind)", args.bind), in_words(&error, args.bind.port()))
        })?;
        listen(args, &cx, &post, security, socket).await
    })?
}

/// What is stood at, and for how long.
struct Post {
    webhook: String,
    path: String,
    host: String,
    action_path: Option<String>,
    lasting: Duration,
    /// How many genuine deliveries are enough.
    enough: usize,
    /// Whether deliveries are wanted at all, or only a probe.
    deliveries: bool,
}

const USUAL_TIME: Duration = Duration::from_secs(600);

/// WorkOS delivers what was caused within seconds.
const USUAL_TIME_OF_A_DELIVERY: Duration = Duration::from_secs(60);

impl Post {
    fn of(args: &ListenArgs, settings: &Settings) -> Result<Self, Failure> {
        let Some(webhook) = &settings.webhook_url else {
            return Err(Failure::Usage(
                "listen stands at the webhook URL, and none is given; --webhook-url https://app.customer.example/webhooks/workos, or installation.webhook_url in the settings file, is right".to_owned(),
            ));
        };
        let url = |name: &str, text: &str, source: &Source| {
            web_url(text).ok_or_else(|| {
                Failure::Usage(format!(
                    "{name} (from {source}) is `{}`; a whole URL such as https://app.customer.example/path is right",
                    shown_url(text)
                ))
            })
        };
        let address = url("installation.webhook_url", &webhook.value, &webhook.source)?;
        let actions = settings.actions_url.as_ref();
        let action_path =
            actions.map(|given| url("installation.actions_url", &given.value, &given.source)).transpose()?;
        let lasting = match args.lasting.as_deref().map(duration) {
            None if args.deliver => USUAL_TIME_OF_A_DELIVERY,
            None => USUAL_TIME,
            Some(Ok(time)) => time,
            Some(Err(wanted)) => {
                let given = args.lasting.as_deref().unwrap_or_default();
                return Err(Failure::Usage(format!("--for is `{given}`; {wanted} is right")));
            }
        };
        let enough =
            if args.expect_all && args.count.is_none() { usize::MAX } else { args.count.unwrap_or(1) as usize };
        Ok(Post {
            path: address.path().to_owned(),
            host: address.host_str().unwrap_or_default().to_owned(),
            action_path: action_path.map(|url| url.path().to_owned()),
            webhook: webhook.value.clone(),
            lasting,
            enough,
            deliveries: !args.nonce || args.count.is_some() || args.expect_all || args.deliver,
        })
    }
}

fn security(args: &ListenArgs, post: &Post) -> Result<Security, Failure> {
    match (&args.tls_cert, &args.tls_key) {
        (Some(chain), Some(key)) => Security::from_files(chain, key)
            .map_err(|(file, why)| Failure::machine(format!("cannot use {}", file.display()), why)),
        _ if args.plain => Ok(Security::Plain),
        _ if args.self_signed => Security::self_made(vec![post.host.clone()])
            .map_err(|why| Failure::machine("cannot make a certificate", why)),
        _ => Err(Failure::Usage(
            "listen has to know how it speaks; --tls-cert FILE --tls-key FILE is right where WorkOS reaches this host itself, --plain or --self-signed behind a proxy that ends TLS".to_owned(),
        )),
    }
}

fn in_words(error: &std::io::Error, port: u16) -> String {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => format!(
            "port {port} is taken: stop the application there while this listens, or listen on another port behind its proxy"
        ),
        std::io::ErrorKind::PermissionDenied => {
            format!("port {port} needs a privilege: run as root, or listen on a port from 1024 on behind a proxy")
        }
        std::io::ErrorKind::AddrNotAvailable => "this host does not have that address".to_owned(),
        _ => error.to_string(),
    }
}

async fn listen(
    args: &ListenArgs,
    cx: &Arc<Context>,
    post: &Post,
    security: Security,
    socket: TcpListener,
) -> Result<u8, Failure> {
    let provocation = if args.deliver { Some(agreed(args, cx, post).await?) } else { None };
    let head = session::head(cx, None);
    let mut account = Account::open(&head, &args.output)?;
    let nonce = args.nonce.then(random).transpose()?;
    let (tell, mut arriving) = mpsc::channel(1024);
    let mut listener = listener(args, cx, post, security, nonce.clone(), tell);
    listener.marker = provocation.as_ref().map(|provocation| provocation.marker.clone());
    let keys = Arc::clone(&listener.routes[0].keys);
    let stop = session::told_to_stop();
    tokio::pin!(stop);
    announce(args, post, &socket, nonce.as_deref());
    let mut door = tokio::spawn(Arc::new(listener).serve(socket));

    let begun = Instant::now();
    let mut seen = Seen::default();
    let mut lines = Lines::default();
    let over = tokio::time::sleep(post.lasting);
    tokio::pin!(over);
    let closed = account.closed();
    let causing = async {
        match &provocation {
            Some(provocation) => provocation.cause(&keys).await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(causing);
    let mut caused = None;
    let mut by_user = false;
    while !seen.is_enough(args, post, &cx.facts) {
        tokio::select! {
            biased;
            Some(event) = arriving.recv() => {
                if let Some(line) = lines.of(&event) {
                    account.happens(&line);
                }
                seen.take(event);
            }
            () = &mut stop => { by_user = true; break; }
            () = closed.notified() => break,
            () = &mut over => break,
            made = &mut causing, if caused.is_none() => {
                let (Ok(what) | Err(what)) = &made;
                account.happens(&format!("{}  {what}", time_of_day(SystemTime::now())));
                let failed = made.is_err();
                caused = Some(made);
                if failed { break; }
            }
            ended = &mut door => {
                let why = ended.err().map_or_else(|| "it ended by itself".to_owned(), |error| error.to_string());
                return Err(Failure::machine("the listener broke", why));
            }
        }
    }
    let through = seen.is_enough(args, post, &cx.facts);
    let lasted = begun.elapsed();
    let mut ending = Ending { caused: caused.filter(|_| !by_user || through), ..Ending::default() };
    if let Some(provocation) = &provocation {
        if !through && !by_user {
            ending.event = provocation.event_at_workos().await;
        }
        ending.taken_back = Some(taken_back(provocation).await);
    }
    // What is being answered may finish: the deliverer would otherwise see a reset.
    tokio::time::sleep(LAST_ANSWER).await;
    door.abort();
    let rows = seen.rows(args, cx, post, lasted, &ending);
    account.rows(&rows);
    let interrupted = by_user && !through;
    let report = Report { head, rows, duration: begun.elapsed(), interrupted };
    let code = account.close(&report)?;
    Ok(if interrupted { session::INTERRUPTED } else { code })
}

/// How a run that made WorkOS send something ended.
#[derive(Default)]
struct Ending {
    /// What WorkOS was made to send, or why it could not be.
    caused: Option<Result<String, String>>,
    /// The id under which WorkOS lists the event, where it did not arrive.
    event: Option<String>,
    /// What was deleted again, or what is left.
    taken_back: Option<Result<Vec<String>, String>>,
}

/// What would be written, agreed to. Nothing is written yet.
async fn agreed<'a>(args: &ListenArgs, cx: &'a Context, post: &'a Post) -> Result<Provocation<'a>, Failure> {
    let vendor = Vendor { cx, key: key(cx, "--deliver")? };
    let provocation = Provocation::prepare(vendor, &post.webhook, &random()?)
        .await
        .map_err(|why| Failure::machine("--deliver cannot look which webhook endpoints there are", why))?;
    consent::ask(&provocation.in_words(), args.yes, "--deliver")?;
    Ok(provocation)
}

fn key<'a>(cx: &'a Context, flag: &str) -> Result<&'a Secret, Failure> {
    cx.settings.api_key.as_ref().map(|key| &key.value).ok_or_else(|| {
        Failure::Usage(format!(
            "{flag} needs the API key of the environment; WORKOS_API_KEY, or --api-key-file FILE, is right"
        ))
    })
}

/// Deletes what was made, unless the user insists on leaving, or the API does not answer for too long.
async fn taken_back(provocation: &Provocation<'_>) -> Result<Vec<String>, String> {
    let left = |why: &str| Err(format!("what is called {} ({why})", provocation.marker));
    tokio::select! {
        done = provocation.take_back() => done,
        () = session::told_to_stop() => left("the clean-up was interrupted"),
        () = tokio::time::sleep(LONGEST_CLEAN_UP) => left("the API did not answer in time"),
    }
}

/// How long deleting what was made may take.
const LONGEST_CLEAN_UP: Duration = Duration::from_secs(60);

/// How long an answer that is on its way has, after the last delivery.
const LAST_ANSWER: Duration = Duration::from_millis(200);

fn listener(
    args: &ListenArgs,
    cx: &Context,
    post: &Post,
    security: Security,
    nonce: Option<String>,
    heard: mpsc::Sender<Heard>,
) -> Listener {
    let secret = |given: &Option<crate::settings::Setting<Secret>>| given.as_ref().map(|given| given.value.clone());
    let webhook = Route {
        path: post.path.clone(),
        purpose: Purpose::Webhook,
        keys: Keys::of(secret(&cx.settings.webhook_secret)),
        answering: if args.accept { Answering::Accept } else { Answering::Defer },
    };
    let actions = post.action_path.as_ref().map(|path| Route {
        path: path.clone(),
        purpose: Purpose::Action,
        keys: Keys::of(secret(&cx.settings.actions_secret)),
        answering: if args.actions.is_some() { Answering::Allow } else { Answering::Defer },
    });
    Listener {
        entry: Entry {
            security,
            trusted_proxies: args.trusted_proxy.clone(),
            proxy_protocol: args.proxy_protocol,
            patience: cx.settings.timeout.value,
        },
        routes: [webhook].into_iter().chain(actions).collect(),
        nonce: nonce.map(Secret::new),
        marker: None,
        facts: cx.facts.clone(),
        heard,
    }
}

/// Thirty-two hexadecimal digits that nobody can guess.
fn random() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes)
        .map_err(|_| Failure::machine("cannot make a nonce", "the system gives no random numbers"))?;
    Ok(data_encoding::HEXLOWER.encode(&bytes))
}

fn announce(args: &ListenArgs, post: &Post, socket: &TcpListener, nonce: Option<&str>) {
    let place = socket.local_addr().unwrap_or(args.bind);
    let scheme = if args.plain { "http" } else { "https" };
    say(&format!("listening on {scheme}://{place}{} for {}; Ctrl-C ends it earlier", post.path, spoken(post.lasting)));
    if !args.accept {
        say(
            "genuine deliveries are answered 503, so that WorkOS delivers them again to the application (--accept takes them)",
        );
    }
    if let Some(nonce) = nonce {
        say(&format!("from outside: workos-preflight probe {} --nonce {nonce}", shown_url(&post.webhook)));
    }
}

impl Ending {
    /// What was written at WorkOS, as evidence, and what of it is left, as a finding.
    fn noted(&self, mut outcome: Outcome) -> Outcome {
        if let Some(Ok(what)) = &self.caused {
            outcome.saw("caused", what);
        }
        match &self.taken_back {
            Some(Ok(done)) => done.iter().for_each(|what| outcome.saw("at WorkOS", what)),
            Some(Err(left)) => outcome.found(delivered::left_behind(left)),
            None => {}
        }
        outcome
    }
}

/// What was heard so far, in bounded number.
#[derive(Default)]
struct Seen {
    deliveries: Vec<Delivery>,
    /// Signed ones, each event once: WorkOS repeats what is answered 503.
    genuine: usize,
    probes: Vec<ProbeSeen>,
    turned: BTreeMap<Turned, usize>,
    /// Deliveries beyond those that are kept.
    more: usize,
}

/// So many that are not genuine are kept, and so many that are.
const MOST_REFUSED: usize = 200;
const MOST_GENUINE: usize = 10_000;
const MOST_ACTIONS: usize = 10;

impl Seen {
    fn take(&mut self, heard: Heard) {
        match heard {
            Heard::Delivery(delivery) => self.take_delivery(*delivery),
            Heard::Probe(probe) if self.probes.len() < MOST_REFUSED => self.probes.push(probe),
            Heard::Probe(_) => {}
            Heard::Turned(why, _) => *self.turned.entry(why).or_default() += 1,
        }
    }

    fn take_delivery(&mut self, delivery: Delivery) {
        let id = |delivery: &Delivery| delivery.event.as_ref().and_then(|event| event.id.clone());
        let genuine = delivery.is_genuine();
        let refused = self.deliveries.len() - self.deliveries.iter().filter(|kept| kept.is_genuine()).count();
        if genuine && delivery.purpose == Purpose::Webhook {
            let again = id(&delivery).is_some()
                && self.deliveries.iter().any(|kept| kept.is_genuine() && id(kept) == id(&delivery));
            self.genuine += usize::from(!again);
        }
        let room = if genuine { self.deliveries.len() < MOST_GENUINE } else { refused < MOST_REFUSED };
        if room {
            self.deliveries.push(delivery);
        } else {
            self.more += 1;
        }
    }

    fn is_enough(&self, args: &ListenArgs, post: &Post, facts: &Facts) -> bool {
        if args.deliver {
            return self.deliveries.iter().any(|delivery| delivery.own);
        }
        let from = |address: &std::net::IpAddr| {
            self.deliveries.iter().any(|delivery| delivery.is_genuine() && delivery.source == *address)
        };
        let all = || facts.workos_sources.published.addresses.iter().all(from);
        let delivered = self.genuine >= post.enough || (args.expect_all && all());
        let probed = !args.nonce || !self.probes.is_empty();
        probed && (delivered || !post.deliveries)
    }

    fn rows(&self, args: &ListenArgs, cx: &Context, post: &Post, lasted: Duration, ending: &Ending) -> Vec<Row> {
        let mut rows = Vec::new();
        if args.nonce {
            let outcome = arrives::heard(&self.probes, lasted);
            rows.push(row(&arrives::SPEC, &post.webhook, true, self.with_turned(outcome), lasted));
        }
        let webhooks: Vec<Delivery> =
            self.deliveries.iter().filter(|delivery| delivery.purpose == Purpose::Webhook).cloned().collect();
        let secret = cx
            .settings
            .webhook_secret
            .as_ref()
            .map_or_else(|| "WORKOS_WEBHOOK_SECRET".to_owned(), |secret| secret.source.to_string());
        let caused = match &ending.caused {
            Some(Ok(what)) => Some(match &ending.event {
                Some(event) => format!("{what}, and lists it as {event}"),
                None => what.clone(),
            }),
            _ => None,
        };
        let arrivals = Arrivals {
            url: &post.webhook,
            deliveries: &webhooks,
            lasted,
            caused: caused.as_deref(),
            from_all: args.expect_all,
            secret: &secret,
        };
        let outcome = match &ending.caused {
            Some(Err(why)) if self.genuine == 0 => Outcome::graded(Grade::Declared).because(delivered::not_caused(why)),
            _ => delivered::judge(&arrivals, &cx.facts),
        };
        let outcome = ending.noted(self.with_turned(self.with_actions(outcome)));
        rows.push(row(&delivered::SPEC, &post.webhook, post.deliveries, outcome, lasted));
        rows
    }

    /// What came of Actions, as evidence.
    fn with_actions(&self, mut outcome: Outcome) -> Outcome {
        for action in self.deliveries.iter().filter(|delivery| delivery.purpose == Purpose::Action).take(MOST_ACTIONS) {
            let signature = match &action.signature {
                Signature::Holds(_) => "the signature holds".to_owned(),
                Signature::Refused(why) => format!("the signature {}", delivered::refusal_in_words(why)),
                Signature::Unchecked => "not checked, for want of the Actions secret".to_owned(),
            };
            let origin = delivered::origin_in_words(action.origin);
            outcome
                .saw("Action", format!("from {} ({origin}): {signature}; answered {}", action.source, action.answered));
        }
        outcome
    }

    /// What was turned away, as evidence: it may be what one waits for, in another shape.
    fn with_turned(&self, mut outcome: Outcome) -> Outcome {
        for (why, count) in &self.turned {
            outcome.saw("turned away", format!("{count} {}", why.in_words()));
        }
        if self.more > 0 {
            outcome.saw("not kept", format!("{} more requests", self.more));
        }
        outcome
    }
}

fn row(spec: &'static crate::check::Spec, url: &str, required: bool, outcome: Outcome, took: Duration) -> Row {
    let group = checks::specs().find(|(_, known)| known.id == spec.id).map(|(group, _)| group);
    let empty = Row {
        spec,
        group: group.unwrap_or(&checks::GROUPS[0]),
        required,
        subject: Some(shown_url(url)),
        status: Status::Unknown,
        reason: None,
        not_applicable: false,
        findings: Vec::new(),
        evidence: Vec::new(),
        grade: outcome.grade,
        via: None,
        attempts: 0,
        took,
        waived: None,
    };
    empty.ran(outcome, took)
}

/// The time of day in UTC, for lines that tell what happens.
fn time_of_day(time: SystemTime) -> String {
    let moment = jiff::Timestamp::try_from(time).unwrap_or_default();
    moment.strftime("%H:%M:%S").to_string()
}
