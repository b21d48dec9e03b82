//! What is declared of a setting, and what the command line, the file, the schema and a sentence say because of it.

/// What a setting's value looks like in the settings file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// A string.
    Text,
    /// The name of a file, which is sent to nobody.
    File,
    /// The names of files, likewise; a single string is taken as a list of one.
    Files,
    /// A list of strings; a single string is taken as a list of one.
    List,
    /// `500ms`, `5s`, `2m`; a bare number is seconds.
    Duration,
    /// A whole number.
    Count,
    /// True or false.
    Switch,
    /// One of these words.
    Choice(&'static [&'static str]),
}

/// How a setting is typed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flag {
    /// `--domain`
    Long(&'static str),
    /// A flag without a value for each value that there is: `-4`, `-6`.
    Each(&'static [Alias]),
}

/// A flag that stands for one value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Alias {
    /// `-4`
    pub flag: &'static str,
    /// The value that it gives.
    pub value: &'static str,
    /// What it does.
    pub help: &'static str,
}

/// What applies where nobody says anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fallback {
    /// Nothing.
    Nothing,
    /// This value, as it would be typed.
    Value(&'static str),
    /// What other parts know, in words.
    Elsewhere(&'static str),
}

impl Alias {
    /// Its line in `--help`.
    pub fn line(&self) -> String {
        capitalized(self.help)
    }
}

impl Fallback {
    /// As a person reads it.
    pub fn in_words(self) -> Option<&'static str> {
        match self {
            Fallback::Nothing => None,
            Fallback::Value(words) | Fallback::Elsewhere(words) => Some(words),
        }
    }
}

/// Under which heading of `--help` a setting stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Heading {
    /// About the settings and the facts themselves.
    Settings,
    /// What is asked of `WorkOS`, and with what.
    WorkOs,
    /// What `WorkOS` and browsers reach.
    Installation,
    /// The way out.
    Network,
    /// What is asked besides.
    DeeperLooks,
    /// The rules of a firewall.
    Firewall,
}

impl Heading {
    /// As it is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Heading::Settings => "Settings",
            Heading::WorkOs => "WorkOS",
            Heading::Installation => "The installation",
            Heading::Network => "The network",
            Heading::DeeperLooks => "Deeper looks",
            Heading::Firewall => "The firewall's rules",
        }
    }
}

/// Who takes settings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Taker {
    /// `check`, which uses all of them.
    Check,
    /// `plan`, which tells of a `check` beforehand. Like the next two it takes whatever `check` takes, so that one command line
    /// serves them all, and shows what it uses.
    Plan,
    /// `requirements`.
    Requirements,
    /// The commands of `rules`.
    Rules,
    /// `listen`.
    Listen,
    /// `probe`, from outside.
    Probe,
    /// `demo`, whose world has its own.
    Demo,
}

impl Taker {
    /// Whether it looks from this machine, so that the settings file, the key and the secrets count.
    pub const fn is_inside(self) -> bool {
        matches!(self, Taker::Check | Taker::Plan | Taker::Requirements | Taker::Rules | Taker::Listen)
    }
}

/// A setting as one of the commands takes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Taken {
    /// Who takes it.
    pub by: Taker,
    /// What it means there.
    pub help: &'static str,
    /// What applies there where nobody says anything.
    pub default: Fallback,
}

/// The environment variable that holds what a setting names the file of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Held {
    /// The variable.
    pub variable: &'static str,
    /// What it holds: "the key".
    pub what: &'static str,
}

/// A setting.
#[derive(Debug)]
pub struct Declared {
    /// Its key in the settings file, and its name in messages and reports.
    pub name: &'static str,
    /// Its flag.
    pub flag: Flag,
    /// Its environment variables; the first that is set and not empty wins.
    pub environment: &'static [&'static str],
    /// The variable that holds the secret itself which it names the file of.
    pub held: Option<Held>,
    /// What its value looks like.
    pub shape: Shape,
    /// What the file holds that it names, as a sentence says it: "the API key".
    pub holds: Option<&'static str>,
    /// What `--help` calls its value.
    pub value_name: &'static str,
    /// Its flag takes several values with commas between them, and not only one each time that it is given.
    pub commas: bool,
    /// What applies where nobody says anything.
    pub default: Fallback,
    /// A value that it may have, where none applies by default.
    pub example: Option<&'static str>,
    /// Where it stands in `--help`.
    pub heading: Heading,
    /// What it means, as a fragment: of a value "the domain …", of a switch "look at …".
    pub help: &'static str,
    /// What a sentence calls it when it is missing: "webhook URL".
    pub called: Option<&'static str>,
    /// What it cannot be typed together with.
    pub excludes: &'static [&'static Declared],
    /// It changes what `plan` says.
    pub for_plan: bool,
    /// It changes what `requirements` says.
    pub for_requirements: bool,
    /// It changes what the commands of `rules` say.
    pub for_rules: bool,
    /// It changes what `listen` does.
    pub for_listen: bool,
    /// How `probe` takes it, if it does.
    pub by_probe: Option<Taken>,
    /// How `demo` does.
    pub by_demo: Option<Taken>,
}

