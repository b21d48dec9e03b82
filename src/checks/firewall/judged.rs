//! What exported rules come to for one flow, whichever way it goes.

use super::{NO_RULES, files, flows};
use crate::check::{Check, Code, Contact, Finding, Grade, Outcome, Planned, Remediation, Running};
use crate::context::Context;
use crate::facts::Facts;
use crate::firewall::audit::Fate;
use crate::firewall::evaluate::{Leg, Verdict};
use crate::firewall::review::{Review, Reviewed, Told, some};
use crate::firewall::{Direction, Flow, Need};
use crate::outcome::Cause;
use crate::settings::{RULES, Settings};

pub(super) static MISSING: Code =
    Code::error("missing", "a required flow is not let through by any rule").caused_by(&[
        Cause::network(
            "Nobody asked for this flow yet, or the change was not made.",
            "No rule of the file speaks of these addresses and this port.",
            "Add the rules that `workos-preflight rules audit FILE` writes for what is missing.",
        ),
        Cause::network(
            "The rules hold an older list of addresses.",
            "firewall.current names ranges or a list that were replaced.",
            "Replace the list with what `workos-preflight requirements` prints.",
        ),
        Cause::network(
            "The rules of another interface, group or policy are in force for the installation.",
            "The deciding rule is of a part of the file that the installation is not behind.",
            "Name the part that it is behind with --scope, and audit again.",
        ),
    ]);

pub(super) static SHADOWED: Code =
    Code::error("shadowed", "a rule would let a required flow through, and another one stops it before").caused_by(&[
        Cause::network(
            "The rule was added behind one that denies.",
            "The denying rule stands earlier in the file, or has the higher priority.",
            "Move the allowing rule before the denying one.",
        ),
        Cause::network(
            "The rule is switched off, expired, or bound to nothing.",
            "The finding says why the rule has no effect.",
            "Switch the rule on, or bind it to where the installation is.",
        ),
    ]);

pub(super) static UNSURE: Code =
    Code::undecided("unsure", "whether a required flow is let through cannot be told from the files").caused_by(&[
        Cause::network(
            "A rule speaks of something that only the firewall itself can resolve: a name, a tag, a group, a rate.",
            "The finding names what would have to be known.",
            "Export what the name stands for as well, or look at the firewall what it holds.",
        ),
        Cause::network(
            "A part of the file was not understood.",
            "firewall.understood names the part.",
            "Export the rules with the command that the tool names for this firewall.",
        ),
    ]);

pub(super) static IPV6_MISSING: Code =
    Code::warning("ipv6-missing", "a required flow is let through over IPv4, and not over IPv6").caused_by(&[
        Cause::network(
            "The rules for IPv6 are another list, and were forgotten.",
            "IPv6 addresses are stopped by a policy or a rule for everything.",
            "Add the IPv6 ranges, unless the installation has no IPv6.",
        ),
        Cause::network(
            "IPv6 is kept closed on purpose, because the installation has none.",
            "`ip -6 route show default` prints nothing on the installation's host.",
            "Leave it; a waiver for this code says so in every report.",
        )
        .shown_by("ip -6 route show default"),
    ]);

pub(super) static OPTIONAL_MISSING: Code = Code::warning(
    "optional-missing",
    "a flow that is recommended, or needed in some deployments, is not let through",
)
.caused_by(&[Cause::network(
    "Only what the guide publishes was asked for.",
    "The missing addresses are those that others reported, or Cloudflare's ranges inbound.",
    "Add the reported addresses; add Cloudflare's inbound only where the external name is proxied by Cloudflare.",
)]);

/// One check per flow of a direction.
pub(super) fn planned(facts: &Facts, settings: &Settings, direction: Direction) -> Planned {
    if settings.rules.is_empty() {
        return Planned::from(&RULES);
    }
    let flows = flows(facts, settings).into_iter().filter(|flow| flow.direction == direction);
    Planned::each(flows.map(|flow| Passes { flow: flow.id }), "no flow goes this way".to_owned())
}

