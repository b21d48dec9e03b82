//! Every setting, declared once. Command line, settings file, schema, help, README and the sentences that say which setting
//! would have a question asked are made from here.

#![expect(missing_docs, reason = "each declaration says what it means, in the words that people read")]

#[cfg(test)]
mod tests;

use super::declared::{Alias, Declared, Heading, Shape, by_aliases, setting};
use super::{Environment, Exposure, Family, Place, Strategy};

/// The settings that the checks of this version use, in the order of `--help`.
pub static SETTINGS: &[&Declared] = &[
    &STRATEGY,
    &FACTS,
    &API_KEY_FILE,
    &CLIENT_ID,
    &API_URL,
    &ENVIRONMENT,
    &ORGANIZATIONS,
    &DOMAIN,
    &ADDRESSES,
    &EXPOSURE,
    &REDIRECT_URIS,
    &WEBHOOK_URL,
    &WEBHOOK_SECRET_FILE,
    &ACTIONS_URL,
    &ACTIONS_SECRET_FILE,
    &PROXY,
    &NO_PROXY,
    &DIRECT,
    &CA_BUNDLE,
    &PUBLIC_ROOTS,
    &RESOLVER,
    &PUBLIC_RESOLVER,
    &FAMILY,
    &ENDPOINTS,
    &TIMEOUT,
    &RETRIES,
    &DEADLINE,
    &DEEP,
    &PROBE_PAIR,
    &SAMPLES,
    &BROWSER_HOSTS,
    &AUTHKIT_DOMAINS,
    &SEND_SIGNED,
    &INBOUND_REPORTS,
    &RULES,
    &DIALECT,
    &SCOPE,
    &PLACE,
    &OUTSIDE,
    &INSIDE,
];

/// The declaration of a name.
pub fn declared(name: &str) -> Option<&'static Declared> {
    SETTINGS.iter().copied().find(|setting| setting.name == name)
}

pub static STRATEGY: Declared = setting(
    "strategy",
    "--strategy",
    Shape::Choice(&[Strategy::Firewall.as_str(), Strategy::Events.as_str()]),
    Heading::Settings,
    "how the deployment reaches WorkOS",
)
.or_by_default(Strategy::Firewall.as_str())
.or_environment(&["PREFLIGHT_STRATEGY"])
.and_requirements();

pub static FACTS: Declared =
    setting("facts", "--facts", Shape::File, Heading::Settings, "a file of facts in place of the embedded one")
        .holding("the facts about WorkOS")
        .such_as("facts.json")
        .and_requirements()
        .and_listen()
        .and_probe();

pub static API_KEY_FILE: Declared = setting(
    "workos.api_key_file",
    "--api-key-file",
    Shape::File,
    Heading::WorkOs,
    "a file that holds the API key; `-` reads standard input",
)
.holding("the API key")
.called("API key")
.or_held_in("WORKOS_API_KEY", "the key")
.such_as("/run/secrets/workos-api-key")
.and_listen();

pub static CLIENT_ID: Declared =
    setting("workos.client_id", "--client-id", Shape::Text, Heading::WorkOs, "the client ID of the environment")
        .value("ID")
        .called("client ID")
        .or_environment(&["WORKOS_CLIENT_ID"])
        .such_as("client_01HZBC6N1EB1ZY7KG32X");

pub static API_URL: Declared = setting(
    "workos.api_url",
    "--api-url",
    Shape::Text,
    Heading::WorkOs,
    "the API's base URL, where a custom Authentication API domain is used",
)
.value("URL")
.or_by_default("https://api.workos.com")
.or_environment(&["WORKOS_BASE_URL"])
.and_requirements()
.and_listen();

pub static ENVIRONMENT: Declared = setting(
    "workos.environment",
    "--environment",
    Shape::Choice(&[Environment::Production.as_str(), Environment::Staging.as_str()]),
    Heading::WorkOs,
    "the environment the key should be of",
)
.or_by_default(Environment::Production.as_str())
.or_environment(&["PREFLIGHT_ENVIRONMENT"]);

pub static ORGANIZATIONS: Declared = setting(
    "workos.organizations",
    "--organization",
    Shape::List,
    Heading::WorkOs,
    "an organization that this installation serves, org_…",
)
.value("ID")
.with_commas()
.such_as("org_01EHZNVPK3SFK441A1RGBFSHRT");

pub static DOMAIN: Declared = setting(
    "installation.domain",
    "--domain",
    Shape::Text,
    Heading::Installation,
    "the external domain name of the installation",
)
.called("external name")
.or_environment(&["PREFLIGHT_DOMAIN"])
.such_as("app.customer.example")
.and_requirements();

pub static ADDRESSES: Declared = setting(
    "installation.addresses",
    "--address",
    Shape::List,
    Heading::Installation,
    "a public address that the domain should have",
)
.value("ADDRESS")
.called("public address")
.with_commas()
.such_as("198.51.100.7")
.and_requirements();

