//! What `ingress.trusted` finds, and what usually lies behind it.

use crate::check::Code;
use crate::checks::webhook::delivered::codes::{NOT_DELIVERED, NOTHING_ARRIVED};
use crate::outcome::Cause;

pub(in crate::checks) static SELF_SIGNED: Code =
    Code::error("self-signed", "the installation's certificate is its own issuer").explains(NOTHING_COMES).caused_by(
        &[
            Cause::installer(
                "The server still shows the certificate that was made when it was set up.",
                "The subject is localhost, the host's own name, or that of the product.",
                PUBLIC_CERTIFICATE,
            )
            .shown_by(CERTIFICATE),
            Cause::installer(
                "The reverse proxy has no certificate for this name, and shows its default one.",
                "The command prints the same certificate when -servername names something else.",
                "Set a certificate of a public CA for this name in the reverse proxy, with its intermediate.",
            )
            .shown_by(CERTIFICATE),
            Cause::network(
                "The port leads to another device, such as the firewall's or router's own page.",
                "The subject names that device or its maker.",
                "Forward TCP 443 of the public address to the installation, and give the device's page another port.",
            )
            .shown_by(CERTIFICATE),
        ],
    );

pub(in crate::checks) static PRIVATE_CA: Code =
    Code::error("private-ca", "the installation's certificate is issued by a CA that is not public")
        .explains(NOTHING_COMES)
        .caused_by(&[
            Cause::installer(
                "The certificate is of the organization's own CA, which its machines trust and WorkOS does not.",
                "The issuer is that CA, and browsers inside show no warning.",
                PUBLIC_CERTIFICATE,
            )
            .shown_by(CERTIFICATE),
            Cause::network(
                "TLS inspection stands between here and the installation, and shows a certificate of its own.",
                "On a machine on the internet the command prints another issuer.",
                "Exempt the installation's name from TLS inspection, and look from a machine on the internet.",
            )
            .shown_by(CERTIFICATE),
            Cause::installer(
                "The certificate was asked of a public CA's test service.",
                "The issuer has STAGING, TEST or Fake in its name.",
                "Have the ACME client ask the CA's real service, and install what that issues.",
            )
            .shown_by(CERTIFICATE),
        ]);

pub(in crate::checks) static INCOMPLETE_CHAIN: Code = Code::error(
    "incomplete-chain",
    "the installation leaves out the certificate of its public issuer",
)
.explains(NOTHING_COMES)
.caused_by(&[
    Cause::installer(
        "The server's certificate file holds the certificate alone (cert.pem in the place of fullchain.pem).",
        "The command prints one certificate, number 0.",
        "Append the issuer's certificate to the server's certificate file (the full chain), and reload the server.",
    )
    .shown_by(CHAIN),
    Cause::installer(
        "The certificate was renewed under another intermediate, and the server still sends the old one.",
        "The command prints a certificate number 1 whose subject is not the issuer of number 0.",
        "Replace the intermediate in the server's certificate file with the one that issued the certificate.",
    )
    .shown_by(CHAIN),
    Cause::installer(
        "A load balancer in front has fields of their own for certificate and chain, and the chain's is empty.",
        "At the application's own inside address the command prints the whole chain.",
        "Set the chain on the load balancer too.",
    )
    .shown_by("openssl s_client -connect ADDRESS:443 -servername NAME -showcerts </dev/null"),
]);

pub(in crate::checks) static WRONG_NAME: Code = Code::error(
    "wrong-name",
    "the installation's certificate is for other names",
)
.explains(NOTHING_COMES)
.caused_by(&[
    Cause::installer(
        "The certificate was issued for another name of this installation, such as its inside one.",
        "The names that the command prints are ones of this organization.",
        "Install a certificate that has the external name among its names, from a public CA, with its intermediate.",
    )
    .shown_by(NAMES),
    Cause::installer(
        "The reverse proxy does not know this name, and shows the certificate of its default site.",
        "The command prints the same names when -servername names something else.",
        "Set the external name in the reverse proxy, with a certificate for it.",
    )
    .shown_by(NAMES),
    Cause::network(
        "The name leads to another machine, or to a page of the provider's.",
        "The names that the command prints belong to somebody else.",
        "Publish the installation's public address for its name, and forward TCP 443 there to it.",
    )
    .shown_by(NAMES),
]);

