//! What is said where a signed event is refused, or taken late.

use std::time::Duration;

use super::{
    AcceptsSigned, Cause, NO_ANSWER, REFUSED_BEFORE_THE_APPLICATION, REFUSED_OTHERWISE, SHIFT, SIGNATURE_REFUSED, SLOW,
    SLOWISH, in_short,
};
use crate::check::{Command, Finding, Remediation};
use crate::checks::ingress::Wall;
use crate::context::Context;
use crate::net::Response;
use crate::said::spoken;

impl AcceptsSigned {
    pub(super) fn signature_refused(&self, status: u16, cause: &Cause, cx: &Context) -> Finding {
        let url = &self.0.url;
        let (why, remediation) = match cause {
            Cause::Rewritten => (
                "it accepts the body {} signed with the same secret, so the body does not reach the verification as it was sent".to_owned(),
                Remediation::vendor(format!("Verify the signature over the raw body of the request, before anything parses it, and have no proxy or web application firewall before {url} change bodies."))
                    .in_short("verify signatures over the raw body"),
            ),
            Cause::Clock(ahead) => {
                let (made, is) = if *ahead < 0 { ("ago", "behind") } else { ("from now", "ahead of") };
                let by = if ahead.abs() == SHIFT { "some 3 to 6 minutes".to_owned() } else { format!("about {} s", ahead.abs()) };
                (
                    format!("it accepts one signed {} s {made}, so the clock of the installation is {is} this host's by {by}", ahead.abs()),
                    Remediation::installer(format!("Set the clock of what verifies signatures at {url} by NTP, and this host's where that is another one: they may be 180 s apart from WorkOS's at most."))
                    .in_short("set the installation's clock by NTP"),
                )
            }
            Cause::OtherSecret(which) => (
                format!("it accepts what is signed with {which}, so the application does not have the secret that was given here"),
                Remediation::installer(format!("Give the application at {url} the webhook secret as the WorkOS dashboard shows it, whole and with its whsec_ where it has one."))
                    .in_short("give the application the webhook secret"),
            ),
            Cause::Untold(error) => (
                format!("whether body, clock or secret is the cause could not be told: {error}"),
                Remediation::installer(format!("Look in the log of what verifies signatures at {url} at this time, and run the check again."))
                    .in_short("look in its log, and run this again"),
            ),
            Cause::None(off) => {
                let (times, clock) = if off.abs() > SHIFT {
                    (format!("one signed by the clock of its Date header ({off} s from this host's)"), "that clock".to_owned())
                } else {
                    (format!("some signed {SHIFT} s ago and from now"), "a clock that is off by less than 6 minutes".to_owned())
                };
                (
                    format!("it refuses a body that nothing can rewrite, and {times}, in the same way; neither rewriting nor {clock} explains it, so the secrets most likely differ (unless the handler refuses events of unknown types in these same words)"),
                    Remediation::installer(format!("Compare the secret that the application at {url} uses with the one of this endpoint in the WorkOS dashboard and the one given here ({}); a restart may be needed for a new one to be used.", given(cx)))
                    .in_short("compare the webhook secrets"),
                )
            }
        };
        SIGNATURE_REFUSED.found(
            format!("{url} answers {status} to an event signed with the webhook secret, as to a forged one: {why}"),
            remediation.verify(Command::from("date -u").then(&self.0.curl())),
        )
    }

    pub(super) fn before_the_application(&self, wall: Wall, status: u16) -> Finding {
        REFUSED_BEFORE_THE_APPLICATION.found(
            format!("an event signed with the webhook secret is refused at {} {}", self.0.url, wall.in_words(status)),
            self.0.let_through(wall, status).verify(self.0.curl()),
        )
    }

    pub(super) fn refused_otherwise(&self, refusal: &Response, forged: &Response) -> Finding {
        REFUSED_OTHERWISE.found(
            format!(
                "{} answers {} to a signed event of a made-up type, and {} to a forged one: it seems to accept the signature and to refuse the event for what it says",
                self.0.url, in_short(refusal), in_short(forged)
            ),
            Remediation::vendor("Answer 2xx to signed events of types that the handler does not know, or WorkOS delivers them again for days; then look again.")
                .in_short("answer 2xx to unknown types of events")
                .verify(self.0.curl()),
        )
    }

    pub(super) fn slow(&self, how: &str) -> Finding {
        SLOW.found(
            format!("{} {how} to a signed event: WorkOS may count that as no answer, and deliver again", self.0.url),
            self.answer_first(),
        )
    }

    pub(super) fn slowish(&self, took: Duration) -> Finding {
        SLOWISH.found(
            format!(
                "{} takes {} to answer a signed event, and more than 5 s may be too long for WorkOS",
                self.0.url,
                spoken(took)
            ),
            self.answer_first(),
        )
    }

    fn answer_first(&self) -> Remediation {
        Remediation::vendor("Answer 200 as soon as the signature is verified, and handle the event afterwards.")
            .in_short("answer before handling the event")
            .verify(self.0.curl().and("-o /dev/null -w '%{time_total}\\n'"))
    }

    pub(super) fn no_answer(&self, detail: &str) -> Finding {
        NO_ANSWER.found(
            format!("no HTTP answer came from {} to a signed event: {detail}", self.0.url),
            Remediation::installer(format!(
                "Look in the log of what listens at {} at this time; a longer --timeout tells a slow answer from none.",
                self.0.endpoint
            ))
            .in_short("find in its log why nothing is answered")
            .verify(self.0.curl()),
        )
    }
}

/// Where the secret came from, and what may be shown of it.
fn given(cx: &Context) -> String {
    cx.settings
        .webhook_secret
        .as_ref()
        .map_or_else(String::new, |secret| format!("{} from {}", secret.value.masked(), secret.source))
}
