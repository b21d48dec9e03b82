//! What `actions.delivered` finds, and what usually lies behind it.

use crate::check::Code;
use crate::checks::webhook::delivered::codes::{HEADER_DROPPED, HIDDEN, REWRITTEN};
use crate::outcome::Cause;

pub(in crate::checks) static FROM_ELSEWHERE: Code =
    Code::error("from-elsewhere", "a genuine Action arrived from an address that is not WorkOS's").caused_by(HIDDEN);

pub(in crate::checks) static BAD_SIGNATURE: Code =
    Code::error("bad-signature", "what arrived has no signature that holds").caused_by(&[
        Cause::installer(
            "The secret is not the Actions endpoint's: it is the webhook's, or another environment's.",
            "The finding says whose secret it is made with, or that it holds for nothing that was tried.",
            "Copy the secret of the Actions endpoint anew from the WorkOS dashboard, in one line.",
        ),
        Cause::installer(
            "This host's clock is off by more than half a minute.",
            "The finding says that the signature is right, and too old or ahead of this host's clock.",
            "Set this host's clock by NTP.",
        )
        .shown_by("timedatectl"),
        REWRITTEN,
        HEADER_DROPPED,
    ]);

pub(in crate::checks) static NOTHING_ARRIVED: Code = Code::undecided(
    "nothing-arrived",
    "no Action arrived, and it is not known whether WorkOS sent one while somebody listened",
)
.caused_by(&[
    Cause::vendor(
        "Nobody signed in, and no test Action was sent, in that time.",
        "Nobody knows of a sign-in or of a test Action at this time.",
        "Send a test Action from the WorkOS dashboard while somebody listens, or sign in.",
    ),
    Cause::network(
        "The edge does not let WorkOS in, or forwards the port to another host.",
        "A test Action from the WorkOS dashboard fails, and the command shows no packet meanwhile.",
        "Allow inbound TCP 443 from WorkOS's published addresses, and forward it to this host.",
    )
    .shown_by("tcpdump -ni any 'tcp port 443'"),
    Cause::vendor(
        "The Action is set to another URL.",
        "The URL of the Action in the WorkOS dashboard is not the one at which somebody listens.",
        "Set the Action in the WorkOS dashboard to the Actions URL, letter by letter.",
    ),
]);

pub(in crate::checks) static OTHER_PATH: Code =
    Code::undecided("other-path", "an Action with a signature that holds came for another path").caused_by(&[
        Cause::network(
            "A proxy in front takes the beginning of the path away, or puts one before it.",
            "The path that was asked for is the end of the URL's path, or the reverse.",
            "Have the proxy pass on the path as it came (in nginx: proxy_pass without a path or slash behind host and port).",
        ),
        Cause::vendor(
            "The Action is set to another path.",
            "The URL of the Action in the WorkOS dashboard has the path that was asked for.",
            "Make the path in the WorkOS dashboard and that of the URL given here the same, letter by letter.",
        ),
    ]);

pub(in crate::checks) static NOT_VERIFIED: Code =
    Code::undecided("not-verified", "Actions arrived, and there was no secret to hold their signatures to").caused_by(
        &[Cause::installer(
            "The listener was started without the Actions secret.",
            "Neither WORKOS_ACTIONS_SECRET nor --actions-secret-file was given to it.",
            "Give the secret of the Actions endpoint in one of the two, and listen again.",
        )],
    );

pub(in crate::checks) static FROM_REPORTED_SOURCE: Code = Code::warning(
    "from-reported-source",
    "a genuine Action arrived, from an address that others reported and WorkOS's guide does not list",
)
.caused_by(&[Cause::network(
    "WorkOS sends from more addresses than its guide for installations lists.",
    "`workos-preflight requirements` names the address among the reported ones.",
    "Keep the address allowed, and allow the other reported ones too.",
)]);
