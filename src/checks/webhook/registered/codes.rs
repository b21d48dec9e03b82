//! What `webhook.registered` finds, and what usually lies behind it.

use crate::check::Code;
use crate::checks::webhook::delivered::codes::{NOTHING_ARRIVED, OTHER_PATH, SOME_REFUSED};
use crate::outcome::Cause;

pub(in crate::checks) static NOT_REGISTERED: Code =
    Code::error("not-registered", "no endpoint of this environment has the webhook URL, or one like it")
        .explains(&[&NOTHING_ARRIVED])
        .caused_by(&[
            Cause::vendor(
                "The endpoint was never registered for this installation.",
                "Under Webhooks in the WorkOS dashboard, no environment has an endpoint with this host.",
                "Register the webhook URL in this customer's environment, with the events that the application handles, and set its secret here.",
            ),
            Cause::vendor(
                "It was registered in another environment, such as staging.",
                "Another environment of the WorkOS dashboard has the webhook URL.",
                "Register it in this customer's environment too, and set the secret of that endpoint here.",
            ),
            Cause::installer(
                "The API key here is of another environment than the endpoint.",
                "The organizations that the key can see are not this customer's.",
                "Give the API key of this customer's environment.",
            ),
        ]);

pub(in crate::checks) static DISABLED: Code = Code::error("disabled", "the endpoint is registered and disabled")
    .explains(&[&NOTHING_ARRIVED])
    .caused_by(&[Cause::vendor(
        "Somebody disabled the endpoint, in an incident or until the installation would be ready, and did not enable it again.",
        "The endpoint is shown as disabled under Webhooks in the WorkOS dashboard.",
        "Enable the endpoint under Webhooks in the WorkOS dashboard of this customer's environment.",
    )]);

pub(in crate::checks) static NOT_ESTABLISHED: Code =
    Code::undecided("not-established", "what came back says nothing about webhook endpoints").caused_by(&[
        Cause::workos(
            "The API cannot answer just now, or limits how often it is asked.",
            "The finding names a status of 429 or from 500 on, and it goes away when this is run again later.",
            "Run this again in some minutes; look at https://status.workos.com/ if it stays.",
        ),
        Cause::vendor(
            "The environment has more endpoints than are read here.",
            "The finding says that there are more.",
            "Look under Webhooks in the WorkOS dashboard of this customer's environment.",
        ),
    ]);

pub(in crate::checks) static URL_DIFFERS: Code =
    Code::warning("url-differs", "an endpoint is registered whose URL is nearly the webhook URL")
        .explains(&[&NOTHING_ARRIVED, &OTHER_PATH])
        .caused_by(&[
            Cause::vendor(
                "The endpoint was registered with another slash, prefix, port or scheme.",
                "The application serves the webhook URL that is given here, and not the registered one.",
                "Change the endpoint in the WorkOS dashboard to the webhook URL, letter by letter.",
            ),
            Cause::installer(
                "--webhook-url is not the URL that the application has.",
                "The application serves the registered URL.",
                "Give the registered URL with --webhook-url.",
            ),
        ]);

pub(in crate::checks) static NO_EVENTS: Code = Code::warning("no-events", "the endpoint is registered for no event")
    .explains(&[&NOTHING_ARRIVED])
    .caused_by(&[Cause::vendor(
        "The endpoint was registered before anybody chose its events, or by a program that names none.",
        "The endpoint shows no event under Webhooks in the WorkOS dashboard.",
        "Select the events that the application handles on the endpoint in the WorkOS dashboard.",
    )]);

pub(in crate::checks) static DUPLICATE: Code = Code::warning(
    "duplicate",
    "several enabled endpoints have the webhook URL: events arrive several times",
)
.explains(&[&SOME_REFUSED])
.caused_by(&[
    Cause::vendor(
        "The endpoint was registered anew at each installation or upgrade.",
        "The endpoints have the same events.",
        "Delete all but one of them in the WorkOS dashboard, and keep the one whose secret the application has.",
    ),
    Cause::vendor(
        "The events were divided among several endpoints with one URL.",
        "The endpoints have different events.",
        "Select all of the events on the endpoint whose secret the application has, and delete the others.",
    ),
]);
