//! What settings can be that cannot be right, each for itself or together.

use crate::check::Code;
use crate::checks::actions::delivered as actions_delivered;
use crate::checks::credentials::{accepted, client, redirect};
use crate::checks::webhook::{accepts_signed, delivered as webhook_delivered};
use crate::outcome::Cause;

/// What comes of a key that is none: where it holds what no request can carry; others are not sent.
const OF_THE_KEY: &[&Code] = &[&accepted::codes::MALFORMED];

/// What WorkOS makes of a client ID that is none.
const OF_THE_CLIENT_ID: &[&Code] = &[
    &client::UNKNOWN_CLIENT,
    &client::NOT_ESTABLISHED,
    &redirect::codes::CLIENT_UNKNOWN,
    &redirect::codes::NOT_ESTABLISHED,
];

/// What becomes of signatures that are held to something that is not the endpoint's secret.
const OF_THE_SECRET: &[&Code] = &[
    &accepts_signed::codes::SIGNATURE_REFUSED,
    &webhook_delivered::codes::BAD_SIGNATURE,
    &actions_delivered::codes::BAD_SIGNATURE,
];

/// Every byte of the key, as a program that reads the environment gets it.
const BYTES_OF_THE_KEY: &str = "printf %s \"$WORKOS_API_KEY\" | od -c | head";
/// The same of the secret of webhooks.
const BYTES_OF_THE_SECRET: &str = "printf %s \"$WORKOS_WEBHOOK_SECRET\" | od -c | head";

pub(in crate::checks) static KEY_WITH_WHITE_SPACE: Code =
    Code::error("key-with-white-space", "the API key holds a line break or a space").explains(OF_THE_KEY).caused_by(&[
        Cause::installer(
            "The key's file, or the secret that is mounted as one, was written with `echo`, which adds a line break.",
            "`od` shows `\\n` as the last byte, or `\\r \\n` where it was written on Windows.",
            "Write the file without a line break: `printf %s` does it.",
        )
        .shown_by(BYTES_OF_THE_KEY),
        Cause::installer(
            "The key was copied from a mail, a chat or a table in which it is broken over two lines.",
            "`od` shows the line break or the blank in the middle of the key.",
            "Copy the key again from where the vendor keeps it, as one word.",
        )
        .shown_by(BYTES_OF_THE_KEY),
        Cause::installer(
            "A variable or a secret is set, and its content was never filled in.",
            "`od` shows nothing but blanks and line breaks.",
            "Set the key that the vendor gave for this installation.",
        )
        .shown_by(BYTES_OF_THE_KEY),
    ]);
pub(in crate::checks) static INVISIBLE_IN_KEY: Code = Code::error(
    "invisible-in-key",
    "the API key holds a character that nobody sees, such as a byte order mark",
)
.explains(OF_THE_KEY)
.caused_by(&[
    Cause::installer(
        "An editor on Windows or PowerShell's `>` put a byte order mark at the head of the file, or wrote UTF-16.",
        "`od` begins with `357 273 277`, or shows `\\0` beside every letter.",
        "Write the file with `printf %s` or, in PowerShell, with -Encoding ascii -NoNewline.",
    )
    .shown_by(BYTES_OF_THE_KEY),
    Cause::installer(
        "The key was copied from a page, a wiki or a chat that puts zero-width characters into long words.",
        "`od` shows three-digit numbers in the middle of the key.",
        "Type the key, or copy it from where it stands as plain text.",
    )
    .shown_by(BYTES_OF_THE_KEY),
]);
pub(in crate::checks) static KEY_IN_QUOTES: Code =
    Code::error("key-in-quotes", "the quotes around the API key are taken for a part of it")
        .explains(OF_THE_KEY)
        .caused_by(&[
            Cause::installer(
                "An env file is read by something that takes quotes as they are, as `docker run --env-file` does.",
                "`od` shows quotes at both ends, and the same file is fine when a shell reads it.",
                "Write the key without quotes.",
            )
            .shown_by(BYTES_OF_THE_KEY),
            Cause::installer(
                "The key was copied together with the quotes of an example, or with the curly ones of a chat.",
                "`od` shows `342 200` before the key's first letter, or a quote at one end alone.",
                "Set the key again, beginning with sk_.",
            )
            .shown_by(BYTES_OF_THE_KEY),
        ]);
