//! Layers become values: the first that says something wins, and every value remembers where it came from.

use std::path::{Path, PathBuf};

use super::proxy::{NoProxy, Proxy};
use super::proxy_url::Misread;
use super::{
    Environment, Family, GivenSecrets, Layer, Probing, PublicResolver, SETTINGS, Setting, Settings, SettingsError,
    Source, Strategy, Waiver, values,
};
use crate::files;
use crate::said;
use crate::secret::Secret;

impl Settings {
    /// Merges layers, first wins, into values.
    pub fn merge(layers: &[Layer], secrets: GivenSecrets, waivers: Vec<Waiver>) -> Result<Self, SettingsError> {
        let mut merging = Merging { layers, shown: Vec::new(), secret_files: Vec::new() };
        let api_key = merging.secret("workos.api_key_file", secrets.api_key)?;
        let webhook_secret = merging.secret("installation.webhook_secret_file", secrets.webhook_secret)?;
        let actions_secret = merging.secret("installation.actions_secret_file", secrets.actions_secret)?;
        let direct = merging.one("network.direct", |_| Ok(true))?.is_some();
        let (proxy, misread_proxy) = merging.proxy()?;
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
            misread_proxy: misread_proxy.filter(|_| !direct),
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
            send_signed: merging.one("checks.send_signed", |_| Ok(true))?.is_some(),
            inbound_report: merging.one("installation.inbound_report", |text| Ok(PathBuf::from(text)))?,
            nonce: None,
            proxy_variables: Vec::new(),
            no_proxy_variables: Vec::new(),
            trust_variables: Vec::new(),
            probing: Probing::default(),
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
}

/// The proxy, and what is wrong with how it is written.
type ReadProxy = (Option<Setting<Proxy>>, Option<Setting<Misread>>);

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
            let shown = shown(&text);
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

    /// The proxy, and what is wrong with how it is written. An environment may hold what is no proxy: applications live with
    /// it, each in its own way, so that it is a finding. What was typed for this tool has to be right.
    fn proxy(&mut self) -> Result<ReadProxy, SettingsError> {
        const NAME: &str = "network.proxy";
        let Some((values, source)) = self.given(NAME) else { return Ok((None, None)) };
        let setting = |value| Setting { value, source: source.clone() };
        match Proxy::parse(&values.concat()) {
            Ok(proxy) => {
                self.shown.push((NAME, proxy.to_string(), source.clone()));
                Ok((Some(setting(proxy)), None))
            }
            Err(misread) if misread.tolerated || matches!(source, Source::Environment(_)) => {
                self.shown.push((NAME, misread.shown.clone(), source.clone()));
                let meant = misread.meant.as_deref().cloned().map(setting);
                Ok((meant, Some(Setting { value: misread, source })))
            }
            Err(misread) => Err(misread.refused(source)),
        }
    }

    /// A file named by a flag wins over the variable that holds the secret, and that over a file named in the settings file.
    fn secret(
        &mut self,
        name: &'static str,
        held: Option<Setting<Secret>>,
    ) -> Result<Option<Setting<Secret>>, SettingsError> {
        let named = self.given(name).map(|(values, source)| (PathBuf::from(values.concat()), source));
        let found = match (named, held) {
            (Some((path, source @ (Source::Flag(_) | Source::Argument(_) | Source::Environment(_)))), _)
            | (Some((path, source)), None) => {
                let secret = read_secret(&path, &source)?;
                said::keep(secret.expose());
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
    let unreadable = |why: String| SettingsError::Unreadable {
        what: "the secret file",
        path: path.to_owned(),
        from: Some(source.clone()),
        why,
    };
    let read =
        if path == Path::new("-") { files::standard_input(LONGEST_SECRET) } else { files::read(path, LONGEST_SECRET) };
    let bytes = read.map_err(|error| unreadable(error.to_string()))?;
    let text = files::exact_text(&bytes).map_err(|error| unreadable(error.to_string()))?;
    let line = text.strip_suffix('\n').unwrap_or(text);
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

/// A value as it may be shown: URLs lose credentials and queries.
fn shown(text: &str) -> String {
    let url = text.contains("://") || text.contains(['@', '?', '#']);
    let shown = if url { values::shown_url(text) } else { text.to_owned() };
    // A key that was given in the place of something else is still a key, also where the value is cut.
    said::line(&shown).chars().take(200).collect()
}