/// Whether the rules let a flow pass, whichever way it goes.
pub(super) struct Passes {
    /// The id of the flow.
    pub(super) flow: String,
}

impl Check for Passes {
    fn subject(&self) -> Option<String> {
        Some(self.flow.clone())
    }

    fn contacts(&self, _: &Facts, settings: &Settings) -> Vec<Contact> {
        files(settings, "which required flows its rules let through")
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            match &cx.review {
                Some(review) => outcome(review, &self.flow),
                None => Outcome::graded(Grade::Modelled).not_available(NO_RULES),
            }
        })
    }
}

/// What the rules come to for a flow.
fn outcome(review: &Review, id: &str) -> Outcome {
    let outcome = Outcome::graded(Grade::Modelled);
    match review.flow(id) {
        Some(reviewed) => judged(outcome, reviewed),
        None => outcome.not_available("the files are lists of addresses, and none of them speaks of this flow"),
    }
}

fn judged(mut outcome: Outcome, reviewed: &Reviewed) -> Outcome {
    let with = |verdict| reviewed.parts.iter().filter(move |told| told.verdict == verdict);
    for (verdict, what) in
        [(Verdict::Allowed, "allowed by"), (Verdict::Denied, "stopped by"), (Verdict::Unsure, "decided by, perhaps")]
    {
        let mut by: Vec<String> = Vec::new();
        for told in with(verdict) {
            let words = told.by.quoted();
            if !by.contains(&words) {
                by.push(words);
            }
        }
        for words in by.into_iter().take(MOST) {
            outcome.saw(what, words);
        }
    }
    let flow = &reviewed.flow;
    match reviewed.fate {
        Fate::Allowed => {
            if let Some(Fate::Missing | Fate::Shadowed) = reviewed.v6 {
                outcome.found(ipv6(reviewed));
            }
        }
        Fate::Unsure => outcome.found(unsure(reviewed)),
        Fate::Missing | Fate::Shadowed if flow.need != Need::Required => outcome.found(optional(reviewed)),
        Fate::Missing => outcome.found(missing(reviewed)),
        Fate::Shadowed => outcome.found(shadowed(reviewed)),
    }
    outcome.in_short(match reviewed.fate {
        Fate::Allowed => format!("{} allowed", flow.id),
        Fate::Missing | Fate::Shadowed => format!("{} not allowed", flow.id),
        Fate::Unsure => format!("{} unsure", flow.id),
    })
}

/// More deciding rules are counted by nobody.
const MOST: usize = 4;

/// "TCP 443 from 3.217.146.166, … to the installation", as a rule would have it.
fn wanted(reviewed: &Reviewed) -> String {
    let flow = reviewed.lacking.as_ref().unwrap_or(&reviewed.flow);
    let port = port(flow);
    let peer = crate::firewall::audit::peer_of(flow);
    let peers = crate::firewall::addresses::networks(&peer.ranges);
    let peers = match (peers.is_empty(), peer.hosts.is_empty()) {
        (false, true) => some(&peers),
        (false, false) => format!("{} ({})", peer.hosts.join(", "), some(&peers)),
        (true, false) => peer.hosts.join(", "),
        (true, true) => peer.who.clone(),
    };
    match flow.direction {
        Direction::Egress => format!("outbound {port} to {peers}"),
        Direction::Ingress => format!("inbound {port} from {peers}"),
    }
}

fn port(flow: &Flow) -> String {
    let protocols: Vec<String> = flow.protocols.iter().map(|protocol| protocol.as_str().to_uppercase()).collect();
    format!("{} {}", protocols.join(" and "), flow.port)
}

/// The first part of a flow that does not pass.
fn denied(reviewed: &Reviewed) -> Option<&Told> {
    reviewed.parts.iter().find(|told| told.verdict == Verdict::Denied)
}

/// Which packets that is about, where it is not the first one.
fn leg(told: &Told) -> &'static str {
    match told.leg {
        Leg::First => "",
        Leg::Later => " once the connection stands",
        Leg::Back => " on the way back",
    }
}

