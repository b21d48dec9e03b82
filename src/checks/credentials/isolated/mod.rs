//! Does the key reach this customer alone?

pub(in crate::checks) mod codes;

use self::codes::{MANY, NOT_ESTABLISHED, ORGANIZATION_MISSING, SHARED};
use super::accepted;
use super::asking::{self, Listed};
use crate::check::{
    About, Check, CheckId, Command, Contact, Endpoint, Finding, Grade, Method, Outcome, Planned, Remediation, Running,
    Spec, Touch, Vantage,
};
use crate::checks::whence::Whence;
use crate::context::{Context, requesting};
use crate::facts::Facts;
use crate::said::counted;
use crate::settings::{API_KEY_FILE, Settings};
use crate::workos::id::Kind;
use crate::workos::pages::{Object, Pages};

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the key sees only this customer",
    explain: "\
Lists the organizations that the key can see, a hundred at a time and five hundred at most, and compares them with those \
that this installation serves (--organization). It reads and changes nothing.

Each on-prem installation gets a key of an environment of its own, so that a copy of its disk opens one customer's data \
and nobody else's. A key that works can still be the wrong key: that of the vendor's shared environment reaches every \
customer.

Usually broken by a key that was taken from the cloud deployment, or by two customers who were put into one environment. \
The names of organizations are shown only to a person who asks with -v, and go into no file.",
    vantages: &[Vantage::Inside],
    required: super::required,
    codes: &[&SHARED, &ORGANIZATION_MISSING, &NOT_ESTABLISHED, &MANY],
    needs: &[accepted::ID],
    plan: |_, settings| match settings.api_key {
        Some(_) => Planned::one(Isolated(settings.api.value.clone())),
        None => Planned::from(&API_KEY_FILE),
    },
};

pub(super) const ID: CheckId = CheckId::new("credentials.isolated");

struct Isolated(Endpoint);

impl Check for Isolated {
    fn about(&self) -> About {
        About::Endpoint(self.0.clone())
    }

    fn contacts(&self, _: &Facts, settings: &Settings) -> Vec<Contact> {
        let list = Touch::request(Method::Get, &self.0, &Pages::of(Kind::Organization).path()).with_the_key();
        let why = format!("which organizations the key reaches, at most {} pages", asking::MOST_PAGES);
        requesting(&self.0, settings, [Contact::new(list, why)])
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let mut outcome = Outcome::graded(Grade::Authorized);
            // Who can see five hundred organizations is isolated from nobody.
            match asking::list(&self.0, cx, &mut outcome, Kind::Organization).await {
                Ok(Listed { objects, all }) => judge(outcome, &objects, all, cx),
                Err(unlisted) => outcome.because(not_established(&unlisted.to_string())),
            }
        })
    }
}

fn judge(mut outcome: Outcome, seen: &[Object], all: bool, cx: &Context) -> Outcome {
    let count = if all { seen.len().to_string() } else { format!("{} and more", seen.len()) };
    outcome.saw("organizations", count.clone());
    outcome =
        outcome.in_short(if all { counted(seen.len(), "organization") } else { format!("{count} organizations") });
    for one in seen.iter().take(20) {
        outcome.saw_in_confidence("organization", format!("{} {}", one.id, one.called.as_deref().unwrap_or_default()));
    }
    let wanted: Vec<&String> = cx.settings.organizations.iter().map(|organization| &organization.value).collect();
    if wanted.is_empty() {
        return if seen.len() > 1 { outcome.because(many(&count)) } else { outcome };
    }
    let others = seen.iter().filter(|one| !wanted.contains(&&one.id)).count();
    if others > 0 {
        let others = if all { others.to_string() } else { format!("{others} or more") };
        outcome.found(shared(&others, cx));
    }
    let missing: Vec<&str> =
        wanted.iter().filter(|id| !seen.iter().any(|one| one.id == ***id)).map(|id| id.as_str()).collect();
    if all && !missing.is_empty() {
        outcome.found(organization_missing(&missing.join(", "), cx));
    }
    outcome
}

fn curl(cx: &Context) -> Command {
    let url = cx.settings.api.value.https(&Pages::of(Kind::Organization).path());
    Whence::of_key(&cx.settings).asking(&url)
}

/// How a production environment of one's own is had, which the guide says is through support.
pub(super) const OWN_ENVIRONMENT: &str = "Ask support@workos.com for a production environment of this customer's own, under the name that the vendor gives it";

fn shared(others: &str, cx: &Context) -> Finding {
    SHARED.found(
        format!("the key reaches {others} organizations besides those that this installation serves: whoever reads it here reads other customers' data"),
        Remediation::vendor(format!("{OWN_ENVIRONMENT}, create a key there, set it here ({}), and revoke this one if it ever left the vendor.", Whence::of_key(&cx.settings).words))
            .in_short("set a key of this customer's own environment")
            .verify(curl(cx)),
    )
}

fn many(count: &str) -> Finding {
    MANY.found(
        format!("the key reaches {count} organizations, and none was named that this installation serves"),
        Remediation::installer(format!("Name this installation's organizations with --organization, so that others can be told; if the others are other customers: {OWN_ENVIRONMENT}.")),
    )
}

fn organization_missing(missing: &str, cx: &Context) -> Finding {
    ORGANIZATION_MISSING.found(
        format!("the key does not reach {missing}: it is of another environment, or the organization was deleted"),
        Remediation::vendor(format!(
            "Set the key of the environment that holds {missing} ({}), or correct --organization.",
            Whence::of_key(&cx.settings).words
        ))
        .in_short("set the key of the right environment")
        .verify(curl(cx)),
    )
}