pub(in crate::checks) static EXPIRED: Code =
    Code::error("expired", "the installation's certificate has expired").explains(NOTHING_COMES).caused_by(&[
        Cause::installer(
            "The certificate was renewed, and the server not reloaded.",
            "The server's certificate file has a later end than what is shown.",
            "Reload the server, and have the renewal do so from now on.",
        )
        .shown_by("openssl x509 -noout -enddate -in FILE"),
        Cause::installer(
            "The automatic renewal fails.",
            "The log of the ACME client has errors since some thirty days before the end.",
            "Mend the renewal, renew the certificate, and reload the server.",
        ),
        Cause::installer(
            "It was renewed on one of several machines behind the name, and not on this one.",
            "The command prints different ends when it is run several times, or at another address of the name.",
            "Install the renewed certificate on every machine that answers for the name.",
        )
        .shown_by(CERTIFICATE),
        Cause::installer(
            "This host's clock is ahead.",
            "The command prints a time that is later than it is.",
            "Set this host's clock by NTP.",
        )
        .shown_by("date -u"),
    ]);

pub(in crate::checks) static NOT_YET_VALID: Code =
    Code::error("not-yet-valid", "the installation's certificate is not valid yet").caused_by(&[
        Cause::installer(
            "This host's clock is behind.",
            "The command prints a time that is earlier than it is.",
            "Set this host's clock by NTP.",
        )
        .shown_by("date -u"),
        Cause::installer(
            "The certificate was issued for a later time, and installed ahead of it.",
            "Its start lies in the future by a right clock too.",
            "Install a certificate that holds now.",
        )
        .shown_by(CERTIFICATE),
    ]);

pub(in crate::checks) static NO_ALTERNATIVE_NAME: Code =
    Code::error("no-alternative-name", "the installation's certificate has only a common name, which does not count")
        .explains(NOTHING_COMES)
        .caused_by(&[Cause::installer(
            "The certificate was made by hand, or by an old template, without a subject alternative name.",
            "The command prints no line with DNS: in it.",
            "Install a certificate of a public CA, which always has one, with its intermediate.",
        )
        .shown_by(NAMES)]);

pub(in crate::checks) static REFUSED: Code =
    Code::error("refused", "a certificate of the installation's chain breaks a rule that TLS clients hold it to")
        .explains(NOTHING_COMES)
        .caused_by(&[
            Cause::installer(
                "A tool or template of the organization's own made the certificate, and set what TLS clients refuse.",
                "The certificate that the finding names is the installation's own.",
                PUBLIC_CERTIFICATE,
            )
            .shown_by(CHAIN),
            Cause::installer(
                "The server sends an intermediate that is outdated, or that is none of this certificate's.",
                "The certificate that the finding names is a CA that is sent along.",
                "Replace the chain in the server's certificate file with the one that the CA publishes for it.",
            )
            .shown_by(CHAIN),
        ]);

pub(in crate::checks) static CANNOT_JUDGE: Code =
    Code::undecided("cannot-judge", "the chain holds something that this tool cannot verify and OpenSSL can")
        .caused_by(&[
            Cause::installer(
                "A certificate of the chain has a kind of key or signature that few programs know.",
                "The command names it, and ends with “Verify return code: 0 (ok)”.",
                "Install a certificate with an RSA or P-256 key, which every client takes, or be content with the command's word.",
            )
            .shown_by("openssl s_client -connect NAME:443 -servername NAME -verify_hostname NAME </dev/null"),
            Cause::installer(
                "The server takes only ciphers or curves that few clients offer.",
                "The finding says that it refuses what this tool offers.",
                "Enable the usual ciphers of TLS 1.2 and 1.3 there (ECDHE with AES-GCM).",
            )
            .shown_by(CERTIFICATE),
        ]);

pub(in crate::checks) static INVALID: Code =
    Code::error("invalid", "the installation's certificate does not hold for a reason that has no name of its own")
        .caused_by(&[
            Cause::installer(
                "The certificate was made by a tool that writes what TLS clients cannot read.",
                "The command prints an error, or a field that is empty or odd.",
                PUBLIC_CERTIFICATE,
            )
            .shown_by("openssl x509 -noout -text -in FILE"),
            Cause::installer(
                "The server has no certificate for this name.",
                "The finding says that none was presented.",
                "Set a certificate of a public CA for this name on the server, with its intermediate.",
            )
            .shown_by(CHAIN),
        ]);

pub(in crate::checks) static TLS_TOO_OLD: Code =
    Code::error("tls-too-old", "the installation refuses TLS 1.2 and TLS 1.3").explains(NOTHING_COMES).caused_by(&[
        Cause::installer(
            "The server's settings leave TLS 1.2 and 1.3 out.",
            "A line such as ssl_protocols (nginx) or SSLProtocol (Apache) names older versions alone.",
            "Enable TLS 1.2 and TLS 1.3 on the server.",
        )
        .shown_by("openssl s_client -connect NAME:443 -servername NAME -tls1_2 </dev/null"),
        Cause::network(
            "An old load balancer or appliance in front ends TLS, and knows nothing newer.",
            "At the application's own inside address the command makes a connection.",
            "Update that appliance, or have it pass TLS through to the server.",
        )
        .shown_by("openssl s_client -connect ADDRESS:443 -servername NAME -tls1_2 </dev/null"),
    ]);