pub static EXPOSURE: Declared = setting(
    "installation.exposure",
    "--exposure",
    Shape::Choice(&[Exposure::Public.as_str(), Exposure::Private.as_str()]),
    Heading::Installation,
    "where the users are: on the internet, or on the customer's network only",
)
.called("exposure")
.such_as(Exposure::Public.as_str())
.and_requirements()
.and_rules();

pub static REDIRECT_URIS: Declared = setting(
    "installation.redirect_uris",
    "--redirect-uri",
    Shape::List,
    Heading::Installation,
    "a redirect URI that the application uses",
)
.value("URI")
.called("redirect URI")
.or_environment(&["WORKOS_REDIRECT_URI"])
.such_as("https://app.customer.example/callback")
.and_probe();

pub static WEBHOOK_URL: Declared = setting(
    "installation.webhook_url",
    "--webhook-url",
    Shape::Text,
    Heading::Installation,
    "the URL that WorkOS delivers webhooks to",
)
.value("URL")
.called("webhook URL")
.such_as("https://app.customer.example/webhooks/workos")
.and_requirements()
.and_listen()
.and_probe_as("the URL that WorkOS delivers webhooks to, where URL is https://HOST/");

pub static WEBHOOK_SECRET_FILE: Declared = setting(
    "installation.webhook_secret_file",
    "--webhook-secret-file",
    Shape::File,
    Heading::Installation,
    "a file that holds the webhook secret",
)
.holding("the webhook secret")
.called("webhook secret")
.or_held_in("WORKOS_WEBHOOK_SECRET", "the secret")
.such_as("/run/secrets/workos-webhook-secret")
.and_listen();

pub static ACTIONS_URL: Declared = setting(
    "installation.actions_url",
    "--actions-url",
    Shape::Text,
    Heading::Installation,
    "the URL that WorkOS sends Actions to",
)
.value("URL")
.called("Actions URL")
.such_as("https://app.customer.example/actions/workos")
.and_requirements()
.and_listen()
.and_probe();

pub static ACTIONS_SECRET_FILE: Declared = setting(
    "installation.actions_secret_file",
    "--actions-secret-file",
    Shape::File,
    Heading::Installation,
    "a file that holds the Actions secret",
)
.holding("the Actions secret")
.called("Actions secret")
.or_held_in("WORKOS_ACTIONS_SECRET", "the secret")
.such_as("/run/secrets/workos-actions-secret")
.and_listen();

