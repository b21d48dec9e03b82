//! What a piece of code names of others: every path, however it is written, as the place that it leads to.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{File, Kind, Token, closing, tokens};

/// Something that is named, with every stop on the way to it: `["crate", "net", "Live"]`, `["std", "fs", "read"]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Mention {
    pub(crate) line: usize,
    pub(crate) path: Vec<String>,
}

/// The files, with what is imported where.
pub(crate) struct Tree<'a> {
    files: &'a [File],
    modules: BTreeSet<Vec<String>>,
    crates: BTreeSet<String>,
    scopes: BTreeMap<Vec<String>, Scope>,
}

/// What a module imports.
#[derive(Default)]
struct Scope {
    /// The name here, and the path as it is written.
    names: Vec<(String, Written)>,
    globs: Vec<Written>,
}

/// A path as it is written, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Written {
    line: usize,
    module: Vec<String>,
    /// It begins with `::`.
    global: bool,
    path: Vec<String>,
}

/// Names lead to names; no honest chain is longer.
const MOST_STOPS: usize = 8;

impl<'a> Tree<'a> {
    /// `crates` are the libraries that can be named without an import.
    pub(crate) fn of(files: &'a [File], crates: impl IntoIterator<Item = String>) -> Self {
        let mut modules: BTreeSet<Vec<String>> = files.iter().map(|file| file.module.clone()).collect();
        modules.insert(Vec::new());
        let mut crates: BTreeSet<String> = crates.into_iter().collect();
        crates.extend(["std", "core", "alloc", "proc_macro"].map(str::to_owned));
        let mut tree = Tree { files, modules, crates, scopes: BTreeMap::new() };
        for file in files {
            let scanned = scan(&file.code, &file.module);
            tree.modules.extend(scanned.modules);
            for import in scanned.imports {
                let scope = tree.scopes.entry(import.written.module.clone()).or_default();
                match import.name {
                    Some(name) => scope.names.push((name, import.written)),
                    None => scope.globs.push(import.written),
                }
            }
        }
        tree
    }

    /// Everything that the code of a file names of others.
    pub(crate) fn mentions(&self, file: &File) -> Vec<Mention> {
        assert!(self.files.iter().any(|known| known.name == file.name), "{} is none of them", file.name);
        let scanned = scan(&file.code, &file.module);
        let imports = scanned.imports.into_iter().map(|import| import.written);
        let mut mentions = scanned.touches;
        for written in imports.chain(scanned.paths) {
            let line = written.line;
            mentions.extend(self.stops(&written).into_iter().map(|path| Mention { line, path }));
        }
        mentions
    }

    /// Where a path leads: what is written, and what that is an import of, and so on.
    fn stops(&self, written: &Written) -> Vec<Vec<String>> {
        let mut stops = Vec::new();
        let mut next = self.absolute(written, MOST_STOPS);
        while let Some(path) = next.filter(|path| !stops.contains(path) && stops.len() < MOST_STOPS) {
            next = self.imported(&path);
            stops.push(path);
        }
        stops
    }

    /// The path from its crate on; nothing for what is declared where it is used.
    fn absolute(&self, written: &Written, depth: usize) -> Option<Vec<String>> {
        let first = written.path.first()?.as_str();
        let rest = &written.path[1..];
        let from = |module: &[String], rest: &[String]| [&["crate".to_owned()], module, rest].concat();
        match first {
            _ if written.global => self.crates.contains(first).then(|| external(&written.path)),
            "crate" | "workos_preflight" => Some(from(&[], rest)),
            "self" | "super" => {
                let here = usize::from(first == "self");
                let ups = written.path.iter().skip(here).take_while(|segment| *segment == "super").count();
                let module = &written.module[..written.module.len().saturating_sub(ups)];
                Some(from(module, &written.path[here + ups..]))
            }
            _ => {
                if let Some(imported) = self.named_in(&written.module, first, written, depth) {
                    return Some([imported, rest.to_vec()].concat());
                }
                if self.modules.contains(&[&written.module[..], &written.path[..1]].concat()) {
                    return Some(from(&written.module, &written.path));
                }
                self.crates.contains(first).then(|| external(&written.path))
            }
        }
    }

    /// What a name is in a module, by its imports; `asking` is not answered by itself.
    fn named_in(&self, module: &[String], name: &str, asking: &Written, depth: usize) -> Option<Vec<String>> {
        let depth = depth.checked_sub(1)?;
        let scope = self.scopes.get(module)?;
        let named = scope.names.iter().find(|(known, path)| known == name && path != asking);
        if let Some((_, path)) = named {
            return self.absolute(path, depth);
        }
        scope.globs.iter().filter(|glob| *glob != asking).find_map(|glob| {
            let all = self.absolute(&Written { path: without_star(&glob.path), ..glob.clone() }, depth)?;
            let ours = all.strip_prefix(&["crate".to_owned()][..])?;
            self.named_in(ours, name, asking, depth)
        })
    }

