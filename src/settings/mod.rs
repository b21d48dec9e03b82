//! What the user asked for: flags, environment and file, merged once into plain values that remember where they came from.

mod declared;
mod layers;
mod merge;
mod misplaced;
mod probing;
mod proxy;
mod proxy_url;
mod table;
pub mod values;
mod variables;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

pub use declared::{Alias, Declared, Fallback, Flag, Heading, Held, Shape, Taken, Taker, Wanted, nearest};
pub use layers::{Layer, SettingsFile, Source, environment, file};
pub use misplaced::refuse_misplaced_secrets;
pub use probing::Probing;
pub use proxy::{Credentials, NoProxy, Proxy, Scheme};
pub use proxy_url::Misread;
pub use table::*;
pub use variables::{PROXY_VARIABLES, Variables};

use crate::endpoint::Endpoint;
use crate::said;
use crate::secret::Secret;

/// A value and where it came from.
#[derive(Clone, Debug)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub source: Source,
}

/// How the deployment reaches `WorkOS`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Strategy {
    /// As in the cloud, with firewall rules that let `WorkOS` through.
    Firewall,
    /// Events are fetched from inside; no ingress for webhooks.
    Events,
}

impl Strategy {
    /// All of them.
    pub const ALL: &[Strategy] = &[Strategy::Firewall, Strategy::Events];

    /// Whether it is what the guide calls the most common.
    pub fn is_usual(self) -> bool {
        self == Strategy::Firewall
    }

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Strategy::Firewall => "firewall",
            Strategy::Events => "events",
        }
    }
}

/// The kind of `WorkOS` environment that the key should be of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Environment {
    /// What an installation at a customer should use.
    Production,
    /// What CI uses.
    Staging,
}

impl Environment {
    /// Both of them.
    pub const ALL: &[Environment] = &[Environment::Production, Environment::Staging];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Environment::Production => "production",
            Environment::Staging => "staging",
        }
    }
}

/// Why there is no client ID to send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoClient {
    /// None was given.
    NotGiven(Wanted),
    /// One was, and this is why it is kept.
    NotSent(&'static str),
}

/// Who is asked for the public view of a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PublicResolver {
    /// DNS over HTTPS at this URL.
    Https(Url),
    /// Plain DNS at this address.
    Plain(SocketAddr),
    /// Nobody.
    None,
}

/// An address family.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Family {
    /// `IPv4`, A records.
    V4,
    /// `IPv6`, AAAA records.
    V6,
}

impl Family {
    /// Both of them.
    pub const ALL: &[Family] = &[Family::V4, Family::V6];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Family::V4 => "4",
            Family::V6 => "6",
        }
    }

    /// The family of an address.
    pub fn of(address: IpAddr) -> Self {
        if address.is_ipv4() { Family::V4 } else { Family::V6 }
    }
}

/// Where the users of the installation are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exposure {
    /// On the internet: whoever it is may open a connection to the application.
    Public,
    /// On the customer's network only.
    Private,
}

impl Exposure {
    /// Both of them.
    pub const ALL: &[Exposure] = &[Exposure::Public, Exposure::Private];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Exposure::Public => "public",
            Exposure::Private => "private",
        }
    }
}

/// Where exported rules are in force.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// On the installation's own host, or around it: its traffic begins and ends there.
    Host,
    /// On a machine that is neither end, and that traffic goes through.
    Router,
}

impl Place {
    /// Both of them.
    pub const ALL: &[Place] = &[Place::Host, Place::Router];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Place::Host => "host",
            Place::Router => "router",
        }
    }
}

/// A failure that is known and accepted for a while.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waiver {
    /// A check's id, or `check-id/code`.
    pub id: String,
    /// Why it is accepted.
    pub reason: String,
    /// The last day on which it is.
    pub until: jiff::civil::Date,
}

