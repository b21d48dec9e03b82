//! What is declared of settings holds of the command line.

use clap::CommandFactory;

use super::*;
use crate::settings::{Flag, SETTINGS, Shape, Source, Taker};

#[test]
fn the_command_line_is_well_formed() {
    Cli::command().debug_assert();
}

/// The commands that take settings, and as whom.
const TAKERS: [(&[&str], Taker); 8] = [
    (&["check"], Taker::Check),
    (&["plan"], Taker::Plan),
    (&["requirements"], Taker::Requirements),
    (&["rules", "generate"], Taker::Rules),
    (&["rules", "audit"], Taker::Rules),
    (&["listen"], Taker::Listen),
    (&["probe"], Taker::Probe),
    (&["demo"], Taker::Demo),
];

fn help(arguments: &[&str]) -> String {
    let typed = [&["workos-preflight"], arguments, &["--help"]].concat();
    let asked = Cli::try_parse_from(typed).unwrap_err();
    asked_for(&asked).unwrap().to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_command_helps_with_the_settings_that_it_takes_in_the_words_of_their_declaration_and_with_no_other() {
    for (command, taker) in TAKERS {
        let help = help(command);
        let command = command.join(" ");
        for setting in SETTINGS {
            let lines =
                match (setting.flag, setting.taken_by(taker).filter(|_| setting.is_used_by(taker)), setting.shape) {
                    (Flag::Long(flag), None, _) => {
                        let own = command == "listen" || !help.contains(&format!("{flag} "));
                        assert!(own && !help.contains(&format!("{flag} <")), "{command} shows {flag}");
                        continue;
                    }
                    (Flag::Each(aliases), None, _) => {
                        assert!(aliases.iter().all(|alias| !help.contains(&format!("{} ", alias.flag))), "{command}");
                        continue;
                    }
                    (Flag::Long(flag), Some(taken), Shape::Switch) => vec![format!("{flag} {}", setting.line(taken))],
                    (Flag::Long(flag), Some(taken), _) => {
                        vec![format!("{flag} <{}> {}", setting.value_name, setting.line(taken))]
                    }
                    (Flag::Each(aliases), Some(_), _) => {
                        aliases.iter().map(|alias| format!("{} {}", alias.flag, alias.line())).collect()
                    }
                };
            for line in lines {
                assert!(help.contains(&line), "{command} --help has not: {line}");
            }
        }
    }
    assert!(help(&[]).contains(&help(&["check"]).split(" Settings: ").nth(1).unwrap()[..2_000]));
}

#[test]
fn every_flag_gives_its_setting_and_is_named_as_where_the_value_came_from() {
    for (command, taker) in TAKERS {
        for setting in SETTINGS.iter().filter(|setting| setting.taken_by(taker).is_some()) {
            let (flags, value) = match setting.flag {
                Flag::Each(aliases) => (aliases.iter().map(|alias| (alias.flag, alias.value)).collect(), None),
                Flag::Long(flag) if setting.shape == Shape::Switch => (vec![(flag, "true")], None),
                Flag::Long(flag) => (vec![(flag, "x")], Some("x")),
            };
            for (flag, given) in flags {
                let usual: &[&str] = if command == ["probe"] { &["https://app.customer.example/"] } else { &[] };
                let typed = [&["workos-preflight"], command, usual, &[flag]].concat().into_iter().chain(value);
                let layer = match Cli::try_parse_from(typed).unwrap().command.unwrap() {
                    Command::Check(args) => args.settings.typed.layer().clone(),
                    Command::Plan(args) => args.settings.typed.layer().clone(),
                    Command::Requirements(args) => args.settings.typed.layer().clone(),
                    Command::Listen(args) => args.settings.typed.layer().clone(),
                    Command::Probe(args) => args.settings.layer().clone(),
                    Command::Demo(args) => args.settings.layer().clone(),
                    Command::Rules(args) => match args.command {
                        RulesCommand::Generate(args) => args.settings.typed.layer().clone(),
                        RulesCommand::Audit(args) => args.settings.typed.layer().clone(),
                        RulesCommand::Compare(args) => args.settings.typed.layer().clone(),
                    },
                    other => panic!("{other:?} takes no settings"),
                };

                let (values, source) = layer.of(setting).unwrap_or_else(|| panic!("{command:?} {flag} gives nothing"));
                assert_eq!((values, source), (&[given.to_owned()][..], &Source::Flag(flag)), "{command:?} {flag}");
            }
        }
    }
}

#[test]
fn completions_know_the_words_of_a_choice_and_which_values_are_files() {
    let command = Cli::command();
    for setting in SETTINGS {
        let Some(argument) = command.get_arguments().find(|argument| argument.get_id() == setting.name) else {
            assert!(matches!(setting.flag, Flag::Each(_)), "{} has no argument", setting.name);
            continue;
        };
        let words: Vec<String> = argument.get_possible_values().iter().map(|word| word.get_name().to_owned()).collect();
        match setting.shape {
            Shape::Choice(declared) => assert_eq!(words, declared),
            Shape::File => assert_eq!(argument.get_value_hint(), clap::ValueHint::FilePath, "{}", setting.name),
            _ => {}
        }
    }
}