    /// What a path of ours is an import of, where the module that it names does not declare it itself.
    fn imported(&self, path: &[String]) -> Option<Vec<String>> {
        let ours = path.strip_prefix(&["crate".to_owned()][..])?;
        let length = (0..ours.len()).rev().find(|length| self.modules.contains(&ours[..*length]))?;
        if self.modules.contains(&ours[..=length]) {
            return None;
        }
        let nobody = Written { line: 0, module: Vec::new(), global: false, path: Vec::new() };
        let imported = self.named_in(&ours[..length], &ours[length], &nobody, MOST_STOPS)?;
        Some([imported, ours[length + 1..].to_vec()].concat())
    }
}

fn without_star(path: &[String]) -> Vec<String> {
    path.iter().filter(|segment| *segment != "*").cloned().collect()
}

/// What a part of the standard library has, the library has.
fn external(path: &[String]) -> Vec<String> {
    let whole = |name: &String| if matches!(name.as_str(), "core" | "alloc") { "std".to_owned() } else { name.clone() };
    path.iter().take(1).map(whole).chain(path.iter().skip(1).cloned()).collect()
}

struct Import {
    /// How it is called here; nothing where everything is meant.
    name: Option<String>,
    written: Written,
}

#[derive(Default)]
struct Scanned {
    modules: Vec<Vec<String>>,
    imports: Vec<Import>,
    paths: Vec<Written>,
    /// What is named without a path: macros that print, methods that look at the disk or at the clock.
    touches: Vec<Mention>,
}

/// Methods that touch the world, by what they touch.
const METHODS: &[(&str, &[&str])] = &[
    ("exists", &["std", "fs"]),
    ("try_exists", &["std", "fs"]),
    ("is_file", &["std", "fs"]),
    ("is_dir", &["std", "fs"]),
    ("is_symlink", &["std", "fs"]),
    ("metadata", &["std", "fs"]),
    ("symlink_metadata", &["std", "fs"]),
    ("canonicalize", &["std", "fs"]),
    ("read_dir", &["std", "fs"]),
    ("read_link", &["std", "fs"]),
    ("to_socket_addrs", &["std", "net", "ToSocketAddrs"]),
    // Of clap's errors, which print and end the process.
    ("exit", &["std", "process"]),
    ("print", &["std", "io", "stdout"]),
];

/// Macros that touch it.
const MACROS: &[(&str, &[&str])] = &[
    ("print", &["std", "io", "stdout"]),
    ("println", &["std", "io", "stdout"]),
    ("eprint", &["std", "io", "stderr"]),
    ("eprintln", &["std", "io", "stderr"]),
    ("dbg", &["std", "io", "stderr"]),
    // Code from another file, which no test would look at.
    ("include", &["include"]),
];

fn scan(code: &[Token], module: &[String]) -> Scanned {
    let mut scanned = Scanned::default();
    let mut module = module.to_vec();
    // Where each module that is written out here ends.
    let mut ends: Vec<usize> = Vec::new();
    let mut at = 0;
    while let Some(token) = code.get(at) {
        while ends.last().is_some_and(|end| at > *end) {
            ends.pop();
            module.pop();
        }
        let next = |ahead: usize, sign| code.get(at + ahead).is_some_and(|token: &Token| token.is(sign));
        let touched =
            |path: &[&str]| Mention { line: token.line, path: path.iter().map(|&it| it.to_owned()).collect() };
        if token.is('#') {
            attribute(code, at, &module, &mut scanned);
        }
        let Some(word) = token.word() else {
            at += 1;
            continue;
        };
        let before = at.checked_sub(1).map(|before| &code[before]);
        let after_a_dot = before.is_some_and(|token| token.is('.'));
        match word {
            "mod" if next(2, '{') => {
                if let (Some(name), Some(end)) = (code.get(at + 1).and_then(Token::word), closing(code, at + 2)) {
                    module.push(name.to_owned());
                    scanned.modules.push(module.clone());
                    ends.push(end);
                }
                at += 3;
            }
            "use" if !next(1, '<') => at = import(code, at + 1, &module, &mut scanned.imports),
            "extern" if code.get(at + 1).is_some_and(|token| token.is_word("crate")) => {
                let path = code.get(at + 2).and_then(Token::word).map(str::to_owned).into_iter().collect();
                scanned.paths.push(Written { line: token.line, module: module.clone(), global: true, path });
                at += 3;
            }
            // Who may see it is no use of anything.
            "pub" if next(1, '(') => at = closing(code, at + 1).map_or(at + 1, |end| end + 1),
            // A path that begins with `::` may follow, and is none of theirs.
            "as" | "dyn" | "else" | "for" | "if" | "impl" | "in" | "match" | "mut" | "return" | "where" | "while" => {
                at += 1;
            }
            _ if after_a_dot => {
                let known = METHODS.iter().filter(|(name, _)| *name == word && next(1, '('));
                scanned.touches.extend(known.map(|(_, path)| touched(path)));
                at += 1;
            }
            _ => {
                let known = MACROS.iter().filter(|(name, _)| *name == word && next(1, '!'));
                scanned.touches.extend(known.map(|(_, path)| touched(path)));
                let (path, end) = path(code, at);
                let global = at >= 2 && code[at - 1].is(':') && code[at - 2].is(':');
                if path.len() > 1 || path == ["crate"] {
                    scanned.paths.push(Written { line: token.line, module: module.clone(), global, path });
                }
                at = end;
            }
        }
    }
    scanned
}