/// Everything the user asked for.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How the deployment reaches `WorkOS`.
    pub strategy: Setting<Strategy>,
    /// A file of facts in place of the embedded one.
    pub facts: Option<Setting<PathBuf>>,
    /// The API key.
    pub api_key: Option<Setting<Secret>>,
    /// The client ID, as given.
    pub client_id: Option<Setting<String>>,
    /// Where the API is.
    pub api: Setting<Endpoint>,
    /// The environment the key should be of.
    pub environment: Setting<Environment>,
    /// The installation's external domain name.
    pub domain: Option<Setting<String>>,
    /// Where the users are.
    pub exposure: Option<Setting<Exposure>>,
    /// The redirect URIs, as given.
    pub redirect_uris: Vec<Setting<String>>,
    /// The webhook URL, as given.
    pub webhook_url: Option<Setting<String>>,
    /// The webhook secret.
    pub webhook_secret: Option<Setting<Secret>>,
    /// The Actions URL, as given.
    pub actions_url: Option<Setting<String>>,
    /// The Actions secret.
    pub actions_secret: Option<Setting<Secret>>,
    /// The files that secrets were read from, in the order of the secrets; `-` is standard input.
    pub secret_files: Vec<Setting<PathBuf>>,
    /// The public addresses the domain should have.
    pub addresses: Vec<Setting<IpAddr>>,
    /// The forward proxy, if one is to be used at all.
    pub proxy: Option<Setting<Proxy>>,
    /// What it is not used for.
    pub no_proxy: NoProxy,
    /// A PEM file of CAs trusted besides the system's.
    pub ca_bundle: Option<Setting<PathBuf>>,
    /// A PEM file of what counts as a public root.
    pub public_roots: Option<Setting<PathBuf>>,
    /// The DNS server to ask in place of the system's.
    pub resolver: Option<Setting<SocketAddr>>,
    /// Who is asked for the public view of a name; the facts say who where nobody was named.
    pub public_resolver: Option<Setting<PublicResolver>>,
    /// The one address family to use.
    pub family: Option<Setting<Family>>,
    /// How long one attempt may take.
    pub timeout: Setting<Duration>,
    /// How often an attempt is repeated after a transient failure.
    pub retries: Setting<u32>,
    /// How long the whole run may take.
    pub deadline: Setting<Duration>,
    /// More endpoints that the application's server needs.
    pub endpoints: Vec<Setting<Endpoint>>,
    /// The organizations that this installation serves.
    pub organizations: Vec<Setting<String>>,
    /// Ask the token endpoint whether key and client ID belong together.
    pub probe_pair: bool,
    /// Look at every published range.
    pub deep: bool,
    /// How many requests are made to see how steady the way is.
    pub samples: Setting<u32>,
    /// Look at the hosts that browsers need.
    pub browser_hosts: bool,
    /// Hosts of the hosted login.
    pub authkit_domains: Vec<Setting<String>>,
    /// Deliver a signed event of a made-up type to the installation.
    pub send_signed: bool,
    /// Saved reports of `probe` and `listen`.
    pub inbound_reports: Vec<Setting<PathBuf>>,
    /// Exported firewall rules: files, and folders of them; `-` is standard input.
    pub rules: Vec<Setting<PathBuf>>,
    /// The firewall's language, as given.
    pub dialect: Option<Setting<String>>,
    /// What of the rules the installation is behind.
    pub scope: Vec<Setting<String>>,
    /// Where the rules are in force.
    pub place: Option<Setting<Place>>,
    /// The interface or zone towards the internet.
    pub outside: Option<Setting<String>>,
    /// The interface or zone towards the installation.
    pub inside: Option<Setting<String>>,
    /// What is wrong with the proxy setting in effect, where it is not one that programs take as it stands.
    pub misread_proxy: Option<Setting<Misread>>,
    /// Failures that are known and accepted.
    pub waivers: Vec<Waiver>,
    /// The settings file that was read.
    pub file: Option<PathBuf>,
    /// The files that are read before a run: what each holds.
    pub loaded: Vec<(PathBuf, &'static str)>,
    /// Every value in effect as it may be shown: name, value, source.
    pub shown: Vec<(&'static str, String, Source)>,
}

/// The secrets as the environment or a demonstration gives them; files are read by [`Settings::merge`].
#[derive(Default)]
pub struct GivenSecrets {
    /// The API key.
    pub api_key: Option<Setting<Secret>>,
    /// The webhook secret.
    pub webhook_secret: Option<Setting<Secret>>,
    /// The Actions secret.
    pub actions_secret: Option<Setting<Secret>>,
}

/// The environment variables that hold secrets themselves.
pub fn secret_variables() -> impl Iterator<Item = &'static str> {
    SETTINGS.iter().filter_map(|setting| setting.held).map(|held| held.variable)
}

impl GivenSecrets {
    /// The secrets that environment variables hold. `read` answers like `std::env::var_os`.
    pub fn from_environment(read: &dyn Fn(&str) -> Option<std::ffi::OsString>) -> Self {
        let secret = |setting: &Declared| {
            let variable = setting.held?.variable;
            let value = read(variable).filter(|value| !value.is_empty())?;
            let value = Secret::new(value.to_string_lossy());
            Some(Setting { value, source: Source::Environment(variable) })
        };
        GivenSecrets {
            api_key: secret(&API_KEY_FILE),
            webhook_secret: secret(&WEBHOOK_SECRET_FILE),
            actions_secret: secret(&ACTIONS_SECRET_FILE),
        }
    }
}

