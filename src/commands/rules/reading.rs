//! Reads exported rules: files, folders of them and standard input, each in the language that it turns out to be in.

use std::path::{Path, PathBuf};

use super::named;
use crate::commands::Failure;
use crate::files::{self, Unreadable};
use crate::firewall::dialects::{DIALECTS, Dialect, Input, Scope, Unread, completed_by};
use crate::firewall::rules::Rules;
use crate::said::{hidden, listed};

/// No export is larger: a hundred thousand rules have some ten megabytes.
const LARGEST: u64 = 256 << 20;

/// More files in a folder, and deeper ones, are no rules of one firewall.
const MOST_FILES: usize = 10_000;
const DEEPEST: usize = 16;

/// What was read.
#[derive(Default)]
pub(in crate::commands) struct Exported {
    /// The rules of all files.
    pub(in crate::commands) rules: Rules,
    /// Files of folders that were passed over, and why.
    pub(in crate::commands) skipped: Vec<(String, String)>,
}

/// Reads all of these together. Every way in which one cannot be read is one sentence that names it.
pub(in crate::commands) fn read(
    paths: &[PathBuf],
    dialect: Option<&str>,
    scope: &[String],
) -> Result<Exported, Failure> {
    let given = dialect.map(|name| named(name, "read", |it| it.reads.is_some())).transpose()?;
    let mut exported = Exported::default();
    let mut inputs: Vec<(&'static Dialect, Vec<Input>)> = Vec::new();
    let mut take =
        |dialect: &'static Dialect, input: Input| match inputs.iter_mut().find(|(known, _)| known.name == dialect.name)
        {
            Some((_, known)) => known.push(input),
            None => inputs.push((dialect, vec![input])),
        };
    if paths.iter().filter(|path| is_stdin(path)).count() > 1 {
        return Err(Failure::Usage("standard input can be only one of the files".to_owned()));
    }
    for path in paths {
        let name = if is_stdin(path) { "standard input".to_owned() } else { path.display().to_string() };
        let read = if is_stdin(path) { files::standard_input(LARGEST) } else { files::read(path, LARGEST) };
        match read {
            Ok(bytes) => {
                let input = input(&name, &bytes).map_err(|why| of_file(&name, None, &why))?;
                let found =
                    given.or_else(|| recognised(&input.text)).ok_or_else(|| of_file(&name, None, &unknown()))?;
                take(found, input);
            }
            Err(Unreadable::Directory) => {
                let mut any = false;
                for file in files_in(path)? {
                    let name = file.display().to_string();
                    match of_folder(&file, given) {
                        Ok((dialect, input)) => {
                            any = true;
                            take(dialect, input);
                        }
                        Err(why) => exported.skipped.push((name, why)),
                    }
                }
                if !any {
                    return Err(of_file(
                        &name,
                        None,
                        "no file in it is in a language that is read; `rules generate --list` names them",
                    ));
                }
            }
            Err(why) => return Err(of_file(&name, None, &format!("cannot be read: {why}"))),
        }
    }
    let scope = Scope { only: scope.to_vec() };
    for (dialect, inputs) in completed(inputs) {
        let Some(reads) = &dialect.reads else { continue };
        let rules = (reads.read)(&inputs, &scope).map_err(|Unread { file, line, why }| of_file(&file, line, &why))?;
        exported.rules.join(rules);
    }
    Ok(exported)
}

/// Texts in the language whose rules they complete, where some of those are given too.
fn completed(inputs: Vec<(&'static Dialect, Vec<Input>)>) -> Vec<(&'static Dialect, Vec<Input>)> {
    let given: Vec<&str> = inputs.iter().map(|(dialect, _)| dialect.name).collect();
    let mut completed: Vec<(&'static Dialect, Vec<Input>)> = Vec::new();
    for (dialect, inputs) in inputs {
        for input in inputs {
            let completing = completed_by(&input.text).filter(|other| given.contains(&other.name)).unwrap_or(dialect);
            match completed.iter_mut().find(|(known, _)| known.name == completing.name) {
                Some((_, known)) => known.push(input),
                None => completed.push((completing, vec![input])),
            }
        }
    }
    completed
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// "rules.txt, line 7: …"
fn of_file(name: &str, line: Option<usize>, why: &str) -> Failure {
    let line = line.map(|line| format!(", line {line}")).unwrap_or_default();
    Failure::Usage(format!("{}{line}: {}", hidden(name), hidden(why)))
}

fn unknown() -> String {
    let reads = DIALECTS.iter().filter(|dialect| dialect.reads.is_some()).map(|dialect| dialect.name);
    format!("it looks like no firewall's export that is read; --dialect says which it is: {}", listed(reads))
}

/// The first language that has it.
fn recognised(text: &str) -> Option<&'static Dialect> {
    DIALECTS.iter().copied().find(|dialect| dialect.reads.as_ref().is_some_and(|reads| (reads.recognises)(text)))
}

/// A file of a folder, unless there is a reason to pass it over. Prose looks like a list of very few addresses: of a folder, what
/// only the last language takes is read where its name says that it is data.
fn of_folder(file: &Path, given: Option<&'static Dialect>) -> Result<(&'static Dialect, Input), String> {
    let name = file.display().to_string();
    let bytes = files::read(file, LARGEST).map_err(|why| why.to_string())?;
    let input = input(&name, &bytes)?;
    let found = given.or_else(|| recognised(&input.text)).ok_or("it is in no language that is read")?;
    let is_last = DIALECTS.iter().rfind(|dialect| dialect.reads.is_some()).is_some_and(|last| last.name == found.name);
    let ending = file.extension().map(std::ffi::OsStr::to_ascii_lowercase);
    let is_data = ending.is_none_or(|ending| {
        ["txt", "list", "lst", "csv", "ipset", "conf", "rules", "save"].iter().any(|it| ending == *it)
    });
    if given.is_none() && is_last && !is_data {
        return Err("it is in no language that is read".to_owned());
    }
    Ok((found, input))
}

/// The files of a folder and those below it, in the order of their names. What is hidden is no export.
fn files_in(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut left = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = left.pop() {
        let name = folder.display().to_string();
        let mut names = files::names_in(&folder, MOST_FILES + 1)
            .map_err(|why| of_file(&name, None, &format!("cannot be read: {why}")))?;
        names.retain(|name| !name.to_string_lossy().starts_with('.'));
        names.sort();
        for name in names {
            let path = folder.join(name);
            match files::names_in(&path, 0) {
                Ok(_) if depth < DEEPEST => left.push((path, depth + 1)),
                Ok(_) => {}
                Err(_) => found.push(path),
            }
        }
        if found.len() > MOST_FILES {
            return Err(of_file(
                &name,
                None,
                &format!("holds more than {MOST_FILES} files; name those that hold rules"),
            ));
        }
    }
    found.sort();
    Ok(found)
}

/// A file as text: UTF-16 as Windows writes it too, and what is no UTF-8 byte by byte, so that no two names become one.
fn input(name: &str, bytes: &[u8]) -> Result<Input, String> {
    let packed = [(&b"\x1f\x8b"[..], "gzip", "gunzip"), (b"PK\x03\x04", "zip", "unzip"), (b"\xfd7zXZ", "xz", "unxz")];
    if let Some((_, what, with)) = packed.iter().find(|(magic, ..)| bytes.starts_with(magic)) {
        return Err(format!("it is packed with {what}; unpack it first ({with})"));
    }
    let text = if files::is_utf16(bytes) {
        utf16(bytes)
    } else {
        match files::text(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) if bytes.contains(&0) => return Err("it is no text".to_owned()),
            Err(_) => bytes.iter().copied().map(char::from).collect(),
        }
    };
    if text.trim().is_empty() {
        return Err("it is empty".to_owned());
    }
    Ok(Input { name: name.to_owned(), text })
}

fn utf16(bytes: &[u8]) -> String {
    let big = bytes.starts_with(&[0xfe, 0xff]) || bytes.first() == Some(&0);
    let unit = |pair: &[u8]| match pair {
        [a, b] if big => u16::from_be_bytes([*a, *b]),
        [a, b] => u16::from_le_bytes([*a, *b]),
        _ => 0xfffd,
    };
    let units = bytes.chunks(2).map(unit);
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).filter(|c| *c != '\u{feff}').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> Result<String, String> {
        input("x", bytes).map(|input| input.text)
    }

    #[test]
    fn sets_beside_rules_that_ask_for_them_are_read_with_them() {
        let of = |texts: &[&str]| -> Vec<(&str, usize)> {
            let one = |text: &&str| {
                (recognised(text).unwrap(), vec![Input { name: "x".to_owned(), text: (*text).to_owned() }])
            };
            completed(texts.iter().map(one).collect()).iter().map(|(it, inputs)| (it.name, inputs.len())).collect()
        };
        let (sets, rules) =
            ("create cf hash:net family inet\nadd cf 10.0.0.0/8\n", "*filter\n:INPUT DROP [0:0]\nCOMMIT\n");

        assert_eq!(of(&[sets, rules]), [("iptables", 2)]);
        assert_eq!(of(&[sets, "10.0.0.0/8\n"]), [("list", 2)]);
    }

    #[test]
    fn text_is_read_as_windows_writes_it_and_what_is_packed_or_empty_is_named() {
        let utf16 = |order: fn(u16) -> [u8; 2]| -> Vec<u8> {
            "\u{feff}10.0.0.0/8\r\n".encode_utf16().flat_map(order).collect()
        };

        assert_eq!(text(&utf16(u16::to_le_bytes)).unwrap(), "10.0.0.0/8\r\n");
        assert_eq!(text(&utf16(u16::to_be_bytes)).unwrap(), "10.0.0.0/8\r\n");
        assert_eq!(text(b"\xef\xbb\xbfa").unwrap(), "a");
        assert_eq!(text(b"caf\xe9 10.0.0.1").unwrap(), "café 10.0.0.1");
        assert!(text(b"\x1f\x8b\x08").unwrap_err().contains("gunzip"));
        assert_eq!(text(b" \n").unwrap_err(), "it is empty");
        assert_eq!(text(b"a\0\xff").unwrap_err(), "it is no text");
    }

    proptest::proptest! {
        #[test]
        fn whatever_stands_in_a_file_it_is_text_or_a_sentence(bytes: Vec<u8>) {
            let _ = text(&bytes);
        }
    }
}
