//! What to do about a signature that does not hold: each cause has its words, its remedy and who has to act.

use crate::check::Remediation;
use crate::settings::values::spoken;
use crate::workos::signature::{Refusal, SecretSlip, Shape};

/// Finishes the sentence "the signature …".
pub fn in_words(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Missing => "is missing: the request has no WorkOS-Signature header".to_owned(),
        Refusal::Malformed(Shape::NoTime) => "has no time in it".to_owned(),
        Refusal::Malformed(Shape::NoCode) => "has no code in it".to_owned(),
        Refusal::Malformed(Shape::Seconds) => "has a time in seconds, where WorkOS gives milliseconds".to_owned(),
        Refusal::TooOld(by) => {
            format!("is right and {} old by this host's clock, which is more than is allowed", spoken(*by))
        }
        Refusal::FromTheFuture(by) => {
            format!("is right and {} ahead of this host's clock, which is more than is allowed", spoken(*by))
        }
        Refusal::OtherSecret(SecretSlip::Wrapped) => {
            "holds once the white space or quotes around the secret are taken off".to_owned()
        }
        Refusal::OtherSecret(SecretSlip::PrefixLost) => "holds once whsec_ is put before the secret".to_owned(),
        Refusal::OtherSecret(SecretSlip::PrefixAdded) => "holds once whsec_ is taken off the secret".to_owned(),
        Refusal::OtherSecret(SecretSlip::Of(what)) => format!("is made with the secret of {what}"),
        Refusal::Rewritten(how) => format!("holds for another spelling of the body: on the way it was {}", how.in_words()),
        Refusal::NoMatch { body_as_written: true } => {
            "holds neither for this secret nor for other spellings of the body; the body looks as WorkOS writes it, so the secret is probably another endpoint's".to_owned()
        }
        Refusal::NoMatch { body_as_written: false } => {
            "holds for nothing that was tried, and the body does not look as WorkOS writes it, so it was probably changed on the way".to_owned()
        }
    }
}

/// What to change. `secret` says where the secret was read from, `what` whose it should be: "the webhook endpoint".
pub(in crate::checks) fn remedy(refusal: &Refusal, what: &str, secret: &str) -> Remediation {
    match refusal {
        Refusal::Missing => Remediation::network(
            "Have the reverse proxy or WAF before this host pass on the header WorkOS-Signature, which it drops.",
        ),
        Refusal::Malformed(_) => Remediation::network(
            "Have the reverse proxy or WAF before this host pass on the header WorkOS-Signature as it came; it changes it.",
        ),
        Refusal::TooOld(_) => Remediation::installer(
            "Set this host's clock by NTP: it is ahead, or the delivery was held up on the way for that long. Signatures older than 180 s (Actions: 30 s) are refused.",
        )
        .verify("timedatectl; date -u; curl -sI https://api.workos.com/ | grep -i ^date"),
        Refusal::FromTheFuture(_) => Remediation::installer(
            "Set this host's clock by NTP: it is behind. Several SDKs refuse signatures from the future.",
        )
        .verify("timedatectl; date -u; curl -sI https://api.workos.com/ | grep -i ^date"),
        Refusal::OtherSecret(SecretSlip::Of(other)) => Remediation::installer(format!(
            "Exchange the two secrets: the one that was given for {what} ({secret}) is not its own, and the one of {other} is used for it."
        )),
        Refusal::OtherSecret(_) => Remediation::installer(format!(
            "Set the secret of {what} ({secret}) exactly as the WorkOS dashboard shows it: whole, with whsec_ where it has that, without quotes or spaces."
        )),
        Refusal::NoMatch { body_as_written: true } => Remediation::installer(format!(
            "Copy the secret of {what} anew from the WorkOS dashboard and set it ({secret}); every endpoint of every environment has its own."
        )),
        Refusal::Rewritten(_) | Refusal::NoMatch { body_as_written: false } => Remediation::network(
            "Exempt the path from whatever changes bodies before this host (WAF, API gateway, JSON transformation): the signature is about the bytes as they were sent.",
        ),
    }
}
