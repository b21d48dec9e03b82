//! What `ingress.callback` finds, and what usually lies behind it.

use crate::check::Code;
use crate::outcome::Cause;

pub(in crate::checks) static NOT_FOUND: Code =
    Code::error("not-found", "there is nothing at the redirect URI's path (404 or 410)").caused_by(&[
        Cause::installer(
            "The redirect URI's path is not the one that the application has, by a prefix, a slash or a letter.",
            "The application's own log has the request, and its documentation names another path.",
            "Correct the redirect URI, here, in the application and in the WorkOS dashboard.",
        ),
        Cause::installer(
            "The reverse proxy passes other paths to the application, and not this one.",
            "The reverse proxy's log has the request with 404, and the application's log does not have it.",
            "Have the reverse proxy pass the path to the application.",
        ),
        Cause::network(
            "The name leads to another server.",
            "What the command prints is not of the application.",
            "Publish the installation's public address for its name, and forward TCP 443 there to it.",
        )
        .shown_by("curl -si https://NAME/"),
    ]);

pub(in crate::checks) static SERVER_ERROR: Code =
    Code::error("server-error", "the application, or what stands before it, answers with a server error").caused_by(&[
        Cause::vendor(
            "The handler breaks where a browser comes back without a code.",
            "The status is 500, and the application's log has an error at this time.",
            "Answer 400 to a request without a code, or lead it back to the sign-in.",
        ),
        Cause::installer(
            "The reverse proxy does not reach the application.",
            "The status is 502, 503 or 504, and the command shows no listener on the application's port.",
            "Start the application behind the reverse proxy.",
        )
        .shown_by("ss -ltnp"),
    ]);

pub(in crate::checks) static LOGIN_WALL: Code =
    Code::error("login-wall", "the sign-in of another product answers in the application's place").caused_by(&[
        Cause::installer(
            "An access product (single sign-on, forward auth) stands before the whole site.",
            "The answer, or the place to which it redirects, names that product or the organization's sign-in.",
            "Exempt the callback's path from the access product.",
        )
        .shown_by("curl -si URL"),
        Cause::installer(
            "The web server asks for a name and a password of its own.",
            "The command prints a WWW-Authenticate header.",
            "Take the demand for a password off the callback's path in the web server.",
        )
        .shown_by("curl -si URL"),
    ]);

pub(in crate::checks) static SIGN_IN_EVERYWHERE: Code = Code::undecided(
    "sign-in-everywhere",
    "a page with a sign-in answers here as at every other path: an access product's, or the application's own",
)
.caused_by(&[
    Cause::installer(
        "The application runs in the browser, and its server answers every path with the one page that has its sign-in.",
        "The page is the application's own.",
        "Change nothing, and sign in once to see that the callback takes the code.",
    ),
    Cause::installer(
        "An access product (single sign-on, forward auth) stands before the whole site.",
        "The page is another product's, or the organization's sign-in.",
        "Exempt the callback's path from the access product.",
    ),
]);

pub(in crate::checks) static UNTRUSTED: Code =
    Code::error("untrusted", "the certificate at the redirect URI is not one that browsers trust").caused_by(&[
        Cause::installer(
            "The certificate has expired, is for another name, or comes without its intermediate.",
            "The finding says so, and the command shows its dates and names.",
            "Install a certificate for the redirect URI's host that its users' browsers trust, with its intermediate.",
        )
        .shown_by("openssl s_client -connect NAME:443 -servername NAME -showcerts </dev/null"),
        Cause::installer(
            "The certificate is of the organization's own CA, and this host lacks that CA.",
            "The issuer is that CA, and the browsers of users show no warning.",
            "Give the CA's certificate with --ca-bundle, and run this again.",
        )
        .shown_by(
            "openssl s_client -connect NAME:443 -servername NAME </dev/null 2>/dev/null | openssl x509 -noout -issuer",
        ),
    ]);