fn not_established(instead: &str) -> Finding {
    NOT_ESTABLISHED.found(
        format!("the organizations that the key reaches could not be listed: {instead}"),
        Remediation::workos(
            "Run the check again; if it lasts, send WorkOS support the request id and the time of the evidence.",
        )
        .in_short("run again, then ask WorkOS support"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{Held, Site, ask, codes};
    use crate::net::fake::{Fake, response};
    use crate::net::{ErrorKind, Method};

    async fn run(ids: &[&str], wanted: Option<&str>) -> Held {
        let data: Vec<serde_json::Value> =
            ids.iter().map(|id| serde_json::json!({ "id": id, "name": "Planted Customer" })).collect();
        let list =
            serde_json::json!({ "object": "list", "data": data, "list_metadata": { "before": null, "after": null } });
        let network = Fake::api().fetches(
            Method::Get,
            "https://api.workos.com/organizations?limit=100",
            Ok(response(200, &[], &list.to_string())),
        );
        let mut site = Site::of(network).key("sk_live_abcdefghijklmnopqrstuvwxyz");
        if let Some(wanted) = wanted {
            site = site.with("workos.organizations", wanted);
        }
        ask(&SPEC, &Isolated(Endpoint::new("api.workos.com", 443)), &site.context()).await
    }

    #[tokio::test]
    async fn the_named_organization_alone_passes() {
        assert_eq!(run(&["org_1"], Some("org_1")).await.status(), Status::Pass);
        assert_eq!(run(&["org_1"], None).await.status(), Status::Pass);
    }

    #[tokio::test]
    async fn others_missing_ones_and_several_unnamed_come_apart() {
        assert_eq!(codes(&run(&["org_1", "org_2"], Some("org_1")).await), ["shared"]);
        assert_eq!(codes(&run(&["org_2"], Some("org_1")).await), ["shared", "organization-missing"]);
        assert_eq!(codes(&run(&[], Some("org_1")).await), ["organization-missing"]);
        assert_eq!(codes(&run(&["org_1", "org_2"], None).await), ["many"]);
    }

    #[tokio::test]
    async fn names_are_evidence_in_confidence_only() {
        let outcome = run(&["org_1", "org_2"], Some("org_1")).await;
        let open = outcome.evidence.iter().filter(|seen| !seen.confidential);

        assert!(open.clone().count() > 0 && !open.into_iter().any(|seen| seen.value.contains("Planted")));
        assert!(!outcome.findings.iter().any(|finding| finding.problem.contains("Planted")));
    }

    /// An environment in which every page leads to another one, so many times; each holds one organization.
    async fn run_over_pages(pages: usize, wanted: &str) -> (Held, usize) {
        let path = |page: usize| match page {
            0 => "/organizations?limit=100".to_owned(),
            _ => format!("/organizations?limit=100&after=org_{}", page - 1),
        };
        let network = (0..pages).fold(Fake::api(), |network, page| {
            let id = format!("org_{page}");
            let after = (page + 1 < pages).then_some(&id);
            let list = serde_json::json!({
                "object": "list",
                "data": [{ "id": id, "name": "Planted Customer" }],
                "list_metadata": { "before": null, "after": after },
            });
            let url = format!("https://api.workos.com{}", path(page));
            network.fetches(Method::Get, &url, Ok(response(200, &[], &list.to_string())))
        });
        let site = Site::of(network).key("sk_live_abcdefghijklmnopqrstuvwxyz").with("workos.organizations", wanted);
        let network = site.network.clone();
        let outcome = ask(&SPEC, &Isolated(Endpoint::new("api.workos.com", 443)), &site.context()).await;
        let sent = network.sent.lock().unwrap().len();
        (outcome, sent)
    }

    #[tokio::test]
    async fn organizations_of_every_page_count_and_a_named_one_may_stand_on_the_last() {
        let (outcome, sent) = run_over_pages(3, "org_2").await;

        assert_eq!((codes(&outcome), sent), (vec!["shared"], 3));
        assert!(outcome.findings[0].problem.contains("reaches 2 organizations besides"), "{:?}", outcome.findings);
    }

    #[tokio::test]
    async fn a_list_without_end_is_left_after_as_many_pages_as_were_announced_and_says_so() {
        let (outcome, sent) = run_over_pages(50, "org_49").await;

        // Whether the named one is further on is not known, so that nothing is said of it.
        assert_eq!((codes(&outcome), sent), (vec!["shared"], asking::MOST_PAGES));
        assert!(outcome.findings[0].problem.contains("reaches 5 or more organizations"), "{:?}", outcome.findings);
    }

    #[tokio::test]
    async fn what_is_no_list_says_nothing_of_what_the_key_reaches_and_says_what_came() {
        for (answer, words) in [
            (Ok(response(200, &[], "{}")), "no list"),
            (Ok(response(404, &[], r#"{"message":"Not Found"}"#)), "404"),
            (Ok(response(200, &[], "<title>Blocked</title>")), "Blocked"),
            (Err(ErrorKind::Closed), "as the test decided"),
        ] {
            let url = "https://api.workos.com/organizations?limit=100";
            let site =
                Site::of(Fake::api().fetches(Method::Get, url, answer)).key("sk_live_abcdefghijklmnopqrstuvwxyz");
            let outcome = ask(&SPEC, &Isolated(Endpoint::new("api.workos.com", 443)), &site.context()).await;

            assert_eq!((codes(&outcome), outcome.status()), (vec!["not-established"], Status::Unknown), "{words}");
            assert!(outcome.findings[0].problem.contains(words), "{}", outcome.findings[0].problem);
        }
    }
}