pub(in crate::checks) static CLIENT_ID_AS_KEY: Code =
    Code::error("client-id-as-key", "a client ID stands in the place of the API key").caused_by(&[Cause::installer(
        "The two values, which stand beside each other in the WorkOS dashboard, were put into each other's place.",
        "WORKOS_CLIENT_ID is empty, or holds what begins with sk_.",
        "Move the client ID to WORKOS_CLIENT_ID, and put the API key into the place where it stands now.",
    )
    .shown_by("printenv WORKOS_API_KEY | head -c 8")]);
pub(in crate::checks) static WEBHOOK_SECRET_AS_KEY: Code =
    Code::error("webhook-secret-as-key", "a webhook secret stands in the place of the API key").caused_by(&[
        Cause::installer(
            "The secret of the webhook endpoint was taken for the key, as both are called a secret.",
            "The value begins with whsec_.",
            "Move it to WORKOS_WEBHOOK_SECRET, and put the API key into its place: it begins with sk_.",
        )
        .shown_by("printenv WORKOS_API_KEY | head -c 8"),
    ]);
pub(in crate::checks) static MASKED_KEY: Code = Code::error(
    "masked-key",
    "the API key was copied from where it is shown masked",
)
.explains(OF_THE_KEY)
.caused_by(&[
    Cause::vendor(
        "The key was copied from the WorkOS dashboard after it was made: a production key is shown whole only once.",
        "The value holds dots, asterisks or an ellipsis between its beginning and its last characters.",
        "Take the key from where it was kept when it was made, or make a new one in this customer's environment.",
    ),
    Cause::installer(
        "The key was copied from the output of a program that masks keys, such as a log or a report of this tool.",
        "The vendor has the whole key.",
        "Ask the vendor for the whole key, and set it as it was given.",
    ),
]);
pub(in crate::checks) static KEY_CUT_SHORT: Code =
    Code::error("key-cut-short", "nothing stands behind the prefix of the API key").caused_by(&[
        Cause::installer(
            "A double click selected the prefix alone, or a template was filled in halfway.",
            "The value ends with an underscore.",
            "Set the API key in its full length.",
        )
        .shown_by(BYTES_OF_THE_KEY),
        Cause::installer(
            "A shell, a YAML file or an env file took what follows for something else, such as `#` for a comment or `$` for a variable.",
            "The file holds the whole key, and the application's environment does not.",
            "Write the key as the format wants it, so that it arrives whole: in single quotes for a shell.",
        )
        .shown_by(BYTES_OF_THE_KEY),
    ]);
pub(in crate::checks) static MALFORMED_KEY: Code =
    Code::error("malformed-key", "the API key does not have the shape of one").explains(OF_THE_KEY).caused_by(&[
        Cause::installer(
            "A whole line or document was given for the key: `WORKOS_API_KEY=…`, JSON, or `Bearer …`.",
            "The value holds `=`, `{` or `Bearer`.",
            "Give the key alone: what is read is the key, and not a settings file.",
        )
        .shown_by("printf %s \"$WORKOS_API_KEY\" | head -c 16"),
        Cause::installer(
            "The key was encoded in base64 once too often on its way into a Kubernetes secret.",
            "The value begins with `c2tf`, which is `sk_` in base64.",
            "Put the key under `stringData:` as it is, or under `data:` encoded once.",
        )
        .shown_by("printf %s \"$WORKOS_API_KEY\" | head -c 4"),
        Cause::installer(
            "It is the key of another system, or a placeholder of an example.",
            "The value does not begin with sk_.",
            "Set the API key of this customer's environment, as the vendor gave it.",
        )
        .shown_by("printf %s \"$WORKOS_API_KEY\" | head -c 4"),
    ]);
