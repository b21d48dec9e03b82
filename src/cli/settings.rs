//! The options that are settings: what was typed becomes a layer.

use std::path::PathBuf;

use clap::Args;

use super::typed::{self, given, on};
use crate::settings::Layer;

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
    /// An organization that this installation serves, org_… (repeatable, or with commas)
    #[arg(long, value_delimiter = ',', value_name = "ID", help_heading = "WorkOS")]
    organization: Vec<String>,

    /// The external domain name of the installation [env: PREFLIGHT_DOMAIN]
    #[arg(long, value_name = "NAME", help_heading = "The installation")]
    domain: Option<String>,
    /// A public address that the domain should have (repeatable, or with commas)
    #[arg(long, value_delimiter = ',', value_name = "ADDRESS", help_heading = "The installation")]
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
    /// Another host that the application's server needs, HOST[:PORT] (repeatable, or with commas)
    #[arg(long, value_delimiter = ',', value_name = "HOST", help_heading = "The network")]
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
    /// A host of the hosted login, such as NAME.authkit.app, looked at with the browser hosts (repeatable, or with commas)
    #[arg(long, value_delimiter = ',', value_name = "HOST", help_heading = "Deeper looks")]
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
        typed::layer([
            ("strategy", "--strategy", given(&self.strategy)),
            ("facts", "--facts", given(&self.facts)),
            ("workos.api_key_file", "--api-key-file", given(&self.api_key_file)),
            ("workos.client_id", "--client-id", given(&self.client_id)),
            ("workos.api_url", "--api-url", given(&self.api_url)),
            ("workos.environment", "--environment", given(&self.environment)),
            ("workos.organizations", "--organization", given(&self.organization)),
            ("installation.domain", "--domain", given(&self.domain)),
            ("installation.addresses", "--address", given(&self.address)),
            ("installation.redirect_uris", "--redirect-uri", given(&self.redirect_uri)),
            ("installation.webhook_url", "--webhook-url", given(&self.webhook_url)),
            ("installation.webhook_secret_file", "--webhook-secret-file", given(&self.webhook_secret_file)),
            ("installation.actions_url", "--actions-url", given(&self.actions_url)),
            ("installation.actions_secret_file", "--actions-secret-file", given(&self.actions_secret_file)),
            ("network.proxy", "--proxy", given(&self.proxy)),
            ("network.no_proxy", "--no-proxy", given(&self.no_proxy)),
            ("network.direct", "--direct", on(self.direct)),
            ("network.ca_bundle", "--ca-bundle", given(&self.ca_bundle)),
            ("network.public_roots", "--public-roots", given(&self.public_roots)),
            ("network.resolver", "--resolver", given(&self.resolver)),
            ("network.public_resolver", "--public-resolver", given(&self.public_resolver)),
            typed::family(self.four, self.six),
            ("network.endpoints", "--endpoint", given(&self.endpoint)),
            ("network.timeout", "--timeout", given(&self.timeout)),
            ("network.retries", "--retries", given(&self.retries)),
            ("network.deadline", "--deadline", given(&self.deadline)),
            ("checks.deep", "--deep", on(self.deep)),
            ("checks.probe_pair", "--probe-pair", on(self.probe_pair)),
            ("checks.samples", "--samples", given(&self.samples)),
            ("checks.browser_hosts", "--browser-hosts", on(self.browser_hosts)),
            ("checks.authkit_domains", "--authkit-domain", given(&self.authkit_domain)),
            ("checks.send_signed", "--send-signed", on(self.send_signed)),
            ("installation.inbound_report", "--inbound-report", given(&self.inbound_report)),
        ])
    }
}
