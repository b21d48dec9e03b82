//! What is said of a receiver that does not refuse what is unsigned, or that nobody can see.

use super::{
    ACCEPTS_UNSIGNED, CLIENT_CERTIFICATE_REQUIRED, CROSS_SITE_TOKEN_REQUIRED, Kind, LOGIN_WALL, METHOD_REFUSED,
    NO_ANSWER, NOT_FOUND, REDIRECTS, REFUSED_BEFORE_THE_APPLICATION, Receiver, SERVER_ERROR, UNCLEAR_ANSWER,
};
use crate::check::{Command, Finding, Remediation, Remediations, command};
use crate::checks::ingress::{Front, Wall, shown_location};
use crate::middlebox;
use crate::net::Response;
use crate::settings::values::web_url;

const ANSWER_401: &str = "answer 401 to what has no valid signature";

impl Receiver {
    pub(in crate::checks::webhook) fn curl(&self) -> Command {
        command!("curl -si -X POST -H 'Content-Type: application/json' -d '{{}}' {}", self.url)
    }

    pub(super) fn accepts(&self, status: u16, how: &str) -> Finding {
        let what = match self.kind {
            Kind::Webhook => format!("to an event {how}: anybody can forge events"),
            Kind::Actions => format!("to an Action {how}: anybody can ask it for verdicts"),
        };
        ACCEPTS_UNSIGNED.found(
            format!("{} answers {status} {what}", self.url),
            Remediation::vendor(format!(
                "Verify the WorkOS-Signature header with {} before anything else, and answer 401 when it is missing or wrong.",
                self.kind.secret()
            ))
            .in_short(self.verify_signatures())
            .verify(self.curl()),
        )
    }

    pub(super) fn not_found(&self, status: u16) -> Finding {
        NOT_FOUND.found(
            format!("there is nothing at {} ({status}){}", self.url, self.kind.consequence()),
            Remediation::installer(format!(
                "Correct the path of the {}, here and in the WorkOS dashboard, or have the reverse proxy pass it to the application.",
                self.kind.url()
            ))
            .in_short(format!("correct the {}, or pass its path on", self.kind.url()))
            .verify(self.curl()),
        )
    }

    pub(super) fn takes_everything(&self, status: u16) -> Finding {
        ACCEPTS_UNSIGNED.found(
            format!(
                "{} answers {status} to an event that is not signed, and so is a made-up path, in the same words: what answers there takes everything, and may not be the application{}",
                self.url,
                self.kind.consequence()
            ),
            Remediation::installer(format!(
                "Have what answers at {} pass {} to the application that handles {}, instead of answering every path itself (a catch-all, a default page, a firewall's page).",
                self.endpoint,
                self.path_shown(),
                self.kind.sent()
            ))
            .in_short(self.pass_on())
            .verify(self.curl())
            .or(Remediation::vendor(format!(
                "Verify the WorkOS-Signature header with {} before anything else, and answer 401 when it is missing or wrong, if it is the application that answers so.",
                self.kind.secret()
            ))
            .in_short(self.verify_signatures())),
        )
    }

    pub(super) fn method_refused(&self, everywhere: bool) -> Finding {
        let url = self.kind.url();
        let (and_so, remedies) = if everywhere {
            let allow = Remediation::network(format!(
                "Allow POST for {} in what stands in front of {} (a list of allowed methods in the reverse proxy, load balancer or web application firewall).",
                self.path_shown(),
                self.endpoint
            ))
            .in_short(format!("allow POST for the {url}"));
            let server = Remediation::installer(format!(
                "Have what answers at {} pass {} to the application, if it serves files alone.",
                self.endpoint,
                self.path_shown()
            ))
            .in_short(self.pass_on());
            (" at this path and at a made-up one alike", allow.or(server))
        } else {
            let correct = Remediation::installer(format!(
                "Correct the path of the {url}, or allow POST for it in the reverse proxy or web application firewall."
            ))
            .in_short(format!("correct the {url}, or allow POST for it"));
            ("", correct.into())
        };
        METHOD_REFUSED.found(
            format!("{} takes no POST (405){and_so}, and WorkOS uses POST{}", self.url, self.kind.consequence()),
            remedies.verify(self.curl()),
        )
    }

