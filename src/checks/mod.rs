//! The checks, in run order: one folder per group, one file per check.

mod actions;
mod browser;
mod credentials;
mod domain;
mod egress;
mod events;
mod firewall;
#[cfg(test)]
mod fixture;
mod flaw;
mod ingress;
mod settings;
mod webhook;
mod whence;

use crate::check::{CheckId, Code, Group, Spec};

pub use actions::delivered as actions_delivered;
pub use firewall::known as known_of_the_firewall;
pub use ingress::arrives;
pub use settings::consistent;
pub(crate) use settings::proxy::ID as PROXY_SETTINGS;
pub(crate) use settings::to_pem;
pub use webhook::delivered;

/// The evidence, of whichever check, that names a host of the hosted login.
pub const HOSTED_LOGIN: &str = credentials::HOSTED_LOGIN;

/// The checks that look at exported rules alone, and at nothing on the network.
pub const OF_THE_RULES: &[CheckId] = firewall::OF_THE_RULES;

/// Every group, in run order. A check's needs stand before it.
pub static GROUPS: &[Group] = &[
    settings::GROUP,
    egress::GROUP,
    browser::GROUP,
    credentials::GROUP,
    events::GROUP,
    domain::GROUP,
    ingress::GROUP,
    webhook::GROUP,
    actions::GROUP,
    firewall::GROUP,
];

/// Every check, in run order.
pub fn specs() -> impl Iterator<Item = (&'static Group, &'static Spec)> {
    GROUPS.iter().flat_map(|group| group.specs.iter().map(move |spec| (group, *spec)))
}

/// The check with this id.
pub fn spec(id: &str) -> Option<&'static Spec> {
    specs().map(|(_, spec)| spec).find(|spec| spec.id.as_str() == id)
}