/// A name is declared once.
impl PartialEq for Declared {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Declared {}

/// A setting of this shape whose flag takes a value. The methods below say what is special about it.
pub(super) const fn setting(
    name: &'static str,
    flag: &'static str,
    shape: Shape,
    heading: Heading,
    help: &'static str,
) -> Declared {
    let value_name = match shape {
        Shape::File | Shape::Files => "FILE",
        Shape::Duration => "TIME",
        Shape::Count => "N",
        Shape::Text | Shape::List | Shape::Switch | Shape::Choice(_) => "NAME",
    };
    Declared {
        name,
        flag: Flag::Long(flag),
        environment: &[],
        held: None,
        shape,
        holds: None,
        value_name,
        commas: false,
        default: Fallback::Nothing,
        example: None,
        heading,
        help,
        called: None,
        excludes: &[],
        for_plan: true,
        for_requirements: false,
        for_rules: false,
        for_listen: false,
        by_probe: None,
        by_demo: None,
    }
}

/// A choice between values that have a flag each.
pub(super) const fn by_aliases(
    name: &'static str,
    aliases: &'static [Alias],
    words: &'static [&'static str],
    heading: Heading,
    help: &'static str,
) -> Declared {
    let mut declared = setting(name, "", Shape::Choice(words), heading, help);
    declared.flag = Flag::Each(aliases);
    declared
}

impl Shape {
    /// Whether its values name files.
    pub fn names_files(self) -> bool {
        matches!(self, Shape::File | Shape::Files)
    }
}

