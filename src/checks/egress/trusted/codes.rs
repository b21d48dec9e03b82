//! What `egress.trusted` finds, and what usually lies behind it.

use crate::checks::egress::causes::{LED_ELSEWHERE, LOST_BY_CHANCE, UNSEEN, UNTOLD, WRONG_CLOCK};
use crate::outcome::{Cause, Code};

const CHAIN: &str = "openssl s_client -connect api.workos.com:443 -servername api.workos.com -showcerts </dev/null";
const LEAF: &str = "openssl s_client -connect api.workos.com:443 -servername api.workos.com </dev/null | openssl x509 -noout -subject -issuer -enddate -ext subjectAltName";
const WHOLE_LEAF: &str =
    "openssl s_client -connect api.workos.com:443 -servername api.workos.com </dev/null | openssl x509 -noout -text";
const CA: &str = "openssl x509 -in FILE -noout -text";

pub(in crate::checks) static UNTRUSTED: Code =
    Code::error("untrusted", "the certificate's issuer is not trusted here").explains(UNSEEN).caused_by(&[
        Cause::network(
            "A TLS-inspecting proxy answers with a certificate of its own CA, which this host does not have.",
            "The issuer is the company's or a security product's, for other https hosts as well.",
            "Exempt api.workos.com from TLS inspection, or hand the CA to the installer, who adds it to the trust store.",
        )
        .shown_by(CHAIN),
        Cause::installer(
            "The CA is on this host, in a file that some programs alone read, or outside of the container.",
            "A variable such as NODE_EXTRA_CA_CERTS or REQUESTS_CA_BUNDLE names a file that holds the CA.",
            "Add the CA to the trust store of this host and of the container, or give its file with --ca-bundle.",
        )
        .shown_by("env | grep -iE 'certs?=|cert_file|ca_bundle'"),
        Cause::network(
            "The inspecting CA was made anew, and this host has the old one.",
            "A CA of the same name is in the trust store, with another key or other dates.",
            "Hand the CA certificate that is in use now to the installer, who puts it in the place of the old one.",
        )
        .shown_by(CA),
        LED_ELSEWHERE,
    ]);

pub(in crate::checks) static STORE_LACKS_ROOT: Code = Code::error(
    "store-lacks-root",
    "the certificate is publicly trusted, and its root is missing from the roots of this host",
)
.explains(UNSEEN)
.caused_by(&[
    Cause::installer(
        "The package ca-certificates is missing, as in slim container images, or is years old.",
        "The files of the command are missing, or of a date long ago.",
        "Install or update the package ca-certificates on this host or in the container image.",
    )
    .shown_by("ls -lL /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt"),
    Cause::installer(
        "SSL_CERT_FILE names a file with the company's CA alone, in the place of this host's own.",
        "The variable is set, and its file holds a certificate or two.",
        "Append the public roots to that file, or unset SSL_CERT_FILE.",
    )
    .shown_by("echo \"$SSL_CERT_FILE\"; grep -c BEGIN \"$SSL_CERT_FILE\""),
]);

pub(in crate::checks) static SELF_SIGNED: Code =
    Code::error("self-signed", "the certificate is its own issuer").explains(UNTOLD).caused_by(&[
        Cause::network(
            "A box on the way answers with the certificate that it was delivered with.",
            "The subject names a product or a device of this site.",
            "Let TCP 443 to api.workos.com through untouched.",
        )
        .shown_by(CHAIN),
        LED_ELSEWHERE,
    ]);

pub(in crate::checks) static INCOMPLETE_CHAIN: Code =
    Code::error("incomplete-chain", "the issuer is public, and its certificate was not sent along")
        .explains(UNTOLD)
        .caused_by(&[
            Cause::network(
                "A box that answers for the host sends its own certificate alone.",
                "`openssl` prints one certificate under “Certificate chain”, whose issuer is a public one.",
                "Have the box send its intermediate certificate along, or let the host through untouched.",
            )
            .shown_by(CHAIN),
            LED_ELSEWHERE,
        ]);

pub(in crate::checks) static EXPIRED: Code =
    Code::error("expired", "the certificate has expired, or this host's clock is ahead").explains(UNSEEN).caused_by(&[
        WRONG_CLOCK,
        Cause::network(
            "The certificate of a box that answers for the host has expired: WorkOS's own is renewed automatically.",
            "This host's clock is right, and the issuer that `openssl` prints is not a public one.",
            "Renew the certificate of the box that answers for api.workos.com.",
        )
        .shown_by(LEAF),
    ]);

