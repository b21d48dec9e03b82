//! `explain`: a check's manual page, or what a code means, offline.

use super::{Failure, gather, print_document, terminal};
use crate::check::Spec;
use crate::checks;
use crate::cli::{ExplainArgs, When};
use crate::documents::Document;
use crate::documents::explain::{Decides, Page, Strategies};
use crate::outcome::Vantage;
use crate::reporters::Detail;
use crate::settings::{
    ACTIONS_URL, Declared, GivenSecrets, INBOUND_REPORT, Layer, REDIRECT_URIS, SEND_SIGNED, STRATEGY, Settings, Source,
    Strategy,
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
    if let Some((spec, code)) = checks::code(word) {
        return Ok(Page::Codes(vec![(spec, code)]));
    }
    if let Some(group) = checks::GROUPS.iter().find(|group| group.id == word) {
        return Ok(Page::List(vec![group]));
    }
    let of_every_check = || checks::specs().flat_map(|(_, spec)| spec.codes.iter().map(move |code| (spec, *code)));
    let bare: Vec<_> = of_every_check().filter(|(_, code)| code.name == word).collect();
    if !bare.is_empty() {
        return Ok(Page::Codes(bare));
    }
    let codes: Vec<String> = of_every_check().map(|(spec, code)| format!("{}/{}", spec.id, code.name)).collect();
    let ids = checks::specs().map(|(_, spec)| spec.id.as_str());
    let known: Vec<&str> = ids.chain(codes.iter().map(String::as_str)).collect();
    Err(Failure::Usage(format!("{word} is not a check, a group or a code{}", gather::did_you_mean(word, &known))))
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
    (&INBOUND_REPORT, "inbound.json"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reporters::{HUMAN, Look};

    fn shown(word: &str, width: usize) -> String {
        let look = Look { detail: Detail::Normal, colour: false, unicode: true, width };
        let mut text = Vec::new();
        HUMAN.writes().unwrap()(&Document::Explain(page(word).unwrap()), look, &mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn ids_codes_groups_and_bare_codes_have_pages() {
        assert!(shown("egress.connects", 80).contains("Needs egress.resolves and egress.addresses and egress.proxy."));
        assert!(shown("egress.connects/timed-out", 80).contains("dropped"));
        assert!(shown("egress", 80).contains("egress.answers"));
        assert!(shown("timed-out", 80).contains("egress.connects/timed-out"));
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
    fn a_mistyped_id_names_its_neighbour() {
        let Err(failure) = page("egress.conects") else { panic!("it is no check") };

        assert!(failure.to_string().contains("did you mean `egress.connects`?"));
    }

    #[test]
    fn pages_keep_to_the_width() {
        let page = shown("egress.trusted", 72);

        assert!(page.lines().all(|line| line.chars().count() <= 72), "{page}");
    }
}
