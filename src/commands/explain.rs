//! `explain`: a check's manual page, or what a code means, offline.

use std::fmt::Write as _;

use super::terminal::filled;
use super::{Failure, gather, print, terminal};
use crate::check::{Group, Spec};
use crate::checks;
use crate::cli::ExplainArgs;
use crate::outcome::{Code, Severity, Vantage};
use crate::settings::{
    ACTIONS_URL, Declared, GivenSecrets, INBOUND_REPORT, Layer, REDIRECT_URIS, SEND_SIGNED, STRATEGY, Settings, Source,
    Strategy,
};

pub(super) fn run(args: &ExplainArgs) -> Result<u8, Failure> {
    let width = terminal::width().clamp(40, 100);
    match args.what.as_deref() {
        None => print(&list(checks::GROUPS.iter())),
        Some(word) => print(&page(word, width)?),
    }
}

fn page(word: &str, width: usize) -> Result<String, Failure> {
    if let Some(spec) = checks::spec(word) {
        return manual(spec, width);
    }
    if let Some((spec, code)) = checks::code(word) {
        return Ok(meaning(spec, code, width));
    }
    if checks::GROUPS.iter().any(|group| group.id == word) {
        return Ok(list(checks::GROUPS.iter().filter(|group| group.id == word)));
    }
    let bare: Vec<String> = checks::specs()
        .flat_map(|(_, spec)| spec.codes.iter().map(move |code| (spec, *code)))
        .filter(|(_, code)| code.name == word)
        .map(|(spec, code)| meaning(spec, code, width))
        .collect();
    if !bare.is_empty() {
        return Ok(bare.join("\n"));
    }
    let codes: Vec<String> = checks::specs()
        .flat_map(|(_, spec)| spec.codes.iter().map(move |code| format!("{}/{}", spec.id, code.name)))
        .collect();
    let ids = checks::specs().map(|(_, spec)| spec.id.as_str());
    let known: Vec<&str> = ids.chain(codes.iter().map(String::as_str)).collect();
    Err(Failure::Usage(format!("{word} is no check, group or code{}", gather::did_you_mean(word, &known))))
}

fn list<'a>(groups: impl Iterator<Item = &'a Group>) -> String {
    let mut text = String::new();
    for group in groups {
        let _ = writeln!(text, "{}", group.title);
        for spec in group.specs {
            let _ = writeln!(text, "  {:<28} {}", spec.id.as_str(), spec.title);
        }
        text.push('\n');
    }
    text.push_str("`workos-preflight explain ID` prints a check's page, `workos-preflight explain ID/CODE` what a finding means.\n");
    text
}

fn manual(spec: &Spec, width: usize) -> Result<String, Failure> {
    let mut text = format!("{}: {}\n\n", spec.id, spec.title);
    for paragraph in spec.explain.split("\n\n") {
        let _ = writeln!(text, "{}\n", filled(paragraph, width, ""));
    }
    let needs: Vec<&str> = spec.needs.iter().map(|need| need.as_str()).collect();
    if !needs.is_empty() {
        let _ = writeln!(text, "Needs {}.", needs.join(" and "));
    }
    let _ = writeln!(text, "{}\n\nFindings", required(spec)?);
    for code in spec.codes {
        let line = format!("{}: {}", severity(code.severity), code.means);
        let _ = writeln!(text, "  {:<30} {}", code.name, filled(&line, width.saturating_sub(33), &" ".repeat(33)));
    }
    Ok(text)
}

/// With which strategies a failure decides the verdict of `check`, and whether it does that of `probe`.
fn required(spec: &Spec) -> Result<String, Failure> {
    let (mut always, mut when_asked) = (Vec::new(), Vec::new());
    for strategy in Strategy::ALL.iter().copied().map(Strategy::as_str) {
        let decides = |asked: &[(&'static Declared, &str)]| -> Result<bool, Failure> {
            let mut layer = Layer::default();
            for (setting, value) in [(&STRATEGY, strategy)].iter().chain(asked) {
                layer.give(setting, [(*value).to_owned()], Source::Default);
            }
            let settings = Settings::merge(&[layer], GivenSecrets::default(), Vec::new())?;
            Ok((spec.required)(&settings, Vantage::Inside))
        };
        if decides(&[])? {
            always.push(strategy);
        } else if decides(CALLED_FOR)? {
            when_asked.push(strategy);
        }
    }
    let with = |strategies: &[&str]| format!("with strategy {}", strategies.join(" and "));
    let inside = match (&always[..], &when_asked[..]) {
        _ if !spec.vantages.contains(&Vantage::Inside) => "Is no part of `check`.".to_owned(),
        ([], []) => "Never decides the verdict of `check`.".to_owned(),
        (always, []) => format!("Decides the verdict {}.", with(always)),
        ([], asked) => format!("Decides the verdict {} where the settings call for it.", with(asked)),
        (always, asked) => {
            format!("Decides the verdict {}, and {} where the settings call for it.", with(always), with(asked))
        }
    };
    let bare = Settings::merge(&[], GivenSecrets::default(), Vec::new())?;
    let outside = match spec.vantages.contains(&Vantage::Outside) {
        true if (spec.required)(&bare, Vantage::Outside) => " Decides the verdict of `probe`.",
        true => " Never decides the verdict of `probe`.",
        false => "",
    };
    Ok(inside + outside)
}

/// Settings that make checks required which are not without them.
static CALLED_FOR: &[(&Declared, &str)] = &[
    (&ACTIONS_URL, "https://app.customer.example/actions"),
    (&REDIRECT_URIS, "https://app.customer.example/callback"),
    (&SEND_SIGNED, "true"),
    (&INBOUND_REPORT, "inbound.json"),
];

fn meaning(spec: &Spec, code: &Code, width: usize) -> String {
    let words = format!("{}: {}. The check asks whether {}.", severity(code.severity), code.means, spec.title);
    format!(
        "{}/{}\n  {}\n\n  More: workos-preflight explain {}\n",
        spec.id,
        code.name,
        filled(&words, width - 2, "  "),
        spec.id
    )
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "fails",
        Severity::Undecided => "leaves it unknown",
        Severity::Warning => "warns",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_codes_groups_and_bare_codes_have_pages() {
        assert!(
            page("egress.connects", 80)
                .unwrap()
                .contains("Needs egress.resolves and egress.addresses and egress.proxy.")
        );
        assert!(page("egress.connects/timed-out", 80).unwrap().contains("dropped"));
        assert!(page("egress", 80).unwrap().contains("egress.answers"));
        assert!(page("timed-out", 80).unwrap().contains("egress.connects/timed-out"));
    }

    #[test]
    fn a_page_says_when_the_check_decides() {
        let page = |id| page(id, 200).unwrap();

        assert!(page("egress.answers").contains("Decides the verdict with strategy firewall and events."));
        assert!(page("domain.resolves").contains(
            "Decides the verdict with strategy firewall, and with strategy events where the settings call for it."
        ));
        assert!(page("domain.split").contains("Never decides the verdict of `check`.\n"));
        assert!(
            page("ingress.trusted").contains("Never decides the verdict of `check`. Decides the verdict of `probe`.")
        );
        assert!(page("ingress.closed-to-others").contains("Is no part of `check`."));
    }

    #[test]
    fn a_mistyped_id_names_its_neighbour() {
        assert!(page("egress.conects", 80).unwrap_err().to_string().contains("did you mean `egress.connects`?"));
    }

    #[test]
    fn pages_keep_to_the_width() {
        let page = page("egress.trusted", 72).unwrap();

        assert!(page.lines().all(|line| line.chars().count() <= 72), "{page}");
    }
}
