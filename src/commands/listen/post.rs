//! What `listen` stands at: which URL, for how long, until what has come, and how it speaks.

use std::time::Duration;

use super::super::Failure;
use crate::cli::ListenArgs;
use crate::inbound::Security;
use crate::settings::values::{duration, shown_url, web_url};
use crate::settings::{Setting, Settings};

/// What is stood at, and for how long.
pub(super) struct Post {
    pub(super) webhook: Option<Target>,
    pub(super) actions: Option<Target>,
    pub(super) lasting: Duration,
    /// How many genuine deliveries are enough.
    pub(super) enough: usize,
    /// Whether deliveries are wanted at all, or only a probe.
    pub(super) deliveries: bool,
}

/// A URL that WorkOS delivers to.
pub(super) struct Target {
    pub(super) url: String,
    pub(super) path: String,
    host: String,
}

const USUAL_TIME: Duration = Duration::from_secs(600);

/// WorkOS delivers what was caused within seconds.
const USUAL_TIME_OF_A_DELIVERY: Duration = Duration::from_secs(60);

impl Post {
    pub(super) fn of(args: &ListenArgs, settings: &Settings) -> Result<Self, Failure> {
        let target = |name: &str, given: &Option<Setting<String>>| {
            given.as_ref().map(|given| Target::of(name, given)).transpose()
        };
        let webhook = target("installation.webhook_url", &settings.webhook_url)?;
        let actions = target("installation.actions_url", &settings.actions_url)?;
        if webhook.is_none() && (actions.is_none() || args.deliver || args.expect_all) {
            return Err(Failure::Usage(
                "listen stands at the webhook URL, and none is given; --webhook-url https://app.customer.example/webhooks/workos, or installation.webhook_url in the settings file, is right (--actions-url alone where only Actions are used)".to_owned(),
            ));
        }
        if args.actions.is_some() && (actions.is_none() || settings.actions_secret.is_none()) {
            return Err(Failure::Usage(
                "--actions allow signs its answers, and needs --actions-url and the Actions secret (WORKOS_ACTIONS_SECRET, or --actions-secret-file)".to_owned(),
            ));
        }
        if let (Some(webhook), Some(actions)) = (&webhook, &actions)
            && webhook.path == actions.path
        {
            return Err(Failure::Usage(format!(
                "webhooks and Actions both arrive at {}, and cannot be told apart; a path of its own for each is right",
                webhook.path
            )));
        }
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
            webhook,
            actions,
            lasting,
            enough,
            deliveries: !args.nonce || args.count.is_some() || args.expect_all || args.deliver,
        })
    }

    /// What is stood at first: the webhook URL, or that of Actions where there is no other.
    pub(super) fn first(&self) -> &Target {
        static NOWHERE: Target = Target { url: String::new(), path: String::new(), host: String::new() };
        self.webhook.as_ref().or(self.actions.as_ref()).unwrap_or(&NOWHERE)
    }
}

impl Target {
    fn of(name: &str, given: &Setting<String>) -> Result<Self, Failure> {
        let Some(url) = web_url(&given.value) else {
            return Err(Failure::Usage(format!(
                "{name} (from {}) is `{}`; a whole URL such as https://app.customer.example/path is right",
                given.source,
                shown_url(&given.value)
            )));
        };
        Ok(Target {
            path: url.path().to_owned(),
            host: url.host_str().unwrap_or_default().to_owned(),
            url: given.value.clone(),
        })
    }
}

pub(super) fn security(args: &ListenArgs, post: &Post) -> Result<Security, Failure> {
    match (&args.tls_cert, &args.tls_key) {
        (Some(chain), Some(key)) => Security::from_files(chain, key)
            .map_err(|(file, why)| Failure::machine(format!("cannot use {}", file.display()), why)),
        _ if args.plain => Ok(Security::Plain),
        _ if args.self_signed => Security::self_made(vec![post.first().host.clone()])
            .map_err(|why| Failure::machine("cannot make a certificate", why)),
        _ => Err(Failure::Usage(
            "listen has to know how it speaks; --tls-cert FILE --tls-key FILE is right where WorkOS reaches this host itself, --plain or --self-signed behind a proxy that ends TLS".to_owned(),
        )),
    }
}

pub(super) fn in_words(error: &std::io::Error, port: u16) -> String {
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
