//! Faults in keys, IDs and what is registered with `WorkOS`.

use super::Fault;
use super::api::change_environments;
use crate::simulator::environment::Environment;

pub(super) const FAULTS: &[Fault] = &[
    Fault::new(
        "key-with-line-break",
        "The API key was read from a file with its line break.",
        &["settings.consistent/key-with-white-space"],
        |world| world.api_key.push('\n'),
    ),
    Fault::new(
        "webhook-secret-as-key",
        "The webhook secret stands where the API key should be.",
        &["settings.consistent/webhook-secret-as-key"],
        |world| world.api_key = world.webhook_secret.clone(),
    ),
    Fault::new(
        "customers-own-key",
        "The key is one that an application issued to its customer, not a key of WorkOS.",
        &["credentials.accepted/not-an-environment-key"],
        |world| "sk_8fKq2LmX7Rt4Wz9NcVb5YhJd3GsPa6Te".clone_into(&mut world.api_key),
    ),
    Fault::new(
        "client-of-another-environment",
        "The client ID is that of another environment than the API key.",
        &["credentials.pair/different-environments"],
        |world| {
            let mut other = Environment::of_customer();
            "client_01J4N8Q2V5X7Z9B3D6F8H1K4M7".clone_into(&mut other.client_id);
            other.api_keys = vec!["sk_live_other7Wq3Er5Ty8Ui2Op4As6Df".to_owned()];
            world.set("workos.client_id", other.client_id.clone());
            world.set("checks.probe_pair", "true");
            world.environments.push(other);
        },
    ),
    Fault::new(
        "redirect-slash",
        "The redirect URI is registered with a slash more at its end.",
        &["credentials.redirect/not-registered"],
        |world| change_environments(world, |it| it.redirect_uris.iter_mut().for_each(|uri| uri.push('/'))),
    ),
    Fault::new(
        "redirect-wildcard",
        "A wildcard among the redirect URIs accepts hosts that nobody meant.",
        &["credentials.redirect/too-broad"],
        |world| {
            change_environments(world, |it| it.redirect_uris = vec!["https://*.customer.example/callback".to_owned()]);
        },
    ),
    Fault::new(
        "no-authkit",
        "The redirect URI is registered, and the hosted login is not set up.",
        &["credentials.redirect/no-authkit"],
        |world| change_environments(world, |it| it.hosted_login = false),
    ),
    Fault::new(
        "events-forbidden",
        "The installation lives on events, and its key may not read them.",
        &["events.readable/forbidden"],
        |world| {
            world.set("strategy", "events");
            change_environments(world, |it| it.forbidden = vec!["events"]);
        },
    ),
    Fault::new(
        "webhook-duplicate",
        "The webhook endpoint is registered twice, so that every event arrives twice.",
        &["webhook.registered/duplicate"],
        |world| change_environments(world, |it| it.webhook_endpoints.extend(it.webhook_endpoints.clone())),
    ),
    Fault::new(
        "webhook-no-events",
        "The webhook endpoint is registered for no event.",
        &["webhook.registered/no-events"],
        |world| change_environments(world, |it| it.webhook_endpoints.iter_mut().for_each(|it| it.events.clear())),
    ),
    Fault::new(
        "webhook-endpoints-hidden",
        "The key may not list webhook endpoints, which says nothing about them: nothing is wrong.",
        &[],
        |world| change_environments(world, |it| it.forbidden = vec!["webhook_endpoints"]),
    ),
];
