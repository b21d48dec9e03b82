//! What `egress.proxy` finds, and what usually lies behind it.

use crate::checks::egress::causes::{UNSEEN, UNTOLD, WRONG_CLOCK};
use crate::outcome::{Cause, Code};

pub(in crate::checks) static PROXY_UNRESOLVED: Code =
    Code::error("proxy-unresolved", "the proxy's name does not resolve here").explains(UNSEEN).caused_by(&[
        Cause::installer(
            "The proxy's name is misspelt in the proxy's URL.",
            "The name resolves on no other machine of this site either.",
            "Correct the name in the proxy's URL where the application is configured.",
        )
        .shown_by("getent ahosts PROXY"),
        Cause::network(
            "The resolver that this host asks does not know the internal zone of the proxy.",
            "Other machines of this site resolve the name.",
            "Make the resolver of this host answer for the proxy's name.",
        )
        .shown_by("dig @RESOLVER PROXY A"),
    ]);

pub(in crate::checks) static PROXY_REFUSED: Code =
    Code::error("proxy-refused", "nothing accepts connections at the proxy's address and port")
        .explains(UNSEEN)
        .caused_by(&[
            Cause::network("The proxy does not run.", "No machine of this site gets through it.", "Start the proxy.")
                .shown_by("nc -vz -w 3 PROXY PORT"),
            Cause::installer(
                "The proxy's URL names a wrong address or port.",
                "Browsers of this site use another address or port, as their settings or PAC file say.",
                "Correct the proxy's URL where the application is configured.",
            ),
            Cause::network(
                "A firewall on the way rejects this host with a reset.",
                "Machines in other networks of this site connect to the same address and port.",
                "Allow TCP from this host to the proxy's port.",
            )
            .shown_by("nc -vz -w 3 PROXY PORT"),
        ]);

pub(in crate::checks) static PROXY_TIMED_OUT: Code =
    Code::error("proxy-timed-out", "the proxy, or the way to it, stays silent").explains(UNSEEN).caused_by(&[
        Cause::network(
            "A firewall drops packets from this host to the proxy.",
            "The connection itself gets no answer, and machines in other networks of this site connect.",
            "Allow TCP from this host to the proxy's port.",
        )
        .shown_by("nc -vz -w 5 PROXY PORT"),
        Cause::network(
            "The proxy's sign-in service, its content service or its own way out hangs.",
            "The connection stands, and no answer to CONNECT comes.",
            "Find out in the proxy's log why the request for api.workos.com:443 is not answered.",
        )
        .shown_by("curl -sv -m 10 --proxy http://PROXY:PORT https://api.workos.com/"),
        Cause::installer(
            "The proxy's URL names another kind of proxy (SOCKS, or TLS) than the one that listens there.",
            "With http:// in the proxy's URL the command is answered.",
            "Correct the scheme of the proxy's URL.",
        )
        .shown_by("curl -sv -m 10 --proxy http://PROXY:PORT https://api.workos.com/"),
    ]);

pub(in crate::checks) static PROXY_UNREACHABLE: Code =
    Code::error("proxy-unreachable", "the connection to the proxy is rejected on the way, or broken")
        .explains(UNSEEN)
        .caused_by(&[
            Cause::network(
                "A firewall or router on the way rejects packets to the proxy with ICMP.",
                "This host has a route to the proxy, and machines in other networks of this site connect to it.",
                "Allow TCP from this host to the proxy's port.",
            )
            .shown_by("nc -vz -w 3 PROXY PORT"),
            Cause::network(
                "This host has no route to the network of the proxy.",
                "`ip route get` says that the network is unreachable.",
                "Give this host a route to the network of the proxy.",
            )
            .shown_by("ip route get PROXY_ADDRESS"),
        ]);

pub(in crate::checks) static PROXY_UNTRUSTED: Code =
    Code::error("proxy-untrusted", "the certificate of the https proxy itself does not hold here")
        .explains(UNSEEN)
        .caused_by(&[
            Cause::network(
                "The proxy's certificate is issued by the company's own CA, which this host does not trust.",
                "The issuer that `openssl` prints is the company's.",
                "Hand the CA to the installer, who adds it to this host's trust store and passes it with --ca-bundle.",
            )
            .shown_by("openssl s_client -connect PROXY:PORT -servername PROXY -showcerts </dev/null"),
            Cause::network(
                "The proxy's certificate has expired, or is for no name that people use for the proxy.",
                "`notAfter` lies in the past, or the proxy's name is not among those that `openssl` prints.",
                "Give the proxy a certificate that holds for its name.",
            )
            .shown_by("openssl s_client -connect PROXY:PORT -servername PROXY </dev/null | openssl x509 -noout -enddate -ext subjectAltName"),
            Cause::installer(
                "The proxy's URL names the proxy by its address or by another name than its certificate.",
                "The certificate names the proxy, by a name that is not in the URL.",
                "Name the proxy in its URL as its certificate does.",
            )
            .shown_by("openssl s_client -connect PROXY:PORT </dev/null | openssl x509 -noout -ext subjectAltName"),
            WRONG_CLOCK,
        ]);