impl Declared {
    /// What is said of a setting beside its shape, each where it is special. What other takers mean comes last.
    pub(super) const fn or_environment(mut self, variables: &'static [&'static str]) -> Self {
        self.environment = variables;
        self
    }

    pub(super) const fn or_held_in(mut self, variable: &'static str, what: &'static str) -> Self {
        self.held = Some(Held { variable, what });
        self
    }

    pub(super) const fn or_by_default(mut self, value: &'static str) -> Self {
        self.default = Fallback::Value(value);
        self
    }

    pub(super) const fn or_from_elsewhere(mut self, words: &'static str) -> Self {
        self.default = Fallback::Elsewhere(words);
        self
    }

    pub(super) const fn such_as(mut self, example: &'static str) -> Self {
        self.example = Some(example);
        self
    }

    pub(super) const fn holding(mut self, what: &'static str) -> Self {
        self.holds = Some(what);
        self
    }

    pub(super) const fn value(mut self, name: &'static str) -> Self {
        self.value_name = name;
        self
    }

    pub(super) const fn with_commas(mut self) -> Self {
        self.commas = true;
        self
    }

    pub(super) const fn called(mut self, noun: &'static str) -> Self {
        self.called = Some(noun);
        self
    }

    pub(super) const fn excludes(mut self, others: &'static [&'static Declared]) -> Self {
        self.excludes = others;
        self
    }

    pub(super) const fn but_not_for_plan(mut self) -> Self {
        self.for_plan = false;
        self
    }

    /// `requirements` depends on it, and with it the required flows that rules are generated from and held to.
    pub(super) const fn and_requirements(mut self) -> Self {
        self.for_requirements = true;
        self.for_rules = true;
        self
    }

    pub(super) const fn and_rules(mut self) -> Self {
        self.for_rules = true;
        self
    }

    pub(super) const fn and_listen(mut self) -> Self {
        self.for_listen = true;
        self
    }

    /// `probe` takes it too, and means the same.
    pub(super) const fn and_probe(self) -> Self {
        let help = self.help;
        self.and_probe_as(help)
    }

    pub(super) const fn and_probe_as(mut self, help: &'static str) -> Self {
        self.by_probe = Some(Taken { by: Taker::Probe, help, default: self.default });
        self
    }

    pub(super) const fn and_demo_as(mut self, help: &'static str, default: &'static str) -> Self {
        self.by_demo = Some(Taken { by: Taker::Demo, help, default: Fallback::Value(default) });
        self
    }

    /// How a command takes it, if it does.
    pub fn taken_by(&self, by: Taker) -> Option<Taken> {
        match by {
            Taker::Check | Taker::Plan | Taker::Requirements | Taker::Rules | Taker::Listen => {
                Some(Taken { by, help: self.help, default: self.default })
            }
            Taker::Probe => self.by_probe,
            Taker::Demo => self.by_demo,
        }
    }

    /// Whether it makes a difference to a command. The help of a command shows those that do.
    pub fn is_used_by(&self, by: Taker) -> bool {
        match by {
            Taker::Check => true,
            Taker::Plan => self.for_plan,
            Taker::Requirements => self.for_requirements,
            Taker::Rules => self.for_rules,
            Taker::Listen => self.for_listen,
            Taker::Probe => self.by_probe.is_some(),
            Taker::Demo => self.by_demo.is_some(),
        }
    }

    /// The environment variables that a command reads it from. A look from outside goes the way of its machine, and knows
    /// nothing else of it; a demonstration knows nothing of its machine.
    pub fn read_by(&self, by: Taker) -> &'static [&'static str] {
        match by {
            _ if by.is_inside() => self.environment,
            Taker::Probe if self.heading == Heading::Network => self.environment,
            _ => &[],
        }
    }

    /// Its flag as a sentence names it: `--domain`, `-4 or -6`.
    pub fn flags(&self) -> String {
        match self.flag {
            Flag::Long(flag) => flag.to_owned(),
            Flag::Each(aliases) => aliases.iter().map(|alias| alias.flag).collect::<Vec<_>>().join(" or "),
        }
    }

    /// Its line in the `--help` of a command that takes it so.
    pub fn line(&self, taken: Taken) -> String {
        let repeatable = match self.shape {
            Shape::List if self.commas => " (repeatable, or with commas)",
            Shape::List | Shape::Files => " (repeatable)",
            _ => "",
        };
        format!("{}{repeatable}{}", self.meaning(taken), self.others(taken))
    }

    /// Its line in a settings file.
    pub fn line_in_file(&self) -> String {
        let taken = Taken { by: Taker::Check, help: self.help, default: self.default };
        format!("{}{}", self.meaning(taken), self.others(taken))
    }

    /// What it means, with its words where it is a choice.
    fn meaning(&self, taken: Taken) -> String {
        let words = match self.shape {
            Shape::Choice(words) => format!(": {}", words.join(", ")),
            _ => String::new(),
        };
        format!("{}{words}", capitalized(taken.help))
    }

    /// What it means, as a question asks for it.
    pub fn meaning_in_words(&self) -> String {
        self.meaning(Taken { by: Taker::Check, help: self.help, default: self.default })
    }

    /// What applies in its place, and where else it is read from.
    fn others(&self, taken: Taken) -> String {
        let default = taken.default.in_words().map(|words| format!(" [default: {words}]")).unwrap_or_default();
        let environment = match (self.held, &self.variables(taken.by)[..]) {
            (Some(Held { variable, what }), _) if taken.by.is_inside() => {
                format!(" [env: {variable} holds {what} itself]")
            }
            (_, []) => String::new(),
            (_, variables) => format!(" [env: {}]", variables.join(", ")),
        };
        format!("{default}{environment}")
    }

    /// Its line where there is no room for a second one.
    pub fn short_line(&self) -> String {
        let held = self.held.map(|held| format!(", or {}", held.variable)).unwrap_or_default();
        let end = self.help.find([',', ';']).unwrap_or(self.help.len());
        format!("{}{held}", capitalized(&self.help[..end]))
    }

    /// Its variables as a person is told of them: in capitals where both spellings are read.
    pub fn variables(&self, by: Taker) -> Vec<&'static str> {
        let read = self.read_by(by);
        let twice = |name: &str| name.to_uppercase() != name && read.contains(&name.to_uppercase().as_str());
        read.iter().copied().filter(|name| !twice(name)).collect()
    }

    /// Everywhere that a command takes it from, as a sentence names it: "--domain (or `PREFLIGHT_DOMAIN`, or
    /// `installation.domain` in the settings file)".
    pub fn places(&self, by: Taker) -> String {
        let in_file = format!("{} in the settings file", self.name);
        let held = self.held.map(|held| held.variable);
        let mut others = self.variables(by);
        // Only `check` and its like read a settings file, a key or a secret.
        if by.is_inside() {
            others.extend(held.into_iter().chain([in_file.as_str()]));
        }
        if others.is_empty() { self.flags() } else { format!("{} (or {})", self.flags(), others.join(", or ")) }
    }

    /// For want of it, a question is not asked.
    pub const fn wanted(&'static self) -> Wanted {
        self.wanted_as("")
    }

    /// For want of one like this, a question is not asked.
    pub const fn wanted_as(&'static self, which: &'static str) -> Wanted {
        Wanted { setting: self, which }
    }
}

