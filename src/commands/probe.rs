//! `probe`: the installation as it looks from outside, from a machine that is not its own.

use super::{Failure, gather, plan, session};
use crate::checks::GROUPS;
use crate::cli::ProbeArgs;
use crate::endpoint::Endpoint;
use crate::outcome::Vantage;
use crate::plan::{Choice, Plan};
use crate::said;
use crate::secret::Secret;
use crate::settings::values::{host, shown_url, url_endpoint, web_url};
use crate::settings::{ACTIONS_URL, DOMAIN, Declared, Layer, Probing, REDIRECT_URIS, Source, WEBHOOK_URL};

pub(super) fn run(args: &ProbeArgs) -> Result<u8, Failure> {
    let choice = choice(args)?;
    let mut layer = args.settings.layer().clone();
    named(&args.url, &mut layer)?;
    args.nonce.as_deref().inspect(|nonce| said::keep(nonce));
    let probing = Probing {
        expect_closed: args.expect_closed,
        allow_private: args.allow_private,
        nonce: args.nonce.as_deref().map(Secret::new),
    };
    let (settings, facts) = gather::settings_from_outside(layer)?;
    if probing.nonce.is_some() && settings.webhook_url.is_none() {
        return Err(Failure::Usage(
            "--nonce is for the path at which `listen` stands; give the whole webhook URL, such as https://app.customer.example/webhooks/workos".to_owned(),
        ));
    }
    let checks = Plan::from_outside(GROUPS, &facts, &settings, &choice, &probing);
    if args.plan {
        let head = session::head_here(&settings, &facts, Vantage::Outside);
        return plan::print(checks, head, "probe", args.output.format, args.output.color);
    }
    let cx = session::from_outside(settings, facts, probing)?;
    session::block_on(session::run(checks, cx, None, &args.output))?
}

/// Whoever expects to be kept out asks for nothing that needs to get in.
fn choice(args: &ProbeArgs) -> Result<Choice, Failure> {
    let mut choice = gather::choice(&args.choice)?;
    if args.expect_closed && choice.only.is_empty() {
        choice.only = ["domain", "ingress.closed-to-others"].map(str::to_owned).to_vec();
    }
    Ok(choice)
}

/// The installation that the command line names: by its webhook URL, or by its host alone.
fn named(typed: &str, layer: &mut Layer) -> Result<(), Failure> {
    for setting in [&WEBHOOK_URL, &ACTIONS_URL] {
        for given in given(layer, setting) {
            called(&setting.flags(), given)?;
        }
    }
    for given in given(layer, &REDIRECT_URIS) {
        let wanted = || usage(&REDIRECT_URIS.flags(), given, "a URL such as `https://app.customer.example/callback`");
        web_url(given).ok_or_else(wanted)?;
    }
    let bare = host(typed).ok().map(|name| format!("https://{name}/"));
    let typed = bare.as_deref().unwrap_or(typed);
    let endpoint = called("URL", typed)?;
    let url = web_url(typed);
    let has_path = url.as_ref().is_some_and(|url| url.path() != "/" || url.query().is_some());
    match (has_path, layer.of(&WEBHOOK_URL)) {
        (true, Some(_)) => Err(Failure::Usage(format!(
            "{} and --webhook-url both name a webhook; give one of them, or https://{}/ in place of the first",
            shown_url(typed),
            endpoint.host
        ))),
        (true, None) => {
            layer.give(&WEBHOOK_URL, [typed.to_owned()], Source::Argument("URL"));
            Ok(())
        }
        // The external name stands for its port 443; what is elsewhere has to be named with its path.
        (false, _) if endpoint.port != 443 => {
            Err(usage("URL", typed, "a URL with the webhook's path where the port is not 443"))
        }
        (false, _) => {
            layer.give(&DOMAIN, [endpoint.host], Source::Argument("URL"));
            Ok(())
        }
    }
}

fn given<'l>(layer: &'l Layer, setting: &Declared) -> &'l [String] {
    layer.of(setting).map_or(&[], |(values, _)| values)
}

/// What WorkOS calls, which is https at a host with a name.
fn called(what: &str, given: &str) -> Result<Endpoint, Failure> {
    let wanted = "an https URL with a host name, such as `https://app.customer.example/webhooks/workos`";
    let url = web_url(given).filter(|url| url.scheme() == "https");
    let endpoint = url.as_ref().and_then(url_endpoint).filter(|endpoint| host(&endpoint.host).is_ok());
    endpoint.ok_or_else(|| usage(what, given, wanted))
}

fn usage(what: &str, given: &str, wanted: &str) -> Failure {
    let given: String = said::line(&shown_url(given)).chars().take(200).collect();
    Failure::Usage(format!("{what} is `{given}`; expected {wanted}"))
}
