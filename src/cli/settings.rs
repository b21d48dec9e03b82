//! The options that are settings: what was typed becomes a layer.

use std::path::PathBuf;

use clap::Args;

use crate::settings::{Layer, Source};

/// What the user asks for.
#[derive(Args, Default, Debug)]
pub struct SettingsArgs {
    /// The settings file [default: ./preflight.toml, else $XDG_CONFIG_HOME/workos-preflight/preflight.toml]
    #[arg(long, value_name = "FILE", help_heading = "Settings")]
    pub config: Option<PathBuf>,
    /// How the deployment reaches WorkOS: firewall, events [default: firewall] [env: PREFLIGHT_STRATEGY]
    #[arg(long, value_name = "NAME", help_heading = "Settings")]
    strategy: Option<String>,
    /// A file of facts in place of the embedded one
    #[arg(long, value_name = "FILE", help_heading = "Settings")]
    facts: Option<String>,

    /// A file that holds the API key; `-` reads standard input [env: WORKOS_API_KEY holds the key itself]
    #[arg(long, value_name = "FILE", help_heading = "WorkOS")]
    api_key_file: Option<String>,
    /// The client ID of the environment [env: WORKOS_CLIENT_ID]
    #[arg(long, value_name = "ID", help_heading = "WorkOS")]
    client_id: Option<String>,
    /// The API's base URL, where a custom Authentication API domain is used [env: WORKOS_BASE_URL]
    #[arg(long, value_name = "URL", help_heading = "WorkOS")]
    api_url: Option<String>,
    /// The environment the key should be of: production, staging [default: production] [env: PREFLIGHT_ENVIRONMENT]
    #[arg(long, value_name = "NAME", help_heading = "WorkOS")]
    environment: Option<String>,
    /// An organization that this installation serves, org_… (repeatable)
    #[arg(long, value_name = "ID", help_heading = "WorkOS")]
    organization: Vec<String>,

    /// The external domain name of the installation [env: PREFLIGHT_DOMAIN]
    #[arg(long, value_name = "NAME", help_heading = "The installation")]
    domain: Option<String>,
    /// A public address that the domain should have (repeatable)
    #[arg(long, value_name = "ADDRESS", help_heading = "The installation")]
    address: Vec<String>,
    /// A redirect URI that the application uses (repeatable) [env: WORKOS_REDIRECT_URI]
    #[arg(long, value_name = "URI", help_heading = "The installation")]
    redirect_uri: Vec<String>,
    /// The URL that WorkOS delivers webhooks to
    #[arg(long, value_name = "URL", help_heading = "The installation")]
    webhook_url: Option<String>,
    /// A file that holds the webhook secret [env: WORKOS_WEBHOOK_SECRET holds the secret itself]
    #[arg(long, value_name = "FILE", help_heading = "The installation")]
    webhook_secret_file: Option<String>,
    /// The URL that WorkOS sends Actions to
    #[arg(long, value_name = "URL", help_heading = "The installation")]
    actions_url: Option<String>,
    /// A file that holds the Actions secret [env: WORKOS_ACTIONS_SECRET holds the secret itself]
    #[arg(long, value_name = "FILE", help_heading = "The installation")]
    actions_secret_file: Option<String>,

    /// The forward proxy, http://[USER:PASSWORD@]HOST:PORT [env: HTTPS_PROXY, ALL_PROXY]
    #[arg(long, value_name = "URL", help_heading = "The network")]
    proxy: Option<String>,
    /// Hosts, suffixes and ranges that the proxy is not used for [env: NO_PROXY]
    #[arg(long, value_name = "LIST", help_heading = "The network")]
    no_proxy: Option<String>,
    /// Use no proxy, whatever the environment says
    #[arg(long, conflicts_with = "proxy", help_heading = "The network")]
    direct: bool,
    /// A PEM file of CAs trusted besides the system's
    #[arg(long, value_name = "FILE", help_heading = "The network")]
    ca_bundle: Option<String>,
    /// A PEM file of what counts as a public root [default: Mozilla's list]
    #[arg(long, value_name = "FILE", help_heading = "The network")]
    public_roots: Option<String>,
    /// The DNS server to ask in place of the system's
    #[arg(long, value_name = "ADDRESS", help_heading = "The network")]
    resolver: Option<String>,
    /// The public view: a DNS over HTTPS URL, an address, or `none` [default: cloudflare-dns.com]
    #[arg(long, value_name = "URL|ADDRESS|none", help_heading = "The network")]
    public_resolver: Option<String>,
    /// Use IPv4 only
    #[arg(short = '4', conflicts_with = "six", help_heading = "The network")]
    four: bool,
    /// Use IPv6 only
    #[arg(short = '6', help_heading = "The network")]
    six: bool,
    /// Another host that the application's server needs, HOST[:PORT] (repeatable)
    #[arg(long, value_name = "HOST", help_heading = "The network")]
    endpoint: Vec<String>,
    /// How long one attempt may take [default: 5s]
    #[arg(long, value_name = "TIME", help_heading = "The network")]
    timeout: Option<String>,
    /// How often an attempt is repeated after a transient failure [default: 1]
    #[arg(long, value_name = "N", help_heading = "The network")]
    retries: Option<String>,
    /// How long the whole run may take [default: 60s]
    #[arg(long, value_name = "TIME", help_heading = "The network")]
    deadline: Option<String>,