/// A finding's kind by its address, `check-id/code`.
pub fn code(address: &str) -> Option<(&'static Spec, &'static Code)> {
    let (id, name) = address.split_once('/')?;
    let spec = spec(id)?;
    spec.codes.iter().find(|code| code.name == name).map(|code| (spec, *code))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use super::fixture::Site;
    use super::*;
    use crate::check::{Planned, Vantage};
    use crate::elsewhere::{OTHERWISE_OUTSIDE, SEEN_LONG_AGO};
    use crate::facts::Facts;
    use crate::net::fake::Fake;
    use crate::settings::{SETTINGS, Taker};

    #[test]
    fn needs_stand_before_those_that_need_them() {
        let ids: Vec<&str> = specs().map(|(_, spec)| spec.id.as_str()).collect();

        for (position, (_, spec)) in specs().enumerate() {
            for need in spec.needs {
                let at = ids.iter().position(|id| *id == need.as_str());
                assert!(at.is_some_and(|at| at < position), "{} needs {need}, which does not stand before it", spec.id);
            }
        }
    }

    #[test]
    fn what_another_run_can_answer_declares_what_is_said_of_its_answers() {
        let heard = [&delivered::SPEC, &actions_delivered::SPEC].map(|spec| spec.id);
        for (_, spec) in specs() {
            // Of its own settings each run knows best.
            let both = [Vantage::Inside, Vantage::Outside].iter().all(|vantage| spec.vantages.contains(vantage))
                && spec.id != consistent::SPEC.id;

            assert_eq!(spec.declares(&SEEN_LONG_AGO), both || heard.contains(&spec.id), "{}", spec.id);
            assert_eq!(spec.declares(&OTHERWISE_OUTSIDE), both, "{}", spec.id);
        }
    }

    #[test]
    fn a_setting_that_would_have_a_question_asked_is_named_with_every_place_that_it_is_taken_from() {
        let given = [
            ("installation.webhook_url", "https://app.customer.example/hook"),
            ("checks.send_signed", "true"),
            ("workos.client_id", "client_01HZBC6N1EB1ZY7KG32X"),
            ("network.proxy", "http://proxy.example:3128"),
        ];
        let mut said = Vec::new();
        for some in 0..=given.len() {
            let site =
                given.iter().take(some).fold(Site::of(Fake::default()), |site, (name, value)| site.with(name, value));
            let settings = site.key("sk_live_abcdefghijklmnopqrst").settings();
            for settings in [settings, Site::of(Fake::default()).settings()] {
                for (_, spec) in specs() {
                    match (spec.plan)(&Facts::embedded(), &settings) {
                        Planned::Checks(_) => {}
                        Planned::Wants(wanted) => said.push((spec.id, wanted.enable(Taker::Check))),
                        Planned::WantsAs(_, reason)
                        | Planned::NotApplicable(reason)
                        | Planned::AsTold { otherwise: reason, .. } => {
                            said.push((spec.id, reason));
                        }
                    }
                }
            }
        }

        assert!(said.iter().any(|(_, reason)| reason.contains("no webhook secret given")), "{said:?}");
        for (id, reason) in said {
            // A command to type names its own options.
            let spoken: String = reason.split('`').step_by(2).collect();
            for setting in
                SETTINGS.iter().filter(|setting| spoken.split([' ', ',', ';', ':']).any(|word| word == setting.flags()))
            {
                assert!(spoken.contains(&setting.places(Taker::Check)), "{id} says: {reason}");
            }
        }
    }

    #[test]
    fn a_checks_id_is_its_path_and_its_group() {
        for (group, spec) in specs() {
            let path = spec.id.as_str().replace('.', "/").replace('-', "_");
            let path = format!("{}/src/checks/{path}", env!("CARGO_MANIFEST_DIR"));
            let lives = [format!("{path}.rs"), format!("{path}/mod.rs")].iter().any(|it| Path::new(it).is_file());
            assert!(lives, "{} should live in {path}.rs", spec.id);
            assert_eq!(spec.id.group(), group.id);
        }
    }

    /// The room that a person's report has for a title before the subject begins.
    const COLUMN: usize = 36;

    #[test]
    fn a_title_names_its_subject_and_stays_in_its_column() {
        for (_, spec) in specs() {
            let first = spec.title.split(' ').next().unwrap();
            assert!(!["it", "its", "that", "they"].contains(&first), "{}: “{}” says “{first}”", spec.id, spec.title);
            assert!(spec.title.chars().count() <= COLUMN, "{}: “{}” overruns the column", spec.id, spec.title);
        }
    }

    #[test]
    fn every_check_explains_itself_and_every_code_says_what_it_means() {
        for (_, spec) in specs() {
            assert!(spec.explain.len() > 200, "{} explains too little", spec.id);
            assert!(!spec.title.ends_with('.') && !spec.codes.is_empty(), "{}", spec.id);
            let mut names: Vec<&str> = spec.codes.iter().map(|code| code.name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), spec.codes.len(), "{} has a code twice", spec.id);
            assert!(spec.codes.iter().all(|code| code.means.len() > 15), "{}", spec.id);
        }
    }

    #[test]
    fn every_code_names_causes_that_a_reader_can_tell_apart() {
        for (spec, code) in specs().flat_map(|(_, spec)| spec.codes.iter().map(move |code| (spec, code))) {
            let at = format!("{}/{}", spec.id, code.name);
            assert!((1..=4).contains(&code.causes.len()), "{at} names {} causes", code.causes.len());
            for cause in code.causes {
                for sentence in [cause.what, cause.told_by, cause.mend] {
                    let first = sentence.split(' ').next().unwrap();
                    // A check's id and a URL are written as they are.
                    let begins = !first.starts_with(|c: char| c.is_lowercase()) || first.contains(['.', ':']);
                    let whole = begins && sentence.ends_with('.');
                    assert!(whole && sentence.chars().count() <= 200, "{at}: {sentence}");
                }
            }
            let told: BTreeSet<&str> = code.causes.iter().map(|cause| cause.told_by).collect();
            assert_eq!(told.len(), code.causes.len(), "{at} tells two causes by the same");
        }
    }

    #[cfg(unix)]
    #[test]
    fn every_command_that_shows_a_cause_is_one_that_a_shell_reads() {
        let causes = specs().flat_map(|(_, spec)| spec.codes.iter().flat_map(move |code| code.causes));
        let commands: BTreeSet<&str> = causes.filter_map(|cause| cause.command).collect();
        assert!(commands.len() > 50, "{commands:?}");
        for command in commands {
            let read = std::process::Command::new("sh").args(["-n", "-c", command]).output().unwrap();

            assert!(read.status.success() && read.stderr.is_empty(), "{command}");
        }
    }

    /// The place of the first group one of whose checks finds it.
    fn place(code: &'static Code) -> Option<usize> {
        let finds = |spec: &&Spec| spec.codes.iter().any(|other| std::ptr::eq(*other, code));
        GROUPS.iter().position(|group| group.specs.iter().any(finds))
    }

    /// Whether what a code explains explains it in turn.
    fn leads_back(code: &'static Code, to: &'static Code, steps: usize) -> bool {
        let further = |next: &&'static Code| std::ptr::eq(*next, to) || steps > 0 && leads_back(next, to, steps - 1);
        code.explains.iter().any(further)
    }

    #[test]
    fn what_a_code_explains_is_found_in_its_group_or_a_later_one_and_never_explains_it_in_turn() {
        static LEFT: Code = Code::error("left", "it follows from the right").explains(&[&RIGHT]);
        static RIGHT: Code = Code::error("right", "it follows from the left").explains(&[&LEFT]);
        assert!(leads_back(&LEFT, &LEFT, 8) && leads_back(&RIGHT, &RIGHT, 8));

        let mut explained = 0;
        for code in specs().flat_map(|(_, spec)| spec.codes) {
            for symptom in code.explains {
                explained += 1;
                let (cause, follows) = (place(code).unwrap(), place(symptom));
                assert!(follows >= Some(cause), "{} explains {}, which is found before it", code.name, symptom.name);
            }
            assert!(!leads_back(code, code, 8), "{} explains itself in the end", code.name);
        }
        assert!(explained > 50, "{explained}");
    }

    #[test]
    fn every_code_that_is_written_is_declared_by_the_check_in_whose_file_it_stands() {
        let mut written = 0;
        for path in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/checks")) {
            let owner = specs().map(|(_, spec)| spec).find(|spec| is_of(&path, spec));
            for name in codes_in(&std::fs::read_to_string(&path).unwrap()) {
                written += 1;
                let has_it = |spec: &Spec| spec.codes.iter().any(|code| code.name == name);
                // What several checks share is declared by one of them at least.
                let declared = owner.map_or_else(|| specs().any(|(_, spec)| has_it(spec)), has_it);
                assert!(declared, "`{name}` of {} is declared by no spec", path.display());
            }
        }
        assert!(written > 200, "{written}");
    }

    #[test]
    fn codes_are_read_from_a_source_however_they_are_laid_out_and_not_from_its_tests() {
        let source =
            "static A: Code = Code::error(\"a-b\", \"x\");\nstatic C: Code =\n    Code::undecided(\n        \"c\",\n";
        let tests = "#[cfg(test)]\nmod tests {\n    static T: Code = Code::warning(\"t\", \"\");\n}\n";

        assert_eq!(codes_in(&format!("{source}{tests}")), ["a-b", "c"]);
    }

    fn sources(folder: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let of = |path: PathBuf| if path.is_dir() { sources(&path) } else { vec![path] };
        entries.flat_map(of).filter(|path| !path.ends_with("tests.rs")).collect()
    }

    /// Whether a file is a check's own, or in its folder.
    fn is_of(path: &Path, spec: &Spec) -> bool {
        let own = format!("/src/checks/{}", spec.id.as_str().replace('.', "/").replace('-', "_"));
        let path = path.to_string_lossy().replace('\\', "/");
        path.ends_with(&format!("{own}.rs")) || path.contains(&format!("{own}/"))
    }

    /// The names of the codes that a source makes.
    fn codes_in(source: &str) -> Vec<&str> {
        let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let made = ["Code::error(", "Code::undecided(", "Code::warning("];
        let mut found: Vec<(usize, &str)> = Vec::new();
        for call in made {
            let calls = source.match_indices(call);
            found.extend(calls.filter_map(|(at, _)| Some((at, source[at..].split('"').nth(1)?))));
        }
        found.sort_unstable();
        found.into_iter().map(|(_, name)| name).collect()
    }
}