    pub(super) fn redirects(&self, response: &Response, front: &Front) -> Finding {
        let location = response.header("location").unwrap_or_default();
        let target = web_url(&self.url).and_then(|url| url.join(location).ok());
        let product = target.as_ref().and_then(middlebox::by_sign_in);
        let sign_in = product.is_some()
            || front.is_everywhere(response, &self.path)
            || target.as_ref().is_some_and(middlebox::is_sign_in);
        let mut whose = match product {
            Some(guess) => format!(": {}, a sign-in in front of the application", guess.in_words()),
            None if sign_in => ": a sign-in, or another wall in front of the application".to_owned(),
            None => String::new(),
        };
        if front.asks_certificate {
            whose.push_str("; it asks for a client certificate as well, whose want may be why");
        }
        let register = Remediation::installer(format!(
            "Register the final URL with WorkOS, or exempt the path {} of the {} from the redirect (sign-on, http to https, slash).",
            self.path_shown(),
            self.kind.url()
        ))
        .in_short("register the final URL, or end the redirect");
        let remedies = if sign_in {
            Remediation::network(format!(
                "Exempt the path {} from the sign-in in front of {}: the signature authenticates {}.",
                self.path_shown(),
                self.endpoint,
                self.kind.sent()
            ))
            .in_short(self.exempt_from_sign_in())
            .or(register)
        } else {
            register.into()
        };
        REDIRECTS.found(
            format!(
                "{} redirects to {} ({}), where {} end{whose}{}",
                self.url,
                shown_location(location),
                response.status,
                self.kind.sent(),
                self.kind.consequence()
            ),
            remedies.verify(self.curl()),
        )
    }

    pub(super) fn server_error(&self, status: u16, everywhere: bool) -> Finding {
        let does = match (status, everywhere) {
            (502..=504, true) => {
                "and so is a made-up path: what stands in front does not reach the application, or keeps it in maintenance"
            }
            (502..=504, false) => {
                "to an unsigned request: the reverse proxy does not reach the handler, or it is in maintenance"
            }
            _ => "to an unsigned request: the handler breaks",
        };
        let start = Remediation::installer(format!(
            "Start the application behind what answers at {}, or end its maintenance, and run this again.",
            self.endpoint
        ))
        .in_short("start the application");
        let mend = Remediation::vendor(
            "Find the error in the application's log at this time: the handler must answer 400 or 401 to what has no valid signature.",
        )
        .in_short(ANSWER_401);
        SERVER_ERROR.found(
            format!("{} answers {status} {does}{}", self.url, self.kind.consequence()),
            if (502..=504).contains(&status) { start.or(mend) } else { mend.or(start) }.verify(self.curl()),
        )
    }

    pub(super) fn login_wall(&self, status: u16, title: Option<&str>, everywhere: bool) -> Finding {
        let called = title.map_or_else(|| "a demand to sign in".to_owned(), |title| format!("a page called “{title}”"));
        let place = if everywhere { ", as at a made-up path" } else { "" };
        LOGIN_WALL.found(
            format!("{called} answers at {} ({status}){place}: it is made for people, and takes no {}{}", self.url, self.kind.sent(), self.kind.consequence()),
            Remediation::installer(format!("If that page is a sign-in, exempt the path {} from it: the signature authenticates {}. If it is the application's own front page, pass the path to the application's server. If it is of another site, correct the {}, or the public record of its host.", self.path_shown(), self.kind.sent(), self.kind.url()))
                .in_short(format!("have the application answer at the {}", self.kind.url()))
                .verify(self.curl()),
        )
    }

    pub(super) fn before_the_application(&self, wall: Wall, status: u16) -> Finding {
        let code = match wall {
            Wall::ClientCertificate => &CLIENT_CERTIFICATE_REQUIRED,
            Wall::CrossSite => &CROSS_SITE_TOKEN_REQUIRED,
            Wall::Product(_) | Wall::EveryPath => &REFUSED_BEFORE_THE_APPLICATION,
        };
        let so = match wall {
            Wall::ClientCertificate | Wall::CrossSite => ", and WorkOS has none to show",
            Wall::Product(_) | Wall::EveryPath => ": nothing is known of the application",
        };
        code.found(
            format!("a request to {} is refused {}{so}{}", self.url, wall.in_words(status), self.kind.consequence()),
            self.let_through(wall, status).verify(self.curl()),
        )
    }

