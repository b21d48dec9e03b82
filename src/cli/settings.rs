//! The options that are settings, as [`SETTINGS`] declares them: what was typed becomes a layer.

use std::ffi::OsStr;
use std::marker::PhantomData;
use std::path::PathBuf;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, ValueHint};

use crate::settings::{Alias, Declared, Flag, Layer, SETTINGS, Shape, Source, Taken, Taker};

/// What the user asks for.
#[derive(Args, Default, Debug)]
pub struct SettingsArgs<By: Takes = ByCheck> {
    /// The settings file [default: ./preflight.toml, else $XDG_CONFIG_HOME/workos-preflight/preflight.toml]
    #[arg(long, value_name = "FILE", help_heading = "Settings")]
    pub config: Option<PathBuf>,
    /// What was typed of them.
    #[command(flatten)]
    pub typed: Typed<By>,
}

/// A command as far as it takes settings.
pub trait Takes {
    /// Which.
    const TAKER: Taker;
}

/// The commands that take settings, each as a type of its own.
macro_rules! takers {
    ($($(#[$doc:meta])* $name:ident as $taker:ident),+ $(,)?) => {
        $(
            $(#[$doc])*
            #[derive(Default, Debug)]
            pub struct $name;

            impl Takes for $name {
                const TAKER: Taker = Taker::$taker;
            }
        )+
    };
}

takers! {
    /// `check`.
    ByCheck as Check,
    /// `plan`.
    ByPlan as Plan,
    /// `requirements`.
    ByRequirements as Requirements,
    /// The commands of `rules`.
    ByRules as Rules,
    /// `listen`.
    ByListen as Listen,
    /// `probe`.
    ByProbe as Probe,
    /// `demo`.
    ByDemo as Demo,
}

/// What was typed of the settings that a command takes.
#[derive(Default, Debug)]
pub struct Typed<By> {
    layer: Layer,
    by: PhantomData<By>,
}

impl<By> Typed<By> {
    /// As a layer of settings.
    pub fn layer(&self) -> &Layer {
        &self.layer
    }
}

/// The settings that a command takes, and how.
fn taken(by: Taker) -> impl Iterator<Item = (&'static Declared, Taken)> {
    SETTINGS.iter().filter_map(move |setting| Some((*setting, setting.taken_by(by)?)))
}

impl<By: Takes> Args for Typed<By> {
    fn augment_args(command: Command) -> Command {
        command.args(taken(By::TAKER).flat_map(|(setting, taken)| arguments(setting, taken)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<By: Takes> FromArgMatches for Typed<By> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut layer = Layer::default();
        for (setting, _) in taken(By::TAKER) {
            match setting.flag {
                Flag::Long(flag) => layer.give(setting, values(setting, matches), Source::Flag(flag)),
                Flag::Each(aliases) => {
                    for alias in aliases.iter().filter(|alias| matches.get_flag(alias.flag)) {
                        layer.give(setting, [alias.value.to_owned()], Source::Flag(alias.flag));
                    }
                }
            }
        }
        Ok(Typed { layer, by: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The arguments of a setting: one, or one for each value that has a flag of its own.
fn arguments(setting: &'static Declared, taken: Taken) -> Vec<Arg> {
    let heading = setting.heading.as_str();
    match setting.flag {
        Flag::Long(flag) => {
            let argument = Arg::new(setting.name)
                .long(flag.trim_start_matches('-'))
                .help(setting.line(taken))
                .help_heading(heading)
                .hide(!setting.is_used_by(taken.by))
                .conflicts_with_all(setting.excludes.iter().map(|other| other.name));
            vec![shaped(argument, setting)]
        }
        Flag::Each(aliases) => {
            let argument = |alias: &Alias| {
                let others = aliases.iter().map(|other| other.flag).filter(|other| *other != alias.flag);
                Arg::new(alias.flag)
                    .short(alias.flag.chars().nth(1))
                    .help(alias.line())
                    .help_heading(heading)
                    .hide(!setting.is_used_by(taken.by))
                    .action(ArgAction::SetTrue)
                    .overrides_with_all(others)
            };
            aliases.iter().map(argument).collect()
        }
    }
}

/// What may stand behind the flag.
fn shaped(argument: Arg, setting: &'static Declared) -> Arg {
    let argument = match setting.shape {
        Shape::Switch => return argument.action(ArgAction::SetTrue),
        Shape::List => argument.action(ArgAction::Append),
        Shape::Choice(words) => argument.value_parser(OneOf(words)).hide_possible_values(true),
        Shape::File => argument.value_hint(ValueHint::FilePath),
        Shape::Files => argument.action(ArgAction::Append).value_hint(ValueHint::FilePath),
        Shape::Text | Shape::Duration | Shape::Count => argument,
    };
    let argument = argument.value_name(setting.value_name);
    if setting.commas { argument.value_delimiter(',') } else { argument }
}

/// The values that were typed.
fn values(setting: &Declared, matches: &ArgMatches) -> Vec<String> {
    if setting.shape == Shape::Switch {
        return if matches.get_flag(setting.name) { vec!["true".to_owned()] } else { Vec::new() };
    }
    let all: Vec<String> = matches.get_many(setting.name).into_iter().flatten().cloned().collect();
    if all.len() < 2 {
        return all;
    }
    // Lists are also written with blanks and commas behind their items.
    all.iter().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()).collect()
}

/// Words that completions know. What is none of them is refused with the setting's name and source, wherever it stands.
#[derive(Clone)]
struct OneOf(&'static [&'static str]);

impl TypedValueParser for OneOf {
    type Value = String;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.0.iter().map(|word| PossibleValue::new(*word))))
    }
}
