//! A command that a person copies into a shell. What is filled in is quoted, so that no name, URL or path runs anything.

use std::fmt;

use crate::said;

/// A shell command, safe to copy whatever was filled into it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Command(String);

impl Command {
    /// The template with each `{}` replaced by the next value, quoted for where it stands: bare, or inside of quotes that the
    /// template opened. `{{` and `}}` are braces. The macro `command!` is the way to call it.
    pub fn filled(template: &str, values: &[String]) -> Self {
        let mut values = values.iter();
        let mut text = String::with_capacity(template.len());
        let mut within = Within::Nothing;
        let mut rest = template.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                '{' if rest.next_if_eq(&'}').is_some() => {
                    let value = values.next().map(String::as_str).unwrap_or_default();
                    text.push_str(&within.quoted(value));
                }
                '{' | '}' => {
                    rest.next_if_eq(&c);
                    text.push(c);
                }
                c => {
                    within = within.after(c);
                    text.push(c);
                }
            }
        }
        Command(text)
    }

    /// A command as another report holds it.
    pub fn repeated(text: String) -> Self {
        Command(text)
    }

    /// This command with words of our own behind it: `-tls1_2`.
    #[must_use]
    pub fn and(mut self, more: &'static str) -> Self {
        self.0.push(' ');
        self.0.push_str(more);
        self
    }

    /// This command with what was filled in elsewhere behind it.
    #[must_use]
    pub fn with(self, more: &Command) -> Self {
        Command(format!("{} {}", self.0, more.0))
    }

    /// The one command, and then the other.
    #[must_use]
    pub fn then(self, other: &Command) -> Self {
        Command(format!("{}; {}", self.0, other.0))
    }

    /// As it is copied.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&'static str> for Command {
    fn from(text: &'static str) -> Self {
        Command(text.to_owned())
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The quotes that are open where a value is filled in.
#[derive(Clone, Copy)]
enum Within {
    Nothing,
    Single,
    Double,
}

impl Within {
    fn after(self, c: char) -> Self {
        match (self, c) {
            (Within::Nothing, '\'') => Within::Single,
            (Within::Nothing, '"') => Within::Double,
            (Within::Single, '\'') | (Within::Double, '"') => Within::Nothing,
            (within, _) => within,
        }
    }

    fn quoted(self, value: &str) -> String {
        // A command of a CI system in a value is none with two quotes in it, and the shell reads the value as it was.
        let told = said::apart(&value.replace('\'', r"'\''"), "''");
        match self {
            Within::Nothing if told == value && !value.is_empty() && value.chars().all(harmless) => value.to_owned(),
            Within::Nothing => format!("'{told}'"),
            Within::Single => told,
            // An exclamation mark calls history back in an interactive shell, and no backslash stops it inside of these quotes.
            Within::Double => format!("\"'{told}'\""),
        }
    }
}

/// Characters that mean nothing to a shell wherever they stand in a word.
fn harmless(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-./:@%+,".contains(c) || c == '='
}

/// A [`Command`] from a template and the values that are filled into it, quoted: `command!("dig {} A", host)`.
macro_rules! command {
    ($template:literal $(, $value:expr)* $(,)?) => {
        $crate::outcome::Command::filled($template, &[$($value.to_string()),*])
    };
}

pub(crate) use command;

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_filled_in_is_quoted_for_where_it_stands() {
        assert_eq!(command!("dig {} A", "api.workos.com").as_str(), "dig api.workos.com A");
        assert_eq!(command!("curl {}", "https://a.example/h`id`&x").as_str(), "curl 'https://a.example/h`id`&x'");
        assert_eq!(command!("ls -l {}", "it's").as_str(), r"ls -l 'it'\''s'");
        assert_eq!(command!("tcpdump 'host {}'", "a'$(id)'").as_str(), r"tcpdump 'host a'\''$(id)'\'''");
        assert_eq!(command!("echo \"{}\"", "$(id)!").as_str(), "echo \"\"'$(id)!'\"\"");
        assert_eq!(command!("curl -d '{{}}' -w '%{{http_code}}' {}", "").as_str(), "curl -d '{}' -w '%{http_code}' ''");
    }

    #[cfg(unix)]
    #[test]
    fn a_shell_reads_every_value_back_as_it_was() {
        for value in [
            "plain",
            "two words",
            "it's",
            "$(exit 7)",
            "`exit 7`",
            "a;b&c|d",
            "\\",
            "\"",
            "!x",
            "*",
            "~",
            "#",
            "a\nb",
            "https://a.example/::error::x",
            "##vso[task.x]'##[y]",
            "",
        ] {
            for command in [
                command!("printf %s {}", value),
                command!("printf %s '{}'", value),
                command!("printf %s \"{}\"", value),
            ] {
                let output = std::process::Command::new("sh").arg("-c").arg(command.as_str()).output().unwrap();

                assert_eq!(String::from_utf8_lossy(&output.stdout), value, "{command}");
            }
        }
    }
}
