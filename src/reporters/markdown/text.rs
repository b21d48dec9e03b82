//! Anybody's words in markdown, so that they are read and never act: no markup, no table, no HTML, and nothing that a tracker
//! makes a link, a picture, a mention or a reference of.
//!
//! Characters that could be markup are escaped. A word that a tracker could make a link of, whatever is escaped in it, stands as
//! code, and so does what stands between backticks.

use std::net::IpAddr;

use crate::said::harmless;

/// The words as they may stand in a paragraph, a heading or an item.
pub(super) fn prose(words: &str) -> String {
    Neutral::of(words, false)
}

/// The words as they may stand in a cell of a table.
pub(super) fn cell(words: &str) -> String {
    Neutral::of(words, true)
}

/// The words as they may stand in a paragraph, in bold.
pub(super) fn strong(words: &str) -> String {
    match prose(words) {
        text if text.is_empty() => text,
        text => format!("**{text}**"),
    }
}

/// The words as code, in a paragraph or an item, whole and to be copied.
pub(super) fn code(words: &str) -> String {
    let mut neutral = Neutral { text: String::new(), in_table: false };
    neutral.code(harmless(words).trim());
    neutral.text
}

struct Neutral {
    text: String,
    in_table: bool,
}

impl Neutral {
    fn of(words: &str, in_table: bool) -> String {
        let words = harmless(words);
        let mut neutral = Neutral { text: String::new(), in_table };
        let mut rest = words.trim();
        while let Some((before, between, after)) = quoted(rest) {
            neutral.words(before);
            neutral.code(between);
            rest = after;
        }
        neutral.words(rest);
        at_the_start(neutral.text)
    }

    fn words(&mut self, words: &str) {
        for (nth, word) in words.split(' ').enumerate() {
            if nth > 0 {
                self.text.push(' ');
            }
            // Punctuation round about it is no part of it.
            let from_start = word.trim_start_matches(BEFORE);
            let core = from_start.trim_end_matches(BEHIND);
            if is_code(core) {
                let (before, behind) = (word.len() - from_start.len(), from_start.len() - core.len());
                self.escaped(word.get(..before).unwrap_or_default());
                self.code(core);
                self.escaped(word.get(word.len() - behind..).unwrap_or_default());
            } else {
                self.escaped(word);
            }
        }
    }

    fn escaped(&mut self, word: &str) {
        for c in word.chars() {
            match c {
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '&' => self.text.push_str("&amp;"),
                '\\' | '`' | '*' | '_' | '[' | ']' | '{' | '}' | '|' | '~' | '$' => self.text.extend(['\\', c]),
                c => self.text.push(c),
            }
        }
    }

    fn code(&mut self, words: &str) {
        if words.is_empty() {
            return;
        }
        // Side by side, two would be one with backticks in it.
        if self.text.ends_with('`') {
            self.text.push(' ');
        }
        // A fence is longer than any that stands inside.
        let runs = words.split(|c| c != '`').map(str::len);
        let fence = "`".repeat(runs.max().unwrap_or(0) + 1);
        let room = if words.starts_with('`') || words.ends_with('`') { " " } else { "" };
        // A table is cut into cells before code is looked for. A backslash there must not seem to belong to the bar's own.
        let words = if self.in_table { words.replace("\\|", "\\ |").replace('|', "\\|") } else { words.to_owned() };
        self.text.extend([fence.as_str(), room, &words, room, &fence]);
    }
}

const BEFORE: &[char] = &['(', '[', '{', '"', '\'', '“', '‘', ',', ';'];
const BEHIND: &[char] = &[')', ']', '}', '"', '\'', '”', '’', ',', ';', '.', ':', '?'];

/// What stands before, between and after the first pair of backticks that has something in between.
fn quoted(words: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = words.split_once('`')?;
    let (between, after) = rest.split_once('`')?;
    Some((before, between.trim(), after)).filter(|(_, between, _)| !between.is_empty())
}

/// Whether a word is better read as code: what a tracker could make something of, and what is copied or looked up.
fn is_code(word: &str) -> bool {
    let follows = |sign: char, next: char| "@#!%&~$^".contains(sign) && next.is_alphanumeric();
    let pairs = || word.chars().zip(word.chars().skip(1));
    word.contains("://")
        || word.contains("::")
        || word.contains('_')
        || word.starts_with("--")
        || word.contains('@')
        || pairs().any(|(sign, next)| follows(sign, next))
        || word.matches(':').count() > 1
        || is_dotted(word)
        || word.parse::<IpAddr>().is_ok()
}

/// A host, a file, a check: anything with a dot inside that is no number and no abbreviation.
fn is_dotted(word: &str) -> bool {
    let chars: Vec<char> = word.chars().collect();
    let inside =
        chars.windows(3).any(|three| matches!(three, [a, '.', b] if a.is_alphanumeric() && b.is_alphanumeric()));
    let is_short = word.split('.').all(|part| part.chars().count() < 2);
    inside && !is_short && word.parse::<f64>().is_err() || word.contains("*.")
}