pub(in crate::checks) static MALFORMED_SECRET: Code =
    Code::error("malformed-secret", "a signing secret does not have the shape of one, or stands in quotes")
        .explains(OF_THE_SECRET)
        .caused_by(&[
            Cause::installer(
                "Quotes, a blank or a line break were copied along, or written by `echo`.",
                "`od` shows a quote or a blank at one end, or `\\n` as the last byte.",
                "Set the secret again, as one word without quotes and without a line break.",
            )
            .shown_by(BYTES_OF_THE_SECRET),
            Cause::installer(
                "The secret was encoded in base64 once too often on its way into a Kubernetes secret.",
                "The value begins with `d2hzZWNf`, which is `whsec_` in base64.",
                "Put the secret under `stringData:` as it is, or under `data:` encoded once.",
            )
            .shown_by("printf %s \"$WORKOS_WEBHOOK_SECRET\" | head -c 8"),
            Cause::vendor(
                "The secret was copied from where it is shown masked.",
                "The value holds dots, asterisks or an ellipsis.",
                "Give the endpoint's secret whole, as it was shown when the endpoint was made.",
            ),
        ]);
pub(in crate::checks) static API_KEY_AS_SECRET: Code =
    Code::error("api-key-as-secret", "an API key or client ID stands in the place of a signing secret")
        .explains(OF_THE_SECRET)
        .caused_by(&[Cause::installer(
            "The values of neighbouring lines were put into each other's place.",
            "The value begins with sk_ or client_, and WORKOS_API_KEY may hold what begins with whsec_.",
            "Set the secret of the webhook or Actions endpoint in its place, and move the key to WORKOS_API_KEY.",
        )
        .shown_by("printenv WORKOS_WEBHOOK_SECRET | head -c 8")]);
pub(in crate::checks) static ONE_SECRET_FOR_BOTH: Code = Code::warning(
    "one-secret-for-both",
    "webhooks and Actions are given the same secret, and WorkOS gives each endpoint its own",
)
.explains(OF_THE_SECRET)
.caused_by(&[Cause::installer(
    "One secret was taken to be that of the whole environment, and set in both places.",
    "The application verifies one of the two, and refuses every request of the other.",
    "Set the secret of the webhook endpoint and that of the Actions endpoint each in its own place.",
)
.shown_by("test \"$WORKOS_WEBHOOK_SECRET\" = \"$WORKOS_ACTIONS_SECRET\" && echo the same")]);
pub(in crate::checks) static MALFORMED_CLIENT_ID: Code = Code::error(
    "malformed-client-id",
    "the client ID does not have the shape of one",
)
.explains(OF_THE_CLIENT_ID)
.caused_by(&[
    Cause::installer(
        "The ID was copied with quotes, a blank or a line break, or was cut short.",
        "`od` shows a quote, a blank or `\\n`, or hardly anything behind `client_`.",
        "Set the client ID again, as one word.",
    )
    .shown_by("printf %s \"$WORKOS_CLIENT_ID\" | od -c"),
    Cause::installer(
        "It is the ID of something else: of an organization, a connection, or a client of another identity provider.",
        "The value does not begin with client_.",
        "Set the client ID that stands beside the API key in the WorkOS dashboard of this customer's environment.",
    )
    .shown_by("printenv WORKOS_CLIENT_ID"),
]);
pub(in crate::checks) static MALFORMED_URL: Code =
    Code::error("malformed-url", "a URL is of a scheme that is not the web's, or has no host").caused_by(&[
        Cause::installer(
            "It is the URI of a native application, whose scheme is its own.",
            "The value begins with neither https:// nor http://, and is a redirect URI.",
            "Give the https URL at which the web application is called back; of a native one WorkOS takes http://127.0.0.1 with a port.",
        ),
        Cause::installer(
            "The URL of another service was copied into its place.",
            "The value begins with the scheme of that service, such as ftp:// or ldaps://.",
            "Give the URL that WorkOS calls, such as https://app.customer.example/path.",
        ),
    ]);
