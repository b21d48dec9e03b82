//! What the user asked for: flags, environment and file, merged once into plain values that remember where they came from.

mod declared;
mod layers;
mod proxy;
pub mod values;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

pub use declared::{Declared, SETTINGS, Shape, nearest};
pub use layers::{Layer, SettingsFile, Source, environment, file};
pub use proxy::{Credentials, NoProxy, Proxy, Scheme};

use crate::check::Endpoint;
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
    /// As it is written.
    pub fn as_str(self) -> &'static str {
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
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Environment::Production => "production",
            Environment::Staging => "staging",
        }
    }
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
    /// The family of an address.
    pub fn of(address: IpAddr) -> Self {
        if address.is_ipv4() { Family::V4 } else { Family::V6 }
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
    /// The files that secrets were read from.
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
    /// The proxies that environment variables name, in every spelling, as far as they are proxies.
    pub proxy_variables: Vec<(&'static str, Option<Proxy>)>,
    /// Failures that are known and accepted.
    pub waivers: Vec<Waiver>,
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
const KEY_VARIABLE: &str = "WORKOS_API_KEY";
const WEBHOOK_SECRET_VARIABLE: &str = "WORKOS_WEBHOOK_SECRET";
const ACTIONS_SECRET_VARIABLE: &str = "WORKOS_ACTIONS_SECRET";

impl GivenSecrets {
    /// The secrets that environment variables hold. `read` answers like `std::env::var_os`.
    pub fn from_environment(read: &dyn Fn(&str) -> Option<std::ffi::OsString>) -> Self {
        let secret = |variable| {
            let value = read(variable).filter(|value| !value.is_empty())?;
            let value = Secret::new(value.to_string_lossy());
            Some(Setting { value, source: Source::Environment(variable) })
        };
        GivenSecrets {
            api_key: secret(KEY_VARIABLE),
            webhook_secret: secret(WEBHOOK_SECRET_VARIABLE),
            actions_secret: secret(ACTIONS_SECRET_VARIABLE),
        }
    }
}

/// The proxies that environment variables name, in every spelling. `read` answers like `std::env::var_os`.
pub fn proxy_variables(read: &dyn Fn(&str) -> Option<std::ffi::OsString>) -> Vec<(&'static str, Option<Proxy>)> {
    const VARIABLES: [&str; 6] = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
    let set = |variable: &'static str| {
        let value = read(variable).filter(|value| !value.is_empty())?;
        Some((variable, value.to_str().and_then(|text| Proxy::parse(text).ok())))
    };
    VARIABLES.into_iter().filter_map(set).collect()
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
    #[error("{name} (from {from}) is {shown}; {wanted} is right")]
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
    #[error("{what} {} cannot be read{}: {why}", path.display(), from.as_ref().map(|from| format!(" (named by {from})")).unwrap_or_default())]
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

fn meant(near: Option<&str>) -> String {
    near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

impl Settings {
    /// Merges layers, first wins, into values.
    pub fn merge(layers: &[Layer], secrets: GivenSecrets, waivers: Vec<Waiver>) -> Result<Self, SettingsError> {
        let mut merging = Merging { layers, shown: Vec::new(), secret_files: Vec::new() };
        let api_key = merging.secret("workos.api_key_file", secrets.api_key)?;
        let webhook_secret = merging.secret("installation.webhook_secret_file", secrets.webhook_secret)?;
        let actions_secret = merging.secret("installation.actions_secret_file", secrets.actions_secret)?;
        let direct = merging.one("network.direct", |_| Ok(true))?.is_some();
        let proxy = merging.one("network.proxy", Proxy::parse)?;
        let mut settings = Settings {
            strategy: merging.or("strategy", "firewall", |text| match text {
                "firewall" => Ok(Strategy::Firewall),
                "events" => Ok(Strategy::Events),
                _ => Err("`firewall` or `events`".to_owned()),
            })?,
            client_id: merging.one("workos.client_id", text)?,
            api: merging.or("workos.api_url", "https://api.workos.com", values::base_url)?,
            environment: merging.or("workos.environment", "production", |text| match text {
                "production" => Ok(Environment::Production),
                "staging" => Ok(Environment::Staging),
                _ => Err("`production` or `staging`".to_owned()),
            })?,
            domain: merging.one("installation.domain", values::host)?,
            redirect_uris: merging.each("installation.redirect_uris", text)?,
            webhook_url: merging.one("installation.webhook_url", text)?,
            actions_url: merging.one("installation.actions_url", text)?,
            addresses: merging.each("installation.addresses", |text| {
                text.parse().map_err(|_| "an IP address such as `198.51.100.7`".to_owned())
            })?,
            proxy: proxy.filter(|_| !direct),
            no_proxy: merging
                .one("network.no_proxy", text)?
                .map(|list| NoProxy::parse(&list.value))
                .unwrap_or_default(),
            ca_bundle: merging.one("network.ca_bundle", |text| Ok(PathBuf::from(text)))?,
            public_roots: merging.one("network.public_roots", |text| Ok(PathBuf::from(text)))?,
            resolver: merging.one("network.resolver", |text| values::server(text, 53))?,
            public_resolver: merging.one("network.public_resolver", public_resolver)?,
            family: merging.one("network.family", |text| match text {
                "4" => Ok(Family::V4),
                "6" => Ok(Family::V6),
                _ => Err("`4` or `6`".to_owned()),
            })?,
            timeout: merging.or("network.timeout", "5s", values::duration)?,
            retries: merging.or("network.retries", "1", |text| {
                text.parse().ok().filter(|retries| *retries <= 10).ok_or_else(|| "a number from 0 to 10".to_owned())
            })?,
            deadline: merging.or("network.deadline", "60s", values::duration)?,
            endpoints: merging.each("network.endpoints", values::endpoint)?,
            organizations: merging.each("workos.organizations", organization)?,
            probe_pair: merging.one("checks.probe_pair", |_| Ok(true))?.is_some(),
            deep: merging.one("checks.deep", |_| Ok(true))?.is_some(),
            samples: merging.or("checks.samples", "5", |text| {
                text.parse()
                    .ok()
                    .filter(|samples| (1..=50).contains(samples))
                    .ok_or_else(|| "a number from 1 to 50".to_owned())
            })?,
            browser_hosts: merging.one("checks.browser_hosts", |_| Ok(true))?.is_some(),
            authkit_domains: merging.each("checks.authkit_domains", values::host)?,
            proxy_variables: Vec::new(),
            api_key,
            webhook_secret,
            actions_secret,
            waivers,
            secret_files: merging.secret_files,
            shown: merging.shown,
        };
        settings.shown.sort_by_key(|(name, ..)| SETTINGS.iter().position(|setting| setting.name == *name));
        Ok(settings)
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

    /// The names of [`Settings::inbound_endpoints`], each once.
    pub fn inbound_hosts(&self) -> Vec<String> {
        let mut hosts: Vec<String> = self.inbound_endpoints().into_iter().map(|endpoint| endpoint.host).collect();
        hosts.dedup();
        hosts
    }
}

struct Merging<'a> {
    layers: &'a [Layer],
    shown: Vec<(&'static str, String, Source)>,
    secret_files: Vec<Setting<PathBuf>>,
}

impl Merging<'_> {
    fn given(&self, name: &str) -> Option<(Vec<String>, Source)> {
        self.layers.iter().find_map(|layer| layer.of(name)).map(|(values, source)| (values.to_vec(), source.clone()))
    }

    fn each<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Vec<Setting<T>>, SettingsError> {
        let Some((values, source)) = self.given(name) else { return Ok(Vec::new()) };
        let mut settings = Vec::new();
        for text in values {
            let shown = shown(name, &text);
            let value = read(&text).map_err(|wanted| SettingsError::BadValue {
                name,
                from: source.clone(),
                shown: format!("`{shown}`"),
                wanted,
            })?;
            self.shown.push((name, shown, source.clone()));
            settings.push(Setting { value, source: source.clone() });
        }
        Ok(settings)
    }

    fn one<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<Setting<T>>, SettingsError> {
        Ok(self.each(name, read)?.into_iter().next())
    }

    fn or<T>(
        &mut self,
        name: &'static str,
        default: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Setting<T>, SettingsError> {
        if let Some(setting) = self.one(name, &read)? {
            return Ok(setting);
        }
        self.shown.push((name, default.to_owned(), Source::Default));
        let value = read(default).map_err(|wanted| SettingsError::BadValue {
            name,
            from: Source::Default,
            shown: format!("`{default}`"),
            wanted,
        })?;
        Ok(Setting { value, source: Source::Default })
    }

    /// A file named by a flag wins over the variable that holds the secret, and that over a file named in the settings file.
    fn secret(
        &mut self,
        name: &'static str,
        held: Option<Setting<Secret>>,
    ) -> Result<Option<Setting<Secret>>, SettingsError> {
        let named = self.given(name).map(|(values, source)| (PathBuf::from(values.concat()), source));
        let found = match (named, held) {
            (Some((path, source @ (Source::Flag(_) | Source::Environment(_)))), _) | (Some((path, source)), None) => {
                let secret = read_secret(&path, &source)?;
                self.secret_files.push(Setting { value: path, source: source.clone() });
                Some(Setting { value: secret, source })
            }
            (_, held) => held,
        };
        if let Some(setting) = &found {
            self.shown.push((name, setting.value.masked(), setting.source.clone()));
        }
        Ok(found)
    }
}

/// The longest secret that is read, in bytes; keys and secrets are far shorter.
const LONGEST_SECRET: u64 = 64 * 1024;

/// Reads a secret from a file, or from standard input for `-`. One final line break belongs to the file, not to the secret.
fn read_secret(path: &Path, source: &Source) -> Result<Secret, SettingsError> {
    use std::io::Read;

    let unreadable = |why: String| SettingsError::Unreadable {
        what: "the secret file",
        path: path.to_owned(),
        from: Some(source.clone()),
        why,
    };
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(LONGEST_SECRET).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(LONGEST_SECRET).read_to_end(&mut bytes))
    };
    read.map_err(|error| unreadable(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable("it is not text".to_owned()))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Err(unreadable("it is empty".to_owned()));
    }
    Ok(Secret::new(line))
}

#[expect(clippy::unnecessary_wraps, reason = "it stands where parsers stand")]
fn text(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

fn organization(text: &str) -> Result<String, String> {
    let shaped = text
        .strip_prefix("org_")
        .is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_alphanumeric()));
    if shaped {
        Ok(text.to_owned())
    } else {
        Err("an organization's id such as `org_01EHZNVPK3SFK441A1RGBFSHRT`".to_owned())
    }
}

fn public_resolver(text: &str) -> Result<PublicResolver, String> {
    let wanted = || "an https URL, an address, or `none`".to_owned();
    if text == "none" {
        return Ok(PublicResolver::None);
    }
    if let Ok(address) = values::server(text, 53) {
        return Ok(PublicResolver::Plain(address));
    }
    let url = values::web_url(text).ok_or_else(wanted)?;
    if url.scheme() == "https" { Ok(PublicResolver::Https(url)) } else { Err(wanted()) }
}

/// A value as it may be shown: URLs lose credentials and queries, proxies their password.
fn shown(name: &str, text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(200).collect();
    match name {
        // A password can stand anywhere in what is not a URL.
        "network.proxy" => Proxy::parse(&text).map_or_else(|_| "***".to_owned(), |proxy| proxy.to_string()),
        // A key that was given in the place of something else is still a key.
        _ if text.starts_with("sk_") || text.starts_with("whsec_") => Secret::new(text).masked(),
        _ if text.contains("://") || text.contains(['@', '?', '#']) => values::shown_url(&text),
        _ => text,
    }
}
