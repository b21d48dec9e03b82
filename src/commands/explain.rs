//! `explain`: a check's manual page, or what a code means, offline.

use super::{Failure, gather, print_document, terminal};
use crate::check::Spec;
use crate::checks;
use crate::cli::{ExplainArgs, When};
use crate::documents::Document;
use crate::documents::explain::{Address, CodePage, Decides, Page, Strategies, address};
use crate::outcome::Vantage;
use crate::reporters::Detail;
use crate::settings::{
    ACTIONS_URL, Declared, GivenSecrets, INBOUND_REPORTS, Layer, REDIRECT_URIS, SEND_SIGNED, STRATEGY, Settings,
    Source, Strategy,
};

pub(super) fn run(args: &ExplainArgs) -> Result<u8, Failure> {
    let page = match args.what.as_deref() {
        None => Page::List(checks::GROUPS.iter().collect()),
        Some(word) => page(word)?,
    };
    print_document(&Document::Explain(page), args.format, terminal::look(Detail::Normal, When::Auto))
}

fn page(word: &str) -> Result<Page, Failure> {
    if let Some(spec) = checks::spec(word) {
        return Ok(Page::Check(spec, decides(spec)?));
    }
    if let Some(found) = checks::code(word) {
        return Ok(Page::Codes(vec![code_page(found)?]));
    }
    if let Some(group) = checks::GROUPS.iter().find(|group| group.id == word) {
        return Ok(Page::List(vec![group]));
    }
    let bare: Vec<Address> = of_every_check().filter(|(_, code)| code.name == word).collect();
    match bare.first() {
        None => {}
        Some(_) if bare.len() <= PAGES => {
            return Ok(Page::Codes(bare.into_iter().map(code_page).collect::<Result<_, _>>()?));
        }
        Some((_, code)) => return Ok(Page::Name(code.name, bare)),
    }
    let codes: Vec<String> = of_every_check().map(address).collect();
    let ids = checks::specs().map(|(_, spec)| spec.id.as_str());
    let known = ids.chain(codes.iter().map(String::as_str)).chain(checks::GROUPS.iter().map(|group| group.id));
    let known: Vec<&str> = known.chain(of_every_check().map(|(_, code)| code.name)).collect();
    Err(Failure::Usage(format!("{word} is not a check, a group or a code{}", gather::did_you_mean(word, &known))))
}

/// As many pages are read one after another. Of more, one is chosen first.
const PAGES: usize = 2;

fn of_every_check() -> impl Iterator<Item = Address> {
    checks::specs().flat_map(|(_, spec)| spec.codes.iter().map(move |code| (spec, *code)))
}

fn code_page(found: Address) -> Result<CodePage, Failure> {
    Ok(CodePage::of(found, decides(found.0)?, of_every_check()))
}

/// With which strategies a failure decides the verdict of `check`, and whether it does that of `probe`.
fn decides(spec: &Spec) -> Result<Decides, Failure> {
    let mut strategies = Strategies::default();
    for strategy in Strategy::ALL.iter().copied().map(Strategy::as_str) {
        if is_required(spec, strategy, &[])? {
            strategies.always.push(strategy);
        } else if is_required(spec, strategy, CALLED_FOR)? {
            strategies.when_asked.push(strategy);
        }
    }
    let outside = |settings: &Settings| (spec.required)(settings, Vantage::Outside);
    let asked_from = |vantage| spec.vantages.contains(&vantage);
    Ok(Decides {
        check: asked_from(Vantage::Inside).then_some(strategies),
        probe: asked_from(Vantage::Outside).then_some(outside(&with(&[])?) || outside(&with(CALLED_FOR)?)),
    })
}

fn is_required(spec: &Spec, strategy: &'static str, asked: &[(&'static Declared, &str)]) -> Result<bool, Failure> {
    let settings = with(&[&[(&STRATEGY, strategy)], asked].concat())?;
    Ok((spec.required)(&settings, Vantage::Inside))
}

