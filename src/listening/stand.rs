//! What `listen` stands at, until when, and how that ended.

use std::time::Duration;

use crate::settings::values::{shown_url, web_url};
use crate::settings::{Setting, Settings};
use crate::workos::delivery::Purpose;

/// The URLs that are stood at. There is always one.
pub(crate) enum Stand {
    /// That of webhooks alone.
    Webhook(Target),
    /// That of Actions alone.
    Actions(Target),
    /// Both, on paths of their own.
    Both { webhook: Target, actions: Target },
}

/// A URL that WorkOS delivers to.
pub(crate) struct Target {
    pub(crate) url: String,
    pub(crate) path: String,
    pub(crate) host: String,
}

impl Stand {
    /// What the settings name. An error is a sentence that says what would be right.
    pub(crate) fn of(settings: &Settings) -> Result<Option<Self>, String> {
        let target = |name: &str, given: &Option<Setting<String>>| {
            given.as_ref().map(|given| Target::of(name, given)).transpose()
        };
        let webhook = target("installation.webhook_url", &settings.webhook_url)?;
        let actions = target("installation.actions_url", &settings.actions_url)?;
        Ok(match (webhook, actions) {
            (Some(webhook), Some(actions)) if webhook.path == actions.path => {
                return Err(format!(
                    "webhooks and Actions both arrive at {}, and cannot be told apart; give each a path of its own",
                    webhook.path
                ));
            }
            (Some(webhook), Some(actions)) => Some(Stand::Both { webhook, actions }),
            (Some(webhook), None) => Some(Stand::Webhook(webhook)),
            (None, Some(actions)) => Some(Stand::Actions(actions)),
            (None, None) => None,
        })
    }

    pub(crate) fn webhook(&self) -> Option<&Target> {
        match self {
            Stand::Webhook(webhook) | Stand::Both { webhook, .. } => Some(webhook),
            Stand::Actions(_) => None,
        }
    }

    pub(crate) fn actions(&self) -> Option<&Target> {
        match self {
            Stand::Actions(actions) | Stand::Both { actions, .. } => Some(actions),
            Stand::Webhook(_) => None,
        }
    }

    /// What deliveries are waited for: webhooks, where they are stood at.
    pub(crate) fn awaited(&self) -> (Purpose, &Target) {
        match self {
            Stand::Webhook(webhook) | Stand::Both { webhook, .. } => (Purpose::Webhook, webhook),
            Stand::Actions(actions) => (Purpose::Action, actions),
        }
    }
}

impl Target {
    fn of(name: &str, given: &Setting<String>) -> Result<Self, String> {
        let Some(url) = web_url(&given.value) else {
            return Err(format!(
                "{name} (from {}) is `{}`; expected an https URL such as https://app.customer.example/path",
                given.source,
                shown_url(&given.value)
            ));
        };
        Ok(Target {
            path: url.path().to_owned(),
            host: url.host_str().unwrap_or_default().to_owned(),
            url: given.value.clone(),
        })
    }
}

/// Until when is listened.
pub(crate) struct Until {
    /// At the latest until so long is over.
    pub(crate) lasting: Duration,
    /// A probe with the nonce has to come.
    pub(crate) probe: bool,
    /// The deliveries that have to come; none where only a probe is waited for.
    pub(crate) wanted: Option<Wanted>,
    /// What came from all published addresses is enough, and those that were not seen are warned of.
    pub(crate) from_all: bool,
}

/// The deliveries that have to come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The one that this run causes.
    Caused,
    /// So many genuine ones from listed addresses.
    Genuine(usize),
    /// One from every published address, however many that takes.
    FromAll,
}

impl Until {
    /// How many genuine ones a conclusion is made from.
    pub(crate) fn at_least(&self) -> usize {
        match self.wanted {
            Some(Wanted::Genuine(count)) => count,
            Some(Wanted::Caused | Wanted::FromAll) | None => 1,
        }
    }

    /// Whether so many that are listed suffice.
    pub(crate) fn is_reached_by(&self, listed: usize) -> bool {
        matches!(self.wanted, Some(Wanted::Genuine(count)) if listed >= count)
    }
}

/// How listening ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum EndOfStand {
    /// All that was wanted came.
    Enough,
    /// The time was over.
    TimeOver,
    /// The user, or a supervisor, ended it.
    Told,
    /// Nobody reads on, and no file waits for the report.
    Unread,
    /// WorkOS could not be made to send anything.
    NotCaused,
    /// The listener itself broke.
    Broken(String),
}

impl EndOfStand {
    /// Whether more might have come, had it not been ended from outside.
    pub(crate) fn is_cut_short(&self) -> bool {
        matches!(self, EndOfStand::Told | EndOfStand::Unread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{GivenSecrets, Layer, Source, declared};

    fn stand(given: &[(&'static str, &str)]) -> Result<Option<Stand>, String> {
        let mut layer = Layer::default();
        for (name, value) in given {
            layer.give(declared(name).unwrap(), [(*value).to_owned()], Source::Flag("--test"));
        }
        Stand::of(&Settings::merge(&[layer], GivenSecrets::default(), Vec::new()).unwrap())
    }

    const WEBHOOK: &str = "installation.webhook_url";
    const ACTIONS: &str = "installation.actions_url";

    #[test]
    fn what_is_awaited_are_webhooks_and_actions_only_where_they_stand_alone() {
        let both = stand(&[(WEBHOOK, "https://a.example/hook"), (ACTIONS, "https://a.example/act")]).unwrap().unwrap();
        let alone = stand(&[(ACTIONS, "https://a.example/act")]).unwrap().unwrap();

        assert_eq!((both.awaited().0, both.awaited().1.path.as_str()), (Purpose::Webhook, "/hook"));
        assert_eq!(both.actions().unwrap().path, "/act");
        assert_eq!((alone.awaited().0, alone.webhook().is_none()), (Purpose::Action, true));
        assert!(stand(&[]).unwrap().is_none());
    }

    #[test]
    fn two_purposes_on_one_path_and_what_no_webhook_arrives_at_are_refused_by_name() {
        let same = stand(&[(WEBHOOK, "https://a.example/hook"), (ACTIONS, "https://b.example/hook")]).err().unwrap();
        let none = stand(&[(WEBHOOK, "ftp://a.example/path")]).err().unwrap();

        assert!(same.contains("both arrive at /hook"), "{same}");
        assert!(none.contains(WEBHOOK) && none.contains("ftp://a.example/path"), "{none}");
    }

    #[test]
    fn only_a_number_is_reached_by_a_number() {
        let until = |wanted| Until { lasting: Duration::ZERO, probe: false, wanted, from_all: false };

        assert!(until(Some(Wanted::Genuine(2))).is_reached_by(2) && !until(Some(Wanted::Genuine(2))).is_reached_by(1));
        assert!(![Some(Wanted::Caused), Some(Wanted::FromAll), None].iter().any(|it| until(*it).is_reached_by(9)));
    }
}
