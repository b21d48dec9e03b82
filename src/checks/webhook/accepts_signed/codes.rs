//! What `webhook.accepts-signed` finds, and what usually lies behind it.

use crate::check::Code;
use crate::outcome::Cause;

pub(in crate::checks) static SIGNATURE_REFUSED: Code =
    Code::error("signature-refused", "the endpoint refuses an event that is signed with the webhook secret").caused_by(
        &[
            Cause::installer(
                "The application has another secret than the one given here: of another endpoint, another environment, or cut.",
                "The finding names another spelling of the secret that is accepted, or says that the secrets most likely differ.",
                "Give both the secret that the WorkOS dashboard shows for this endpoint, whole and with its whsec_, and restart the application.",
            ),
            Cause::vendor(
                "The signature is verified over a body that was parsed and written anew.",
                "The finding says that the body {} is accepted.",
                "Verify the signature over the raw body of the request, before anything parses it.",
            ),
            Cause::installer(
                "The clock of the installation is off by minutes.",
                "The finding says that a signature made earlier or later is accepted.",
                "Set the clock of what verifies signatures by NTP.",
            )
            .shown_by("timedatectl"),
            Cause::vendor(
                "The handler refuses types of events that it does not know, in the words in which it refuses signatures.",
                "The application's log speaks of the type of the event, and not of its signature.",
                "Answer 2xx to signed events of types that the handler does not know.",
            ),
        ],
    );

pub(in crate::checks) static SLOW: Code =
    Code::error("slow", "the endpoint takes more than 5 s to answer a signed event").caused_by(SLOWNESS);

pub(in crate::checks) static SLOWISH: Code =
    Code::warning("slowish", "the endpoint takes more than 3 s to answer a signed event").caused_by(SLOWNESS);

const SLOWNESS: &[Cause] = &[
    Cause::vendor(
        "The handler does its work before it answers.",
        "The application's log has that work between the event and the answer.",
        "Answer 200 as soon as the signature is verified, and handle the event afterwards.",
    ),
    Cause::installer(
        "The installation is short of something: processors, memory, connections to its database.",
        "The command prints seconds for the application's front page too.",
        "Give the installation what it is short of.",
    )
    .shown_by("curl -so /dev/null -w '%{time_total}\\n' https://NAME/"),
    Cause::network(
        "The handler asks another host before it answers, and the way there is closed or slow.",
        "The application's log has a wait for another host, or a name that is not found in time.",
        "Open the way from the installation to that host.",
    ),
];

pub(in crate::checks) static REFUSED_BEFORE_THE_APPLICATION: Code = Code::undecided(
    "refused-before-the-application",
    "something before the application refuses the signed event, so nothing is known of secret, clock or body",
)
.caused_by(&[
    Cause::network(
        "A web application firewall takes something in the body of the event for an attack.",
        "The page names the product, and its log at this time names the rule.",
        "Exempt POST of the webhook path from that rule, for WorkOS's addresses at least.",
    ),
    Cause::network(
        "What stands in front demands a client certificate.",
        "The finding says so.",
        "Require no client certificate for the webhook path.",
    ),
    Cause::vendor(
        "The framework's protection against cross-site requests covers the handler too.",
        "The answer speaks of a CSRF token or of an expired page (419).",
        "Exempt the webhook path from the framework's protection against cross-site requests.",
    ),
]);

pub(in crate::checks) static REFUSED_OTHERWISE: Code = Code::undecided(
    "refused-otherwise",
    "a signed event is refused in another way than a forged one: for what it says, it seems, and not for its signature",
)
.caused_by(&[
    Cause::vendor(
        "The handler refuses types of events that it does not know.",
        "The answer, or the application's log, speaks of the type of the event.",
        "Answer 2xx to signed events of types that the handler does not know, or WorkOS delivers them again for days.",
    ),
    Cause::vendor(
        "The handler demands fields that not every event has.",
        "The answer, or the application's log, names a field.",
        "Demand only what events of a type that the handler knows need, and answer 2xx to the others.",
    ),
]);

pub(in crate::checks) static NO_ANSWER: Code = Code::undecided("no-answer", "no HTTP answer came to the signed event")
    .caused_by(&[
        Cause::vendor(
            "The handler breaks on the event, or waits for something before it answers.",
            "The application's log has an error or a wait at this time.",
            "Answer 200 as soon as the signature is verified, whatever becomes of the event.",
        ),
        Cause::installer(
            "The answer comes later than this tool waits.",
            "With a longer --timeout an answer comes.",
            "Run this again with a longer --timeout, to tell a slow answer from none.",
        ),
        Cause::network(
            "Something in front cuts the request off for what is in its body.",
            "The command prints an answer, and the application's log does not have the signed event.",
            "Exempt POST of the webhook path from what inspects bodies in front.",
        )
        .shown_by("curl -si -X POST -H 'Content-Type: application/json' -d '{}' URL"),
    ]);
