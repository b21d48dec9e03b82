//! `listen`: stands at the webhook URL and says what arrives, from where, and whether WorkOS signed it.

mod asked;
mod clean_up;
mod consent;
mod lines;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use tokio::net::TcpListener;
use tokio::sync::mpsc;

use self::lines::Lines;
use super::outputs::Outputs;
use super::session::{self, Account};
use super::{Failure, exit, gather, say};
use crate::checks::consistent;
use crate::cli::{ListenArgs, USUAL_PLACE};
use crate::context::Context;
use crate::inbound::{Answering, Entry, Heard, Keys, Listener, Route, Security};
use crate::listening::provocation::{Listed, Provocation};
use crate::listening::vendor::Vendor;
use crate::listening::{Caused, EndOfStand, Seen, Stand, Stood, Until};
use crate::outcome::command;
use crate::report::{Head, Report};
use crate::said::{all_of, spoken, time_of_day};
use crate::secret::Secret;
use crate::settings::Source;
use crate::settings::values::shown_url;
use crate::workos::delivery::Purpose;

pub(super) fn run(args: &ListenArgs) -> Result<u8, Failure> {
    let (settings, facts) = gather::settings(&args.settings)?;
    if args.clean_up {
        return clean_up::run(args, settings, facts);
    }
    let (stand, until) = (asked::stand(args, &settings)?, asked::until(args)?);
    let security = asked::security(args, &stand)?;
    let cx = session::this_machine(settings, facts)?;
    session::block_on(async {
        let socket = TcpListener::bind(args.bind).await.map_err(|error| {
            Failure::machine(
                format!("cannot listen on {} (--bind)", args.bind),
                asked::unbound(&error, args.bind.port()),
            )
        })?;
        listen(args, &cx, (&stand, &until), security, socket).await
    })?
}

async fn listen(
    args: &ListenArgs,
    cx: &Arc<Context>,
    (stand, until): (&Stand, &Until),
    security: Security,
    socket: TcpListener,
) -> Result<u8, Failure> {
    let outputs = Outputs::of(&args.output)?;
    let provocation = if args.deliver { Some(agreed(args, cx, stand).await?) } else { None };
    // Whoever delivers is not to wait for whoever reads.
    exit::never_wait();
    let head = Head { settings: shown(args, cx), ..session::head(cx, None) };
    let account = Account::open(&head, outputs, &args.output)?;
    let nonce = args.nonce.then(random).transpose()?;
    let (tell, mut arriving) = mpsc::channel(1024);
    let mut listener = listener(args, cx, stand, security, nonce.clone(), tell);
    listener.marker = provocation.as_ref().map(|provocation| provocation.marker.to_string());
    let webhooks = listener.routes.iter().find(|route| route.purpose == Purpose::Webhook);
    let keys = webhooks.map(|route| Arc::clone(&route.keys)).unwrap_or_default();
    let stop = session::told_to_stop();
    tokio::pin!(stop);
    let closed = account.closed();
    let mut reception = Reception { seen: Seen::default(), lines: Lines::new(&cx.facts), account };
    let tally = Arc::clone(&listener.tally);
    announce(args, cx, (stand, until), &socket, nonce.as_deref());
    let mut door = tokio::spawn(Arc::new(listener).serve(socket));

    let begun = Instant::now();
    let over = tokio::time::sleep(until.lasting);
    tokio::pin!(over);
    let stopping = AtomicBool::new(false);
    let causing = async {
        match &provocation {
            Some(provocation) => provocation.cause(&keys, &stopping).await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(causing);
    let mut made = None;
    let ended = loop {
        if reception.seen.is_enough(stand, until, &cx.facts) {
            break EndOfStand::Enough;
        }
        tokio::select! {
            // A flood of arrivals must not keep the end from coming.
            biased;
            () = &mut stop => break EndOfStand::Told,
            () = closed.notified() => break EndOfStand::Unread,
            () = &mut over => break EndOfStand::TimeOver,
            Some(event) = arriving.recv() => {
                reception.hear(event);
                if reception.seen.came_from_elsewhere(until) && over.deadline() > tokio::time::Instant::now() + GRACE {
                    over.as_mut().reset(tokio::time::Instant::now() + GRACE);
                }
            }
            event = &mut causing, if made.is_none() => {
                let (Ok(what) | Err(what)) = &event;
                reception.account.happens(&format!("{}  {what}", time_of_day(SystemTime::now())));
                let failed = event.is_err();
                made = Some(event);
                if failed { break EndOfStand::NotCaused; }
            }
            ended = &mut door => {
                let why = ended.err().map_or_else(|| "it ended by itself".to_owned(), |error| error.to_string());
                break EndOfStand::Broken(why);
            }
        }
    };
    let lasted = begun.elapsed();
    let mut caused = Caused::default();
    if let Some(provocation) = &provocation {
        stopping.store(true, Ordering::Relaxed);
        if ended.is_cut_short() {
            say(DELETING);
        }
        let taking_back = async {
            // A write that is on its way is not left alone: only its answer says what there is to take back.
            if made.is_none() {
                made = tokio::time::timeout(cx.settings.timeout.value, &mut causing).await.ok();
            }
            let look = ended != EndOfStand::Enough && !ended.is_cut_short();
            let event = if look { provocation.event_at_workos().await } else { Listed::Unknown };
            (event, provocation.take_back().await)
        };
        let taking_back = unless_insisted(taking_back, provocation, ended.is_cut_short());
        let (event, back) = reception.while_it_lasts(taking_back, &mut arriving).await;
        caused = Caused { listed: event, taken_back: Some(back), written: provocation.written(), ..caused };
    }
    caused.event = made;
    caused.too_early = ended.is_cut_short();
    if let EndOfStand::Broken(why) = ended {
        return Err(Failure::machine("the listener broke", why));
    }
    // What is being answered may finish: the deliverer would otherwise see a reset.
    tokio::time::sleep(LAST_ANSWER).await;
    door.abort();
    // What stands there holds descriptors until it is over, and reports need some.
    let _ = door.await;
    while let Ok(event) = arriving.try_recv() {
        reception.hear(event);
    }
    let Reception { seen, mut account, .. } = reception;
    let rows = seen.rows(&Stood { cx, stand, until, lasted, caused: &caused, tally: &tally });
    account.rows(&rows);
    let report =
        Report { head, rows, duration: begun.elapsed(), interrupted: ended.is_cut_short(), waivers: Vec::new() };
    let code = account.close(&report)?;
    Ok(if ended == EndOfStand::Told { session::INTERRUPTED } else { code })
}

/// Where what arrives is told and kept.
struct Reception<'a> {
    seen: Seen,
    lines: Lines<'a>,
    account: Account<'a>,
}

impl Reception<'_> {
    fn hear(&mut self, event: Heard) {
        if let Some(line) = self.lines.of(&event) {
            self.account.happens(&line);
        }
        self.seen.take(event);
    }

    /// What arrives meanwhile is still answered, so it is still told.
    async fn while_it_lasts<T>(&mut self, work: impl Future<Output = T>, arriving: &mut mpsc::Receiver<Heard>) -> T {
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => break done,
                Some(event) = arriving.recv() => self.hear(event),
            }
        }
    }
}