pub(in crate::checks) static NOT_TLS: Code =
    Code::error("not-tls", "what answers at the installation's port does not speak TLS")
        .explains(NOTHING_COMES)
        .caused_by(&[
            Cause::installer(
                "The server speaks plain HTTP at this port.",
                "The command prints an HTTP answer.",
                "Serve HTTPS at this port, with a certificate of a public CA.",
            )
            .shown_by("curl -si http://NAME:443/"),
            Cause::network(
                "The port is forwarded to a port or machine of another service.",
                "What the finding quotes is another protocol's greeting, such as SSH-2.0 or 220.",
                "Forward TCP 443 of the public address to the port at which the installation serves HTTPS.",
            ),
        ]);

pub(in crate::checks) static CLIENT_CERTIFICATE_REQUIRED: Code = Code::error(
    "client-certificate-required",
    "the installation wants a certificate from the client, and WorkOS has none",
)
.explains(NOTHING_COMES)
.caused_by(&[
    Cause::installer(
        "The server demands client certificates for the whole site.",
        "A line such as ssl_verify_client on (nginx) or SSLVerifyClient require (Apache) stands in its settings.",
        "Stop demanding client certificates, at least for the webhook, Actions and callback paths.",
    ),
    Cause::network(
        "A gateway in front demands them (mutual TLS of an API gateway or access product).",
        "At the application's own inside address the command ends without an alert.",
        "Exempt the webhook, Actions and callback paths from mutual TLS on that gateway.",
    )
    .shown_by("openssl s_client -connect ADDRESS:443 -servername NAME </dev/null"),
]);

pub(in crate::checks) static NO_HANDSHAKE: Code =
    Code::undecided("no-handshake", "the TLS handshake with the installation did not complete").like_an_allowlist().caused_by(&[
        Cause::network(
            "From inside, the edge turns the connection around badly (hairpin).",
            "On a machine on the internet the command completes.",
            "Look from a machine on the internet with `workos-preflight probe URL`.",
        )
        .shown_by(CERTIFICATE),
        Cause::installer(
            "The server cuts off handshakes for names that it does not know.",
            "The server's log has a line about an unknown or missing server name at this time.",
            "Set the external name in the server's settings.",
        ),
        Cause::network(
            "Something before the installation takes the connection, and holds the handshake back or has nothing behind it.",
            "The command connects at once, and then waits, on a machine on the internet too.",
            "Have what stands at the edge pass TLS on to the installation, and exempt the port from inspection.",
        )
        .shown_by(CERTIFICATE),
    ]);

pub(in crate::checks) static EXPIRES_SOON: Code =
    Code::warning("expires-soon", "the installation's certificate expires within three weeks").caused_by(&[
        Cause::installer(
            "The automatic renewal is late, because it fails.",
            "The log of the ACME client has errors, or the command shows no timer of it.",
            "Mend the renewal, and renew the certificate now.",
        )
        .shown_by("systemctl list-timers --all"),
        Cause::installer(
            "The certificate was renewed, and the server not reloaded.",
            "The server's certificate file has a later end than what is shown.",
            "Reload the server, and have the renewal do so from now on.",
        )
        .shown_by("openssl x509 -noout -enddate -in FILE"),
        Cause::installer(
            "The certificate is renewed by hand.",
            "It was issued for longer than 90 days, and no program renews it.",
            "Renew the certificate now, and have a program renew it from now on.",
        ),
    ]);

/// WorkOS ends the connection, whatever the edge lets in.
const NOTHING_COMES: &[&Code] = &[&NOT_DELIVERED, &NOTHING_ARRIVED];

const PUBLIC_CERTIFICATE: &str =
    "Install a certificate from a public CA (such as Let's Encrypt), with its intermediate, on what answers there.";

const CERTIFICATE: &str = "openssl s_client -connect NAME:443 -servername NAME </dev/null 2>/dev/null | openssl x509 -noout -subject -issuer -dates";

const NAMES: &str = "openssl s_client -connect NAME:443 -servername NAME </dev/null 2>/dev/null | openssl x509 -noout -subject -ext subjectAltName";

const CHAIN: &str = "openssl s_client -connect NAME:443 -servername NAME -showcerts </dev/null";
