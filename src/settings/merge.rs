//! Layers become values: the first that says something wins, and every value remembers where it came from.

use std::path::{Path, PathBuf};

use super::proxy::{NoProxy, Proxy};
use super::proxy_url::Misread;
#[allow(clippy::wildcard_imports, reason = "every setting is merged here")]
use super::table::*;
use super::{
    Declared, Environment, Exposure, Fallback, Family, GivenSecrets, Layer, Place, PublicResolver, Setting, Settings,
    SettingsError, Source, Strategy, Waiver, nearest, values,
};
use crate::files;
use crate::said;
use crate::secret::Secret;

impl Settings {
    /// Merges layers, first wins, into values.
    pub fn merge(layers: &[Layer], secrets: GivenSecrets, waivers: Vec<Waiver>) -> Result<Self, SettingsError> {
        let mut merging = Merging { layers, shown: Vec::new(), secret_files: Vec::new(), loaded: Vec::new() };
        let api_key = merging.secret(&API_KEY_FILE, secrets.api_key)?;
        let webhook_secret = merging.secret(&WEBHOOK_SECRET_FILE, secrets.webhook_secret)?;
        let actions_secret = merging.secret(&ACTIONS_SECRET_FILE, secrets.actions_secret)?;
        let direct = merging.switch(&DIRECT)?;
        let (proxy, misread_proxy) = merging.proxy()?;
        let mut settings = Settings {
            strategy: merging.or(const { Applying::of(&STRATEGY) }, choice(Strategy::ALL, Strategy::as_str))?,
            facts: merging.one(&FACTS, path)?,
            client_id: merging.one(&CLIENT_ID, text)?,
            api: merging.or(const { Applying::of(&API_URL) }, values::base_url)?,
            environment: merging
                .or(const { Applying::of(&ENVIRONMENT) }, choice(Environment::ALL, Environment::as_str))?,
            domain: merging.one(&DOMAIN, values::host)?,
            exposure: merging.one(&EXPOSURE, choice(Exposure::ALL, Exposure::as_str))?,
            redirect_uris: merging.each(&REDIRECT_URIS, values::whole_url)?,
            webhook_url: merging.one(&WEBHOOK_URL, values::whole_url)?,
            actions_url: merging.one(&ACTIONS_URL, values::whole_url)?,
            addresses: merging
                .each(&ADDRESSES, |text| text.parse().map_err(|_| "an IP address such as `198.51.100.7`".to_owned()))?,
            proxy: proxy.filter(|_| !direct),
            misread_proxy: misread_proxy.filter(|_| !direct),
            no_proxy: merging.one(&NO_PROXY, text)?.map(|list| NoProxy::parse(&list.value)).unwrap_or_default(),
            ca_bundle: merging.one(&CA_BUNDLE, path)?,
            public_roots: merging.one(&PUBLIC_ROOTS, path)?,
            resolver: merging.one(&RESOLVER, |text| values::server(text, 53))?,
            public_resolver: merging.one(&PUBLIC_RESOLVER, public_resolver)?,
            family: merging.one(&FAMILY, choice(Family::ALL, Family::as_str))?,
            timeout: merging.or(const { Applying::of(&TIMEOUT) }, values::duration)?,
            retries: merging.or(const { Applying::of(&RETRIES) }, |text| {
                text.parse().ok().filter(|retries| *retries <= 10).ok_or_else(|| "a number from 0 to 10".to_owned())
            })?,
            deadline: merging.or(const { Applying::of(&DEADLINE) }, values::duration)?,
            endpoints: merging.each(&ENDPOINTS, values::endpoint)?,
            organizations: merging.each(&ORGANIZATIONS, organization)?,
            probe_pair: merging.switch(&PROBE_PAIR)?,
            deep: merging.switch(&DEEP)?,
            samples: merging.or(const { Applying::of(&SAMPLES) }, |text| {
                text.parse()
                    .ok()
                    .filter(|samples| (1..=50).contains(samples))
                    .ok_or_else(|| "a number from 1 to 50".to_owned())
            })?,
            browser_hosts: merging.switch(&BROWSER_HOSTS)?,
            authkit_domains: merging.each(&AUTHKIT_DOMAINS, values::host)?,
            send_signed: merging.switch(&SEND_SIGNED)?,
            inbound_reports: merging.each(&INBOUND_REPORTS, path)?,
            rules: merging.each(&RULES, path)?,
            dialect: merging.one(&DIALECT, text)?,
            scope: merging.each(&SCOPE, text)?,
            place: merging.one(&PLACE, choice(Place::ALL, Place::as_str))?,
            outside: merging.one(&OUTSIDE, text)?,
            inside: merging.one(&INSIDE, text)?,
            file: None,
            loaded: merging.loaded,
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

/// A setting, and the value that is declared to apply where nobody says anything.
struct Applying {
    setting: &'static Declared,
    value: &'static str,
}

impl Applying {
    /// In a `const` block, so that where nothing is declared to apply to a setting, the line that merges it is not built.
    #[expect(clippy::panic, reason = "the compiler comes upon it, and nobody who runs what it made")]
    const fn of(setting: &'static Declared) -> Self {
        match setting.default {
            Fallback::Value(value) => Applying { setting, value },
            Fallback::Nothing | Fallback::Elsewhere(_) => panic!("no value is declared to apply to this setting"),
        }
    }
}

struct Merging<'a> {
    layers: &'a [Layer],
    shown: Vec<(&'static str, String, Source)>,
    secret_files: Vec<Setting<PathBuf>>,
    loaded: Vec<(PathBuf, &'static str)>,
}

impl Merging<'_> {
    fn given(&self, setting: &Declared) -> Option<(Vec<String>, Source)> {
        self.layers.iter().find_map(|layer| layer.of(setting)).map(|(values, source)| (values.to_vec(), source.clone()))
    }

    fn each<T>(
        &mut self,
        setting: &'static Declared,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Vec<Setting<T>>, SettingsError> {
        let Some((values, source)) = self.given(setting) else { return Ok(Vec::new()) };
        self.loaded
            .extend(setting.holds.iter().flat_map(|holds| values.iter().map(|path| (PathBuf::from(path), *holds))));
        values.iter().map(|text| self.read(setting, text, shown(text), &source, &read)).collect()
    }

    fn one<T>(
        &mut self,
        setting: &'static Declared,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<Setting<T>>, SettingsError> {
        Ok(self.each(setting, read)?.into_iter().next())
    }

    fn switch(&mut self, setting: &'static Declared) -> Result<bool, SettingsError> {
        Ok(self.one(setting, |_| Ok(()))?.is_some())
    }

    /// What is given, else the value that is declared to apply.
    fn or<T>(
        &mut self,
        Applying { setting, value }: Applying,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Setting<T>, SettingsError> {
        if let Some(given) = self.one(setting, &read)? {
            return Ok(given);
        }
        self.read(setting, value, value.to_owned(), &Source::Default, &read)
    }

    fn read<T>(
        &mut self,
        setting: &'static Declared,
        text: &str,
        shown: String,
        source: &Source,
        read: &impl Fn(&str) -> Result<T, String>,
    ) -> Result<Setting<T>, SettingsError> {
        let value = read(text).map_err(|wanted| SettingsError::BadValue {
            name: setting.name,
            from: source.clone(),
            shown: format!("`{shown}`"),
            wanted,
        })?;
        self.shown.push((setting.name, shown, source.clone()));
        Ok(Setting { value, source: source.clone() })
    }

    /// The proxy, and what is wrong with how it is written. An environment may hold what is no proxy: applications live with
    /// it, each in its own way, so that it is a finding. What was typed for this tool has to be right.
    fn proxy(&mut self) -> Result<ReadProxy, SettingsError> {
        let Some((values, source)) = self.given(&PROXY) else { return Ok((None, None)) };
        let setting = |value| Setting { value, source: source.clone() };
        match Proxy::parse(&values.concat()) {
            Ok(proxy) => {
                self.shown.push((PROXY.name, proxy.to_string(), source.clone()));
                Ok((Some(setting(proxy)), None))
            }
            Err(misread) if misread.tolerated || matches!(source, Source::Environment(_)) => {
                self.shown.push((PROXY.name, misread.shown.clone(), source.clone()));
                let meant = misread.meant.as_deref().cloned().map(setting);
                Ok((meant, Some(Setting { value: misread, source })))
            }
            Err(misread) => Err(misread.refused(source)),
        }
    }

    /// A file named by a flag wins over the variable that holds the secret, and that over a file named in the settings file.
    fn secret(
        &mut self,
        setting: &'static Declared,
        held: Option<Setting<Secret>>,
    ) -> Result<Option<Setting<Secret>>, SettingsError> {
        let named = self.given(setting).map(|(values, source)| (PathBuf::from(values.concat()), source));
        let found = match (named, held) {
            (Some((path, source @ (Source::Flag(_) | Source::Argument(_) | Source::Environment(_)))), _)
            | (Some((path, source)), None) => {
                let secret = read_secret(&path, &source)?;
                said::keep(secret.expose());
                self.loaded.extend(setting.holds.map(|holds| (path.clone(), holds)));
                self.secret_files.push(Setting { value: path, source: source.clone() });
                Some(Setting { value: secret, source })
            }
            (_, held) => held,
        };
        if let Some(found) = &found {
            self.shown.push((setting.name, found.value.masked(), found.source.clone()));
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

#[expect(clippy::unnecessary_wraps, reason = "it stands where parsers stand")]
fn path(text: &str) -> Result<PathBuf, String> {
    Ok(PathBuf::from(text))
}

/// One of the words that values are written as.
fn choice<T: Copy>(all: &[T], written: fn(T) -> &'static str) -> impl Fn(&str) -> Result<T, String> {
    move |text| {
        let words: Vec<String> = all.iter().map(|value| format!("`{}`", written(*value))).collect();
        let (last, others) = words
            .split_last()
            .map_or((String::new(), String::new()), |(last, others)| (last.clone(), others.join(", ")));
        let near = nearest(text, all.iter().map(|value| written(*value)));
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        all.iter().copied().find(|value| written(*value) == text).ok_or_else(|| format!("{others} or {last}{near}"))
    }
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