/// `a::b::c` from here on, and where it ends.
fn path(code: &[Token], mut at: usize) -> (Vec<String>, usize) {
    let mut path = Vec::new();
    while let Some(word) = code.get(at).and_then(Token::word) {
        path.push(word.to_owned());
        at += 1;
        let goes_on =
            code.get(at).is_some_and(|token| token.is(':')) && code.get(at + 1).is_some_and(|token| token.is(':'));
        if !goes_on || code.get(at + 2).and_then(Token::word).is_none() {
            break;
        }
        at += 2;
    }
    (path, at)
}

/// What attributes name in strings: `#[serde(with = "crate::net")]`.
fn attribute(code: &[Token], at: usize, module: &[String], scanned: &mut Scanned) {
    let open = if code.get(at + 1).is_some_and(|token| token.is('!')) { at + 2 } else { at + 1 };
    let Some(end) = closing(code, open) else { return };
    for text in code[open..=end].iter().filter(|token| token.text().is_some_and(is_path)) {
        let inner = tokens(text.text().unwrap_or_default());
        let colons = inner.iter().take_while(|token| token.is(':')).count();
        let (path, _) = path(&inner, colons);
        scanned.paths.push(Written { line: text.line, module: module.to_vec(), global: colons > 0, path });
    }
}

fn is_path(text: &str) -> bool {
    text.contains("::") && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | ':'))
}

/// The tree of a `use`, and where it ends.
fn import(code: &[Token], at: usize, module: &[String], imports: &mut Vec<Import>) -> usize {
    let end = (at..code.len()).find(|end| code[*end].is(';')).unwrap_or(code.len());
    let global = code.get(at).is_some_and(|token| token.is(':'));
    branch(&code[at..end], &[], global, module, imports);
    end + 1
}

fn branch(code: &[Token], before: &[String], global: bool, module: &[String], imports: &mut Vec<Import>) {
    let mut path = before.to_vec();
    let mut called = None;
    let mut at = 0;
    while let Some(token) = code.get(at) {
        match &token.kind {
            Kind::Word(word) if word == "as" => {
                called = code.get(at + 1).and_then(Token::word).map(str::to_owned);
                at += 2;
            }
            Kind::Word(word) if word == "self" && !path.is_empty() => at += 1,
            Kind::Word(word) => {
                path.push(word.clone());
                at += 1;
            }
            Kind::Sign('{') => {
                let end = closing(code, at).unwrap_or(code.len());
                for part in between_commas(&code[at + 1..end]) {
                    branch(part, &path, global, module, imports);
                }
                return;
            }
            Kind::Sign('*') => {
                path.push("*".to_owned());
                at += 1;
            }
            _ => at += 1,
        }
    }
    let (Some(first), Some(last)) = (code.first(), path.last().cloned()) else { return };
    let name = if last == "*" { None } else { Some(called.unwrap_or(last)) };
    let written = Written { line: first.line, module: module.to_vec(), global, path };
    imports.push(Import { name, written });
}

fn between_commas(code: &[Token]) -> Vec<&[Token]> {
    let mut parts = Vec::new();
    let (mut begun, mut at) = (0, 0);
    while at < code.len() {
        if code[at].is('{') {
            at = closing(code, at).unwrap_or(at);
        } else if code[at].is(',') {
            parts.push(&code[begun..at]);
            begun = at + 1;
        }
        at += 1;
    }
    parts.push(&code[begun..]);
    parts.retain(|part| !part.is_empty());
    parts
}
