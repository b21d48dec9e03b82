//! What settings can be that cannot be right, each for itself or together.

use crate::check::Code;

pub(in crate::checks) static KEY_WITH_WHITE_SPACE: Code =
    Code::error("key-with-white-space", "the API key holds a line break or a space");
pub(in crate::checks) static INVISIBLE_IN_KEY: Code =
    Code::error("invisible-in-key", "the API key holds a character that nobody sees, such as a byte order mark");
pub(in crate::checks) static KEY_IN_QUOTES: Code =
    Code::error("key-in-quotes", "the quotes around the API key are taken for a part of it");
pub(in crate::checks) static CLIENT_ID_AS_KEY: Code =
    Code::error("client-id-as-key", "a client ID stands in the place of the API key");
pub(in crate::checks) static WEBHOOK_SECRET_AS_KEY: Code =
    Code::error("webhook-secret-as-key", "a webhook secret stands in the place of the API key");
pub(in crate::checks) static MASKED_KEY: Code =
    Code::error("masked-key", "the API key was copied from where it is shown masked");
pub(in crate::checks) static KEY_CUT_SHORT: Code =
    Code::error("key-cut-short", "nothing stands behind the prefix of the API key");
pub(in crate::checks) static MALFORMED_KEY: Code =
    Code::error("malformed-key", "the API key does not have the shape of one");
pub(in crate::checks) static MALFORMED_SECRET: Code =
    Code::error("malformed-secret", "a signing secret does not have the shape of one, or stands in quotes");
pub(in crate::checks) static API_KEY_AS_SECRET: Code =
    Code::error("api-key-as-secret", "an API key or client ID stands in the place of a signing secret");
pub(in crate::checks) static ONE_SECRET_FOR_BOTH: Code = Code::warning(
    "one-secret-for-both",
    "webhooks and Actions are given the same secret, and WorkOS gives each endpoint its own",
);
pub(in crate::checks) static MALFORMED_CLIENT_ID: Code =
    Code::error("malformed-client-id", "the client ID does not have the shape of one");
pub(in crate::checks) static MALFORMED_URL: Code = Code::error("malformed-url", "a URL is not one, or has no host");
pub(in crate::checks) static NOT_HTTPS: Code =
    Code::error("not-https", "a URL that WorkOS calls or redirects to is not https");
pub(in crate::checks) static LOCALHOST: Code = Code::error("localhost", "a URL points at the reader's own machine");
pub(in crate::checks) static PRIVATE_ADDRESS: Code =
    Code::error("private-address", "WorkOS is to call an address that is not public");
pub(in crate::checks) static PRIVATE_REDIRECT: Code =
    Code::warning("private-redirect", "a redirect URI names an address that only browsers near by reach");
pub(in crate::checks) static NOT_PORT_443: Code =
    Code::error("not-port-443", "WorkOS is to call a port other than 443");
pub(in crate::checks) static IDN_NOT_PUNYCODE: Code =
    Code::error("idn-not-punycode", "a redirect URI holds letters that must be written in punycode");
pub(in crate::checks) static DOMAIN_MISMATCH: Code =
    Code::warning("domain-mismatch", "a URL's host is not the external domain");
pub(in crate::checks) static BOTH_API_DOMAINS: Code =
    Code::warning("both-api-domains", "a custom Authentication API domain is used, and api.workos.com beside it");
pub(in crate::checks) static SECRET_FILE_READABLE_BY_ALL: Code =
    Code::warning("secret-file-readable-by-all", "every user of this machine can read a secret's file");
