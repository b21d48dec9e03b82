//! What keeps certificate authorities from being read, or from being right.

use crate::check::Code;
use crate::checks::egress::{proxy, trusted};
use crate::outcome::Cause;

/// What is found of certificates where the authorities that count here are not all of them.
const NOT_TRUSTED: &[&Code] = &[
    &trusted::codes::UNTRUSTED,
    &trusted::codes::STORE_LACKS_ROOT,
    &trusted::codes::SELF_SIGNED,
    &proxy::codes::PROXY_UNTRUSTED,
];

pub(in crate::checks) static UNREADABLE: Code =
    Code::error("unreadable", "the system's trust store, or what a variable names in its place, could not be read")
        .explains(NOT_TRUSTED)
        .caused_by(&[
            Cause::installer(
                "SSL_CERT_FILE or SSL_CERT_DIR names a path that is not there, as after an image was rebuilt or a mount forgotten.",
                "The variable is set, and the command says `No such file or directory`.",
                "Let the variable name a store that is there, or unset it.",
            )
            .shown_by("ls -lL \"$SSL_CERT_FILE\" \"$SSL_CERT_DIR\""),
            Cause::installer(
                "The application's user may not read the file, or not enter its folder.",
                "The command says `Permission denied` as the application's user, and not as root.",
                "Give the application's user leave to read the file and to enter every folder above it.",
            )
            .shown_by("namei -l FILE"),
            Cause::installer(
                "The image has no certificate authorities, as slim and distroless images have not.",
                "Neither variable is set, and the usual files are not there.",
                "Install the package ca-certificates on the host or in the image.",
            )
            .shown_by("ls -lL /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt"),
        ]);
pub(in crate::checks) static EMPTY: Code =
    Code::error("empty", "the trust store holds no certificate authority").explains(NOT_TRUSTED).caused_by(&[
        Cause::installer(
            "The image has no certificate authorities, as slim and distroless images have not.",
            "Neither SSL_CERT_FILE nor SSL_CERT_DIR is set, and the usual files are not there or empty.",
            "Install the package ca-certificates on the host or in the image.",
        )
        .shown_by("ls -lL /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt"),
        Cause::installer(
            "SSL_CERT_FILE or SSL_CERT_DIR names a file or a folder that is empty.",
            "One of the two is set, and what it names has no content.",
            "Let the variable name a complete store, or unset it.",
        )
        .shown_by("ls -lL \"$SSL_CERT_FILE\" \"$SSL_CERT_DIR\""),
    ]);
pub(in crate::checks) static NOT_PEM: Code =
    Code::error("not-pem", "the file of the trust store is of a form that programs do not read")
        .explains(NOT_TRUSTED)
        .caused_by(&[
            Cause::installer(
                "The CA was handed over in binary form (DER, PKCS #7, PKCS #12 or a Java key store), as Windows and Java export it.",
                "The file does not begin with `-----BEGIN`; many such files end in `.cer`, `.p7b`, `.pfx` or `.jks`.",
                "Convert the file to PEM with the command that the finding names, and put the result in its place.",
            )
            .shown_by("head -c 64 FILE | od -c"),
            Cause::installer(
                "An editor or PowerShell saved the file as UTF-16.",
                "`od` shows a zero byte beside every letter.",
                "Write the file anew as plain text: `iconv -f UTF-16 -t UTF-8` does it.",
            )
            .shown_by("head -c 64 FILE | od -c"),
            Cause::installer(
                "The line ends were lost on the way through a variable, a JSON file or a secret store.",
                "The file is one long line, in which `\\n` stands as two letters.",
                "Write the certificates with real line breaks.",
            )
            .shown_by("wc -l FILE"),
        ]);
