//! One line of a list: entries, and the words that people put beside them.

use std::net::Ipv4Addr;

use super::Peer;
use crate::firewall::dialects::entry::{self, Entry, Oddity};
use crate::firewall::ranges::Ranges;

/// What a line says.
pub(super) enum Line {
    /// Nothing, or a comment.
    Nothing,
    /// What the list is called, or its column.
    Heading,
    /// Entries, and nothing that could take them back.
    Entries {
        peers: Vec<Peer>,
        /// What was meant to be one, and is none.
        malformed: Vec<Oddity>,
        /// What is odd about those that are.
        odd: Vec<Oddity>,
        /// Whether words stand beside them.
        words: bool,
    },
    /// Something else.
    Unclear {
        /// What it may bear on, where that is known.
        reach: Option<Ranges>,
        why: String,
    },
}

/// Reads a line. The first one may be the head of a column.
pub(super) fn read(line: &str, is_first: bool) -> Line {
    let line = without_comment(line.trim_start_matches('\u{feff}').trim());
    // The rule beneath the head of a table.
    if line.chars().all(|c| matches!(c, '-' | '|' | ':' | '=' | '+' | ' ')) {
        return Line::Nothing;
    }
    if matches!(line.to_ascii_lowercase().as_str(), "ipv4" | "ipv6") {
        return Line::Heading;
    }
    if is_setting(line) {
        return Line::Nothing;
    }
    let (name, rest) = assigned(line);
    let words: Vec<&str> = name.into_iter().flat_map(words_of).collect();
    if let Some(word) = words.iter().find(|word| restricts(word)) {
        return Line::Unclear {
            reach: None,
            why: format!("`{word}` says something else than that entries are allowed"),
        };
    }
    let mut read = Tokens::default();
    let between_tabs = rest.contains('\t');
    for cell in rest.split(['\t', ',', ';', '|']) {
        read.cell(cell, between_tabs);
    }
    if let Some(why) = read.unclear {
        if is_first && read.peers.is_empty() && read.malformed.is_empty() && is_heading(rest) {
            return Line::Heading;
        }
        let known: Vec<&Ranges> =
            read.peers.iter().filter_map(|peer| if let Peer::Addresses(it) = peer { Some(it) } else { None }).collect();
        let reach = (!known.is_empty()).then(|| Ranges::any_of(known));
        return Line::Unclear { reach, why };
    }
    let has_entries = !read.peers.is_empty() || !read.malformed.is_empty();
    match (has_entries, read.words, name) {
        (false, false, None) => Line::Nothing,
        (false, false, Some(_)) => Line::Heading,
        (false, true, _) if is_first => Line::Heading,
        (false, true, _) => Line::Unclear { reach: None, why: format!("`{}` is no entry of a list", short(rest)) },
        (true, words, _) => Line::Entries { peers: read.peers, malformed: read.malformed, odd: read.odd, words },
    }
}

/// What stands before a comment. A `;` between entries is no comment, and `//` in a URL is none.
fn without_comment(line: &str) -> &str {
    let mut end = line.find('#').unwrap_or(line.len());
    let begins = |at: usize| {
        line.get(..at).is_some_and(|before| before.is_empty() || before.ends_with([' ', '\t', ',', ';', '"', ']', '[']))
    };
    end = end.min(line.match_indices("//").map(|(at, _)| at).find(|at| begins(*at)).unwrap_or(end));
    let line = line.get(..end).unwrap_or_default();
    match line.split_once(';') {
        Some((before, after)) if !after.contains(|c: char| c.is_ascii_digit()) || before.trim().is_empty() => before,
        _ => line,
    }
}