pub(in crate::checks) static UNREACHABLE: Code = Code::error(
    "unreachable",
    "from outside, nothing answers at the redirect URI",
)
.like_an_allowlist()
.caused_by(&[
    Cause::network(
        "All users' browsers are inside, and the edge lets nobody else in, as it should.",
        "Nobody uses the application from outside the site's networks without a VPN.",
        "Change nothing, and look from inside with `workos-preflight check`.",
    ),
    Cause::network(
        "The edge lets in fewer addresses than those from which users' browsers come.",
        "A user outside cannot open the application's front page either.",
        "Allow inbound TCP 443 from where users' browsers are: their addresses are neither WorkOS's nor Cloudflare's.",
    ),
    Cause::installer(
        "The application is not up.",
        "From inside the command prints no answer either.",
        "Start the application.",
    )
    .shown_by("curl -si URL"),
]);

pub(in crate::checks) static NOT_REACHED: Code =
    Code::undecided("not-reached", "from inside, the redirect URI is not reached, which proves nothing").caused_by(&[
        Cause::network(
            "The edge does not turn connections from this host around to its own public address (hairpin).",
            "A browser on a user's machine opens the redirect URI, and shows an error of the application itself.",
            "Change nothing: users' browsers go another way than this host.",
        ),
        Cause::network(
            "The resolvers of this host do not know the redirect URI's host.",
            "The command prints nothing.",
            "Add the host to the DNS inside, with the address that browsers inside use.",
        )
        .shown_by("getent hosts NAME"),
        Cause::installer(
            "Nothing listens where the redirect URI leads to.",
            "A browser on a user's machine does not open it either, and the command shows no line with the port there.",
            "Start the application, or the reverse proxy before it.",
        )
        .shown_by("ss -ltn"),
    ]);

pub(in crate::checks) static REFUSED_BEFORE_THE_APPLICATION: Code = Code::undecided(
    "refused-before-the-application",
    "something before the application refuses: it answers every path alike, or says its name on the page, so nothing is known of the application",
)
.caused_by(&[
    Cause::network(
        "An allowlist for WorkOS's or Cloudflare's addresses holds for the callback too, to which users' browsers come.",
        "Every path is refused in the same way, in a user's browser too.",
        "Let users' browsers through to the callback: they come from their own addresses.",
    )
    .shown_by("curl -si URL"),
    Cause::network(
        "A web application firewall refuses the request.",
        "The page names the product, and its log at this time names the rule.",
        "Exempt GET of the callback's path from that rule.",
    ),
    Cause::network(
        "A sign-in stands before the whole site.",
        "The status is 401, and it is at every other path.",
        "Exempt the callback's path from that sign-in.",
    )
    .shown_by("curl -si URL"),
    Cause::network(
        "What answers demands a client certificate.",
        "The finding says so, and a browser asks which certificate to send.",
        "Require no client certificate for the callback's path, unless every user's browser has one.",
    ),
]);

pub(in crate::checks) static UNCLEAR_ANSWER: Code =
    Code::undecided("unclear-answer", "the answer's status says neither that the callback is there nor that it is not")
        .caused_by(&[
            Cause::vendor(
                "The handler answers a request without a code in an unusual way.",
                "The application's log has the request with this status.",
                "Answer 400 to a request without a code, or lead it back to the sign-in.",
            ),
            Cause::network(
                "Something in front answers: a rate limit, or a list of allowed methods and headers.",
                "The application's log does not have the request.",
                "Exempt the callback's path from what answers in front.",
            )
            .shown_by("curl -si URL"),
        ]);

pub(in crate::checks) static REDIRECTS_ELSEWHERE: Code = Code::warning(
    "redirects-elsewhere",
    "the callback sends browsers to a host that is neither the installation's nor one of WorkOS",
)
.caused_by(&[
    Cause::installer(
        "The application has another host of its own, such as one for its pages.",
        "The host in the Location header is the application's.",
        "Change nothing where that host is the application's own.",
    )
    .shown_by("curl -si URL"),
    Cause::installer(
        "The installation was given a new name, and the old one redirects to it.",
        "Every path is redirected, to the same path at the new name.",
        "Correct the redirect URI to the new name, here, in the application and in the WorkOS dashboard.",
    )
    .shown_by("curl -si URL"),
    Cause::installer(
        "An access product stands before the site, under a name that this tool does not know.",
        "The page in the Location header is a sign-in that is not the application's.",
        "Exempt the callback's path from the access product.",
    )
    .shown_by("curl -si URL"),
]);
