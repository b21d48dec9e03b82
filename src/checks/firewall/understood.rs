//! Was every part of the exported rules understood, and does it stand there as it was meant?

use super::{NO_RULES, files, with_rules};
use crate::check::{
    Check, CheckId, Code, Contact, Finding, Grade, Outcome, Planned, Remediation, Running, Spec, Vantage,
};
use crate::context::Context;
use crate::facts::Facts;
use crate::firewall::dialects::dialect;
use crate::firewall::review::{Cited, Review};
use crate::firewall::rules::NoteKind;
use crate::outcome::Cause;
use crate::said::{counted, listed};
use crate::settings::{RULES, Settings};

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "exported rules are understood",
    explain: "\
Reads the files that --rules or `rules audit` names, tells their languages apart, and says which part of them it does not \
understand. What it does not understand is never taken for harmless: where it can bear on a required flow, that flow is \
unsure, and the whole is undecided in any case.

An entry that is no address (104.16.0/13), a name that stands for nothing and a network with host bits say something else than \
was meant, and often nothing.

Usually broken by an export that was cut short or passed through a mail, by hand-edited lists, or by a feature of the firewall \
that no file can tell about.",
    vantages: &[Vantage::Inside],
    required: with_rules,
    codes: &[&NOT_UNDERSTOOD, &MALFORMED, &UNDEFINED],
    needs: &[],
    plan: |_, settings| {
        if settings.rules.is_empty() { Planned::from(&RULES) } else { Planned::one(Understood) }
    },
};

pub(super) const ID: CheckId = CheckId::new("firewall.understood");

static NOT_UNDERSTOOD: Code = Code::undecided("not-understood", "a part of the exported rules was not understood")
    .caused_by(&[
        Cause::network(
            "The rules use something that is decided by more than addresses, ports and protocols.",
            "The finding quotes the rule.",
            "Look at the quoted rule by hand, whether it bears on the required flows.",
        ),
        Cause::network(
            "The export was cut short, or was changed on its way.",
            "The quoted line is incomplete.",
            "Export the rules again, into a file, with the command that the finding names.",
        ),
    ]);

static MALFORMED: Code = Code::warning("malformed", "an entry is no address, network or port as its language wants it")
    .caused_by(&[Cause::network(
        "A list was typed or edited by hand.",
        "The entry lacks a number, has leading zeros, or bits behind its length.",
        "Write the entry as it was meant, such as 104.16.0.0/13.",
    )]);

static UNDEFINED: Code =
    Code::warning("undefined", "a rule speaks of a name that stands for nothing in the exported files").caused_by(&[
        Cause::network(
            "What the name stands for was exported to another file, or not at all.",
            "The name is defined on the firewall.",
            "Give all the files of the firewall together.",
        ),
        Cause::network(
            "The name was deleted or is misspelt.",
            "The firewall does not know the name either.",
            "Correct the rule.",
        ),
    ]);

struct Understood;

impl Check for Understood {
    fn contacts(&self, _: &Facts, settings: &Settings) -> Vec<Contact> {
        files(settings, "whether every rule in it is understood")
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            match &cx.review {
                Some(review) => judged(review),
                None => Outcome::graded(Grade::Modelled).not_available(NO_RULES),
            }
        })
    }
}

fn judged(review: &Review) -> Outcome {
    let mut outcome = Outcome::graded(Grade::Modelled);
    for file in &review.files {
        outcome.saw("read", format!("{} ({})", file.name, file.dialect));
    }
    for (file, why) in review.skipped.iter().take(MOST) {
        outcome.saw("passed over", format!("{file}: {why}"));
    }
    let of = |kinds: &[NoteKind]| -> Vec<&(NoteKind, Cited, String)> {
        review.notes.iter().filter(|(kind, ..)| kinds.contains(kind)).collect()
    };
    for (_, cited, what) in
        of(&[NoteKind::HostBits, NoteKind::Duplicate, NoteKind::Idle, NoteKind::Assumed]).into_iter().take(MOST)
    {
        outcome.saw("noted", format!("{}: {what}", cited.in_words()));
    }
    let not_understood = of(&[NoteKind::NotUnderstood]);
    if !not_understood.is_empty() {
        outcome.found(not_read(&not_understood, review));
    }
    for (code, kind, meant) in
        [(&MALFORMED, NoteKind::Malformed, "as it was meant"), (&UNDEFINED, NoteKind::Undefined, "with what it names")]
    {
        let notes = of(&[kind]);
        if let Some(first) = notes.first() {
            let action = format!("Write {} again {meant}.", first.1.in_words());
            let remedy = Remediation::network(action).in_short(format!("mend {}", first.1.in_words()));
            outcome.found(code.found(told(&notes), remedy));
        }
    }
    let languages: Vec<&str> = languages(review);
    outcome.in_short(format!("{} ({})", counted(review.files.len(), "file"), listed(languages)))
}

fn languages(review: &Review) -> Vec<&'static str> {
    let mut languages: Vec<&'static str> = Vec::new();
    for file in &review.files {
        if !languages.contains(&file.dialect) {
            languages.push(file.dialect);
        }
    }
    languages
}

/// More of one kind are counted.
const MOST: usize = 4;

fn told(notes: &[&(NoteKind, Cited, String)]) -> String {
    let words: Vec<String> =
        notes.iter().take(MOST).map(|(_, cited, what)| format!("{}: {what}", cited.quoted())).collect();
    match notes.len().saturating_sub(MOST) {
        0 => words.join("; "),
        more => format!("{}; and {more} more", words.join("; ")),
    }
}

fn not_read(notes: &[&(NoteKind, Cited, String)], review: &Review) -> Finding {
    let export = languages(review).into_iter().find_map(|name| dialect(name)?.reads.as_ref().map(|reads| reads.export));
    let again = export.map(|export| format!("; `{export}` exports all that is read")).unwrap_or_default();
    NOT_UNDERSTOOD.found(
        told(notes),
        Remediation::network(format!("Look at what is quoted by hand, whether it bears on the required flows{again}."))
            .in_short("look at the rules that were not understood"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{accept, rules, site};
    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{ask, codes};
    use crate::firewall::rules::{Answer, ChainId, Match, Place};

    #[tokio::test]
    async fn what_is_not_understood_leaves_it_undecided_and_what_is_odd_warns() {
        let with = async |kind: Option<NoteKind>| {
            let mut rules = rules(&[accept(1, Match::any())], Answer::Drop);
            let place = Place::new(0, 7, "rule 7", "odd thing");
            match kind {
                Some(NoteKind::NotUnderstood) => {
                    rules.not_understood(ChainId(0), &place, &Match::any(), "`odd` is unknown");
                }
                Some(kind) => rules.note(kind, &place, "it is odd"),
                None => {}
            }
            ask(&SPEC, &Understood, &site(&rules, &[]).0).await
        };

        assert_eq!(with(None).await.status(), Status::Pass);
        let unread = with(Some(NoteKind::NotUnderstood)).await;
        assert_eq!((codes(&unread), unread.status()), (vec!["not-understood"], Status::Unknown));
        assert!(format!("{unread:?}").contains("rule 7 (rules.txt:7): `odd thing`: `odd` is unknown"), "{unread:?}");
        assert_eq!(codes(&with(Some(NoteKind::Malformed)).await), ["malformed"]);
        assert_eq!(codes(&with(Some(NoteKind::Undefined)).await), ["undefined"]);
        assert_eq!(with(Some(NoteKind::HostBits)).await.status(), Status::Pass);
    }
}
