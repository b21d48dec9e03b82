//! Faults in what answers for the `WorkOS` API, in the key and in the environment behind it.

use super::Fault;
use crate::simulator::environment::{Environment, Organization};
use crate::simulator::service::{ApiManner, Certificate, ClientCertificate, Http2Manner, Service, Site};
use crate::simulator::world::{API_ADDRESSES, World};

pub(super) const FAULTS: &[Fault] = &[
    Fault::new(
        "block-page",
        "A web filter answers with its own page, and with status 200.",
        &["egress.answers/block-page"],
        |world| behave(world, ApiManner::BlockPage),
    ),
    Fault::new(
        "captive-portal",
        "A hotspot redirects everything to its sign-in.",
        &["egress.answers/captive-portal"],
        |world| behave(world, ApiManner::CaptivePortal),
    ),
    Fault::new(
        "filter-redirect",
        "A web filter redirects requests to the page on which it refuses them.",
        &["egress.answers/block-page"],
        |world| behave(world, ApiManner::FilterRedirect),
    ),
    Fault::new(
        "edge-refuses",
        "Cloudflare takes this machine's requests for a robot's, and refuses them in plain text (error 1010).",
        &["egress.answers/refused-at-the-edge"],
        |world| behave(world, ApiManner::RefusedAtEdge(1010)),
    ),
    Fault::new(
        "edge-bans",
        "Cloudflare refuses the address that this machine's requests come from (error 1006).",
        &["egress.answers/address-banned"],
        |world| behave(world, ApiManner::RefusedAtEdge(1006)),
    ),
    Fault::new(
        "answer-from-a-cache",
        "A cache on the way gives answers that it kept for ten minutes, and says so: the clock is right, and the key unproved.",
        &["credentials.accepted/kept-answer"],
        |world| behave(world, ApiManner::Kept(600)),
    ),
    Fault::new(
        "key-removed",
        "An inspecting proxy removes the header that carries the API key; the API answers as to one without.",
        &["egress.trusted/intercepted", "credentials.accepted/unauthorized"],
        |world| {
            super::network::intercept(world);
            world.corporate_ca_trusted = true;
            world.put(
                &API_ADDRESSES,
                &Service::Tls {
                    certificate: Certificate::PrivateCa,
                    client_certificate: ClientCertificate::NotAsked,
                    site: Site::Workos(ApiManner::KeyRevoked),
                },
            );
        },
    ),
    Fault::new(
        "challenge",
        "Cloudflare asks this network to solve a challenge that only a browser can pass.",
        &["egress.answers/challenge"],
        |world| behave(world, ApiManner::CloudflareChallenge),
    ),
    Fault::new(
        "not-the-api",
        "Something else answers with JSON where the WorkOS API should be.",
        &["egress.answers/not-the-api"],
        |world| behave(world, ApiManner::NotTheApi),
    ),
    Fault::new(
        "not-found",
        "A gateway answers 404 where the WorkOS API should be.",
        &["egress.answers/not-the-api"],
        |world| behave(world, ApiManner::NotFound),
    ),
    Fault::new(
        "no-answer",
        "Something on the way takes the request and never passes the answer on.",
        &["egress.answers/no-answer"],
        |world| behave(world, ApiManner::NeverAnswers),
    ),
    Fault::new(
        "not-json",
        "Something on the way rewrites the body of the answer.",
        &["egress.answers/not-the-api"],
        |world| behave(world, ApiManner::NotJson),
    ),
    Fault::new(
        "compressed",
        "Something on the way compresses answers with gzip, which programs undo: nothing is wrong.",
        &[],
        |world| behave(world, ApiManner::Compressed),
    ),
    Fault::new(
        "compressed-for-browsers",
        "Something on the way compresses answers with Brotli, which nobody asked for.",
        &["egress.answers/compressed"],
        |world| behave(world, ApiManner::CompressedForBrowsers),
    ),
    Fault::new("http2-only", "The WorkOS API is reached over HTTP/2 alone: nothing is wrong.", &[], |world| {
        over_http2(world, Http2Manner::Only);
    }),
    Fault::new(
        "http2-broken",
        "Something on the way breaks HTTP/2, and HTTP/1.1 works: the API is not at fault.",
        &["egress.http2/broken"],
        |world| over_http2(world, Http2Manner::GoesAway),
    ),
    Fault::new(
        "truncated-json",
        "The connection closes in the middle of the answer.",
        &["egress.answers/truncated"],
        |world| behave(world, ApiManner::TruncatedJson),
    ),
    Fault::new(
        "bad-gateway",
        "A gateway on the way, not the edge of WorkOS, answers 502.",
        &["egress.answers/bad-gateway"],
        |world| behave(world, ApiManner::BadGatewayWithoutCfRay),
    ),
    Fault::new(
        "api-down",
        "WorkOS itself is unavailable; this network is not at fault.",
        &["egress.answers/api-unavailable"],
        |world| behave(world, ApiManner::Unavailable { html: false }),
    ),
    Fault::new(
        "api-down-at-the-edge",
        "Cloudflare answers 503 for WorkOS; this network is not at fault.",
        &["egress.answers/api-unavailable"],
        |world| behave(world, ApiManner::Unavailable { html: true }),
    ),
    Fault::new(
        "headers-missing",
        "The right answer arrives without the headers that WorkOS sends.",
        &["egress.answers/headers-missing"],
        |world| behave(world, ApiManner::HeadersMissing),
    ),
    Fault::new("oversized-body", "The answer is 50 MB long.", &["egress.answers/truncated"], |world| {
        world.put(&API_ADDRESSES, &Service::https(Site::OversizedBody));
    }),
    Fault::new("endless-body", "The answer never ends.", &["egress.answers/truncated"], |world| {
        world.put(&API_ADDRESSES, &Service::https(Site::EndlessBody));
    }),
    Fault::new("delayed", "Every answer of the WorkOS API comes 800 ms late: nothing is wrong.", &[], |world| {
        late(world, 800);
    }),
    Fault::new(
        "slow",
        "Every answer of the WorkOS API comes two and a half seconds late.",
        &["egress.stable/slow"],
        |world| late(world, 2_500),
    ),
    Fault::new(
        "lossy",
        "One connection in four to the WorkOS API goes silent, as where one of several ways is broken.",
        &["egress.stable/unstable"],
        |world| {
            world.set("checks.samples", "8");
            behave(world, ApiManner::Lossy);
        },
    ),
    Fault::new(
        "clock-skewed",
        "The clock of this machine is ten minutes behind, so every webhook's signature would be refused.",
        &["egress.clock/skewed"],
        |world| behave(world, ApiManner::ClockOff(600)),
    ),
    Fault::new(
        "stalled-on-size",
        "Small requests pass and large ones vanish, as where the path carries smaller packets than it says.",
        &["egress.carries/stalled-on-size"],
        |world| behave(world, ApiManner::StallsOnSize),
    ),
    Fault::new(
        "padding-refused",
        "A gateway on the way refuses requests with large headers.",
        &["egress.carries/padding-refused"],
        |world| behave(world, ApiManner::RefusesLargeHeaders),
    ),
    Fault::new(
        "key-in-quotes",
        "The API key was pasted with quotes around it.",
        &["settings.consistent/key-in-quotes"],
        |world| world.api_key = format!("\"{}\"", world.api_key),
    ),
    Fault::new("key-revoked", "WorkOS does not accept the API key.", &["credentials.accepted/unauthorized"], |world| {
        behave(world, ApiManner::KeyRevoked);
    }),
    Fault::new(
        "key-forbidden",
        "WorkOS knows the API key but does not let it read anything.",
        &["credentials.accepted/forbidden"],
        |world| behave(world, ApiManner::Forbidden),
    ),
    Fault::new(
        "rate-limited",
        "WorkOS says that too many requests were made with this key.",
        &["credentials.accepted/rate-limited"],
        |world| {
            behave(world, ApiManner::RateLimited { retry_after: 1, once: false });
        },
    ),
    Fault::new("rate-limited-once", "WorkOS asks to wait a second and then answers: nothing is wrong.", &[], |world| {
        behave(world, ApiManner::RateLimited { retry_after: 1, once: true });
    }),
    Fault::new(
        "staging-key",
        "The API key works but is the one of a staging environment.",
        &["credentials.environment/staging-key-in-production"],
        |world| {
            let key = "sk_test_demo8Hn3JpYw5LqXsC6vTfD2gKm".to_owned();
            world.environments.iter_mut().for_each(|it| it.api_keys.push(key.clone()));
            world.api_key = key;
        },
    ),
    Fault::new(
        "shared-key",
        "The API key reaches the organizations of other customers.",
        &["credentials.isolated/shared"],
        |world| change_environments(world, |it| it.organizations.extend(other_customers())),
    ),
    Fault::new(
        "organization-missing",
        "The API key does not reach the organization this installation is for.",
        &["credentials.isolated/organization-missing"],
        |world| change_environments(world, |it| it.organizations.clear()),
    ),
    Fault::new(
        "unknown-client",
        "WorkOS knows no application by the client ID.",
        &["credentials.client/unknown-client"],
        |world| world.set("workos.client_id", "client_01HZBC6N1EB1ZY7KG32Y"),
    ),
    Fault::new(
        "redirect-unregistered",
        "The redirect URI is not registered with WorkOS, so nobody can sign in.",
        &["credentials.redirect/not-registered"],
        |world| change_environments(world, |it| it.redirect_uris.clear()),
    ),
    Fault::new(
        "webhook-unregistered",
        "WorkOS has no webhook endpoint for this installation.",
        &["webhook.registered/not-registered"],
        |world| change_environments(world, |it| it.webhook_endpoints.clear()),
    ),
    Fault::new(
        "webhook-disabled",
        "The webhook endpoint is registered with WorkOS but disabled.",
        &["webhook.registered/disabled"],
        |world| {
            change_environments(world, |it| {
                it.webhook_endpoints.iter_mut().for_each(|it| it.enabled = false);
            });
        },
    ),
    Fault::new(
        "webhook-url-differs",
        "The webhook endpoint registered with WorkOS has a slash more than the application's.",
        &["webhook.registered/url-differs"],
        |world| {
            change_environments(world, |it| {
                it.webhook_endpoints.iter_mut().for_each(|it| it.url.push('/'));
            });
        },
    ),
];

fn behave(world: &mut World, manner: ApiManner) {
    world.put(&API_ADDRESSES, &Service::https(Site::Workos(manner)));
}

fn over_http2(world: &mut World, manner: Http2Manner) {
    world.put(&API_ADDRESSES, &Service::Http2 { manner, site: Site::Workos(ApiManner::Works) });
}

pub(super) fn change_environments(world: &mut World, change: impl Fn(&mut Environment)) {
    world.environments.iter_mut().for_each(change);
}

fn other_customers() -> [Organization; 2] {
    [("org_01J0QW7M2E5V8X3K6T9RBN4HCD", "Globex"), ("org_01J0QWA9S4D7F2G5H8JKL3Z6XC", "Initech")].map(|(id, name)| {
        Organization { id: id.to_owned(), name: name.to_owned(), domain: format!("{}.example", name.to_lowercase()) }
    })
}

/// Patience enough that being late is no failure.
fn late(world: &mut World, milliseconds: u64) {
    world.set("network.timeout", "5s");
    behave(world, ApiManner::Late(milliseconds));
}