pub(in crate::checks) static DAMAGED: Code =
    Code::error("damaged", "a block of a file is damaged, so that OpenSSL takes nothing of that file")
        .explains(&[
            &trusted::codes::BUNDLE_DAMAGED,
            &trusted::codes::UNTRUSTED,
            &trusted::codes::STORE_LACKS_ROOT,
            &trusted::codes::SELF_SIGNED,
            &proxy::codes::PROXY_UNTRUSTED,
        ])
        .caused_by(&[
            Cause::installer(
                "Files were joined of which one did not end with a line break, so that END and BEGIN share a line.",
                "The command prints a line with both `-----END` and `-----BEGIN`.",
                "Put a line break before that `-----BEGIN`.",
            )
            .shown_by("grep -n 'END CERTIFICATE-----.*BEGIN' FILE"),
            Cause::installer(
                "A certificate was copied out of a mail or a chat and lost lines, or got others.",
                "The line that the finding names lies in the certificate that was added last.",
                "Put the whole certificate in the place of the damaged block, from the file as its issuer gave it.",
            )
            .shown_by("openssl crl2pkcs7 -nocrl -certfile FILE | openssl pkcs7 -print_certs -noout"),
            Cause::installer(
                "The file was cut off while it was written, by a full disk or a transfer that broke off.",
                "The damaged block is the last one, and the file ends within it.",
                "Copy the file anew, and compare its size with that of the original.",
            )
            .shown_by("tail -n 3 FILE"),
        ]);
pub(in crate::checks) static PASSED_OVER: Code =
    Code::warning("passed-over", "a certificate in a file stands where OpenSSL does not see it").caused_by(&[
        Cause::installer(
            "The BEGIN line is indented, or text stands before it, as in YAML or a quoted mail.",
            "The command prints a line with something before `-----BEGIN`.",
            "Write the block with its BEGIN and END lines alone at the head of lines of their own.",
        )
        .shown_by("grep -n '.-----BEGIN' FILE"),
        Cause::installer(
            "The block before it has no END line, and is read on through this one.",
            "There are more BEGIN lines than END lines.",
            "Write the missing END line, or take the block without one out.",
        )
        .shown_by("grep -c BEGIN FILE; grep -c END FILE"),
    ]);
pub(in crate::checks) static READ_BY_SOME: Code =
    Code::warning("read-by-some", "a file is written in a form that not every program reads").caused_by(&[
        Cause::installer(
            "An editor on Windows put a byte order mark at the head of the file.",
            "`od` begins with `357 273 277`.",
            "Take the byte order mark out of the file: `sed -i '1s/^\\xEF\\xBB\\xBF//' FILE` does it.",
        )
        .shown_by("head -c 16 FILE | od -c"),
        Cause::installer(
            "The certificate was written by `openssl x509 -trustout`, or by a tool that keeps OpenSSL's own form.",
            "The command prints a line.",
            "Write it in the plain form, which `openssl x509 -clrtrust` makes.",
        )
        .shown_by("grep -nE 'BEGIN (TRUSTED|X509) CERTIFICATE' FILE"),
    ]);
pub(in crate::checks) static PRIVATE_KEY: Code = Code::warning(
    "private-key",
    "a private key stands in a file of certificates",
)
.caused_by(&[
    Cause::installer(
        "The file of a server or a client, with its key and its chain in one, was given as a bundle of authorities.",
        "A certificate in the file names a host or a person, and not an authority.",
        "Give a file that holds the authorities alone, and make a new key where others could read this one.",
    )
    .shown_by("grep -n 'PRIVATE KEY' FILE"),
    Cause::installer(
        "The CA was exported together with its key.",
        "Every certificate in the file is an authority's.",
        "Tell the CA's owner at once, take the key out of the file, and trust a new CA in its place.",
    ),
]);
pub(in crate::checks) static EXPIRED_ROOT: Code =
    Code::warning("expired-root", "a certificate authority that --ca-bundle adds has expired")
        .explains(&[&trusted::codes::CA_EXPIRED])
        .caused_by(&[
            Cause::network(
                "The company's CA was renewed, and the bundle still holds the old one.",
                "Other machines of the site have a CA of the same name with a later end.",
                "Hand out the renewed CA, for it to stand in the bundle and in the application's trust store.",
            )
            .shown_by("openssl x509 -in CA_BUNDLE -noout -subject -enddate"),
            Cause::installer(
                "This host's clock is ahead.",
                "`date` does not show today.",
                "Set the clock from a time server that this host can reach.",
            )
            .shown_by("timedatectl status"),
        ]);
