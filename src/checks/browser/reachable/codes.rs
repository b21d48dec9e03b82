//! What `browser.reachable` finds, and what usually lies behind it.

use crate::outcome::{Cause, Code};

/// Browsers take another way than this run did.
const BY_A_PROXY: Cause = Cause::installer(
    "Browsers of this site go through a proxy, and this run went direct.",
    "The browser on this machine opens the page, and its settings name a proxy or a PAC file.",
    "Set HTTPS_PROXY to the proxy that users' browsers have, and run this again.",
)
.shown_by("env | grep -i _proxy");

const SHAKEN: &str = "openssl s_client -connect HOST:443 -servername HOST -showcerts </dev/null";

pub(in crate::checks) static UNRESOLVED: Code = Code::error("unresolved", "the host's name does not resolve here")
    .caused_by(&[
        Cause::network(
            "A name filter knows workos.com, and not the other hosts of the hosted pages.",
            "Here api.workos.com resolves, and this host does not.",
            "Take the host off the name filter's list, so that the resolver of users' machines answers for it.",
        )
        .shown_by("nslookup HOST; nslookup api.workos.com"),
        BY_A_PROXY,
        Cause::installer(
            "The host that was given with --authkit-domain is spelt differently.",
            "A public resolver says as well that it does not exist.",
            "Correct --authkit-domain.",
        )
        .shown_by("dig @1.1.1.1 HOST A +short"),
    ]);

pub(in crate::checks) static NO_CONNECTION: Code =
    Code::error("no-connection", "no address of the host, or not the proxy, accepts a connection to it").caused_by(&[
        Cause::network(
            "The firewall or proxy of users' machines lacks the host in its list.",
            "Other hosts outside accept a connection from here.",
            "Allow outbound TCP 443 from users' machines to the host, by name where the firewall or proxy can.",
        )
        .shown_by("curl -sv --connect-timeout 5 https://HOST/"),
        BY_A_PROXY,
    ]);

pub(in crate::checks) static NO_HANDSHAKE: Code =
    Code::error("no-handshake", "the TLS handshake with the host does not complete").caused_by(&[
        Cause::network(
            "A web filter that reads the server name cuts off what its list lacks.",
            "With another name after -servername the handshake completes, or is answered at least.",
            "Allow the server name in the web filter for users' machines.",
        )
        .shown_by("openssl s_client -connect HOST:443 -servername example.com </dev/null"),
        Cause::network(
            "TLS inspection on the way hangs or fails.",
            "Other https hosts hang as well, or show an issuer that is not a public one.",
            "Exempt the host from TLS inspection.",
        )
        .shown_by(SHAKEN),
    ]);

pub(in crate::checks) static UNTRUSTED: Code = Code::error("untrusted", "the host's certificate does not hold here")
    .caused_by(&[
        Cause::network(
            "TLS is inspected with a CA that this machine does not have.",
            "The issuer is the company's or a security product's, and browsers of other machines trust it.",
            "Exempt the host from TLS inspection, or see that users' browsers trust the inspecting CA.",
        )
        .shown_by(SHAKEN),
        Cause::network(
            "A web filter answers for the host, to show its block page.",
            "Behind the warning, the browser shows the page of a filter.",
            "Allow the host in the web filter for users' machines.",
        )
        .shown_by("curl -skL https://HOST/ | head -40"),
        Cause::installer(
            "This machine's clock is wrong.",
            "The time that the command prints is not the time of day in UTC.",
            "Set this machine's clock.",
        )
        .shown_by("date -u"),
    ]);

pub(in crate::checks) static NOT_LEARNT: Code =
    Code::undecided("not-learnt", "the host of the hosted login is not named, and a sign-in does not lead to it")
        .caused_by(&[
            Cause::installer(
                "WorkOS refuses the client ID or the redirect URI, so that no sign-in begins.",
                "`credentials.redirect` fails in the same run.",
                "Mend what credentials.redirect finds, or name the host with --authkit-domain.",
            ),
            Cause::network(
                "The API is not reached, where sign-ins begin.",
                "A check of egress fails in the same run.",
                "Mend what the checks of egress find.",
            ),
            Cause::installer(
                "Sign-ins of this environment do not go by the hosted login, or by a way that cannot be followed.",
                "Neither credentials.redirect nor egress finds anything wrong.",
                "Name the host with --authkit-domain: it stands under Domains in the WorkOS dashboard.",
            ),
        ]);

pub(in crate::checks) static INTERCEPTED: Code =
    Code::warning("intercepted", "the host's certificate is trusted here and not in public: TLS is inspected")
        .caused_by(&[
            Cause::network(
                "This site inspects TLS, with a CA that this machine trusts.",
                "The issuer is the company's or a product's, on other machines as well.",
                "See that every user's browser trusts this CA, or exempt the host from TLS inspection.",
            )
            .shown_by(SHAKEN),
            Cause::installer(
                "Security software on this machine itself inspects TLS.",
                "The issuer is that software's, and a machine beside this one sees the public issuer.",
                "Exempt the host in that software, where browsers show a warning.",
            )
            .shown_by(SHAKEN),
        ]);