/// What would be written, agreed to. Nothing is written yet.
async fn agreed<'a>(args: &ListenArgs, cx: &'a Context, stand: &'a Stand) -> Result<Provocation<'a>, Failure> {
    let vendor = Vendor::new(cx, key(cx, "--deliver")?);
    let provocation = Provocation::prepare(vendor, &stand.awaited().1.url, &random()?)
        .await
        .map_err(|why| Failure::machine("--deliver cannot list the webhook endpoints", why))?;
    consent::ask(&provocation.in_words(), args.yes, "--deliver")?;
    Ok(provocation)
}

fn key<'a>(cx: &'a Context, flag: &str) -> Result<&'a Secret, Failure> {
    cx.settings.api_key.as_ref().map(|key| &key.value).ok_or_else(|| {
        Failure::Usage(format!(
            "{flag} needs the API key of the environment: set WORKOS_API_KEY, or give --api-key-file FILE"
        ))
    })
}

/// What is said once while what was made is being deleted.
const DELETING: &str = "what was made at WorkOS is being deleted; Ctrl-C leaves it there";

/// Brings a provocation to its end, unless the user insists on leaving, or the API does not answer for too long.
async fn unless_insisted(
    ended: impl Future<Output = (Listed, Result<Vec<String>, String>)>,
    provocation: &Provocation<'_>,
    told_already: bool,
) -> (Listed, Result<Vec<String>, String>) {
    let left = |why: &str| (Listed::Unknown, Err(format!("what is called {} ({why})", provocation.marker)));
    let insists = async {
        if !told_already {
            session::told_to_stop().await;
            say(DELETING);
        }
        session::told_to_stop().await;
    };
    tokio::select! {
        done = ended => done,
        () = insists => left("the clean-up was interrupted"),
        () = tokio::time::sleep(LONGEST_CLEAN_UP) => left("the API did not answer in time"),
    }
}

/// How long deleting what was made may take.
const LONGEST_CLEAN_UP: Duration = Duration::from_mins(1);