    /// What to change on what stands before the application.
    pub(in crate::checks::webhook) fn let_through(&self, wall: Wall, status: u16) -> Remediations {
        let (path, endpoint, sent) = (self.path_shown(), &self.endpoint, self.kind.sent());
        let from_sign_in = Remediation::network(format!(
            "Exempt the path {path} from the sign-in in front of {endpoint} (forward auth, single sign-on): the signature authenticates {sent}."
        ))
        .in_short(self.exempt_from_sign_in());
        let for_the_check = Remediation::network(format!(
            "Let this host through to {endpoint} for the time of the check, if it is an allowlist that refuses: it is right if it lists WorkOS's addresses."
        ))
        .in_short("let this host through for the check");
        let in_its_own_words = Remediation::vendor(
            "Answer a request without a right signature in words of its own, such as 401 and `invalid signature`, if it is the application that answers every path so: then this can be told.",
        )
        .in_short("refuse what is unsigned in words of its own");
        match wall {
            Wall::ClientCertificate => Remediation::network(format!(
                "Require no client certificate for {path} on what answers at {endpoint} (nginx: ssl_verify_client optional, and ask for $ssl_client_verify in the other locations): WorkOS has none to show."
            ))
            .in_short(format!("demand no client certificate at the {}", self.kind.url()))
            .into(),
            Wall::Product(guess) => Remediation::network(format!(
                "Exempt POST {path} from the rules of what stands in front of {endpoint} ({}), for WorkOS's addresses at least; its log at this time names the rule.",
                guess.in_words()
            ))
            .in_short(format!("exempt the {} from the firewall's rules", self.kind.url()))
            .into(),
            Wall::CrossSite => Remediation::vendor(format!(
                "Exempt {path} from the framework's protection against cross-site requests (Django: csrf_exempt; Rails: skip_forgery_protection; Laravel: validateCsrfTokens except): the signature protects it."
            ))
            .in_short(format!("exempt the {} from CSRF protection", self.kind.url()))
            .into(),
            Wall::EveryPath if matches!(status, 413 | 429) => self.lifted(status).or(in_its_own_words),
            Wall::EveryPath if status == 403 => for_the_check.or(from_sign_in).or(in_its_own_words),
            Wall::EveryPath => from_sign_in.or(for_the_check).or(in_its_own_words),
        }
    }

    /// What to change where something has a limit.
    pub(super) fn lifted(&self, status: u16) -> Remediation {
        let (path, endpoint, url) = (self.path_shown(), &self.endpoint, self.kind.url());
        let brief = match status {
            429 => format!("raise the rate limit for the {url}"),
            _ => format!("allow larger bodies at the {url}"),
        };
        Remediation::network(match status {
            429 => format!(
                "Raise the rate limit for {path} on what answers at {endpoint}, for WorkOS's addresses at least, and run this again once the limit's time is over."
            ),
            _ => format!(
                "Allow bodies of at least 1 MB for {path} on what answers at {endpoint} (nginx: client_max_body_size 1m): an event of less than 200 bytes is too large for it."
            ),
        })
        .in_short(brief)
    }

    pub(super) fn unclear(&self, status: u16) -> Finding {
        let handle = Remediation::vendor("Have the handler answer 400 or 401 to what has no valid signature.")
            .in_short(ANSWER_401);
        let (why, remedies) = match status {
            429 => (": a rate limit refuses, and would refuse WorkOS too", self.lifted(status).or(handle)),
            413 => (": the body is too large for what answers", self.lifted(status).or(handle)),
            _ => ("", handle.into()),
        };
        UNCLEAR_ANSWER.found(
            format!("{} answers {status}, which says nothing about signatures{why}", self.url),
            remedies.verify(self.curl()),
        )
    }

    pub(super) fn no_answer(&self, detail: &str) -> Finding {
        NO_ANSWER.found(
            format!("no HTTP answer came from {}: {detail}", self.url),
            Remediation::installer(format!(
                "Look in the log of what listens at {} at this time, and run the command below from another network.",
                self.endpoint
            ))
            .in_short("find in its log why nothing is answered")
            .verify(self.curl()),
        )
    }

    fn verify_signatures(&self) -> String {
        format!("verify {}", self.kind.signatures())
    }

    fn pass_on(&self) -> String {
        format!("pass the {}'s path to the application", self.kind.url())
    }

    fn exempt_from_sign_in(&self) -> String {
        format!("exempt the {} from the sign-in", self.kind.url())
    }

    pub(in crate::checks::webhook) fn path_shown(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }
}