pub(in crate::checks) static NOT_YET_VALID: Code =
    Code::error("not-yet-valid", "the certificate is not valid yet, or this host's clock is behind")
        .explains(UNSEEN)
        .caused_by(&[
            WRONG_CLOCK,
            Cause::network(
                "A box that answers for the host issued the certificate while its clock was ahead.",
                "This host's clock is right, and `notBefore` lies in the future.",
                "Set the clock of that box, and have it issue the certificate anew.",
            )
            .shown_by("openssl s_client -connect api.workos.com:443 -servername api.workos.com </dev/null | openssl x509 -noout -issuer -startdate"),
        ]);

pub(in crate::checks) static WRONG_NAME: Code =
    Code::error("wrong-name", "the certificate is for other names").explains(UNTOLD).caused_by(&[
        Cause::network(
            "A portal, load balancer or proxy answers with its own certificate.",
            "The names in the certificate are that product's or this site's.",
            "Let api.workos.com reach the internet untouched.",
        )
        .shown_by(LEAF),
        LED_ELSEWHERE,
    ]);

pub(in crate::checks) static NO_ALTERNATIVE_NAME: Code =
    Code::error("no-alternative-name", "the certificate names no host at all").explains(UNTOLD).caused_by(&[
        Cause::network(
            "The box that answers for the host issues certificates without a name in them.",
            "`openssl` prints no subjectAltName, and the issuer is the company's or a product's.",
            "Have the box issue certificates with subjectAltName DNS:api.workos.com, or exempt the host from TLS inspection.",
        )
        .shown_by(LEAF),
        LED_ELSEWHERE,
    ]);

pub(in crate::checks) static INVALID: Code =
    Code::error("invalid", "the certificate does not hold for a reason that has no name of its own")
        .explains(UNTOLD)
        .caused_by(&[
            Cause::network(
                "TLS inspection makes certificates that break a rule.",
                "From a network without inspection the chain is another one, and holds.",
                "Exempt api.workos.com from TLS inspection.",
            )
            .shown_by(CHAIN),
            LOST_BY_CHANCE,
        ]);

pub(in crate::checks) static INTERCEPTED: Code =
    Code::warning("intercepted", "the certificate is trusted here and not in public: TLS is inspected on the way")
        .caused_by(&[
            Cause::network(
                "This site inspects TLS, with a CA that this host trusts.",
                "The issuer is the company's or a product's, for other https hosts and other machines as well.",
                "Exempt api.workos.com from TLS inspection, or see that the application trusts the CA too.",
            )
            .shown_by(CHAIN),
            Cause::installer(
                "Security software on this host itself inspects TLS.",
                "The issuer is that software's, and a machine beside this one sees the public issuer.",
                "Exempt api.workos.com in that software, or see that the application trusts its CA too.",
            )
            .shown_by(CHAIN),
        ]);

pub(in crate::checks) static CA_EXPIRED: Code =
    Code::error("ca-expired", "the CA that is trusted here has expired, or is not valid yet")
        .explains(UNSEEN)
        .caused_by(&[
            Cause::network(
                "The inspecting CA has run out.",
                "`notAfter` of the CA lies in the past, on the device as in this host's file.",
                "Renew the CA on the device, and hand its new certificate to the installer.",
            )
            .shown_by("openssl x509 -in FILE -noout -subject -startdate -enddate"),
            Cause::network(
                "The inspecting CA was renewed, and this host still has its old certificate.",
                "The file's `notAfter` lies in the past, and the device shows a later one.",
                "Hand the renewed certificate to the installer, who puts it in the place of the old one.",
            )
            .shown_by("openssl x509 -in FILE -noout -subject -startdate -enddate"),
            WRONG_CLOCK,
        ]);

pub(in crate::checks) static NOT_A_CA: Code =
    Code::error("not-a-ca", "what is trusted here as a CA, or sent along as one, is none").explains(UNSEEN).caused_by(
        &[
            Cause::network(
                "The inspecting CA was made without the marks of one.",
                "Its basicConstraints lack CA:TRUE, or its keyUsage lacks Certificate Sign.",
                "Have the CA made anew with critical CA:TRUE and keyUsage keyCertSign, and hand it to the installer.",
            )
            .shown_by("openssl x509 -in FILE -noout -subject -ext basicConstraints,keyUsage"),
            Cause::network(
                "The device sends a certificate along that is no CA's.",
                "The second certificate that `openssl` prints lacks CA:TRUE.",
                "Have the device send the certificate of the CA that issued its own.",
            )
            .shown_by(CHAIN),
        ],
    );

