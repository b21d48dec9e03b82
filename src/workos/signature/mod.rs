//! The signature that webhooks and Actions carry: `WorkOS-Signature: t=<milliseconds>, v1=<hex>`, where `v1` is the
//! HMAC-SHA256 of `t`, a dot and the body as it was sent, with the whole secret as the key (facts of 2026-11-23, §4.1).
//!
//! A signature that does not hold is looked at further, so that the secret, the clock and a body that was rewritten on the way
//! come apart where they can.

mod json;
mod slip;
mod spelling;
#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};

pub use self::slip::{SecretSlip, Slip, repaired};
pub use self::spelling::{Looks, Rewriting};
use crate::secret::Secret;

/// The header's name, in lower case.
pub const HEADER: &str = "workos-signature";

/// How far the time of a webhook's signature may be from now, in either direction, by the default of every SDK.
pub const WEBHOOK_TOLERANCE: Duration = Duration::from_mins(3);

/// The same for Actions.
pub const ACTION_TOLERANCE: Duration = Duration::from_secs(30);

/// Makes the header's value for a body, `at` milliseconds after the epoch.
pub fn sign(secret: &Secret, at: u64, body: &[u8]) -> String {
    format!("t={at}, v1={}", code_of(secret, at, body))
}

/// The hexadecimal digits alone, which the answer to an Action carries (facts §4.5).
pub fn code_of(secret: &Secret, at: u64, body: &[u8]) -> String {
    HEXLOWER.encode(code(secret.expose(), &at.to_string(), body).as_ref())
}

/// A time as signatures give it: milliseconds after the epoch.
pub fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A signature that holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Verified {
    /// How far its time lies from now, in milliseconds: positive when it was made earlier.
    pub age: i64,
}

/// Why a signature does not hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// There is no such header.
    Missing,
    /// The header does not have the shape of one.
    Malformed(Shape),
    /// The secret is right and the body is whole; it was made longer ago than is allowed.
    TooOld(Duration),
    /// The secret is right and the body is whole; it was made later than now by more than is allowed.
    FromTheFuture(Duration),
    /// It holds with a secret that is not quite the one that was given.
    OtherSecret(SecretSlip),
    /// It holds for another spelling of the body: something on the way wrote the body anew.
    Rewritten(Rewriting),
    /// It holds for nothing that was tried.
    NoMatch {
        /// How the body looks: changed, or as it was sent, so that the secret is as likely a cause.
        body: Looks,
    },
}

/// What is wrong with the header's shape.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// No `t=`, or one that is no number.
    NoTime,
    /// The time is in seconds; `WorkOS` gives milliseconds.
    Seconds,
    /// No `v1=`, or one that is not the 64 hexadecimal digits of an HMAC-SHA256.
    NoCode,
}

/// What a signature is held to.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// The secret it should be made with.
    pub secret: &'a Secret,
    /// Secrets of something else that may have been used in its place, each with the name of what it is for.
    pub others: &'a [(&'static str, &'a Secret)],
    /// Now, in milliseconds after the epoch.
    pub now: u64,
    /// How far its time may be from now.
    pub tolerance: Duration,
}

/// Holds a header to the body that came with it.
pub fn verify(header: Option<&str>, body: &[u8], terms: Terms<'_>) -> Result<Verified, Refusal> {
    let header = header.map(str::trim).filter(|header| !header.is_empty()).ok_or(Refusal::Missing)?;
    let (time, code) = parts(header).map_err(Refusal::Malformed)?;
    let holds = |secret: &str, body: &[u8]| holds(secret, time, body, &code);
    let seconds = time.len() <= 10;
    if holds(terms.secret.expose(), body) {
        return if seconds { Err(Refusal::Malformed(Shape::Seconds)) } else { on_time(time, terms) };
    }
    if let Some(slip) = secret_slip(terms, |secret| holds(secret, body)) {
        return Err(Refusal::OtherSecret(slip));
    }
    if let Some(how) = spelling::first(body, |body| holds(terms.secret.expose(), body)) {
        return Err(Refusal::Rewritten(how));
    }
    if seconds {
        return Err(Refusal::Malformed(Shape::Seconds));
    }
    Err(Refusal::NoMatch { body: Looks::of(body) })
}

/// The time as it stands there, and the code.
fn parts(header: &str) -> Result<(&str, Vec<u8>), Shape> {
    let part = |name: &str| header.split(',').find_map(|part| part.trim().strip_prefix(name));
    let digits = |time: &&str| !time.is_empty() && time.len() <= 16 && time.bytes().all(|byte| byte.is_ascii_digit());
    let time = part("t=").map(str::trim).filter(digits).ok_or(Shape::NoTime)?;
    let code = part("v1=").and_then(|code| HEXLOWER_PERMISSIVE.decode(code.trim().as_bytes()).ok());
    Ok((time, code.filter(|code| code.len() == 32).ok_or(Shape::NoCode)?))
}

fn code(secret: &str, time: &str, body: &[u8]) -> hmac::Tag {
    let mut signing = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()));
    for part in [time.as_bytes(), b".", body] {
        signing.update(part);
    }
    signing.sign()
}

fn holds(secret: &str, time: &str, body: &[u8], given: &[u8]) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    // The comparison takes the same time wherever the two differ.
    hmac::verify(&key, &[time.as_bytes(), b".", body].concat(), given).is_ok()
}

fn on_time(time: &str, terms: Terms<'_>) -> Result<Verified, Refusal> {
    let made: i64 = time.parse().map_err(|_| Refusal::Malformed(Shape::NoTime))?;
    let age = i64::try_from(terms.now).unwrap_or(i64::MAX).saturating_sub(made);
    let off = Duration::from_millis(age.unsigned_abs());
    match age {
        _ if off <= terms.tolerance => Ok(Verified { age }),
        1.. => Err(Refusal::TooOld(off)),
        _ => Err(Refusal::FromTheFuture(off)),
    }
}

fn secret_slip(terms: Terms<'_>, holds: impl Fn(&str) -> bool) -> Option<SecretSlip> {
    let other = terms.others.iter().find(|(_, secret)| holds(secret.expose())).map(|(of, _)| SecretSlip::Of(of));
    let mended = || repaired(terms.secret.expose()).into_iter().find(|(_, secret)| holds(secret));
    other.or_else(|| mended().map(|(slips, _)| SecretSlip::Spoilt(slips)))
}