pub(in crate::checks) static PROXY_TLS_FAILED: Code =
    Code::error("proxy-tls-failed", "the TLS handshake with the https proxy itself does not complete")
        .explains(UNSEEN)
        .caused_by(&[
            Cause::installer(
                "The proxy does not speak TLS, and the proxy's URL says https.",
                "With http:// in the proxy's URL the command is answered.",
                "Set the proxy's URL to http://PROXY:PORT.",
            )
            .shown_by("curl -sv --proxy http://PROXY:PORT https://api.workos.com/"),
            Cause::network(
                "The proxy wants a certificate from its clients.",
                "`openssl` prints “Acceptable client certificate CA names”.",
                "Let the proxy take connections from this host without a client certificate.",
            )
            .shown_by("openssl s_client -connect PROXY:PORT -servername PROXY </dev/null"),
            Cause::network(
                "The proxy speaks TLS 1.1 and older alone.",
                "With -tls1_2 the handshake fails.",
                "Enable TLS 1.2 or 1.3 on the proxy.",
            )
            .shown_by("openssl s_client -connect PROXY:PORT -servername PROXY -tls1_2 </dev/null"),
        ]);

/// Shows what a proxy answers to CONNECT.
const ASKED: &str = "curl -sv --proxy http://PROXY:PORT https://api.workos.com/";

pub(in crate::checks) static PROXY_AUTH_REQUIRED: Code =
    Code::error("proxy-auth-required", "the proxy wants a sign-in (407)").explains(UNSEEN).caused_by(&[
        Cause::network(
            "The proxy lets in only who signs in, and the application has no credentials for it.",
            "The proxy's URL holds no user, and Basic is among the schemes that the answer offers.",
            "Give the application credentials for the proxy, or exempt this host from sign-in on the proxy.",
        )
        .shown_by(ASKED),
        Cause::network(
            "The proxy offers only what desktops sign in with: Negotiate, NTLM or Kerberos.",
            "Its Proxy-Authenticate headers do not name Basic.",
            "Exempt this host, or the destination api.workos.com, from sign-in on the proxy: servers cannot use these schemes.",
        )
        .shown_by(ASKED),
        Cause::installer(
            "The user or the password in the proxy's URL is wrong, or has expired.",
            "The proxy's URL holds a user, and the proxy's log has that user as refused.",
            "Correct the user and password in the proxy's URL, with special characters percent-encoded.",
        ),
    ]);

pub(in crate::checks) static PROXY_SIGN_IN_PAGE: Code = Code::error(
    "proxy-sign-in-page",
    "the proxy leads to a page for people in place of opening a way",
)
.explains(UNTOLD)
.caused_by(&[
    Cause::network(
        "The proxy leads whoever it does not know to its sign-in page.",
        "The address in the Location header is that of a sign-in.",
        "Exempt the requests of this host to api.workos.com:443 from sign-in on the proxy, and allow CONNECT to it.",
    )
    .shown_by(ASKED),
    Cause::network(
        "The proxy shows its block page by a redirect.",
        "The page in the Location header names a category or a policy.",
        "Allow CONNECT to api.workos.com:443 for this host in the proxy's policy.",
    )
    .shown_by(ASKED),
]);

pub(in crate::checks) static PROXY_DENIED: Code =
    Code::error("proxy-denied", "the proxy's policy forbids the destination").explains(UNTOLD).caused_by(&[
        Cause::network(
            "The proxy opens ways to listed destinations alone, and api.workos.com is not among them.",
            "CONNECT to a host that nobody asked for is refused in the same way.",
            "Allow CONNECT to api.workos.com:443 for this host in the proxy's policy.",
        )
        .shown_by("curl -sv --proxy http://PROXY:PORT https://example.com/"),
        Cause::network(
            "A category filter of the proxy forbids what the name is filed under.",
            "Most other hosts are allowed, and the page or the log names a category.",
            "Exempt api.workos.com from that category for this host.",
        )
        .shown_by(ASKED),
        Cause::network(
            "The proxy does not know this host, or does not serve its network.",
            "The same destination is allowed to another machine of this site.",
            "Add this host to those that the proxy serves, and allow CONNECT to api.workos.com:443 for it.",
        )
        .shown_by(ASKED),
    ]);

pub(in crate::checks) static PROXY_UPSTREAM_FAILED: Code = Code::error(
    "proxy-upstream-failed",
    "the proxy agrees, and cannot reach the destination itself",
)
.explains(UNSEEN)
.caused_by(&[
    Cause::network(
        "A firewall does not let the proxy out to Cloudflare's ranges.",
        "The proxy's log has a connection that timed out or was refused.",
        "Allow TCP 443 from the proxy to Cloudflare's published ranges (`workos-preflight requirements` prints them).",
    )
    .shown_by(ASKED),
    Cause::network(
        "The proxy does not resolve the name.",
        "The proxy's page or log speaks of DNS.",
        "Let the proxy resolve api.workos.com.",
    )
    .shown_by(ASKED),
    Cause::network(
        "The proxy passes requests on to another proxy, and does not reach that.",
        "The proxy's settings name a parent, and its log says that it is down.",
        "Mend the way from the proxy to its parent, or let it go out itself.",
    ),
]);

pub(in crate::checks) static NOT_A_PROXY: Code =
    Code::error("not-a-proxy", "what answers at the proxy's address does not open tunnels").explains(UNSEEN).caused_by(
        &[
            Cause::installer(
                "The proxy's URL names the address or port of something else, or of a proxy of another kind.",
                "A web server's own page answers CONNECT, or the connection ends without a word.",
                "Correct the proxy's URL: its scheme, its address and its port.",
            )
            .shown_by(ASKED),
            Cause::installer(
                "The proxy speaks TLS itself, and the proxy's URL says http.",
                "With https:// in the proxy's URL the command is answered.",
                "Set the proxy's URL to https://PROXY:PORT.",
            )
            .shown_by("curl -sv --proxy https://PROXY:PORT https://api.workos.com/"),
            Cause::network(
                "It is the proxy, and it opens no tunnels, or drops what it does not allow.",
                "The proxy's log has the request.",
                "Let the proxy open tunnels (CONNECT) to api.workos.com:443 for this host.",
            ),
        ],
    );