/// The text with its first character escaped where it would begin a heading, a list, a quotation or a line under a heading.
fn at_the_start(text: String) -> String {
    let number = text.chars().take_while(char::is_ascii_digit).count();
    match text.chars().nth(number) {
        Some('#' | '-' | '+' | '=' | ':' | '!') if number == 0 => format!("\\{text}"),
        Some('.' | ')') if number > 0 && text.chars().nth(number + 1).is_none_or(|next| next == ' ') => {
            let (before, behind) = text.split_at(number);
            format!("{before}\\{behind}")
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_of_every_kind_is_shown_and_does_nothing() {
        for (said, shown) in [
            ("*a* _b c ~ $", "\\*a\\* `_b` c \\~ \\$"),
            ("[here](x)", "\\[here\\](x)"),
            ("![x][y]", "\\!\\[x\\]\\[y\\]"),
            ("<script> &lt;", "&lt;script&gt; `&lt`;"),
            ("a | b", "a \\| b"),
            ("a\\*b", "a\\\\\\*b"),
            ("a ` b", "a \\` b"),
            ("# a", "\\# a"),
            ("- a", "\\- a"),
            ("+ a", "\\+ a"),
            ("1. a", "1\\. a"),
            ("23) a", "23\\) a"),
            ("> a", "&gt; a"),
            ("===", "\\==="),
            ("a\n\n# b", "a  # b"),
            ("    a", "a"),
            ("", ""),
        ] {
            assert_eq!(prose(said), shown, "{said}");
        }
    }

    #[test]
    fn what_a_tracker_makes_a_link_or_a_mention_of_stands_as_code() {
        for (said, shown) in [
            ("see https://evil.example/x.", "see `https://evil.example/x`."),
            ("(www.evil.example)", "(`www.evil.example`)"),
            ("ask @admin, or a@b.example", "ask `@admin`, or `a@b.example`"),
            ("as in #12 and org/repo#12", "as in `#12` and `org/repo#12`"),
            ("!7 %3 &amp; $x$", "`!7` `%3` `&amp`; `$x$`"),
            ("2001:db8::1, 10.20.0.10 or 1.1.1.1", "`2001:db8::1`, `10.20.0.10` or `1.1.1.1`"),
            ("set HTTPS_PROXY with --proxy", "set `HTTPS_PROXY` with `--proxy`"),
            ("*.authkit.app", "`*.authkit.app`"),
            ("1.5 s, e.g. with TLS 1.3", "1.5 s, e.g. with TLS 1.3"),
            ("the key begins with `sk_test_`", "the key begins with `sk_test_`"),
            ("xx.y`a``b`", "`xx.y` `a` `b`"),
            ("aa.b`c", "``aa.b`c``"),
        ] {
            assert_eq!(prose(said), shown, "{said}");
        }
    }

    #[test]
    fn code_is_closed_by_nothing_that_stands_in_it() {
        assert_eq!(code("curl -sv https://a.example/"), "`curl -sv https://a.example/`");
        assert_eq!(code("a `b` ``c"), "```a `b` ``c```");
        assert_eq!(code("`a`"), "`` `a` ``");
        assert_eq!(code(" "), "");
    }

    #[test]
    fn a_cell_stays_one_cell() {
        assert_eq!(cell("a | b"), "a \\| b");
        assert_eq!(cell("`a|b` and a.b|c"), "`a\\|b` and `a.b\\|c`");
        assert_eq!(cell("a.b\\|c"), "`a.b\\ \\|c`");
        assert_eq!(cell("a\nb"), "a b");
    }

    /// The text with a blank in the place of each piece of code, escape and entity: what is left of it could act. What stands on
    /// both sides of one of them does not stand together.
    fn bare(markdown: &str) -> String {
        let mut bare = String::new();
        let mut rest = markdown;
        while let Some(c) = rest.chars().next() {
            let run = rest.len() - rest.trim_start_matches('`').len();
            if run > 0 {
                let fence = &rest[..run];
                let inside = &rest[run..];
                let closes = |at: &usize| {
                    inside[*at..].starts_with(fence)
                        && !inside[at + run..].starts_with('`')
                        && !inside[..*at].ends_with('`')
                };
                bare.push(' ');
                let end = (0..inside.len()).filter(|at| inside.is_char_boundary(*at)).find(closes);
                rest = &inside[end.unwrap_or_else(|| panic!("no end of the code in {markdown:?}")) + run..];
            } else if let Some(escaped) = rest.strip_prefix('\\') {
                assert!(escaped.starts_with(|c: char| c.is_ascii_punctuation()), "{markdown:?}");
                bare.push(' ');
                rest = &escaped[1..];
            } else {
                bare.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
        ["&lt;", "&gt;", "&amp;"].iter().fold(bare, |bare, entity| bare.replace(entity, " "))
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_said_nothing_of_it_acts(text in ".*", marks in "[a-z0-9 `*_<>|.:/@#!\\[\\]()&;\\\\-]{0,40}") {
            for said in [format!("{text}{marks}"), marks.clone(), format!("{marks} {text}")] {
                for shown in [prose(&said), cell(&said)] {
                    let bare = bare(&shown);

                    proptest::prop_assert!(!bare.contains(['`', '*', '_', '<', '>', '[', ']', '|', '&', '~', '$']), "{:?} of {:?}", shown, said);
                    proptest::prop_assert!(!bare.contains("://") && !bare.contains("www.") && !bare.contains('@'), "{:?}", shown);
                    proptest::prop_assert!(!shown.contains('\n') && !shown.starts_with([' ', '#', '-', '+', '=']), "{:?}", shown);
                }
                // Whoever cuts a table looks for bars that no backslash stands before.
                let cell = cell(&said);
                proptest::prop_assert!(!cell.replace("\\|", "").contains('|'), "{:?}", cell);
            }
        }
    }
}
