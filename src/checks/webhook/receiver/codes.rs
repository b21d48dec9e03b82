//! What is wrong with an endpoint that takes webhooks or Actions, and what usually lies behind it.

use crate::check::Code;
use crate::outcome::Cause;

pub(in crate::checks) static ACCEPTS_UNSIGNED: Code =
    Code::error("accepts-unsigned", "the endpoint accepts a request that WorkOS did not sign").caused_by(&[
        Cause::vendor(
            "The handler does not verify signatures, or only in some environments.",
            "The application's log takes the made-up event, or says that verification is off.",
            "Verify the WorkOS-Signature header before anything else, and answer 401 when it is missing or wrong.",
        ),
        Cause::installer(
            "The application has no secret for this endpoint, and does without verification then.",
            "The application's settings have no WorkOS secret, or its log says so when it starts.",
            "Set the endpoint's secret in the application, as the WorkOS dashboard shows it, and restart it.",
        ),
        Cause::vendor(
            "The handler answers first, and verifies signatures afterwards, in a queue.",
            "The application's log has the made-up event refused, after the answer.",
            "Verify the signature before answering, and leave only what follows to the queue.",
        ),
        Cause::installer(
            "Something in front answers every path so: a catch-all, a default page, a firewall's page.",
            "The command, with a path that nothing has, prints the same.",
            "Pass the path to the application that handles it.",
        )
        .shown_by(POST),
    ]);

pub(in crate::checks) static NOT_FOUND: Code =
    Code::error("not-found", "there is nothing at the URL's path (404 or 410)").caused_by(&[
        Cause::installer(
            "The URL's path is not the one that the application has, by a prefix, a slash or a letter.",
            "The application's own log has the request, and its documentation names another path.",
            "Correct the URL's path, here and in the WorkOS dashboard.",
        ),
        Cause::installer(
            "The reverse proxy passes other paths to the application, and not this one.",
            "The reverse proxy's log has the request with 404, and the application's log does not have it.",
            "Have the reverse proxy pass the path to the application.",
        ),
        Cause::vendor(
            "This version of the application does not have the handler, or has it switched off.",
            "The application has the request with 404 in its log, at the path of its documentation.",
            "Switch the handler on, or deliver a version that has it.",
        ),
    ]);

pub(in crate::checks) static METHOD_REFUSED: Code = Code::error("method-refused", "the endpoint takes no POST (405)")
    .caused_by(&[
        Cause::installer(
            "The URL is of a page, and not of the handler.",
            "A browser shows a page at the URL.",
            "Correct the path of the URL, here and in the WorkOS dashboard.",
        )
        .shown_by("curl -si URL"),
        Cause::network(
            "A reverse proxy, load balancer or web application firewall lets only some methods through.",
            "The command, with a path that nothing has, prints 405 as well.",
            "Allow POST for the path on what stands in front.",
        )
        .shown_by(POST),
        Cause::installer(
            "What answers there serves files alone.",
            "The application's log does not have the request.",
            "Have it pass the path to the application.",
        ),
    ]);

pub(in crate::checks) static REDIRECTS: Code = Code::error("redirects", "the URL redirects to somewhere else")
    .caused_by(&[
        Cause::installer(
            "The server writes URLs its own way: with a slash, with www, or with https.",
            "The Location header differs from the URL in that alone.",
            "Register the final URL with WorkOS, and give it here.",
        )
        .shown_by(POST),
        Cause::network(
            "A sign-in stands before the whole site.",
            "The Location header leads to a sign-in that is not the application's.",
            "Exempt the path from that sign-in: the signature authenticates what WorkOS sends.",
        )
        .shown_by(POST),
        Cause::vendor(
            "The application sends whoever has no session to its own sign-in, here too.",
            "The Location header leads to the application's own sign-in.",
            "Exempt the path from the demand for a session.",
        )
        .shown_by(POST),
    ]);

pub(in crate::checks) static SERVER_ERROR: Code =
    Code::error("server-error", "the endpoint, or what stands before it, answers with a server error").caused_by(&[
        Cause::vendor(
            "The handler breaks on a request without a right signature.",
            "The status is 500, and the application's log has an error at this time.",
            "Answer 400 or 401 to what has no valid signature.",
        ),
        Cause::installer(
            "The application has no secret for this endpoint, and breaks when it needs it.",
            "The error in the application's log speaks of a setting that is missing.",
            "Set the endpoint's secret in the application, as the WorkOS dashboard shows it, and restart it.",
        ),
        Cause::installer(
            "The application is not up, or is in maintenance.",
            "The status is 502, 503 or 504, and the command shows no listener on the application's port.",
            "Start the application behind what answers, or end its maintenance.",
        )
        .shown_by("ss -ltnp"),
    ]);

