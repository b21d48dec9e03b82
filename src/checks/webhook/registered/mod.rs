//! Is the webhook endpoint registered with WorkOS?

pub(in crate::checks) mod codes;

use self::codes::{DISABLED, DUPLICATE, NO_EVENTS, NOT_ESTABLISHED, NOT_REGISTERED, URL_DIFFERS};
use crate::check::{
    About, Check, CheckId, Contact, Endpoint, Finding, Grade, Method, Outcome, Planned, Remediation, Running, Spec,
    Touch, Vantage,
};
use crate::checks::credentials::accepted;
use crate::checks::credentials::asking::{self, Listed, Unlisted};
use crate::context::{Context, requesting};
use crate::facts::Facts;
use crate::settings::values::{shown_url, web_url};
use crate::settings::{API_KEY_FILE, Settings};
use crate::workos::id::Kind;
use crate::workos::pages::{Object, Pages};

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the webhook URL is registered",
    explain: "\
Lists the webhook endpoints of the key's environment (GET /webhook_endpoints), and looks for the webhook URL among them: \
enabled, once, with events, and letter by letter the same. The secrets in the answer are dropped as it is read.

WorkOS delivers to what is registered, and says nothing when that is another URL: the installation waits for events that \
go elsewhere.

Usually broken by an endpoint that was registered in another environment, by a path or slash that differs, or by one \
that somebody disabled during an incident. Older keys may not list endpoints; then nothing is concluded.",
    vantages: &[Vantage::Inside],
    required: super::required,
    codes: &[&NOT_REGISTERED, &DISABLED, &NOT_ESTABLISHED, &URL_DIFFERS, &NO_EVENTS, &DUPLICATE],
    needs: &[accepted::ID],
    plan: |_, settings| match (&settings.api_key, settings.webhook_url.as_ref().filter(|given| web_url(&given.value).is_some())) {
        (_, None) => super::NO_URL.into(),
        (None, _) => Planned::from(&API_KEY_FILE),
        (Some(_), Some(url)) => Planned::one(Registered { endpoint: settings.api.value.clone(), url: url.value.clone() }),
    },
};

pub(super) const ID: CheckId = CheckId::new("webhook.registered");

struct Registered {
    endpoint: Endpoint,
    url: String,
}

impl Check for Registered {
    fn subject(&self) -> Option<String> {
        Some(shown_url(&self.url))
    }

    fn about(&self) -> About {
        About::Endpoint(self.endpoint.clone())
    }

    fn contacts(&self, _: &Facts, settings: &Settings) -> Vec<Contact> {
        let list = Touch::request(Method::Get, &self.endpoint, &Pages::of(Kind::Endpoint).path()).with_the_key();
        let why = format!("whether the webhook URL is registered, at most {} pages", asking::MOST_PAGES);
        requesting(&self.endpoint, settings, [Contact::new(list, why)])
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let mut outcome = Outcome::graded(Grade::Authorized);
            match asking::list(&self.endpoint, cx, &mut outcome, Kind::Endpoint).await {
                Ok(Listed { objects, all }) => self.judge(outcome, &objects, all),
                Err(Unlisted::Answered(status @ (401 | 403 | 404))) => outcome.not_available(format!(
                    "not available to this key ({status}): look at Webhooks in the WorkOS dashboard"
                )),
                Err(unlisted) => outcome.because(not_established(&unlisted.to_string())),
            }
        })
    }
}

impl Registered {
    fn judge(&self, outcome: Outcome, known: &[Object], all: bool) -> Outcome {
        let count = if all { known.len().to_string() } else { format!("{} and more", known.len()) };
        let outcome = outcome.with("endpoints", count);
        let urls = || known.iter().filter_map(|endpoint| endpoint.called.as_deref());
        let same: Vec<&Object> = known.iter().filter(|it| it.called.as_deref() == Some(&self.url)).collect();
        let on: Vec<&&Object> = same.iter().filter(|known| known.enabled).collect();
        match (&same[..], &on[..]) {
            ([], _) if !all => outcome
                .because(not_established(&format!("it is not among the newest {}, and there are more", known.len()))),
            ([], _) => match urls().find(|url| self.is_like(url)) {
                Some(like) => outcome.because(self.url_differs(like)),
                None => outcome.because(self.not_registered()),
            },
            (_, []) => outcome.because(self.disabled()),
            (_, [one]) if one.events.is_empty() => outcome.because(self.no_events()),
            (_, [_]) => outcome,
            (_, several) => outcome.because(self.duplicate(several.len())),
        }
    }

    /// The same but for scheme, port, path or slash: the same host is close enough to be meant.
    fn is_like(&self, other: &str) -> bool {
        let host = |text: &str| web_url(text).and_then(|url| url.host_str().map(str::to_lowercase));
        host(&self.url).is_some() && host(&self.url) == host(other)
    }

    fn not_registered(&self) -> Finding {
        NOT_REGISTERED.found(
            format!("no endpoint for {} is registered in the key's environment", shown_url(&self.url)),
            Remediation::vendor(format!("Register {} under Webhooks in the WorkOS dashboard of this customer's environment, with the events that the application handles, and set its secret here.", shown_url(&self.url)))
                .in_short("register the webhook URL"),
        )
    }

