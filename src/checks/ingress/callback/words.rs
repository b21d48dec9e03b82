//! What is said of a callback that does not answer as one.

use url::Url;

use super::{
    Callback, LOGIN_WALL, NOT_FOUND, NOT_REACHED, REDIRECTS_ELSEWHERE, REFUSED_BEFORE_THE_APPLICATION, SERVER_ERROR,
    SIGN_IN_EVERYWHERE, UNCLEAR_ANSWER, UNREACHABLE, UNTRUSTED,
};
use crate::check::{Command, Finding, Remediation, Remediations, command};
use crate::checks::egress::s_client;
use crate::checks::ingress::wall::{Wall, shown_location};

const EXEMPT_FROM_SIGN_IN: &str = "exempt the callback from the sign-in product";

impl Callback {
    fn curl(&self) -> Command {
        command!("curl -si {}", self.shown())
    }

    pub(super) fn not_found(&self, status: u16) -> Finding {
        NOT_FOUND.found(
            format!("there is nothing at {} ({status}): every sign-in ends there", self.shown()),
            Remediation::installer(format!("Correct the redirect URI, here, in the application and in the WorkOS dashboard, or have the reverse proxy pass {} to the application.", self.url.path()))
                .in_short("correct the redirect URI, or pass it on")
                .verify(self.curl()),
        )
    }

    pub(super) fn server_error(&self, status: u16) -> Finding {
        SERVER_ERROR.found(
            format!("{} answers {status}: the application breaks where a browser comes back without a code, or the reverse proxy does not reach it", self.shown()),
            Remediation::vendor("Find the error in the application's log at this time: without a code the callback should answer 400, or lead back to the sign-in. With 502 to 504, start the application behind the reverse proxy.")
                .in_short("mend the callback, or start the application")
                .verify(self.curl()),
        )
    }

    pub(super) fn login_wall(&self, how: &str, status: u16) -> Finding {
        LOGIN_WALL.found(
            format!("{} is answered by another product's sign-in ({status}): {how}", self.shown()),
            Remediation::installer(format!("Exempt {} from the access product in front of {}: the browser that comes back from WorkOS has no session there, and its code is lost.", self.url.path(), self.endpoint.host))
                .in_short(EXEMPT_FROM_SIGN_IN)
                .verify(self.curl()),
        )
    }

    /// An application that shows its own sign-in for every path looks the same.
    pub(super) fn sign_in_everywhere(&self, called: &str) -> Finding {
        SIGN_IN_EVERYWHERE.found(
            format!("{} answers with a page with a sign-in{called}, and so does a made-up path: an access product stands in front, or the application shows its own sign-in everywhere", self.shown()),
            Remediation::installer(format!("Look at the page: if it is not the application's own, exempt {} from the access product in front of {}, because the browser that comes back from WorkOS has no session there.", self.url.path(), self.endpoint.host))
                .in_short("see whose sign-in the callback shows")
                .verify(self.curl()),
        )
    }

    pub(super) fn untrusted(&self, detail: &str) -> Finding {
        UNTRUSTED.found(
            format!("the certificate at {} does not hold: {detail}", self.endpoint),
            Remediation::installer(format!("Install a certificate for {} that the browsers of this application's users trust, with its intermediate, on what answers at {}.", self.endpoint.host, self.endpoint))
                .in_short("install a certificate that browsers trust")
                .verify(s_client(&self.endpoint, None, "-showcerts </dev/null")),
        )
    }

    pub(super) fn unreachable(&self, detail: &str) -> Finding {
        UNREACHABLE.found(
            format!("{} does not answer from outside: {detail}", self.shown()),
            Remediation::network(format!("Allow inbound TCP {} to {} from where users' browsers are; where they are inside alone, this is right, and `check` looks from there.", self.endpoint.port, self.endpoint.host))
                .in_short("let users' browsers in to the callback")
                .verify(self.curl()),
        )
    }

    pub(super) fn not_reached(&self, detail: &str) -> Finding {
        NOT_REACHED.found(
            format!("{} is not reached from this host: {detail}; the browsers' way may be another", self.shown()),
            Remediation::installer(format!(
                "Open {} in a browser of a user's machine: an error of the application itself is right there.",
                self.shown()
            ))
            .in_short("open the redirect URI in a user's browser")
            .verify(self.curl()),
        )
    }

    pub(super) fn before_the_application(&self, wall: Wall, status: u16) -> Finding {
        let (path, endpoint) = (self.url.path(), &self.endpoint);
        let browsers = Remediation::network(format!(
            "Let users' browsers through to {endpoint}: they come from their own addresses, and neither from WorkOS's nor from Cloudflare's."
        ))
        .in_short("let users' browsers through to the callback");
        let sign_in = Remediation::network(format!(
            "Exempt {path} from the sign-in in front of {endpoint}: the browser that comes back from WorkOS has no session there."
        ))
        .in_short(EXEMPT_FROM_SIGN_IN);
        let remedy: Remediations = match wall {
            // Browsers may have a certificate that this tool does not have.
            Wall::ClientCertificate => Remediation::network(format!(
                "Require no client certificate for {path} on what answers at {endpoint}, unless every user's browser has one."
            ))
            .in_short("demand no client certificate at the callback")
            .into(),
            Wall::Product(guess) => Remediation::network(format!(
                "Exempt GET {path} from the rules of what stands in front of {endpoint} ({}); its log at this time names the rule.",
                guess.in_words()
            ))
            .in_short("exempt the callback from the firewall's rules")
            .into(),
            Wall::EveryPath if status == 401 => sign_in.or(browsers),
            Wall::EveryPath | Wall::CrossSite => browsers.or(sign_in),
        };
        REFUSED_BEFORE_THE_APPLICATION.found(
            format!(
                "a request to {} is refused {}: nothing is known of the application",
                self.shown(),
                wall.in_words(status)
            ),
            remedy.verify(self.curl()),
        )
    }

    pub(super) fn unclear(&self, status: u16) -> Finding {
        UNCLEAR_ANSWER.found(
            format!("{} answers {status}, which says nothing about the callback", self.shown()),
            Remediation::vendor(
                "Have the callback answer a GET without a code with 400, or lead it back to the sign-in.",
            )
            .in_short("answer 400 at the callback without a code")
            .verify(self.curl()),
        )
    }

    pub(super) fn redirects_elsewhere(&self, target: &Url) -> Finding {
        let target = shown_location(target.as_str());
        REDIRECTS_ELSEWHERE.found(
            format!("{} sends browsers to {target}, which is neither the installation's nor WorkOS's", self.shown()),
            Remediation::installer(format!("See whether {target} is the application's own; if it is not, correct the redirect URI, or what redirects at {}.", self.endpoint))
                .in_short("see where the callback leads to")
                .verify(self.curl()),
        )
    }
}