pub(in crate::checks) static LOGIN_WALL: Code =
    Code::error("login-wall", "a page for people, or a demand to sign in, answers in the endpoint's place").caused_by(
        &[
            Cause::installer(
                "A sign-in stands before the whole site (single sign-on, a password of the web server).",
                "The page is a sign-in that is not the application's, or the command prints a WWW-Authenticate header.",
                "Exempt the path from that sign-in: the signature authenticates what WorkOS sends.",
            )
            .shown_by(POST),
            Cause::installer(
                "The path leads to the application's pages, and not to its server.",
                "The page is the application's own front page.",
                "Pass the path to the application's server.",
            ),
            Cause::installer(
                "The URL, or the public record of its host, leads to another site.",
                "The page is of something else.",
                "Correct the URL, or the public record of its host.",
            )
            .shown_by("dig @1.1.1.1 NAME +short"),
        ],
    );

pub(in crate::checks) static CLIENT_CERTIFICATE_REQUIRED: Code = Code::error(
    "client-certificate-required",
    "requests are refused for want of a client certificate, and WorkOS shows none",
)
.caused_by(&[
    Cause::network(
        "The server or gateway in front demands client certificates for every path.",
        "Its settings have a line such as ssl_verify_client (nginx), SSLVerifyClient (Apache) or mutual TLS for the whole site.",
        "Require no client certificate for the path.",
    )
    .shown_by(POST),
]);

pub(in crate::checks) static CROSS_SITE_TOKEN_REQUIRED: Code = Code::error(
    "cross-site-token-required",
    "requests are refused for want of a token against forged requests of browsers (CSRF), and WorkOS sends none",
)
.caused_by(&[Cause::vendor(
    "The framework's protection against cross-site requests covers the handler too.",
    "The answer speaks of a CSRF token or of an expired page (419).",
    "Exempt the path from the framework's protection against cross-site requests: the signature protects it.",
)
.shown_by(POST)]);

pub(in crate::checks) static REFUSED_BEFORE_THE_APPLICATION: Code = Code::undecided(
    "refused-before-the-application",
    "something before the application refuses: it answers every path alike, or says its name on the page, so nothing is known of the application",
)
.caused_by(&[
    Cause::network(
        "An allowlist for WorkOS's addresses leaves the looking machine out, as it should.",
        "The rules of what refuses name WorkOS's addresses, and not the looking machine's.",
        "Let the looking machine through for the time of the check.",
    ),
    Cause::network(
        "A web application firewall refuses the request.",
        "The page names the product, and its log at this time names the rule.",
        "Exempt POST of the path from that rule, for WorkOS's addresses at least.",
    ),
    Cause::network(
        "A sign-in stands before the whole site (forward auth, single sign-on).",
        "The status is 401, and it is at every other path.",
        "Exempt the path from that sign-in: the signature authenticates what WorkOS sends.",
    )
    .shown_by(POST),
    Cause::vendor(
        "The application itself refuses everything in these same words.",
        "The refusals stand in the application's own log.",
        "Answer a request without a right signature in words of its own, such as 401 and `invalid signature`.",
    ),
]);

pub(in crate::checks) static UNCLEAR_ANSWER: Code =
    Code::undecided("unclear-answer", "the endpoint refuses with a status that says nothing about signatures")
        .caused_by(&[
            Cause::vendor(
                "The handler looks at what the event says before it looks at the signature.",
                "The application's log has the request with this status.",
                "Verify the signature first, and answer 400 or 401 to what has no valid one.",
            ),
            Cause::network(
                "A rate limit refuses, and would refuse WorkOS too.",
                "The status is 429.",
                "Raise the rate limit for the path, for WorkOS's addresses at least.",
            )
            .shown_by(POST),
            Cause::network(
                "A limit for the size of bodies refuses.",
                "The status is 413.",
                "Allow bodies of at least 1 MB for the path (nginx: client_max_body_size 1m).",
            )
            .shown_by(POST),
        ]);

pub(in crate::checks) static NO_ANSWER: Code =
    Code::undecided("no-answer", "no HTTP answer came from the URL").like_an_allowlist().caused_by(&[
        Cause::installer(
            "The application, or the reverse proxy before it, ends the connection without an answer.",
            "Its log has an error, or a restart, at this time.",
            "Mend what its log says, and run this again.",
        ),
        Cause::vendor(
            "The handler waits for something before it answers.",
            "The command connects, and then waits until it is ended.",
            "Answer as soon as the signature is verified, and at once where it is not valid.",
        )
        .shown_by(POST),
        Cause::network(
            "Something in front cuts POST off and lets GET through.",
            "The command, without -X POST and -d, prints an answer.",
            "Let POST of the path through.",
        )
        .shown_by(POST),
    ]);

const POST: &str = "curl -si -X POST -H 'Content-Type: application/json' -d '{}' URL";