/// `name = [` and `name:`, as variables, YAML and JSON have them; without the mark of a point (`- `).
fn assigned(line: &str) -> (Option<&str>, &str) {
    let line = ["- ", "* ", "• ", "· "].iter().find_map(|mark| line.strip_prefix(mark)).unwrap_or(line).trim();
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '"' || c == '_')
            && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '"' | ' '))
    };
    if let Some((name, rest)) = line.split_once('=').filter(|(name, _)| is_name(name.trim()))
        && rest.trim_start().starts_with(['[', '(', '{', '"', '\''])
    {
        return (Some(name), rest.trim());
    }
    match line.split_once(':') {
        Some((name, rest)) if is_name(name) && (rest.is_empty() || rest.trim_start().starts_with(['[', '{'])) => {
            (Some(name), rest.trim())
        }
        _ => (None, line),
    }
}

/// Whether a line sets something beside the list that nobody would take for an entry, or for what becomes of entries:
/// `region = "eu-west-1"`. A number of something is called so (`account_no`).
fn is_setting(line: &str) -> bool {
    let Some((name, value)) = line.split_once('=').map(|(name, value)| (name.trim(), value.trim())) else {
        return false;
    };
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    let is_plain = quoted.is_some_and(|value| {
        value.starts_with(|c: char| c.is_ascii_alphabetic() || is_number(value))
            && value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
    });
    let of_ports =
        |name: &str| ["port", "proto", "rule", "action", "mode", "policy"].iter().any(|word| name.contains(word));
    let name = name.to_ascii_lowercase();
    let counted = name.strip_suffix("_no").unwrap_or(&name);
    is_name
        && is_plain
        && !of_ports(&name)
        && !words_of(counted).chain(words_of(value)).any(restricts)
        && quoted.is_some_and(|value| entry::entry(value).is_err() && !matches!(value, "any" | "all"))
}

#[derive(Default)]
struct Tokens {
    peers: Vec<Peer>,
    malformed: Vec<Oddity>,
    odd: Vec<Oddity>,
    words: bool,
    unclear: Option<String>,
    /// The address that was read last, where it stood alone: a mask may follow in the next cell.
    alone: Option<String>,
}

impl Tokens {
    fn cell(&mut self, cell: &str, between_tabs: bool) {
        let bare = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '[' | ']' | '(' | ')' | '{' | '}' | '`');
        let tokens: Vec<&str> = cell.split(bare).filter(|token| !token.is_empty()).collect();
        let mut at = 0;
        let (mut of_this_cell, mut word_before) = (false, None);
        while let Some(token) = tokens.get(at) {
            let (second, third) = (tokens.get(at + 1).copied(), tokens.get(at + 2).copied());
            let (read, width) = if let (Some("-" | "–" | "—" | "to"), Some(last)) = (second, third)
                && is_attempt(token)
                && is_attempt(last)
            {
                (entry::range(token, last), 3)
            } else if let Some(mask) = second.filter(|mask| token.parse::<Ipv4Addr>().is_ok() && is_mask(mask)) {
                (entry::netmask(token, mask), 2)
            } else {
                (entry::entry(token), 1)
            };
            let alone = self.alone.take();
            if let Some(address) = alone.filter(|_| at == 0 && tokens.len() == 1 && is_mask(token)) {
                self.peers.pop();
                match entry::netmask(&address, token) {
                    Ok(Entry { ranges, oddity, .. }) => {
                        self.odd.extend(oddity);
                        self.peers.push(Peer::Addresses(ranges));
                    }
                    Err(oddity) => self.malformed.push(oddity),
                }
                return;
            }
            // `allow 1.2.3.4` is a rule of some language.
            if let Some(word) = word_before.filter(|_| is_attempt(token)) {
                self.unclear(format!("`{}` stands before an entry", short(word)));
            }
            match read {
                Ok(Entry { ranges, oddity, .. }) => {
                    self.odd.extend(oddity);
                    self.peers.push(Peer::Addresses(ranges));
                    self.alone = token.parse::<Ipv4Addr>().is_ok().then(|| (*token).to_owned());
                    of_this_cell = true;
                }
                Err(_) if matches!(token.to_ascii_lowercase().as_str(), "any" | "all" | "*") && tokens.len() == 1 => {
                    self.peers.push(Peer::Addresses(Ranges::all()));
                    of_this_cell = true;
                }
                Err(oddity) if is_attempt(token) => {
                    self.malformed.push(oddity);
                    of_this_cell = true;
                }
                Err(_) => {
                    word_before = word_before.or(Some(*token));
                    let token = token.trim_end_matches('.');
                    let begins =
                        self.peers.iter().all(|peer| matches!(peer, Peer::Host(_))) && self.malformed.is_empty();
                    if entry::is_host_name(token) && begins && !self.words {
                        self.peers.push(Peer::Host(token.to_ascii_lowercase()));
                        of_this_cell = true;
                    } else if entry::is_host_name(token) && !of_this_cell && !between_tabs {
                        self.unclear(format!("`{}` may be an entry or a description of one", short(token)));
                    } else if describes(token) || (is_number(token) && begins && tokens.len() == 1) {
                        self.words = true;
                    } else {
                        self.unclear(format!(
                            "`{}` is neither an entry of a list nor a mere description",
                            short(token)
                        ));
                    }
                }
            }
            at += width;
        }
    }

    fn unclear(&mut self, why: String) {
        self.unclear.get_or_insert(why);
    }
}

