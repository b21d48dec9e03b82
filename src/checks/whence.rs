//! Where a secret came from, in words and as a command that looks there.

use std::path::Path;

use crate::check::{Command, command};
use crate::secret::Secret;
use crate::settings::{Setting, Settings, Source};

/// Where a secret came from.
pub(super) struct Whence {
    /// "the file /run/secrets/key (flag --api-key-file)"
    pub(super) words: String,
    at: At,
}

enum At {
    Variable(&'static str),
    File(String),
    Input,
}

impl Whence {
    /// Of the API key; `WORKOS_API_KEY` where there is none.
    pub(super) fn of_key(settings: &Settings) -> Self {
        Self::of(settings, settings.api_key.as_ref(), "WORKOS_API_KEY")
    }

    /// Of the webhook secret.
    pub(super) fn of_webhook_secret(settings: &Settings) -> Self {
        Self::of(settings, settings.webhook_secret.as_ref(), "WORKOS_WEBHOOK_SECRET")
    }

    /// Of the Actions secret.
    pub(super) fn of_actions_secret(settings: &Settings) -> Self {
        Self::of(settings, settings.actions_secret.as_ref(), "WORKOS_ACTIONS_SECRET")
    }

    fn of(settings: &Settings, secret: Option<&Setting<Secret>>, usual: &'static str) -> Self {
        let in_variable = |name| Whence { words: format!("environment {name}"), at: At::Variable(name) };
        let Some(secret) = secret else { return in_variable(usual) };
        match (&secret.source, file(settings, secret)) {
            (source, Some(path)) if path == Path::new("-") => {
                Whence { words: format!("standard input ({source})"), at: At::Input }
            }
            (source, Some(path)) => {
                let path = path.display().to_string();
                Whence { words: format!("the file {path} ({source})"), at: At::File(path) }
            }
            (Source::Environment(name), None) => in_variable(name),
            (source, None) => Whence { words: source.to_string(), ..in_variable(usual) },
        }
    }

    /// Shows every byte of it.
    pub(super) fn look(&self) -> Command {
        match &self.at {
            At::Variable("WORKOS_WEBHOOK_SECRET") => {
                Command::from("printf %s \"$WORKOS_WEBHOOK_SECRET\" | od -c | head")
            }
            At::Variable("WORKOS_ACTIONS_SECRET") => {
                Command::from("printf %s \"$WORKOS_ACTIONS_SECRET\" | od -c | head")
            }
            At::Variable(_) => Command::from("printf %s \"$WORKOS_API_KEY\" | od -c | head"),
            At::File(path) => command!("od -c {} | head", path),
            At::Input => Command::from("od -c | head"),
        }
    }

    /// Shows how it begins, and not how it goes on.
    pub(super) fn beginning(&self) -> Command {
        match &self.at {
            At::Variable(name) => command!("printenv {} | head -c 8", name),
            At::File(path) => command!("head -c 8 {}", path),
            At::Input => Command::from("head -c 8"),
        }
    }

    /// Sends it, as a key, to a URL.
    pub(super) fn asking(&self, url: &str) -> Command {
        match &self.at {
            At::Variable("WORKOS_API_KEY") => {
                command!("curl -si -H \"Authorization: Bearer $WORKOS_API_KEY\" '{}'", url)
            }
            At::Variable(name) => {
                command!("K=$(printenv {}); curl -si -H \"Authorization: Bearer $K\" '{}'", name, url)
            }
            At::File(path) => command!("K=$(cat {}); curl -si -H \"Authorization: Bearer $K\" '{}'", path, url),
            At::Input => command!("K=$(cat); curl -si -H \"Authorization: Bearer $K\" '{}'", url),
        }
    }
}

/// The file that a secret was read from. A settings file may name several; they are kept in the order of the secrets.
fn file<'a>(settings: &'a Settings, secret: &Setting<Secret>) -> Option<&'a Path> {
    let secrets = [&settings.api_key, &settings.webhook_secret, &settings.actions_secret];
    let alike = secrets.into_iter().flatten().filter(|other| other.source == secret.source);
    let before = alike.take_while(|other| !std::ptr::eq(*other, secret)).count();
    let files = settings.secret_files.iter().filter(|file| file.source == secret.source);
    files.map(|file| file.value.as_path()).nth(before)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::checks::fixture::Site;
    use crate::net::fake::Fake;

    #[test]
    fn a_secret_is_looked_for_where_it_came_from() {
        let mut settings =
            Site::of(Fake::default()).key("sk_live_1").webhook_secret("a").actions_secret("b").settings();
        assert!(Whence::of_key(&settings).look().as_str().contains("$WORKOS_API_KEY"));
        assert!(Whence::of_actions_secret(&settings).look().as_str().contains("$WORKOS_ACTIONS_SECRET"));

        let in_file = Source::File(PathBuf::from("preflight.toml"));
        let flag = Source::Flag("--api-key-file");
        settings.api_key.as_mut().unwrap().source = flag.clone();
        settings.webhook_secret.as_mut().unwrap().source = in_file.clone();
        settings.actions_secret.as_mut().unwrap().source = in_file.clone();
        let file = |path: &str, source: &Source| Setting { value: PathBuf::from(path), source: source.clone() };
        settings.secret_files = vec![file("-", &flag), file("web hook", &in_file), file("/run/actions", &in_file)];

        let key = Whence::of_key(&settings);
        assert_eq!((key.words.as_str(), key.look().as_str()), ("standard input (flag --api-key-file)", "od -c | head"));
        assert_eq!(Whence::of_webhook_secret(&settings).look().as_str(), "od -c 'web hook' | head");
        let actions = Whence::of_actions_secret(&settings);
        assert_eq!(actions.beginning().as_str(), "head -c 8 /run/actions");
        assert_eq!(
            Whence::of_webhook_secret(&settings).asking("https://a.example/b").as_str(),
            "K=$(cat 'web hook'); curl -si -H \"Authorization: Bearer $K\" 'https://a.example/b'"
        );
        assert_eq!(actions.words, "the file /run/actions (file preflight.toml)");
        assert_eq!(actions.look().as_str(), "od -c /run/actions | head");
    }
}
