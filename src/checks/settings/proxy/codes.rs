//! The ways in which proxy settings lead programs apart.

use crate::check::Code;
use crate::checks::egress::{connects, handshake, resolves};
use crate::outcome::Cause;

/// What a request meets that goes past the proxy of a site where the proxy is the only way out.
const WITHOUT_THE_PROXY: &[&Code] = &[
    &resolves::codes::NXDOMAIN,
    &resolves::codes::NODATA,
    &resolves::codes::SERVFAIL,
    &resolves::codes::REFUSED,
    &resolves::codes::STRANGE_CODE,
    &resolves::codes::DNS_TIMED_OUT,
    &resolves::codes::DNS_UNREACHABLE,
    &resolves::codes::NOT_RESOLVED,
    &connects::codes::TIMED_OUT,
    &connects::codes::REFUSED,
    &connects::codes::RESET,
    &connects::codes::UNREACHABLE,
    &connects::codes::NO_ROUTE,
    &handshake::codes::STALLED,
    &handshake::codes::RESET_IN_HANDSHAKE,
];

pub(in crate::checks) static MALFORMED: Code = Code::error(
    "malformed",
    "a proxy variable of the environment holds something that programs do not take as a proxy",
)
.explains(WITHOUT_THE_PROXY)
.caused_by(&[
    Cause::installer(
        "An env file, a unit or a manifest adds something to the value: quotes, a blank, a Windows line end.",
        "`cat -A` shows quotes, or `^M` or a blank before the `$` that ends the line.",
        "Set the variable to the bare URL, http://PROXY:PORT, and give the file Unix line ends.",
    )
    .shown_by("env | grep -i _proxy | cat -A"),
    Cause::installer(
        "The value is written as desktops and browsers write it: `socks://`, or the URL of a PAC file.",
        "It begins with something other than http, https, socks5 or socks5h, or it ends in `.pac`.",
        "Ask customer IT for the proxy's host and port, and set HTTPS_PROXY=http://PROXY:PORT where the application is started.",
    ),
    Cause::installer(
        "A template was filled in halfway: the port is no number, or the host is missing.",
        "The value holds a placeholder, such as `PORT`, `${PROXY}` or `http://:3128`.",
        "Set the variable to the proxy's own host and port, or unset it where no proxy is meant.",
    ),
]);
pub(in crate::checks) static DISAGREEMENT: Code = Code::warning(
    "disagreement",
    "the proxy variables disagree, or programs read one in different ways, so that they take different ways",
)
.caused_by(&[
    Cause::installer(
        "A variable is set in both spellings, by two files or two people, and only one of them was changed.",
        "`env` shows the small and the large spelling with different values.",
        "Set both spellings to the same value where the application is started.",
    )
    .shown_by("env | grep -i _proxy | sort -f"),
    Cause::installer(
        "NO_PROXY and no_proxy exempt different hosts, and one of them covers the API.",
        "One of the two holds `workos.com`, `*` or the API's host, and the other does not.",
        "Set both to one list: with the API's host in it if direct is meant, and without it if not.",
    )
    .shown_by("printenv no_proxy NO_PROXY"),
    Cause::installer(
        "The proxy's password holds a character that means something in a URL, such as `@`, `#` or `/`.",
        "There is more than one `@` in the value, or a `#` or `/` before its last `@`.",
        "Write such characters of the password percent-encoded: `%40` for `@`, `%23` for `#`, `%2F` for `/`.",
    ),
]);
pub(in crate::checks) static HTTP_ONLY: Code =
    Code::warning("http-only", "HTTP_PROXY is set and HTTPS_PROXY is not, so that requests to WorkOS go direct")
        .explains(WITHOUT_THE_PROXY)
        .caused_by(&[
            Cause::installer(
                "HTTPS_PROXY was forgotten: HTTP_PROXY is for URLs that begin with http:, and those of WorkOS begin with https:.",
                "`curl -x PROXY` reaches the API, and the same without `-x` does not.",
                "Set HTTPS_PROXY to the same proxy where the application is started.",
            )
            .shown_by("curl -sv -o /dev/null -x http://PROXY:PORT https://api.workos.com/"),
            Cause::installer(
                "HTTP_PROXY is left from something else, and this host reaches the internet directly.",
                "The other checks reach the API, and customer IT knows of no proxy for this network.",
                "Unset HTTP_PROXY where the application is started.",
            )
            .shown_by("env | grep -i _proxy"),
        ]);
pub(in crate::checks) static NO_PROXY_COVERS_API: Code = Code::warning(
    "no-proxy-covers-api",
    "a proxy is set, and NO_PROXY exempts the API from it",
)
.explains(WITHOUT_THE_PROXY)
.caused_by(&[
    Cause::installer(
        "An entry of NO_PROXY is wider than it was meant: `*`, `com`, or a domain above the API's host.",
        "The entry does not name the API, and the API's host ends in it.",
        "Replace the wide entry of NO_PROXY by the internal names that are meant, in both spellings.",
    )
    .shown_by("printenv NO_PROXY no_proxy"),
    Cause::installer(
        "The API's host was put into NO_PROXY on purpose, because the proxy once broke it or a direct way was opened.",
        "The entry names the API's host, or `workos.com`.",
        "Take the entry out of NO_PROXY if direct requests do not arrive; if direct is meant, leave it there.",
    )
    .shown_by("curl -sv -o /dev/null --noproxy '*' https://api.workos.com/"),
]);
pub(in crate::checks) static SYSTEM_ONLY: Code =
    Code::warning("system-only", "a proxy is set in a file of the system, and not for this process")
        .explains(WITHOUT_THE_PROXY)
        .caused_by(&[
            Cause::installer(
                "Services and containers do not read /etc/environment or /etc/profile.d: those are for people who sign in.",
                "The application is a service or a container, and its own unit or manifest names no proxy.",
                "Set HTTPS_PROXY in the application's unit, compose file or manifest as well.",
            )
            .shown_by("systemctl show --property=Environment UNIT"),
            Cause::installer(
                "This tool was started without the environment of a sign-in, as by `sudo`, cron or a CI job.",
                "A new sign-in of the same user has the variable.",
                "Start the check in the environment of the application, or give --proxy with the proxy that the application has.",
            )
            .shown_by("env | grep -i _proxy"),
        ]);