    fn url_differs(&self, other: &str) -> Finding {
        URL_DIFFERS.found(
            format!("{} is registered, and the webhook URL is {}: WorkOS delivers to the registered one", shown_url(other), shown_url(&self.url)),
            Remediation::vendor(format!("Make the two the same, letter by letter: change the endpoint in the WorkOS dashboard to {}, or --webhook-url if that one is right.", shown_url(&self.url)))
                .in_short("make the two webhook URLs the same"),
        )
    }

    fn disabled(&self) -> Finding {
        DISABLED.found(
            format!("{} is registered and disabled: WorkOS delivers nothing", shown_url(&self.url)),
            Remediation::vendor(
                "Enable the endpoint under Webhooks in the WorkOS dashboard of this customer's environment.",
            )
            .in_short("enable the webhook endpoint"),
        )
    }

    fn no_events(&self) -> Finding {
        NO_EVENTS.found(
            format!("{} is registered for no event: WorkOS delivers nothing", shown_url(&self.url)),
            Remediation::vendor(
                "Select the events that the application handles on the endpoint in the WorkOS dashboard.",
            )
            .in_short("select the endpoint's events"),
        )
    }

    fn duplicate(&self, count: usize) -> Finding {
        DUPLICATE.found(
            format!("{} is registered {count} times: each event arrives {count} times, with different secrets", shown_url(&self.url)),
            Remediation::vendor("Delete all but one of these endpoints in the WorkOS dashboard, and keep the one whose secret the application has.")
                .in_short("delete all but one of the endpoints"),
        )
    }
}

fn not_established(instead: &str) -> Finding {
    NOT_ESTABLISHED.found(
        format!("whether the webhook is registered is not established: {instead}"),
        Remediation::vendor("Look under Webhooks in the WorkOS dashboard of this customer's environment.")
            .in_short("look under Webhooks in the dashboard"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{Held, Site, ask, codes};
    use crate::net::Method;
    use crate::net::fake::{Fake, response};

    const HOOK: &str = "https://app.customer.example/webhooks/workos";

    async fn run(status: u16, endpoints: &[(&str, &str, &[&str])]) -> Held {
        let data: Vec<serde_json::Value> = endpoints
            .iter()
            .map(|(url, status, events)| serde_json::json!({ "endpoint_url": url, "status": status, "events": events, "secret": "whsec_planted" }))
            .collect();
        let list = serde_json::json!({ "object": "list", "data": data, "list_metadata": {} });
        let url = format!("https://api.workos.com{}", Pages::of(Kind::Endpoint).path());
        let network = Fake::api().fetches(Method::Get, &url, Ok(response(status, &[], &list.to_string())));
        let check = Registered { endpoint: Endpoint::new("api.workos.com", 443), url: HOOK.to_owned() };
        ask(&SPEC, &check, &Site::of(network).key("sk_live_abcdefghijklmnop").context()).await
    }

    #[tokio::test]
    async fn one_enabled_endpoint_with_events_passes() {
        let outcome = run(200, &[(HOOK, "enabled", &["user.created"])]).await;

        assert_eq!(outcome.status(), Status::Pass);
        assert!(!format!("{outcome:?}").contains("planted"));
    }

    #[tokio::test]
    async fn everything_else_has_its_own_code() {
        let events: &[&str] = &["user.created"];
        assert_eq!(codes(&run(200, &[]).await), ["not-registered"]);
        assert_eq!(codes(&run(200, &[("https://other.example/x", "enabled", events)]).await), ["not-registered"]);
        assert_eq!(codes(&run(200, &[(HOOK, "disabled", events)]).await), ["disabled"]);
        assert_eq!(codes(&run(200, &[(&format!("{HOOK}/"), "enabled", events)]).await), ["url-differs"]);
        assert_eq!(codes(&run(200, &[(HOOK, "enabled", &[])]).await), ["no-events"]);
        assert_eq!(codes(&run(200, &[(HOOK, "enabled", events), (HOOK, "enabled", events)]).await), ["duplicate"]);
    }

    #[tokio::test]
    async fn it_is_looked_for_on_every_page_and_not_called_missing_where_there_are_more() {
        let run = async |pages: usize, last: &str| {
            let mut network = Fake::api();
            let mut path = Pages::of(Kind::Endpoint).path();
            for page in 1..=pages {
                let after = (page < pages || last.is_empty()).then(|| page.to_string());
                let url = if page == pages { last } else { "https://other.example/x" };
                let data = [serde_json::json!({ "endpoint_url": url, "events": ["user.created"] })];
                let list = serde_json::json!({ "object": "list", "data": data, "list_metadata": { "after": after } });
                let url = format!("https://api.workos.com{path}");
                network = network.fetches(Method::Get, &url, Ok(response(200, &[], &list.to_string())));
                path = format!("/webhook_endpoints?limit=100&after={page}");
            }
            let check = Registered { endpoint: Endpoint::new("api.workos.com", 443), url: HOOK.to_owned() };
            ask(&SPEC, &check, &Site::of(network).key("sk_live_abcdefghijklmnop").context()).await
        };

        assert_eq!(run(3, HOOK).await.status(), Status::Pass);
        assert_eq!(codes(&run(5, "").await), ["not-established"]);
    }

    #[tokio::test]
    async fn a_key_that_may_not_list_endpoints_concludes_nothing() {
        let outcome = run(404, &[]).await;

        assert_eq!((outcome.status(), outcome.findings.len()), (Status::Skip, 0));
    }
}