pub(in crate::checks) static NOT_HTTPS: Code =
    Code::error("not-https", "a URL that WorkOS calls or redirects to is not https")
        .caused_by(&[
            Cause::installer(
                "TLS ends at a reverse proxy, and the application makes its own URLs with the http that it sees.",
                "https://NAME/ answers as well, and the setting begins with http:.",
                "Set the URL with https: here, in the application (which may have to trust X-Forwarded-Proto) and in the WorkOS dashboard.",
            )
            .shown_by("curl -sv -o /dev/null https://NAME/"),
            Cause::installer(
                "The installation has no certificate yet.",
                "The command cannot connect, or ends in the handshake.",
                "Serve the URL over https with a publicly trusted certificate, and then set it so everywhere.",
            )
            .shown_by("curl -sv -o /dev/null https://NAME/"),
        ]);
pub(in crate::checks) static LOCALHOST: Code = Code::error("localhost", "a URL points at the reader's own machine")
    .caused_by(&[
        Cause::installer(
            "The sample configuration of the application was kept, in which a developer's machine stands.",
            "The same value stands in the application's sample or default settings.",
            "Set the URL to the installation's external domain, here, in the application and in the WorkOS dashboard.",
        ),
        Cause::installer(
            "The URL is the one by which a reverse proxy on this host reaches the application.",
            "It has the port on which the application itself listens.",
            "Give the URL by which the internet reaches the proxy: that is the one that WorkOS has to know.",
        )
        .shown_by("ss -ltnp"),
    ]);
pub(in crate::checks) static PRIVATE_ADDRESS: Code =
    Code::error("private-address", "WorkOS is to call an address that is not public").caused_by(&[
        Cause::installer(
            "The URL is the one that works on the customer's own network.",
            "It opens in a browser on that network, and nowhere else.",
            "Set the URL to the installation's external domain, here, in the application and in the WorkOS dashboard.",
        ),
        Cause::network(
            "The installation has no public name or address, so that nothing else could be given.",
            "No forwarding on the firewall or load balancer leads to the installation.",
            "Publish the installation under a public name on TCP 443; where no Actions are used, --strategy events needs nothing let in.",
        ),
    ]);
pub(in crate::checks) static PRIVATE_REDIRECT: Code =
    Code::warning("private-redirect", "a redirect URI names an address that only browsers near by reach").caused_by(&[
        Cause::installer(
            "The address of the installation was given in the place of its name.",
            "The certificate of the installation is for a name, so that browsers warn at this address.",
            "Set the redirect URI to the external domain, here, in the application and in the WorkOS dashboard.",
        ),
        Cause::installer(
            "Everybody signs in from the customer's own network, and the address is meant.",
            "No user is outside of that network or its VPN.",
            "Change nothing, and waive this.",
        ),
    ]);
pub(in crate::checks) static NOT_PORT_443: Code =
    Code::error("not-port-443", "WorkOS is to call a port other than 443").caused_by(&[
        Cause::network(
            "Something else has port 443 of the public address, and the installation was given another one.",
            "Another service answers the command.",
            "Put a reverse proxy on port 443 that passes the installation's name on to it, or give it an address of its own.",
        )
        .shown_by("curl -skI https://NAME/"),
        Cause::installer(
            "The port is the one on which the application listens behind a proxy or a port translation.",
            "The same URL without the port reaches the application from outside.",
            "Leave the port out of the URL, here and in the WorkOS dashboard.",
        )
        .shown_by("curl -skI https://NAME/"),
    ]);
