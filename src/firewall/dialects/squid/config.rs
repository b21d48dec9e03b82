//! The directives of a configuration in the order in which squid meets them, through its includes and conditions.

use crate::firewall::dialects::Input;

/// A directive, or what stands where some may be.
pub(super) struct Directive {
    /// In which file.
    pub(super) file: u16,
    /// At which line.
    pub(super) line: usize,
    /// What stands there.
    pub(super) text: String,
    /// What it consists of.
    pub(super) words: Vec<Word>,
    /// What has to hold so that squid reads it, in words, where that is not known.
    pub(super) only: Option<String>,
    /// Whether it is an include of files that are not there.
    pub(super) is_missing: bool,
}

/// A word, and whether it stood in quotes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) quoted: bool,
}

/// As deep as squid follows includes.
const DEEPEST: usize = 16;

/// More lines than any configuration has.
const MOST: usize = 500_000;

/// More files than any configuration includes.
const MOST_FILES: usize = 2000;

/// The directives of a configuration.
pub(super) struct Directives {
    /// In their order.
    pub(super) all: Vec<Directive>,
    /// The first line that squid does not start with, and its file.
    pub(super) refused: Option<(u16, usize, String)>,
}

/// The directives of the file at this place, with what it includes of the others; nothing, where that does not end.
pub(super) fn directives(inputs: &[Input], root: usize) -> Option<Directives> {
    let mut reading = Reading { inputs, all: Vec::new(), refused: None, lines: 0, files: 0 };
    reading.file(root, 0)?;
    Some(Directives { all: reading.all, refused: reading.refused })
}

/// Which of the files a name stands for: by its last part, which may have a `*`, and by its directory where both have one. Nobody
/// says where the files were before they came here. The file that names others is none of them.
pub(super) fn named(inputs: &[Input], name: &str, by: Option<usize>) -> Vec<usize> {
    let (directory, pattern) = parts(name);
    let fits = |at: usize| {
        let (there, base) = parts(&inputs[at].name);
        let alike = match pattern.split_once('*') {
            Some((first, last)) => {
                base.len() >= first.len() + last.len() && base.starts_with(first) && base.ends_with(last)
            }
            None => base == pattern,
        };
        let may_be_elsewhere = directory.is_empty() || there.is_empty() || !pattern.contains('*');
        alike && (directory == there || may_be_elsewhere)
    };
    let mut found: Vec<usize> = (0..inputs.len()).filter(|at| Some(*at) != by && fits(*at)).collect();
    if found.iter().any(|at| parts(&inputs[*at].name).0 == directory) {
        found.retain(|at| parts(&inputs[*at].name).0 == directory);
    }
    found.sort_by(|a, b| inputs[*a].name.cmp(&inputs[*b].name));
    found
}

/// The last directory of a path, and what lies in it.
fn parts(path: &str) -> (&str, &str) {
    let mut parts = path.rsplit(['/', '\\']);
    let base = parts.next().unwrap_or(path);
    (parts.next().unwrap_or_default(), base)
}

/// The words of a line, up to a comment.
pub(super) fn words(line: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        if first == '#' {
            break;
        }
        let quote = matches!(first, '"' | '\'').then_some(first);
        let quoted = quote.and_then(|quote| rest[1..].split_once(quote));
        let (word, after) =
            quoted.unwrap_or_else(|| rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())));
        words.push(Word { text: word.to_owned(), quoted: quoted.is_some() });
        rest = after.trim_start();
    }
    words
}

struct Reading<'a> {
    inputs: &'a [Input],
    all: Vec<Directive>,
    refused: Option<(u16, usize, String)>,
    lines: usize,
    files: usize,
}

/// Whether what stands under a condition is read.
#[derive(Clone)]
enum Holds {
    Yes,
    No,
    Unknown(String),
}

impl Reading<'_> {
    fn file(&mut self, at: usize, depth: usize) -> Option<()> {
        self.files += 1;
        if self.files > MOST_FILES {
            return None;
        }
        let (inputs, file) = (self.inputs, u16::try_from(at).unwrap_or(u16::MAX));
        let mut conditions: Vec<Holds> = Vec::new();
        for (line, text) in joined(inputs.get(at)?.text.as_str()) {
            self.lines += 1;
            if self.lines > MOST {
                return None;
            }
            let words = words(&text);
            let Some(first) = words.first() else { continue };
            match first.text.as_str() {
                "if" => {
                    let expression = text.trim_start_matches("if").trim();
                    let holds = decide(expression).unwrap_or_else(|| {
                        self.refused.get_or_insert_with(|| (file, line, text.trim().to_owned()));
                        Holds::No
                    });
                    conditions.push(holds);
                }
                "else" => {
                    if let Some(last) = conditions.last_mut() {
                        *last = match last {
                            Holds::Yes => Holds::No,
                            Holds::No => Holds::Yes,
                            Holds::Unknown(what) => Holds::Unknown(format!("not: {what}")),
                        };
                    }
                }
                "endif" => drop(conditions.pop()),
                name => {
                    let only = match standing(&conditions) {
                        Holds::No => continue,
                        Holds::Yes => None,
                        Holds::Unknown(what) => Some(what),
                    };
                    if name != "include" {
                        self.all.push(Directive { file, line, text, words, only, is_missing: false });
                        continue;
                    }
                    for named in words.iter().skip(1) {
                        let found = self::named(inputs, &named.text, Some(at));
                        if found.is_empty() || depth >= DEEPEST || only.is_some() {
                            let (text, words, only) = (text.clone(), words.clone(), only.clone());
                            self.all.push(Directive { file, line, text, words, only, is_missing: true });
                            continue;
                        }
                        for other in found {
                            self.file(other, depth + 1)?;
                        }
                    }
                }
            }
        }
        Some(())
    }
}

/// Squid looks at the innermost condition alone: within one that fails it still reads what stands under one that holds. Nobody
/// who writes that means it, so that it is left open.
fn standing(conditions: &[Holds]) -> Holds {
    let Some((innermost, outer)) = conditions.split_last() else { return Holds::Yes };
    let all_hold = outer.iter().all(|outer| matches!(outer, Holds::Yes));
    match innermost {
        Holds::Yes if !all_hold => Holds::Unknown("squid reads what stands under a condition within others".to_owned()),
        other => other.clone(),
    }
}

/// Whether an expression holds; nothing, where squid knows none like it. Macros stand for what only the process knows.
fn decide(expression: &str) -> Option<Holds> {
    let of = |holds: bool| if holds { Holds::Yes } else { Holds::No };
    if expression.contains("${") {
        return Some(Holds::Unknown(format!("`if {expression}` holds")));
    }
    if let Some((left, right)) = expression.split_once('=') {
        let (left, right) = (left.trim().parse::<i64>().ok()?, right.trim().parse::<i64>().ok()?);
        return Some(of(left == right));
    }
    match expression {
        "true" => Some(Holds::Yes),
        "false" => Some(Holds::No),
        _ => None,
    }
}

/// The lines with the numbers at which they begin. A line that ends in a backslash goes on in the next, without a space.
fn joined(text: &str) -> Vec<(usize, String)> {
    let mut all: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (nth, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (whole, goes_on) = line.strip_suffix('\\').map_or((line.trim_end(), false), |begun| (begun, true));
        match all.last_mut() {
            Some((_, last)) if open => last.push_str(whole),
            _ => all.push((nth, whole.to_owned())),
        }
        open = goes_on;
    }
    all
}
