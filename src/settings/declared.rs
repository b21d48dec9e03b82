//! Every setting, declared once: its name in the file, its flag, its environment variables and its meaning.

/// What a setting's value looks like in the settings file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// A string.
    Text,
    /// The name of a file, which is sent to nobody.
    File,
    /// A list of strings; a single string is taken as a list of one.
    List,
    /// `500ms`, `5s`, `2m`; a bare number is seconds.
    Duration,
    /// A whole number.
    Count,
    /// True or false.
    Switch,
    /// One of these words.
    Choice(&'static [&'static str]),
}

/// A setting.
pub struct Declared {
    /// Its key in the settings file, and its name in messages and reports.
    pub name: &'static str,
    /// Its flag, if it has one.
    pub flag: Option<&'static str>,
    /// Its environment variables; the first that is set and not empty wins.
    pub environment: &'static [&'static str],
    /// What its value looks like.
    pub shape: Shape,
    /// One line for the schema.
    pub meaning: &'static str,
}

const fn setting(name: &'static str, flag: &'static str, shape: Shape, meaning: &'static str) -> Declared {
    Declared { name, flag: Some(flag), environment: &[], shape, meaning }
}

impl Declared {
    const fn or_environment(mut self, variables: &'static [&'static str]) -> Self {
        self.environment = variables;
        self
    }
}

/// The settings that the checks of this version use.
pub const SETTINGS: &[Declared] = &[
    setting("strategy", "--strategy", Shape::Choice(&["firewall", "events"]), "how the deployment reaches WorkOS")
        .or_environment(&["PREFLIGHT_STRATEGY"]),
    setting("facts", "--facts", Shape::File, "a file of facts in place of the embedded one"),
    setting(
        "workos.api_key_file",
        "--api-key-file",
        Shape::File,
        "a file that holds the API key; `-` reads standard input",
    ),
    setting("workos.client_id", "--client-id", Shape::Text, "the client ID of the environment")
        .or_environment(&["WORKOS_CLIENT_ID"]),
    setting(
        "workos.api_url",
        "--api-url",
        Shape::Text,
        "the API's base URL; a custom Authentication API domain where one is used",
    )
    .or_environment(&["WORKOS_BASE_URL"]),
    setting(
        "workos.environment",
        "--environment",
        Shape::Choice(&["production", "staging"]),
        "the environment the key should be of",
    )
    .or_environment(&["PREFLIGHT_ENVIRONMENT"]),
    setting("workos.organizations", "--organization", Shape::List, "the organizations that this installation serves"),
    setting("installation.domain", "--domain", Shape::Text, "the external domain name of the installation")
        .or_environment(&["PREFLIGHT_DOMAIN"]),
    setting("installation.redirect_uris", "--redirect-uri", Shape::List, "the redirect URIs the application uses")
        .or_environment(&["WORKOS_REDIRECT_URI"]),
    setting("installation.webhook_url", "--webhook-url", Shape::Text, "the URL that WorkOS delivers webhooks to"),
    setting(
        "installation.webhook_secret_file",
        "--webhook-secret-file",
        Shape::File,
        "a file that holds the webhook secret",
    ),
    setting("installation.actions_url", "--actions-url", Shape::Text, "the URL that WorkOS sends Actions to"),
    setting(
        "installation.actions_secret_file",
        "--actions-secret-file",
        Shape::File,
        "a file that holds the Actions secret",
    ),
    setting(
        "installation.addresses",
        "--address",
        Shape::List,
        "the public addresses that the external domain should have",
    ),
    setting("network.proxy", "--proxy", Shape::Text, "the forward proxy to WorkOS").or_environment(&[
        "https_proxy",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ]),
    setting("network.no_proxy", "--no-proxy", Shape::Text, "hosts, suffixes and ranges that the proxy is not used for")
        .or_environment(&["no_proxy", "NO_PROXY"]),
    setting("network.direct", "--direct", Shape::Switch, "use no proxy, whatever the environment says"),
    setting("network.ca_bundle", "--ca-bundle", Shape::File, "a PEM file of CAs trusted besides the system's"),
    setting("network.public_roots", "--public-roots", Shape::File, "a PEM file of what counts as a public root"),
    setting("network.resolver", "--resolver", Shape::Text, "the DNS server to ask in place of the system's"),
    setting(
        "network.public_resolver",
        "--public-resolver",
        Shape::Text,
        "the public view: a DNS over HTTPS URL, an address, or `none`",
    ),
    setting("network.family", "-4", Shape::Choice(&["4", "6"]), "the one address family to use"),
    setting("network.timeout", "--timeout", Shape::Duration, "how long one attempt may take"),
    setting("network.retries", "--retries", Shape::Count, "how often an attempt is repeated after a transient failure"),
    setting("network.deadline", "--deadline", Shape::Duration, "how long the whole run may take"),
    setting(
        "network.endpoints",
        "--endpoint",
        Shape::List,
        "more hosts that the application's server needs, as `host` or `host:port`",
    ),
    setting(
        "checks.deep",
        "--deep",
        Shape::Switch,
        "look at every published range, and not at today's addresses alone",
    ),
    setting(
        "checks.probe_pair",
        "--probe-pair",
        Shape::Switch,
        "ask the token endpoint whether key and client ID belong together; may leave a failed sign-in in the log",
    ),
    setting("checks.samples", "--samples", Shape::Count, "how many requests are made to see how steady the way is"),
    setting(
        "checks.browser_hosts",
        "--browser-hosts",
        Shape::Switch,
        "look at the hosts that browsers of users and admins need",
    ),
    setting(
        "checks.authkit_domains",
        "--authkit-domain",
        Shape::List,
        "hosts of the hosted login, looked at with the browser hosts",
    ),
    setting(
        "checks.send_signed",
        "--send-signed",
        Shape::Switch,
        "deliver a signed event of a made-up type to the installation, to see whether it accepts the signature",
    ),
    setting(
        "installation.inbound_report",
        "--inbound-report",
        Shape::File,
        "the saved report of a `listen` that saw a delivery",
    ),
];

/// The keys of the settings file that hold secrets, and what to write there in their place.
pub(super) const NEVER_IN_A_FILE: &[(&str, &str)] = &[
    ("workos.api_key", "workos.api_key_file"),
    ("installation.webhook_secret", "installation.webhook_secret_file"),
    ("installation.actions_secret", "installation.actions_secret_file"),
];

/// The declaration of a name.
pub(super) fn declared(name: &str) -> Option<&'static Declared> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// The known word nearest to a mistyped one, if any is near.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|word| (strsim::jaro_winkler(typed, word), word))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_name_finds_its_neighbour_and_a_strange_one_finds_none() {
        let names = || SETTINGS.iter().map(|setting| setting.name);

        assert_eq!(nearest("instalation.domian", names()), Some("installation.domain"));
        assert_eq!(nearest("zzz", names()), None);
    }
}