pub static PROXY: Declared = setting(
    "network.proxy",
    "--proxy",
    Shape::Text,
    Heading::Network,
    "the forward proxy, http://[USER:PASSWORD@]HOST:PORT",
)
.value("URL")
.called("proxy")
.or_environment(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
.such_as("http://proxy.customer.example:3128")
.and_requirements()
.and_listen()
.and_probe_as("the forward proxy to the public resolver");

pub static NO_PROXY: Declared = setting(
    "network.no_proxy",
    "--no-proxy",
    Shape::Text,
    Heading::Network,
    "hosts, suffixes and ranges that the proxy is not used for",
)
.value("LIST")
.or_environment(&["no_proxy", "NO_PROXY"])
.such_as("localhost,.customer.example,10.0.0.0/8")
.and_requirements()
.and_listen();

pub static DIRECT: Declared = setting(
    "network.direct",
    "--direct",
    Shape::Switch,
    Heading::Network,
    "use no proxy, whatever the environment says",
)
.excludes(&[&PROXY])
.and_requirements()
.and_listen()
.and_probe();

pub static CA_BUNDLE: Declared = setting(
    "network.ca_bundle",
    "--ca-bundle",
    Shape::File,
    Heading::Network,
    "a PEM file of CAs trusted besides the system's",
)
.holding("the certificate authorities that are trusted besides the system's")
.such_as("/etc/ssl/customer-ca.pem")
.and_listen()
.and_probe_as("a PEM file of CAs trusted besides the system's, for the public resolver");

pub static PUBLIC_ROOTS: Declared = setting(
    "network.public_roots",
    "--public-roots",
    Shape::File,
    Heading::Network,
    "a PEM file of what counts as a public root",
)
.holding("the certificate authorities that count as public")
.or_from_elsewhere("Mozilla's list")
.such_as("/etc/ssl/public-roots.pem")
.and_probe();

pub static RESOLVER: Declared = setting(
    "network.resolver",
    "--resolver",
    Shape::Text,
    Heading::Network,
    "the DNS server to ask in place of the system's",
)
.value("ADDRESS")
.such_as("10.20.0.53")
.and_requirements()
.and_listen()
.and_probe_as("the DNS server to ask in place of the system's, where no public resolver can be asked");

pub static PUBLIC_RESOLVER: Declared = setting(
    "network.public_resolver",
    "--public-resolver",
    Shape::Text,
    Heading::Network,
    "the public view: a DNS over HTTPS URL, an address, or `none`",
)
.value("URL|ADDRESS|none")
.or_from_elsewhere("cloudflare-dns.com")
.such_as("https://cloudflare-dns.com/dns-query")
.and_requirements()
.and_probe();

pub static FAMILY: Declared = by_aliases(
    "network.family",
    &[
        Alias { flag: "-4", value: Family::V4.as_str(), help: "use IPv4 only" },
        Alias { flag: "-6", value: Family::V6.as_str(), help: "use IPv6 only" },
    ],
    &[Family::V4.as_str(), Family::V6.as_str()],
    Heading::Network,
    "the one address family to use",
)
.such_as("4")
.and_listen()
.and_probe();

pub static ENDPOINTS: Declared = setting(
    "network.endpoints",
    "--endpoint",
    Shape::List,
    Heading::Network,
    "another host that the application's server needs, HOST[:PORT]",
)
.value("HOST")
.with_commas()
.such_as("login.customer.example:8443")
.and_requirements();

pub static TIMEOUT: Declared = setting(
    "network.timeout",
    "--timeout",
    Shape::Duration,
    Heading::Network,
    "how long one attempt may take",
)
.or_by_default("5s")
.but_not_for_plan()
.and_listen()
.and_probe()
.and_demo_as(
    "how long one attempt may take; a demonstration waits less than a real run, and longer where answers are late",
    "1s",
);

pub static RETRIES: Declared = setting(
    "network.retries",
    "--retries",
    Shape::Count,
    Heading::Network,
    "how often an attempt is repeated after a transient failure",
)
.or_by_default("1")
.but_not_for_plan()
.and_listen()
.and_probe();

pub static DEADLINE: Declared =
    setting("network.deadline", "--deadline", Shape::Duration, Heading::Network, "how long the whole run may take")
        .or_by_default("60s")
        .but_not_for_plan()
        .and_probe()
        .and_demo_as("how long the whole run may take", "60s");

pub static DEEP: Declared = setting(
    "checks.deep",
    "--deep",
    Shape::Switch,
    Heading::DeeperLooks,
    "try an address in every published range, to tell a rule that holds only today's addresses",
);

pub static PROBE_PAIR: Declared = setting(
    "checks.probe_pair",
    "--probe-pair",
    Shape::Switch,
    Heading::DeeperLooks,
    "ask the token endpoint whether key and client ID belong together; may leave a failed sign-in in WorkOS's log",
);

pub static SAMPLES: Declared = setting(
    "checks.samples",
    "--samples",
    Shape::Count,
    Heading::DeeperLooks,
    "how many requests are made to see how steady the way is",
)
.or_by_default("5");

pub static BROWSER_HOSTS: Declared = setting(
    "checks.browser_hosts",
    "--browser-hosts",
    Shape::Switch,
    Heading::DeeperLooks,
    "look at the hosts that browsers of users and admins need (run it from a desktop)",
);

pub static AUTHKIT_DOMAINS: Declared = setting(
    "checks.authkit_domains",
    "--authkit-domain",
    Shape::List,
    Heading::DeeperLooks,
    "a host of the hosted login, such as NAME.authkit.app, looked at with the browser hosts",
)
.value("HOST")
.with_commas()
.such_as("name.authkit.app")
.and_requirements();

pub static SEND_SIGNED: Declared = setting(
    "checks.send_signed",
    "--send-signed",
    Shape::Switch,
    Heading::DeeperLooks,
    "deliver a signed event of a made-up type to the installation, to see whether it accepts the signature",
);

pub static INBOUND_REPORTS: Declared = setting(
    "installation.inbound_reports",
    "--inbound-report",
    Shape::Files,
    Heading::DeeperLooks,
    "a saved report of `probe` or `listen`, which decides what cannot be seen from here",
)
.holding("a report of `probe` or `listen`")
.such_as("inbound.json");

pub static RULES: Declared = setting(
    "firewall.rules",
    "--rules",
    Shape::Files,
    Heading::Firewall,
    "exported firewall rules, a file or a folder of them, held to the required flows",
)
.holding("the exported firewall rules")
.such_as("iptables.rules");

pub static DIALECT: Declared = setting(
    "firewall.dialect",
    "--dialect",
    Shape::Text,
    Heading::Firewall,
    "the firewall's language; `rules generate --list` names them",
)
.value("D")
.such_as("iptables")
.and_rules();

pub static SCOPE: Declared = setting(
    "firewall.scope",
    "--scope",
    Shape::List,
    Heading::Firewall,
    "what of the rules the installation is behind: a group, an ACL, a policy, a table, a zone, by name or id",
)
.with_commas()
.such_as("sg-0123456789abcdef0")
.and_rules();

pub static PLACE: Declared = setting(
    "firewall.place",
    "--place",
    Shape::Choice(&[Place::Host.as_str(), Place::Router.as_str()]),
    Heading::Firewall,
    "where the rules are in force: on the installation's own host, or on a machine that traffic goes through",
)
.or_from_elsewhere("host")
.such_as(Place::Router.as_str())
.and_rules();

pub static OUTSIDE: Declared = setting(
    "firewall.outside",
    "--outside",
    Shape::Text,
    Heading::Firewall,
    "the interface or zone towards the internet",
)
.such_as("eth0")
.and_rules();

pub static INSIDE: Declared = setting(
    "firewall.inside",
    "--inside",
    Shape::Text,
    Heading::Firewall,
    "the interface or zone towards the installation, on a machine that traffic goes through",
)
.such_as("dmz")
.and_rules();