fn stopped(reviewed: &Reviewed) -> String {
    denied(reviewed).map_or_else(String::new, |told| format!(": {} stops it{}", told.by.quoted(), leg(told)))
}

fn missing(reviewed: &Reviewed) -> Finding {
    let wanted = wanted(reviewed);
    MISSING.found(format!("{wanted} is not let through{}", stopped(reviewed)), allow(reviewed, &wanted))
}

fn optional(reviewed: &Reviewed) -> Finding {
    let wanted = wanted(reviewed);
    let reason = reviewed.flow.reason.trim_end_matches('.');
    let needed = match reviewed.flow.need {
        Need::WhereUsed => "only some deployments need",
        Need::Required | Need::Recommended => "is recommended",
    };
    OPTIONAL_MISSING.found(
        format!("{wanted} is not let through, which {needed}: {reason}"),
        Remediation::network(format!("Where it applies, allow {wanted}."))
            .in_short(format!("where it applies, allow {}", reviewed.flow.id)),
    )
}

fn allow(reviewed: &Reviewed, wanted: &str) -> Remediation {
    Remediation::network(format!("Allow {wanted}; `workos-preflight rules audit` writes the rules for it."))
        .in_short(format!("allow {} in the firewall", reviewed.flow.id))
}

fn shadowed(reviewed: &Reviewed) -> Finding {
    let wanted = wanted(reviewed);
    let told = reviewed.parts.iter().find(|told| told.hidden.is_some());
    let (problem, action) = match told.and_then(|told| told.hidden.as_ref().map(|hidden| (told, hidden))) {
        Some((told, hidden)) => match &told.idle {
            Some(idle) => (
                format!("{} would let it through, and has no effect: {idle}", hidden.quoted()),
                format!("Have {} take effect: {idle}.", hidden.in_words()),
            ),
            None => (
                format!("{} would let it through, and {} stops it before", hidden.quoted(), told.by.quoted()),
                format!(
                    "Move {} before {}, and allow there what it does not hold of {wanted}.",
                    hidden.in_words(),
                    told.by.in_words()
                ),
            ),
        },
        None => (format!("it is not let through{}", stopped(reviewed)), format!("Allow {wanted}.")),
    };
    SHADOWED.found(
        format!("{wanted}: {problem}"),
        Remediation::network(action).in_short(format!("let {} through before it is stopped", reviewed.flow.id)),
    )
}

fn unsure(reviewed: &Reviewed) -> Finding {
    let mut why: Vec<&str> = Vec::new();
    for reason in reviewed.parts.iter().flat_map(|told| &told.why) {
        if !why.contains(&reason.as_str()) && why.len() < MOST {
            why.push(reason);
        }
    }
    let whether = if why.is_empty() {
        "only some of the addresses that it may have are let through".to_owned()
    } else {
        format!("unsure whether {}", why.join("; and whether "))
    };
    let by = reviewed.parts.iter().find(|told| told.verdict == Verdict::Unsure);
    let by = by.map(|told| format!(" ({})", told.by.quoted())).unwrap_or_default();
    UNSURE.found(
        format!("{}: {whether}{by}", wanted(reviewed)),
        Remediation::network(format!(
            "Find out {}, or export what decides it as well.",
            if why.is_empty() {
                "which addresses it has".to_owned()
            } else {
                format!("whether {}", why.join(", and whether "))
            }
        ))
        .in_short(format!("find out what decides {}", reviewed.flow.id)),
    )
}

fn ipv6(reviewed: &Reviewed) -> Finding {
    let wanted = wanted(reviewed);
    IPV6_MISSING.found(
        format!("{wanted} is not let through, while IPv4 is{}", stopped(reviewed)),
        Remediation::network(format!("Where the installation has IPv6, allow {wanted}."))
            .in_short(format!("allow the IPv6 of {}", reviewed.flow.id)),
    )
}
