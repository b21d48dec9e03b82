//! The tool's own source as tokens: a comment is no code, a string is a string, and braces match.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::path::{Path, PathBuf};

/// A token, and the line that it begins in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Token {
    pub(crate) line: usize,
    pub(crate) kind: Kind,
}

/// What a token is. Numbers, characters and lifetimes are left out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// A name or a keyword.
    Word(String),
    /// What stands between quotes, as it is written.
    Text(String),
    /// One character of punctuation.
    Sign(char),
}

impl Token {
    pub(crate) fn is(&self, sign: char) -> bool {
        self.kind == Kind::Sign(sign)
    }

    pub(crate) fn is_word(&self, word: &str) -> bool {
        self.word() == Some(word)
    }

    pub(crate) fn word(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// A file in two parts: the code, and the modules that are compiled for tests alone.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// Its path in the repository.
    pub(crate) name: String,
    /// The module that it is.
    pub(crate) module: Vec<String>,
    pub(crate) code: Vec<Token>,
    pub(crate) tests: Vec<Token>,
}

/// Every file of `src/`.
pub(crate) fn all() -> Vec<File> {
    let mut files = Vec::new();
    read(&root().join("src"), &mut files);
    let texts = files.iter().map(|path| {
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        (name, std::fs::read_to_string(path).unwrap())
    });
    of(texts)
}

/// The files with these names and texts. A file that only tests have is a test as a whole, with all below it.
pub(crate) fn of(texts: impl IntoIterator<Item = (String, String)>) -> Vec<File> {
    let mut files = Vec::new();
    let mut only_for_tests: Vec<Vec<String>> = Vec::new();
    for (name, text) in texts {
        let module = module_of(&name);
        let parts = parted(&tokens(&text), &module);
        only_for_tests.extend(parts.declared);
        files.push(File { name, module, code: parts.code, tests: parts.tests });
    }
    for file in &mut files {
        if only_for_tests.iter().any(|module| file.module.starts_with(module)) {
            file.tests.append(&mut file.code);
        }
    }
    files.sort_by(|one, other| one.name.cmp(&other.name));
    files
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// `src/net/tls.rs` is `net::tls`; `lib.rs` is the root.
fn module_of(name: &str) -> Vec<String> {
    let path = name.trim_start_matches("src/").trim_end_matches(".rs");
    let mut module: Vec<String> = path.split('/').map(str::to_owned).collect();
    if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
        module.pop();
    }
    module
}

struct Parts {
    code: Vec<Token>,
    tests: Vec<Token>,
    /// Modules that are files of their own, and only for tests.
    declared: Vec<Vec<String>>,
}

/// Takes out `#[cfg(test)] mod …`, wherever it stands, and nothing else.
fn parted(tokens: &[Token], module: &[String]) -> Parts {
    let mut parts = Parts { code: Vec::new(), tests: Vec::new(), declared: Vec::new() };
    let mut at = 0;
    while at < tokens.len() {
        let Some((name, end)) = test_module(&tokens[at..]) else {
            parts.code.push(tokens[at].clone());
            at += 1;
            continue;
        };
        let taken = &tokens[at..at + end];
        if taken.last().is_some_and(|last| last.is(';')) {
            parts.declared.push([module, &[name]].concat());
        }
        parts.tests.extend_from_slice(taken);
        at += end;
    }
    parts
}

/// The name of the module for tests that begins here, and how many tokens it is long.
fn test_module(tokens: &[Token]) -> Option<(String, usize)> {
    let mut at = 0;
    let mut for_tests = false;
    while tokens.get(at)?.is('#') && tokens.get(at + 1)?.is('[') {
        let end = closing(tokens, at + 1)?;
        let attribute = &tokens[at + 2..end];
        let says = |word: &str| attribute.iter().any(|token| token.is_word(word));
        for_tests |= attribute.first().is_some_and(|first| first.is_word("cfg")) && says("test") && !says("not");
        at = end + 1;
    }
    if !for_tests {
        return None;
    }
    if tokens.get(at)?.is_word("pub") {
        at += 1;
        if tokens.get(at)?.is('(') {
            at = closing(tokens, at)? + 1;
        }
    }
    if !tokens.get(at)?.is_word("mod") {
        return None;
    }
    let name = tokens.get(at + 1)?.word()?.to_owned();
    let end = if tokens.get(at + 2)?.is('{') { closing(tokens, at + 2)? } else { at + 2 };
    Some((name, end + 1))
}

/// Where the bracket that opens here is closed.
pub(crate) fn closing(tokens: &[Token], open: usize) -> Option<usize> {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.kind {
            Kind::Sign('(' | '[' | '{') => depth += 1,
            Kind::Sign(')' | ']' | '}') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// The tokens of a text.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut reader = Reader { rest: text.chars().collect::<Vec<_>>(), at: 0, line: 1 };
    let mut tokens = Vec::new();
    while let Some(first) = reader.peek(0) {
        let line = reader.line;
        if let Some(kind) = reader.token(first) {
            tokens.push(Token { line, kind });
        }
    }
    tokens
}

struct Reader {
    rest: Vec<char>,
    at: usize,
    line: usize,
}

impl Reader {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.rest.get(self.at + ahead).copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek(0)?;
        self.at += 1;
        self.line += usize::from(next == '\n');
        Some(next)
    }

    fn token(&mut self, first: char) -> Option<Kind> {
        match (first, self.peek(1)) {
            ('/', Some('/')) => {
                while self.peek(0).is_some_and(|c| c != '\n') {
                    self.next();
                }
                None
            }
            ('/', Some('*')) => {
                self.comment();
                None
            }
            ('"', _) => {
                self.next();
                Some(self.quoted())
            }
            ('\'', _) => {
                self.character();
                None
            }
            _ if first.is_alphabetic() || first == '_' => Some(self.word()),
            _ if first.is_ascii_digit() => {
                let more = |c: char| c.is_alphanumeric() || c == '_';
                let fraction = |it: &Self| it.peek(0) == Some('.') && it.peek(1).is_some_and(|c| c.is_ascii_digit());
                while self.peek(0).is_some_and(more) || fraction(self) {
                    self.next();
                }
                None
            }
            _ => {
                self.next();
                (!first.is_whitespace()).then_some(Kind::Sign(first))
            }
        }
    }

    /// Comments of this kind stand in one another.
    fn comment(&mut self) {
        let mut depth = 0;
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => depth += 1,
                (Some('*'), Some('/')) => depth -= 1,
                (None, _) => return,
                _ => {
                    self.next();
                    continue;
                }
            }
            self.next();
            self.next();
            if depth == 0 {
                return;
            }
        }
    }

    /// What stands up to the closing quote; an escape is kept as it is written.
    fn quoted(&mut self) -> Kind {
        let mut text = String::new();
        while let Some(c) = self.next() {
            match c {
                '"' => break,
                '\\' => text.extend([Some(c), self.next()].into_iter().flatten()),
                _ => text.push(c),
            }
        }
        Kind::Text(text)
    }

    /// A character, or a lifetime.
    fn character(&mut self) {
        self.next();
        if self.peek(0) == Some('\\') {
            self.next();
            self.next();
            while self.next().is_some_and(|c| c != '\'') {}
        } else if self.peek(1) == Some('\'') {
            self.next();
            self.next();
        }
    }

    /// A name, or a string with a prefix.
    fn word(&mut self) -> Kind {
        let mut word = String::new();
        while let Some(c) = self.peek(0).filter(|c| c.is_alphanumeric() || *c == '_') {
            word.push(c);
            self.next();
        }
        match (word.as_str(), self.peek(0)) {
            ("b" | "c", Some('"')) => {
                self.next();
                self.quoted()
            }
            ("b", Some('\'')) => {
                self.character();
                Kind::Word(word)
            }
            ("r" | "br" | "cr", Some('"' | '#')) => self.raw(word),
            _ => Kind::Word(word),
        }
    }

    /// A string in which nothing is escaped, or a name that would be a keyword.
    fn raw(&mut self, word: String) -> Kind {
        let mut marks = 0;
        while self.peek(marks) == Some('#') {
            marks += 1;
        }
        if self.peek(marks) != Some('"') {
            self.next();
            return self.word();
        }
        for _ in 0..=marks {
            self.next();
        }
        let mut text = String::new();
        while let Some(c) = self.next() {
            if c == '"' && (0..marks).all(|ahead| self.peek(ahead) == Some('#')) {
                for _ in 0..marks {
                    self.next();
                }
                return Kind::Text(text);
            }
            text.push(c);
        }
        Kind::Word(word)
    }
}