/// A setting for want of which a question is not asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wanted {
    setting: &'static Declared,
    /// Which of its values would do, where not all would.
    which: &'static str,
}

impl Wanted {
    /// What a list of what was not asked calls it: the variable that holds it itself, where there is one, and else its flag.
    pub fn in_short(self) -> String {
        self.setting.held.map_or_else(|| self.setting.flags(), |held| held.variable.to_owned())
    }

    /// Whether it is given or not, and has no value.
    pub fn is_switch(self) -> bool {
        self.setting.shape == Shape::Switch
    }

    /// Whether files are what it names.
    pub fn names_files(self) -> bool {
        matches!(self.setting.shape, Shape::File | Shape::Files)
    }

    /// As it is typed, with a name in capitals for its value: `--domain NAME`.
    pub fn to_type(self) -> String {
        match self.setting.shape {
            Shape::Switch => self.setting.flags(),
            _ => format!("{} {}", self.setting.flags(), self.setting.value_name),
        }
    }

    /// Whether it is the same setting, whichever of its values is wanted.
    pub fn is_of_the_same_setting(self, other: Wanted) -> bool {
        self.setting == other.setting
    }

    /// The sentence that says to a command's user what would have the question asked.
    pub fn enable(self, by: Taker) -> String {
        let Wanted { setting, which } = self;
        let (places, space) = (setting.places(by), if which.is_empty() { "" } else { " " });
        match (setting.called, setting.shape) {
            (Some(noun), _) => format!("no {noun} given{space}{which}: give {places}"),
            (None, Shape::Switch) => format!("give {places} to {}", setting.help),
            (None, _) => format!("give {places}{space}{which}"),
        }
    }
}

/// A fragment as the beginning of a line.
fn capitalized(fragment: &str) -> String {
    let mut chars = fragment.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// The known word nearest to a mistyped one, if any is near.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|word| (strsim::jaro_winkler(typed, word), word))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::super::{API_KEY_FILE, DIRECT, DOMAIN, FAMILY, PROXY, SETTINGS, TIMEOUT, WEBHOOK_URL};
    use super::*;

    #[test]
    fn a_mistyped_name_finds_its_neighbour_and_a_strange_one_finds_none() {
        let names = || SETTINGS.iter().map(|setting| setting.name);

        assert_eq!(nearest("instalation.domian", names()), Some("installation.domain"));
        assert_eq!(nearest("zzz", names()), None);
    }

    #[test]
    fn a_sentence_names_every_place_that_a_command_takes_a_setting_from_and_no_other() {
        for (wanted, inside, outside) in [
            (
                WEBHOOK_URL.wanted_as("(https, at the external name)"),
                "no webhook URL given (https, at the external name): give --webhook-url (or installation.webhook_url in the settings file)",
                "no webhook URL given (https, at the external name): give --webhook-url",
            ),
            (
                API_KEY_FILE.wanted(),
                "no API key given: give --api-key-file (or WORKOS_API_KEY, or workos.api_key_file in the settings file)",
                "no API key given: give --api-key-file",
            ),
            (
                DOMAIN.wanted(),
                "no external name given: give --domain (or PREFLIGHT_DOMAIN, or installation.domain in the settings file)",
                "no external name given: give --domain",
            ),
            (
                PROXY.wanted(),
                "no proxy given: give --proxy (or HTTPS_PROXY, or ALL_PROXY, or network.proxy in the settings file)",
                "no proxy given: give --proxy (or HTTPS_PROXY, or ALL_PROXY)",
            ),
            (
                DIRECT.wanted(),
                "give --direct (or network.direct in the settings file) to use no proxy, whatever the environment says",
                "give --direct to use no proxy, whatever the environment says",
            ),
            (FAMILY.wanted(), "give -4 or -6 (or network.family in the settings file)", "give -4 or -6"),
        ] {
            assert_eq!((wanted.enable(Taker::Check).as_str(), wanted.enable(Taker::Probe).as_str()), (inside, outside));
        }
    }

    #[test]
    fn a_line_of_help_says_what_applies_and_which_variables_its_command_reads() {
        let line = |setting: &Declared, by| setting.line(setting.taken_by(by).unwrap());

        assert_eq!(line(&TIMEOUT, Taker::Check), "How long one attempt may take [default: 5s]");
        assert!(line(&TIMEOUT, Taker::Demo).ends_with("[default: 1s]"));
        assert!(line(&API_KEY_FILE, Taker::Check).ends_with("[env: WORKOS_API_KEY holds the key itself]"));
        assert!(line(&PROXY, Taker::Probe).ends_with("[env: HTTPS_PROXY, ALL_PROXY]"));
        assert_eq!(line(&DIRECT, Taker::Probe), "Use no proxy, whatever the environment says");
    }
}
