//! Commands as words: quotes hold blanks and may span lines, and every command knows the line that it begins on.

use std::borrow::Cow;

/// A command.
#[derive(Debug)]
pub(crate) struct Command<'a> {
    /// The line that it begins on, from 1.
    pub line: usize,
    /// Its words.
    pub words: Vec<Word<'a>>,
    /// All of it.
    pub text: &'a str,
    /// What is wrong with its quotes.
    pub odd: Option<&'static str>,
}

/// A word.
#[derive(Debug)]
pub(crate) struct Word<'a> {
    /// What it says.
    pub text: Cow<'a, str>,
    /// Whether it stood in quotes.
    pub quoted: bool,
}

impl Word<'_> {
    /// Whether it is this word, outside of quotes.
    pub(crate) fn is(&self, word: &str) -> bool {
        !self.quoted && self.text == word
    }
}

impl AsRef<str> for Word<'_> {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

/// The commands of a text. What begins with `#` is a comment, to the end of its line.
pub(crate) fn commands(text: &str) -> Vec<Command<'_>> {
    let mut reader = Reader { text: text.strip_prefix('\u{feff}').unwrap_or(text), at: 0, line: 1 };
    std::iter::from_fn(|| reader.command()).collect()
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        if c == '\n' {
            self.line += 1;
        }
        Some(c)
    }

    fn command(&mut self) -> Option<Command<'a>> {
        loop {
            match self.peek()? {
                c if c.is_whitespace() => {
                    self.next();
                }
                '#' => while self.next().is_some_and(|c| c != '\n') {},
                _ => break,
            }
        }
        let (line, start) = (self.line, self.at);
        let (mut words, mut odd) = (Vec::new(), None);
        loop {
            match self.peek() {
                None | Some('\n') => break,
                Some(c) if c.is_whitespace() => {
                    self.next();
                }
                Some(quote @ ('"' | '\'')) => words.push(self.quoted(quote, &mut odd)),
                Some(_) => words.push(self.plain(&mut odd)),
            }
        }
        Some(Command { line, words, text: self.text[start..self.at].trim_end(), odd })
    }

    fn plain(&mut self, odd: &mut Option<&'static str>) -> Word<'a> {
        let start = self.at;
        while let Some(c) = self.peek().filter(|c| !c.is_whitespace()) {
            if c == '"' {
                odd.get_or_insert("has a quote within a word");
            }
            self.next();
        }
        Word { text: Cow::Borrowed(&self.text[start..self.at]), quoted: false }
    }

    fn quoted(&mut self, quote: char, odd: &mut Option<&'static str>) -> Word<'a> {
        self.next();
        let start = self.at;
        let mut owned: Option<String> = None;
        loop {
            let before = self.at;
            match self.next() {
                None => {
                    *odd = Some("has a quote that is never closed");
                    return self.word(start, self.at, owned);
                }
                Some(c) if c == quote => {
                    if self.peek().is_some_and(|c| !c.is_whitespace()) {
                        odd.get_or_insert("goes on behind a closing quote without a blank");
                    }
                    return self.word(start, before, owned);
                }
                Some('\\') if self.peek().is_some_and(|c| c == quote || c == '\\') => {
                    owned.get_or_insert_with(|| self.text[start..before].to_owned()).extend(self.next());
                }
                Some(c) => {
                    if let Some(owned) = &mut owned {
                        owned.push(c);
                    }
                }
            }
        }
    }

    fn word(&self, start: usize, end: usize, owned: Option<String>) -> Word<'a> {
        Word { text: owned.map_or(Cow::Borrowed(&self.text[start..end]), Cow::Owned), quoted: true }
    }
}

/// Whether a word is a slip away from another, and not too much else.
pub(crate) fn near(known: &str, word: &str) -> bool {
    let (known, word): (Vec<char>, Vec<char>) = (known.chars().collect(), word.chars().take(40).collect());
    if known == word || known.len().abs_diff(word.len()) > 2 {
        return known == word;
    }
    let mut row: Vec<usize> = (0..=word.len()).collect();
    for (i, a) in known.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in word.iter().enumerate() {
            let cost = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[word.len()] <= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<(usize, Vec<String>, bool)> {
        let words = |command: &Command| command.words.iter().map(|word| word.text.to_string()).collect();
        commands(text).iter().map(|command| (command.line, words(command), command.odd.is_some())).collect()
    }

    #[test]
    fn words_stand_between_blanks_or_in_quotes_and_know_their_line() {
        let text = "\u{feff}# one\r\nset \"a b\" 'c \"d\"'\r\n\r\n  set x \"e \\\"f\\\\ \\g\"  \n";
        let words = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();

        assert_eq!(
            said(text),
            [(2, words(&["set", "a b", "c \"d\""]), false), (4, words(&["set", "x", "e \"f\\ \\g"]), false)]
        );
    }

    #[test]
    fn a_slip_is_near_and_another_word_is_not() {
        assert!(
            near("access-list", "acces-list") && near("access-list", "access-lits") && near("rulebase", "rulebase")
        );
        assert!(!near("access-list", "access-group") && !near("object", "subject-to") && !near("address", "a"));
    }

    #[test]
    fn quotes_span_lines_and_one_that_is_not_right_is_odd() {
        assert_eq!(
            said("a \"b\nc\" d\ne"),
            [(1, vec!["a".to_owned(), "b\nc".to_owned(), "d".to_owned()], false), (3, vec!["e".to_owned()], false)]
        );
        assert!(said("a \"b")[0].2 && said("a \"b\"c")[0].2 && said("a b\"c")[0].2 && !said("it's")[0].2);
    }
}
