//! `probe`: the installation as it looks from outside, from a machine that is not its own.

use super::{Failure, gather, plan, print, print_json, session};
use crate::checks::GROUPS;
use crate::cli::ProbeArgs;
use crate::endpoint::Endpoint;
use crate::outcome::Vantage;
use crate::plan::{Choice, Plan};
use crate::said;
use crate::secret::Secret;
use crate::settings::values::{host, shown_url, url_endpoint, web_url};
use crate::settings::{Layer, Probing, Source};

pub(super) fn run(args: &ProbeArgs) -> Result<u8, Failure> {
    let choice = choice(args)?;
    let mut layer = args.layer();
    named(args, &mut layer)?;
    let probing = Probing { expect_closed: args.expect_closed, allow_private: args.allow_private };
    let (mut settings, facts) = gather::settings_from_outside(layer, probing)?;
    args.nonce.as_deref().inspect(|nonce| said::keep(nonce));
    settings.nonce = args.nonce.as_deref().map(Secret::new);
    if settings.nonce.is_some() && settings.webhook_url.is_none() {
        return Err(Failure::Usage(
            "--nonce is for the path at which `listen` stands; give the whole webhook URL, such as https://app.customer.example/webhooks/workos".to_owned(),
        ));
    }
    let checks = Plan::new(GROUPS, &facts, &settings, Vantage::Outside, &choice);
    if args.plan {
        return match args.output.format.name {
            "json" => print_json(&plan::as_json(&checks)),
            _ => print(&plan::human(&checks, "probe")),
        };
    }
    let cx = session::this_machine(settings, facts, Vantage::Outside, None)?;
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
fn named(args: &ProbeArgs, layer: &mut Layer) -> Result<(), Failure> {
    for (flag, given) in [("--webhook-url", &args.webhook_url), ("--actions-url", &args.actions_url)] {
        if let Some(given) = given {
            called(flag, given)?;
        }
    }
    for given in &args.redirect_uri {
        let wanted = || usage("--redirect-uri", given, "a URL such as `https://app.customer.example/callback`");
        web_url(given).ok_or_else(wanted)?;
    }
    let bare = host(&args.url).ok().map(|name| format!("https://{name}/"));
    let typed = bare.as_deref().unwrap_or(&args.url);
    let endpoint = called("URL", typed)?;
    let url = web_url(typed);
    let has_path = url.as_ref().is_some_and(|url| url.path() != "/" || url.query().is_some());
    match (has_path, &args.webhook_url) {
        (true, Some(_)) => Err(Failure::Usage(format!(
            "{} and --webhook-url both name a webhook; give one of them, or https://{}/ in place of the first",
            shown_url(typed),
            endpoint.host
        ))),
        (true, None) => {
            layer.give("installation.webhook_url", [typed.to_owned()], Source::Argument("URL"));
            Ok(())
        }
        // The external name stands for its port 443; what is elsewhere has to be named with its path.
        (false, _) if endpoint.port != 443 => {
            Err(usage("URL", typed, "a URL with the webhook's path where the port is not 443"))
        }
        (false, _) => {
            layer.give("installation.domain", [endpoint.host], Source::Argument("URL"));
            Ok(())
        }
    }
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
    Failure::Usage(format!("{what} is `{given}`; {wanted} is right"))
}