/// The settings, and what else a proof rests on.
fn shown(args: &ListenArgs, cx: &Context) -> Vec<(&'static str, String, Source)> {
    let speaks = match (args.plain, args.self_signed) {
        (true, _) => ("--plain", "HTTP"),
        (_, true) => ("--self-signed", "TLS with a certificate made for the occasion"),
        _ => ("--tls-cert", "TLS"),
    };
    let mut shown = cx.settings.shown.clone();
    let usual = args.bind.to_string() == USUAL_PLACE;
    shown.push(("listen.bind", args.bind.to_string(), if usual { Source::Default } else { Source::Flag("--bind") }));
    shown.push(("listen.speaks", speaks.1.to_owned(), Source::Flag(speaks.0)));
    for range in &args.trusted_proxy {
        shown.push(("listen.trusted_proxy", range.to_string(), Source::Flag("--trusted-proxy")));
    }
    for (given, name, flag) in [
        (args.proxy_protocol, "listen.proxy_protocol", "--proxy-protocol"),
        (args.accept, "listen.accept", "--accept"),
        (args.deliver, "listen.deliver", "--deliver"),
    ] {
        shown.extend(given.then(|| (name, "true".to_owned(), Source::Flag(flag))));
    }
    shown
}

/// Where enough has come from addresses that nobody lists, one that is listed may still come for so long.
const GRACE: Duration = Duration::from_secs(10);

/// How long an answer that is on its way has, after the last delivery.
const LAST_ANSWER: Duration = Duration::from_millis(200);

fn listener(
    args: &ListenArgs,
    cx: &Context,
    stand: &Stand,
    security: Security,
    nonce: Option<String>,
    heard: mpsc::Sender<Heard>,
) -> Listener {
    let secret = |given: &Option<crate::settings::Setting<Secret>>| given.as_ref().map(|given| given.value.clone());
    let webhook = stand.webhook().map(|target| Route {
        path: target.path.clone(),
        purpose: Purpose::Webhook,
        keys: Keys::of(secret(&cx.settings.webhook_secret)),
        answering: if args.accept { Answering::Accept } else { Answering::Defer },
    });
    let actions = stand.actions().map(|target| Route {
        path: target.path.clone(),
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
        routes: webhook.into_iter().chain(actions).collect(),
        nonce: nonce.map(Secret::new),
        marker: None,
        facts: cx.facts.as_ref().clone(),
        heard,
        tally: Arc::default(),
    }
}

/// Thirty-two hexadecimal digits that nobody can guess.
fn random() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| Failure::machine("cannot make a nonce", "the system gives no random numbers"))?;
    Ok(data_encoding::HEXLOWER.encode(&bytes))
}

fn announce(
    args: &ListenArgs,
    cx: &Context,
    (stand, until): (&Stand, &Until),
    socket: &TcpListener,
    nonce: Option<&str>,
) {
    let place = socket.local_addr().unwrap_or(args.bind);
    let scheme = if args.plain { "http" } else { "https" };
    let paths: Vec<&str> =
        [stand.webhook(), stand.actions()].into_iter().flatten().map(|it| it.path.as_str()).collect();
    let (paths, time) = (all_of(paths), spoken(until.lasting));
    say(&format!("listening on {scheme}://{place}{paths} for {time}; Ctrl-C ends it earlier"));
    if let Some(nonce) = nonce {
        let probe = command!("workos-preflight probe {} --nonce {}", shown_url(&stand.awaited().1.url), nonce);
        say(&format!("from outside: {probe}"));
    }
    match (stand.actions(), args.actions) {
        (None, _) => {}
        (Some(_), None) => {
            say("genuine Actions are answered 503, so nobody can log in meanwhile (--actions allow lets everybody)");
        }
        (Some(_), Some(_)) => {
            say("genuine Actions are answered with Allow, so the application's own rules do not count meanwhile");
        }
    }
    for purpose in [Purpose::Webhook, Purpose::Action].into_iter().filter(|_| !args.deliver) {
        if let Some(finding) = consistent::of_secret(purpose, &cx.settings) {
            say(&format!(
                "{}, so no signature will hold: {}",
                finding.problem,
                finding.remediations.likeliest().action
            ));
        }
    }
    if stand.webhook().is_none() {
        return;
    }
    if cx.settings.webhook_secret.is_none() && !args.deliver {
        say(
            "no webhook secret is given, so signatures cannot be checked and nothing can be proved (WORKOS_WEBHOOK_SECRET, or --webhook-secret-file)",
        );
        return;
    }
    let application = "so that WorkOS delivers them again to the application";
    if !args.accept {
        say(&format!("genuine deliveries are answered 503, {application} (--accept takes them)"));
    }
}