fn with(given: &[(&'static Declared, &str)]) -> Result<Settings, Failure> {
    let mut layer = Layer::default();
    for (setting, value) in given {
        layer.give(setting, [(*value).to_owned()], Source::Default);
    }
    Ok(Settings::merge(&[layer], GivenSecrets::default(), Vec::new())?)
}

/// Settings that make checks required which are not without them.
static CALLED_FOR: &[(&Declared, &str)] = &[
    (&ACTIONS_URL, "https://app.customer.example/actions"),
    (&REDIRECT_URIS, "https://app.customer.example/callback"),
    (&SEND_SIGNED, "true"),
    (&INBOUND_REPORTS, "inbound.json"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reporters::{HUMAN, Look};

    fn shown(word: &str, width: usize) -> String {
        let look = Look { detail: Detail::Normal, colour: false, unicode: true, width };
        let mut text = Vec::new();
        let document = Document::Explain(page(word).unwrap());
        HUMAN.writes(document.kind()).unwrap()(&document, look, &mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn ids_codes_groups_and_bare_codes_have_pages() {
        assert!(shown("egress.connects", 80).contains("Needs egress.resolves and egress.addresses and egress.proxy."));
        assert!(shown("egress.connects/timed-out", 80).contains("dropped"));
        assert!(shown("egress", 80).contains("egress.answers"));
        assert!(shown("not-a-proxy", 80).starts_with("egress.proxy/not-a-proxy\n"));
    }

    #[test]
    fn a_bare_code_that_more_checks_have_than_one_reads_pages_of_is_a_list_of_them() {
        let list = shown("unreachable", 80);

        assert!(list.starts_with("unreachable: 3 checks find it\n  egress.connects  "), "{list}");
        assert!(list.ends_with("\n  workos-preflight explain egress.connects/unreachable\n"), "{list}");
        assert!(!list.contains("[[waive]]"), "{list}");
        for (name, pages) in [("no-public-view", 1), ("timed-out", 2)] {
            assert_eq!(shown(name, 80).matches("[[waive]]").count(), pages, "{name}");
        }
    }

    #[test]
    fn the_page_of_a_code_says_what_it_does_to_the_verdict() {
        for (address, says) in [
            (
                "egress.connects/timed-out",
                "It fails the check, and decides the verdict of `check` with strategy firewall and events: not ready, exit code 1.",
            ),
            (
                "ingress.trusted/self-signed",
                "It fails the check, and decides the verdict of `probe`: not ready, exit code 1.",
            ),
            (
                "domain.resolves/no-public-view",
                "where the settings call for it, and of `probe`: undecided, exit code 3.",
            ),
            ("domain.split/inside-unresolvable", "It warns: the check passes, and the verdict stands."),
        ] {
            let page = shown(address, 80).split_whitespace().collect::<Vec<_>>().join(" ");

            assert!(page.contains(says), "{page}");
        }
    }

    #[test]
    fn every_code_has_a_page_that_names_how_to_live_with_it_and_commands_are_whole_on_any_width() {
        for found in of_every_check() {
            let page = shown(&address(found), 40);

            assert!(page.contains(&format!("\n  id = \"{}\"\n", address(found))), "{page}");
            assert!(page.contains(&format!("\n  workos-preflight explain {}\n", found.0.id)), "{page}");
            for command in found.1.causes.iter().filter_map(|cause| cause.command) {
                assert_eq!(page.matches(&format!("see it     {command}\n")).count(), 1, "{page}");
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn every_command_of_a_page_is_one_that_a_shell_reads() {
        for found in of_every_check() {
            for command in found.1.causes.iter().filter_map(|cause| cause.command) {
                let read = std::process::Command::new("sh").args(["-n", "-c", command]).output().unwrap();

                assert!(read.status.success(), "{}: {command}", address(found));
            }
        }
    }

    #[test]
    fn what_follows_from_what_is_told_on_both_pages() {
        let cause = shown("settings.proxy/http-only", 80);
        assert!(cause.contains("\n  egress.connects: timed-out, "), "{cause}");
        for (found, symptom) in of_every_check().flat_map(|it| it.1.explains.iter().map(move |symptom| (it, *symptom)))
        {
            for other in of_every_check().filter(|(_, code)| std::ptr::eq(*code, symptom)) {
                let [cause, follows] = [found, other].map(|it| code_page(it).unwrap());

                assert!(cause.explains.iter().any(|it| address(*it) == follows.address()), "{}", cause.address());
                assert!(follows.follows_from.iter().any(|it| address(*it) == cause.address()), "{}", follows.address());
            }
        }
    }

    #[test]
    fn a_page_says_when_the_check_decides() {
        let decides = |id| decides(checks::spec(id).unwrap()).unwrap().in_words();

        assert_eq!(decides("egress.answers"), "Decides the verdict with strategy firewall and events.");
        assert_eq!(
            decides("domain.resolves"),
            "Decides the verdict with strategy firewall, and with strategy events where the settings call for it. Decides the verdict of `probe`."
        );
        assert_eq!(decides("domain.split"), "Never decides the verdict of `check`.");
        assert_eq!(decides("ingress.trusted"), "Never decides the verdict of `check`. Decides the verdict of `probe`.");
        assert!(decides("ingress.closed-to-others").starts_with("Is no part of `check`."));
    }

    #[test]
    fn a_mistyped_word_names_its_neighbour() {
        for (typed, meant) in [
            ("egress.conects", "egress.connects"),
            ("egress.connects/timed-ot", "egress.connects/timed-out"),
            ("timd-out", "timed-out"),
            ("credential", "credentials"),
        ] {
            let Err(failure) = page(typed) else { panic!("{typed} is no check") };
            assert!(failure.to_string().contains(&format!("did you mean `{meant}`?")), "{failure}");
        }
    }

    #[test]
    fn pages_keep_to_the_width() {
        for page in [shown("egress.trusted", 72), shown("unreachable", 72)] {
            assert!(page.lines().all(|line| line.chars().count() <= 72), "{page}");
        }
    }
}