/// Whether somebody meant to write an address.
fn is_attempt(token: &str) -> bool {
    let digits = |c: char| c.is_ascii_digit();
    let dotted = token.contains(digits)
        && token.contains('.')
        && token.chars().all(|c| digits(c) || matches!(c, '.' | '/' | '-' | '*'));
    let colons = token.matches(':').count() > 1
        && token.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, ':' | '/' | '.' | '-'));
    dotted || colons
}

/// Whether this belongs to the address before it: nobody lists a mask by itself.
fn is_mask(token: &str) -> bool {
    token.parse::<Ipv4Addr>().is_ok_and(|mask| {
        let mask = u32::from(mask);
        mask.leading_ones() >= 8 || (mask != 0 && mask.leading_zeros() >= 8 && mask.trailing_ones() >= 2)
    })
}

fn is_number(token: &str) -> bool {
    let token = token.trim_end_matches(['.', ')']);
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a word beside an entry only says what it is. What could be a garbled entry, a port, a protocol or an exception does not.
fn describes(token: &str) -> bool {
    let is_date = token.len() == 10 && token.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let plain = token.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '–' | '_' | '.' | '&' | '+' | '’'));
    let has_letter = token.contains(char::is_alphabetic) || token == "-" || token == "–" || token == "&";
    let garbled = token.contains('.') && token.contains(|c: char| c.is_ascii_digit()) && !entry::is_host_name(token);
    is_date || (plain && has_letter && !garbled && !words_of(token).any(restricts))
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Words that say something else than who a peer is.
fn restricts(word: impl AsRef<str>) -> bool {
    let word = word.as_ref().to_ascii_lowercase();
    let stems = [
        "den",
        "block",
        "drop",
        "reject",
        "exclu",
        "except",
        "disab",
        "inactiv",
        "remov",
        "delet",
        "forbid",
        "expir",
        "obsolet",
        "revok",
        "blacklist",
    ];
    let words = [
        "no", "not", "non", "without", "but", "only", "port", "ports", "stale", "old", "never", "bad", "evil", "off",
        "false",
    ];
    words.contains(&word.as_str())
        || stems.iter().any(|stem| word.starts_with(stem))
        || entry::service(&word).is_some()
        || (entry::protocol(&word).is_some() && !is_number(&word) && word != "ipv6")
}

fn is_heading(line: &str) -> bool {
    !line.contains(|c: char| c.is_ascii_digit() && c != '4' && c != '6')
        && line.contains(char::is_alphabetic)
        && !words_of(line).any(restricts)
        && words_of(line).count() <= 12
        && !line.contains(['=', '{', '<', '!', '*'])
}

fn short(text: &str) -> String {
    text.chars().take(60).collect()
}