pub(in crate::checks) static IDN_NOT_PUNYCODE: Code =
    Code::error("idn-not-punycode", "a redirect URI holds letters that must be written in punycode")
        .explains(&[&redirect::codes::NOT_REGISTERED])
        .caused_by(&[
            Cause::vendor(
                "The name was written as people read it: browsers show such letters, and WorkOS compares what is sent letter by letter.",
                "The host holds a letter outside a to z, and the finding says how it is written in punycode.",
                "Register the redirect URI in its punycode form, and let the application send that form.",
            ),
        ]);
pub(in crate::checks) static DOMAIN_MISMATCH: Code =
    Code::warning("domain-mismatch", "a URL's host is not the external domain").caused_by(&[
        Cause::installer(
            "The URL was left from another installation, or the domain was changed and the URL was not.",
            "The URL's host leads to another machine, or nowhere.",
            "Use the external domain in the URL, here, in the application and in the WorkOS dashboard.",
        )
        .shown_by("dig @1.1.1.1 NAME A +short"),
        Cause::installer(
            "Webhooks or Actions are meant to arrive under a name of their own.",
            "The name leads to this installation as well.",
            "See that name, certificate and firewall are there for that name too; nothing else has to change.",
        )
        .shown_by("dig @1.1.1.1 NAME A +short"),
    ]);
pub(in crate::checks) static BOTH_API_DOMAINS: Code =
    Code::warning("both-api-domains", "a custom Authentication API domain is used, and api.workos.com beside it")
        .caused_by(&[
            Cause::vendor(
                "A part of the application still has api.workos.com written into it, or an SDK that was not given the custom domain.",
                "The application's settings name the custom domain, and `--endpoint` was given for what else it calls.",
                "Send every request of the application through the custom domain.",
            ),
            Cause::installer(
                "`--endpoint api.workos.com` was given by habit, and the application does not call it.",
                "The vendor says that every request goes to the custom domain.",
                "Leave `--endpoint api.workos.com` out.",
            ),
        ]);
pub(in crate::checks) static SECRET_FILE_READABLE_BY_ALL: Code =
    Code::warning("secret-file-readable-by-all", "every user of this machine can read a secret's file").caused_by(&[
        Cause::installer(
            "The file was made with the usual mode, 644.",
            "The file lies on this host's own disk.",
            "Take it away from others: `chmod o-rwx FILE`.",
        )
        .shown_by("ls -lL FILE"),
        Cause::installer(
            "A secret volume of Kubernetes gives its files the mode 644 where its definition names none.",
            "The file lies below a mount of the kind tmpfs, and chmod is refused.",
            "Set `defaultMode: 0400` on the secret volume, or 0440 with `securityContext.fsGroup` where the application is not root.",
        )
        .shown_by("ls -lL FILE; findmnt -T FILE"),
        Cause::installer(
            "The file is mounted read-only from the host, or is a secret of Docker, and has the mode that it has there.",
            "`chmod` is refused with `Read-only file system`.",
            "Set mode 0400 where the file is mounted from, with the application's user as its owner.",
        )
        .shown_by("ls -lL FILE; findmnt -T FILE"),
    ]);

pub(in crate::checks) static FACTS_ARE_OLD: Code = Code::warning(
    "facts-are-old",
    "the lists of addresses and ranges that everything is held to are more than 180 days old",
)
.caused_by(&[
    Cause::installer(
        "This version of the tool was built long ago.",
        "`workos-preflight version` names a day of the facts more than 180 days back.",
        "Run a newer version of the tool.",
    )
    .shown_by("workos-preflight version"),
    Cause::installer(
        "The file that --facts or `facts` names was not renewed.",
        "With -v, the settings of the report name the file.",
        "Get newer facts from whoever gave the file, and look at what changed: requirements --compare-facts OLD.",
    ),
]);