/// Why the settings cannot be used. Each is one sentence that names the setting, where its value came from, and what would be right.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A key that no setting has.
    #[error("`{key}` in {} is not a setting{}", path.display(), meant(*near))]
    UnknownKey {
        /// The key.
        key: String,
        /// The file it stands in.
        path: PathBuf,
        /// The nearest known one.
        near: Option<&'static str>,
    },
    /// A value that cannot be used.
    #[error("{name} (from {from}) is {shown}; expected {wanted}")]
    BadValue {
        /// The setting.
        name: &'static str,
        /// Where the value came from.
        from: Source,
        /// The value as it may be shown.
        shown: String,
        /// What would be right.
        wanted: String,
    },
    /// A file that is not TOML.
    #[error("{} cannot be read as settings: {why}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The place and the reason.
        why: String,
    },
    /// A file that a setting names and that cannot be read.
    #[error("{what} {} cannot be read{}: {why}", named(path), from.as_ref().map(|from| format!(" (named by {from})")).unwrap_or_default())]
    Unreadable {
        /// What the file is for.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Where its name came from.
        from: Option<Source>,
        /// The reason.
        why: String,
    },
}

/// The name of a file, unless it may be a secret that was given in the place of one.
fn named(path: &Path) -> String {
    let name = path.display().to_string();
    if said::may_be_secret(&name) { "***".to_owned() } else { name }
}

fn meant(near: Option<&str>) -> String {
    near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

impl Settings {
    /// The files of this machine that secrets were read from.
    pub fn secrets_on_disk(&self) -> impl Iterator<Item = &Path> {
        self.secret_files.iter().map(|file| file.value.as_path()).filter(|path| *path != Path::new("-"))
    }

    /// The proxy that stands between this host and the endpoint, if one does.
    pub fn proxy_for(&self, endpoint: &Endpoint) -> Option<&Proxy> {
        self.proxy.as_ref().map(|proxy| &proxy.value).filter(|_| !self.no_proxy.covers(endpoint))
    }

    /// The endpoints that the application's server needs: the API first, then those named besides.
    pub fn server_endpoints(&self) -> Vec<&Endpoint> {
        let mut endpoints = vec![&self.api.value];
        endpoints.extend(self.endpoints.iter().map(|setting| &setting.value).filter(|named| **named != self.api.value));
        endpoints
    }

    /// The endpoints that `WorkOS` and browsers must reach at the installation: the domain, then the hosts of webhook and
    /// Actions URLs where these differ.
    pub fn inbound_endpoints(&self) -> Vec<Endpoint> {
        let mut endpoints: Vec<Endpoint> =
            self.domain.iter().map(|domain| Endpoint::new(domain.value.clone(), 443)).collect();
        for given in [&self.webhook_url, &self.actions_url].into_iter().flatten() {
            let named = values::web_url(&given.value).filter(|url| url.scheme() == "https");
            endpoints.extend(named.as_ref().and_then(values::url_endpoint));
        }
        let mut seen = Vec::new();
        endpoints.retain(|endpoint| {
            endpoint.host.parse::<IpAddr>().is_err() && !seen.contains(endpoint) && {
                seen.push(endpoint.clone());
                true
            }
        });
        endpoints
    }

    /// The client ID, unless it is a key or a secret that was put in its place: it goes into URLs, which are logged on the way.
    /// Otherwise the reason why there is none.
    pub fn client_to_send(&self) -> Result<&str, NoClient> {
        match &self.client_id {
            None => Err(NoClient::NotGiven(CLIENT_ID.wanted())),
            Some(id) if said::looks_secret(&id.value) || said::is_known(&id.value) => {
                Err(NoClient::NotSent("what is given as the client ID looks like a key or a secret, and is not sent"))
            }
            Some(id) => Ok(&id.value),
        }
    }

    /// For want of which setting there are no [`Settings::inbound_endpoints`], and the sentence that says so.
    pub fn no_inbound_endpoint(&self) -> (Wanted, String) {
        let wanted = format!("give {}, or {}", DOMAIN.places(Taker::Check), WEBHOOK_URL.places(Taker::Check));
        let named =
            [("webhook", &self.webhook_url), ("Actions", &self.actions_url)].into_iter().find_map(|(of, given)| {
                let endpoint = values::url_endpoint(&values::web_url(&given.as_ref()?.value)?)?;
                endpoint.host.parse::<IpAddr>().ok().map(|address| (of, address))
            });
        let why = match named {
            Some((of, address)) => {
                format!(
                    "the {of} URL names the address {address}, and a certificate wants an external name: {wanted} with that name"
                )
            }
            None => format!("no external name given: {wanted}"),
        };
        (DOMAIN.wanted(), why)
    }

    /// The names of [`Settings::inbound_endpoints`], each once.
    pub fn inbound_hosts(&self) -> Vec<String> {
        let mut hosts: Vec<String> = Vec::new();
        for endpoint in self.inbound_endpoints() {
            if !hosts.contains(&endpoint.host) {
                hosts.push(endpoint.host);
            }
        }
        hosts
    }
}