pub(in crate::checks) static CA_LIMITED: Code =
    Code::error("ca-limited", "a CA of the chain may not issue this certificate").explains(UNTOLD).caused_by(&[
        Cause::network(
            "The inspecting CA is limited to other names, or to fewer levels.",
            "The CA's text shows Name Constraints without workos.com, or a pathlen.",
            "Have the CA made anew without that limit, or exempt api.workos.com from TLS inspection.",
        )
        .shown_by(CA),
        Cause::installer(
            "The CA is in the file in a form that trusts it for something else than servers.",
            "The block begins with BEGIN TRUSTED CERTIFICATE.",
            "Add the CA in the plain form, which `openssl x509 -clrtrust` makes of it.",
        )
        .shown_by("grep -n BEGIN FILE"),
    ]);

pub(in crate::checks) static NOT_FOR_SERVERS: Code =
    Code::error("not-for-servers", "the certificate is not for TLS servers").explains(UNSEEN).caused_by(&[
        Cause::network(
            "The inspecting CA issues certificates that are not for servers.",
            "Their Extended Key Usage lacks “TLS Web Server Authentication”.",
            "Have the CA issue certificates for TLS servers, or exempt api.workos.com from TLS inspection.",
        )
        .shown_by(WHOLE_LEAF),
    ]);

pub(in crate::checks) static WEAK_KEY: Code =
    Code::error("weak-key", "a key in the chain is too short for OpenSSL").explains(UNSEEN).caused_by(&[
        Cause::network(
            "The inspecting device makes certificates with short keys.",
            "The text of the certificate says Public-Key: (1024 bit), or less.",
            "Have the device use keys of at least 2,048 bits, or exempt api.workos.com from TLS inspection.",
        )
        .shown_by(WHOLE_LEAF),
        Cause::network(
            "The inspecting CA itself is old, and has a short key.",
            "The text of the CA says Public-Key: (1024 bit), or less.",
            "Have the CA made anew with a key of at least 2,048 bits, and hand it to the installer.",
        )
        .shown_by(CA),
    ]);

pub(in crate::checks) static WEAK_SIGNATURE: Code =
    Code::error("weak-signature", "a certificate of the chain is signed with a broken hash")
        .explains(UNSEEN)
        .caused_by(&[Cause::network(
            "The inspecting device signs with SHA-1 or MD5.",
            "Signature Algorithm of a certificate that `openssl` prints names sha1 or md5.",
            "Have the device sign with SHA-256, or exempt api.workos.com from TLS inspection.",
        )
        .shown_by(WHOLE_LEAF)]);

pub(in crate::checks) static BUNDLE_DAMAGED: Code = Code::error(
    "bundle-damaged",
    "the CA is in a file that OpenSSL reads nothing of, because a block in it is damaged",
)
.explains(UNSEEN)
.caused_by(&[
    Cause::installer(
        "Files were joined so that an END line and the next BEGIN line stand on one line.",
        "The command shows END and BEGIN on the same line.",
        "Put a line break between the two blocks.",
    )
    .shown_by("grep -n -e BEGIN -e END FILE"),
    Cause::installer(
        "A block was cut, or lost characters, when it was copied.",
        "The line that the finding names stands in a block that is shorter than what its owner gave.",
        "Put the whole certificate in the place of the broken block, or take that block out.",
    )
    .shown_by("grep -n -e BEGIN -e END FILE"),
]);

pub(in crate::checks) static STRICTER: Code =
    Code::warning("stricter-programs", "the chain holds for most programs, and the strict ones among them refuse it")
        .caused_by(&[
            Cause::network(
                "The inspecting CA and its certificates lack what RFC 5280 wants.",
                "With -x509_strict `openssl` refuses the chain, and without it does not.",
                "Exempt api.workos.com from TLS inspection, or have its certificates made by the rules of RFC 5280.",
            )
            .shown_by("openssl s_client -connect api.workos.com:443 -servername api.workos.com -verify_return_error -partial_chain -x509_strict </dev/null"),
            Cause::network(
                "The inspecting device names the host by the common name alone.",
                "`openssl` prints no subjectAltName.",
                "Have the device issue certificates with subjectAltName DNS:api.workos.com.",
            )
            .shown_by(LEAF),
            Cause::installer(
                "The trust store holds an intermediate CA without the root above it.",
                "The issuer of the CA in the file is another than its subject.",
                "Add the root that issued it to the same file.",
            )
            .shown_by("openssl x509 -in FILE -noout -subject -issuer"),
        ]);

pub(in crate::checks) static CANNOT_JUDGE: Code =
    Code::undecided("cannot-judge", "the chain holds something that this tool cannot verify and OpenSSL can")
        .explains(UNTOLD)
        .caused_by(&[Cause::installer(
            "The inspecting CA uses a kind of key or signature that this tool's library does not know.",
            "The command ends without a verification error.",
            "Take the certificate as good for what is built on OpenSSL where the command ends without an error.",
        )
        .shown_by(
            "openssl s_client -connect api.workos.com:443 -servername api.workos.com -verify_return_error </dev/null",
        )]);