    /// Try an address in every published range, to tell a rule that holds only today's addresses
    #[arg(long, help_heading = "Deeper looks")]
    deep: bool,
    /// Ask the token endpoint whether key and client ID belong together; may leave a failed sign-in in WorkOS's log
    #[arg(long, help_heading = "Deeper looks")]
    probe_pair: bool,
    /// How many requests are made to see how steady the way is [default: 5]
    #[arg(long, value_name = "N", help_heading = "Deeper looks")]
    samples: Option<String>,
    /// Look at the hosts that browsers of users and admins need (run it from a desktop)
    #[arg(long, help_heading = "Deeper looks")]
    browser_hosts: bool,
    /// A host of the hosted login, such as NAME.authkit.app, looked at with the browser hosts (repeatable)
    #[arg(long, value_name = "HOST", help_heading = "Deeper looks")]
    authkit_domain: Vec<String>,
    /// Deliver a signed event of a made-up type to the installation, to see whether it accepts the signature
    #[arg(long, help_heading = "Deeper looks")]
    send_signed: bool,
    /// The saved report of a `listen` that saw a delivery
    #[arg(long, value_name = "FILE", help_heading = "Deeper looks")]
    inbound_report: Option<String>,
}

impl SettingsArgs {
    /// What was typed, as a layer of settings.
    pub fn layer(&self) -> Layer {
        let family = if self.four { Some(("-4", "4")) } else { self.six.then_some(("-6", "6")) };
        let one = |value: &Option<String>| value.clone().into_iter().collect::<Vec<_>>();
        let mut layer = Layer::default();
        for (name, flag, values) in [
            ("strategy", "--strategy", one(&self.strategy)),
            ("facts", "--facts", one(&self.facts)),
            ("workos.api_key_file", "--api-key-file", one(&self.api_key_file)),
            ("workos.client_id", "--client-id", one(&self.client_id)),
            ("workos.api_url", "--api-url", one(&self.api_url)),
            ("workos.environment", "--environment", one(&self.environment)),
            ("workos.organizations", "--organization", self.organization.clone()),
            ("installation.domain", "--domain", one(&self.domain)),
            ("installation.addresses", "--address", self.address.clone()),
            ("installation.redirect_uris", "--redirect-uri", self.redirect_uri.clone()),
            ("installation.webhook_url", "--webhook-url", one(&self.webhook_url)),
            ("installation.webhook_secret_file", "--webhook-secret-file", one(&self.webhook_secret_file)),
            ("installation.actions_url", "--actions-url", one(&self.actions_url)),
            ("installation.actions_secret_file", "--actions-secret-file", one(&self.actions_secret_file)),
            ("network.proxy", "--proxy", one(&self.proxy)),
            ("network.no_proxy", "--no-proxy", one(&self.no_proxy)),
            ("network.direct", "--direct", one(&self.direct.then(|| "true".to_owned()))),
            ("network.ca_bundle", "--ca-bundle", one(&self.ca_bundle)),
            ("network.public_roots", "--public-roots", one(&self.public_roots)),
            ("network.resolver", "--resolver", one(&self.resolver)),
            ("network.public_resolver", "--public-resolver", one(&self.public_resolver)),
            (
                "network.family",
                family.map_or("-4", |(flag, _)| flag),
                one(&family.map(|(_, family)| family.to_owned())),
            ),
            ("network.endpoints", "--endpoint", self.endpoint.clone()),
            ("network.timeout", "--timeout", one(&self.timeout)),
            ("network.retries", "--retries", one(&self.retries)),
            ("network.deadline", "--deadline", one(&self.deadline)),
            ("checks.deep", "--deep", one(&self.deep.then(|| "true".to_owned()))),
            ("checks.probe_pair", "--probe-pair", one(&self.probe_pair.then(|| "true".to_owned()))),
            ("checks.samples", "--samples", one(&self.samples)),
            ("checks.browser_hosts", "--browser-hosts", one(&self.browser_hosts.then(|| "true".to_owned()))),
            ("checks.authkit_domains", "--authkit-domain", self.authkit_domain.clone()),
            ("checks.send_signed", "--send-signed", one(&self.send_signed.then(|| "true".to_owned()))),
            ("installation.inbound_report", "--inbound-report", one(&self.inbound_report)),
        ] {
            layer.give(name, values, Source::Flag(flag));
        }
        layer
    }
}
