//! What to do about a signature that does not hold: each cause has its words, its remedy and who has to act.

use crate::check::{Command, Remediation, Remediations, command};
use crate::checks::whence::Whence;
use crate::said::{all_of, spoken};
use crate::secret::Secret;
use crate::settings::{Setting, Settings};
use crate::workos::key::{Malformed, malformed_secret, shortness};
use crate::workos::signature::{Looks, Refusal, Rewriting, SecretSlip, Shape, Slip};

/// What is known of the secret that signatures are held to.
pub struct HeldTo {
    /// Where it was read from.
    place: String,
    /// What shows it there.
    look: Command,
    /// What shows the clock beside the API's.
    clocks: Command,
    flaw: Option<Malformed>,
    /// How many characters it has, where that is suspiciously few.
    short: Option<usize>,
}

impl HeldTo {
    /// The webhook secret, or where it would be.
    pub fn webhook_secret(settings: &Settings) -> Self {
        Self::of(Whence::of_webhook_secret(settings), settings.webhook_secret.as_ref(), settings)
    }

    /// The Actions secret, or where it would be.
    pub fn actions_secret(settings: &Settings) -> Self {
        Self::of(Whence::of_actions_secret(settings), settings.actions_secret.as_ref(), settings)
    }

    fn of(place: Whence, secret: Option<&Setting<Secret>>, settings: &Settings) -> Self {
        let secret = secret.map(|secret| &secret.value);
        HeldTo {
            look: place.look(),
            clocks: command!("timedatectl; date -u; curl -sI {} | grep -i ^date", settings.api.value.https("/")),
            place: place.words,
            flaw: secret.and_then(malformed_secret),
            short: secret.and_then(shortness),
        }
    }

    /// What is odd about it, behind a sentence about a signature for which nothing holds.
    pub(in crate::checks) fn oddity(&self, refusal: &Refusal) -> String {
        match (refusal, self.flaw, self.short) {
            (Refusal::NoMatch { .. }, Some(flaw), _) => {
                format!("; the secret that was given ({}) {}", self.place, flaw.in_words())
            }
            (Refusal::NoMatch { .. }, None, Some(count)) => format!(
                "; the secret that was given ({}) has {count} characters behind its prefix, fewer than any known one, and may be cut short",
                self.place
            ),
            _ => String::new(),
        }
    }
}

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
        Refusal::OtherSecret(SecretSlip::Spoilt(slips)) => {
            format!("holds once the secret is mended, which {}", joined(slips, Slip::in_words))
        }
        Refusal::OtherSecret(SecretSlip::Of(what)) => format!("is made with the secret of {what}"),
        Refusal::Rewritten(how) => format!("holds for another spelling of the body: on the way it was {}", how.in_words()),
        Refusal::NoMatch { body: Looks::AsWritten } => {
            "holds neither for this secret nor for any known spelling of the body: the secret is another endpoint's, or the body was rewritten on the way, which is as likely".to_owned()
        }
        Refusal::NoMatch { body } => {
            format!("holds for nothing that was tried, and the body {}, so it was probably changed on the way", body.in_words())
        }
    }
}

fn joined(slips: &[Slip], words: fn(Slip) -> &'static str) -> String {
    all_of(slips.iter().map(|slip| words(*slip)))
}

const COPY_ANEW: &str = "copy the secret anew from the dashboard";

/// What to change. `secret` is what signatures are held to, `what` whose it should be: "the webhook endpoint".
pub(in crate::checks) fn remedy(refusal: &Refusal, what: &str, secret: &HeldTo) -> Remediations {
    let (place, look) = (&secret.place, &secret.look);
    let copied_anew = || {
        match secret.flaw {
        Some(flaw) => Remediation::installer(format!(
            "Set the secret of {what} again ({place}), as the WorkOS dashboard shows it, in one line: what is there {}.",
            flaw.in_words()
        ))
        .in_short(COPY_ANEW)
        .verify(look.clone()),
        None => Remediation::installer(format!(
            "Copy the secret of {what} anew from the WorkOS dashboard and set it ({place}); every endpoint of every environment has its own."
        ))
        .in_short(COPY_ANEW)
        .verify(look.clone()),
    }
    };
    let exempt = || {
        Remediation::network(
            "Exempt the path from whatever changes bodies before this host (WAF, API gateway, JSON transformation): the signature is about the bytes as they were sent.",
        )
        .in_short("stop what rewrites bodies on the way")
    };
    match refusal {
        Refusal::Missing => Remediation::network(
            "Have the reverse proxy or WAF before this host pass on the header WorkOS-Signature, which it drops.",
        )
        .in_short("pass the WorkOS-Signature header on")
        .into(),
        Refusal::Malformed(_) => Remediation::network(
            "Have the reverse proxy or WAF before this host pass on the header WorkOS-Signature as it came; it changes it.",
        )
        .in_short("pass the WorkOS-Signature header on as it is")
        .into(),
        Refusal::TooOld(_) => Remediation::installer(
            "Set this host's clock by NTP: it is ahead, or the delivery was held up on the way for that long. Signatures older than 180 s (Actions: 30 s) are refused.",
        )
        .in_short("set this host's clock by NTP")
        .verify(secret.clocks.clone())
        .into(),
        Refusal::FromTheFuture(_) => Remediation::installer(
            "Set this host's clock by NTP: it is behind. Several SDKs refuse signatures from the future.",
        )
        .in_short("set this host's clock by NTP")
        .verify(secret.clocks.clone())
        .into(),
        Refusal::OtherSecret(SecretSlip::Of(other)) => Remediation::installer(format!(
            "Exchange the two secrets: the one that was given for {what} ({place}) is not its own, and the one of {other} is used for it."
        ))
        .in_short("exchange the two secrets")
        .into(),
        Refusal::OtherSecret(SecretSlip::Spoilt(slips)) => Remediation::installer(format!(
            "Write the secret of {what} ({place}) {}: it {}.",
            joined(slips, Slip::remedy),
            joined(slips, Slip::in_words)
        ))
        .in_short("write the secret as the dashboard shows it")
        .verify(look.clone())
        .into(),
        Refusal::Rewritten(Rewriting::Enveloped(_)) | Refusal::NoMatch { body: Looks::WithoutEvent } => {
            let unwrapped = Remediation::network(
                "Have the API gateway or queue before this host pass on the request's body itself, byte for byte, and not in a document of its own (in API gateways: a plain HTTP proxy integration without a mapping template).",
            )
            .in_short("pass the request's body itself on");
            if matches!(refusal, Refusal::Rewritten(_)) { unwrapped.into() } else { unwrapped.or(copied_anew()) }
        }
        Refusal::Rewritten(_) => exempt().into(),
        Refusal::NoMatch { body: Looks::Empty } => Remediation::network(
            "Have what stands before this host pass on the body of POST requests: it arrives empty, as behind a redirect or an authentication subrequest.",
        )
        .in_short("pass the body of POST requests on")
        .into(),
        Refusal::NoMatch { body: Looks::Compressed | Looks::BrokenOff } => Remediation::network(
            "Have what stands before this host pass on bodies whole and as they came: the signature is about the bytes as they were sent.",
        )
        .in_short("pass bodies on whole and as they came")
        .or(copied_anew()),
        Refusal::NoMatch { .. } if secret.flaw.is_some() => copied_anew().or(exempt()),
        Refusal::NoMatch { body: Looks::AsWritten } => copied_anew().or(exempt()),
        Refusal::NoMatch { .. } => exempt().or(copied_anew()),
    }
}
