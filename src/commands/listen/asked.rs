//! What was asked for: what `listen` stands at, until when, and how it speaks.

use std::time::Duration;

use super::super::Failure;
use crate::cli::ListenArgs;
use crate::inbound::Security;
use crate::listening::{Stand, Until, Wanted};
use crate::settings::Settings;
use crate::settings::values::duration;

const USUAL_TIME: Duration = Duration::from_mins(10);

/// WorkOS delivers what was caused within seconds.
const USUAL_TIME_OF_A_DELIVERY: Duration = Duration::from_mins(1);

pub(super) fn stand(args: &ListenArgs, settings: &Settings) -> Result<Stand, Failure> {
    let needs_webhook = args.deliver || args.expect_all;
    let stand = Stand::of(settings).map_err(Failure::Usage)?;
    let Some(stand) = stand.filter(|stand| stand.webhook().is_some() || !needs_webhook) else {
        return Err(Failure::Usage(
            "listen stands at the webhook URL, and none is given: give --webhook-url https://app.customer.example/webhooks/workos, or installation.webhook_url in the settings file (only --actions-url where only Actions are used)".to_owned(),
        ));
    };
    if args.actions.is_some() && (stand.actions().is_none() || settings.actions_secret.is_none()) {
        return Err(Failure::Usage(
            "--actions allow signs its answers, and needs --actions-url and the Actions secret (WORKOS_ACTIONS_SECRET, or --actions-secret-file)".to_owned(),
        ));
    }
    Ok(stand)
}

pub(super) fn until(args: &ListenArgs) -> Result<Until, Failure> {
    let lasting = match args.lasting.as_deref().map(|given| (given, duration(given))) {
        None if args.deliver => USUAL_TIME_OF_A_DELIVERY,
        None => USUAL_TIME,
        Some((_, Ok(time))) => time,
        Some((given, Err(wanted))) => {
            return Err(Failure::Usage(format!("--for is `{given}`; expected {wanted}")));
        }
    };
    let wanted = match args.count {
        _ if args.deliver => Some(Wanted::Caused),
        Some(count) => Some(Wanted::Genuine(count as usize)),
        None if args.expect_all => Some(Wanted::FromAll),
        None => (!args.nonce).then_some(Wanted::Genuine(1)),
    };
    Ok(Until { lasting, probe: args.nonce, wanted, from_all: args.expect_all })
}

pub(super) fn security(args: &ListenArgs, stand: &Stand) -> Result<Security, Failure> {
    match (&args.tls_cert, &args.tls_key) {
        (Some(chain), Some(key)) => Security::from_files(chain, key)
            .map_err(|(file, why)| Failure::machine(format!("cannot use {}", file.display()), why)),
        _ if args.plain => Ok(Security::Plain),
        _ if args.self_signed => Security::self_made(vec![stand.awaited().1.host.clone()])
            .map_err(|why| Failure::machine("cannot make a certificate", why)),
        _ => Err(Failure::Usage(
            "choose how to listen: --tls-cert FILE --tls-key FILE where WorkOS reaches this host itself, --plain or --self-signed behind a proxy that ends TLS".to_owned(),
        )),
    }
}

/// Why a port cannot be listened on.
pub(super) fn unbound(error: &std::io::Error, port: u16) -> String {
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
