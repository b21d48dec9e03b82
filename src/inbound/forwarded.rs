//! What `X-Forwarded-For` and `Forwarded` (RFC 7239) say of the way that a request took, entry by entry. Strangers may write the
//! beginning of these headers, and the nearest proxies write their end, so that each entry is judged alone and counted from the
//! end: nothing that stands before an entry may change what it says.

use std::net::{IpAddr, SocketAddr};

use hyper::HeaderMap;
use hyper::header::HeaderName;

/// One entry of a chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Claim {
    /// It names this address.
    Sender(IpAddr),
    /// It says `unknown`.
    Unknown,
    /// It has a name of the proxy's own making (`_hidden`) in the address's place.
    Obfuscated,
    /// It is empty, or has no `for`.
    Nobody,
    /// It cannot be read.
    Unreadable,
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// A longer chain is nobody's.
const MOST_CLAIMS: usize = 32;

/// `X-Forwarded-For: 3.217.146.166, 10.20.0.5`, the nearest last.
pub(super) fn x_forwarded_for(headers: &HeaderMap) -> Vec<Claim> {
    claims(headers, &X_FORWARDED_FOR, |line| line.split(|byte| *byte == b',').map(node).collect())
}

/// `Forwarded: for=3.217.146.166;proto=https, for="[2001:db8::1]:4711"`, the nearest last.
pub(super) fn forwarded(headers: &HeaderMap) -> Vec<Claim> {
    // Where a line cannot be cut into its elements, none of them is known.
    claims(headers, &hyper::header::FORWARDED, |line| elements(line).unwrap_or_else(|_| vec![Claim::Unreadable]))
}

fn claims(headers: &HeaderMap, name: &HeaderName, read: fn(&[u8]) -> Vec<Claim>) -> Vec<Claim> {
    let mut claims: Vec<Claim> = headers.get_all(name).iter().flat_map(|value| read(value.as_bytes())).collect();
    // The nearest hops stand last, and they are the ones that count.
    claims.split_off(claims.len().saturating_sub(MOST_CLAIMS))
}

/// A node: an address with or without brackets and port, `unknown`, or a name of the proxy's own making.
fn node(bytes: &[u8]) -> Claim {
    let Ok(text) = std::str::from_utf8(bytes) else { return Claim::Unreadable };
    let text = text.trim_matches([' ', '\t']);
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => (name, Some(port)),
        _ => (text, None),
    };
    if !port.is_none_or(is_port) {
        return Claim::Unreadable;
    }
    let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    match bare.parse::<IpAddr>() {
        Ok(address) => Claim::Sender(address.to_canonical()),
        Err(_) if text.is_empty() => Claim::Nobody,
        Err(_) if name.eq_ignore_ascii_case("unknown") => Claim::Unknown,
        Err(_) if is_obfuscated(name) => Claim::Obfuscated,
        Err(_) => Claim::Unreadable,
    }
}

fn is_port(text: &str) -> bool {
    // The parser of addresses knows what a port is.
    let digits =
        || text.bytes().all(|byte| byte.is_ascii_digit()) && format!("0.0.0.0:{text}").parse::<SocketAddr>().is_ok();
    is_obfuscated(text) || digits()
}

fn is_obfuscated(text: &str) -> bool {
    let named = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    text.strip_prefix('_').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(named))
}

/// What is wrong with a part of a `Forwarded` line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Wrong {
    /// One element, up to the next comma.
    Element,
    /// The whole line: where its elements begin is not known.
    Line,
}

/// The elements of one line, each by itself.
fn elements(line: &[u8]) -> Result<Vec<Claim>, Wrong> {
    let mut reader = Reader { rest: line };
    let mut claims = Vec::new();
    loop {
        claims.push(match reader.element() {
            Ok(claim) => claim,
            Err(Wrong::Element) => {
                reader.take_while(|byte| byte != b',');
                Claim::Unreadable
            }
            Err(Wrong::Line) => return Err(Wrong::Line),
        });
        if !reader.eats(b',') {
            return Ok(claims);
        }
    }
}

/// Reads `Forwarded` token by token.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Pairs between semicolons, up to a comma or the end. Two senders in one element are none.
    fn element(&mut self) -> Result<Claim, Wrong> {
        let mut sender = None;
        loop {
            self.take_while(is_blank);
            if matches!(self.rest.first(), None | Some(b',')) {
                return Ok(sender.unwrap_or(Claim::Nobody));
            }
            if self.eats(b';') {
                continue;
            }
            let name = self.take_while(is_token);
            if name.is_empty() || !self.eats(b'=') {
                return Err(Wrong::Element);
            }
            let value = self.value()?;
            if name.eq_ignore_ascii_case(b"for") && sender.replace(node(&value)).is_some() {
                return Err(Wrong::Element);
            }
            self.take_while(is_blank);
            if !matches!(self.rest.first(), None | Some(b',' | b';')) {
                return Err(Wrong::Element);
            }
        }
    }

    fn value(&mut self) -> Result<Vec<u8>, Wrong> {
        if self.eats(b'"') {
            return self.quoted();
        }
        // Colons and brackets belong in quotes, and many leave those out.
        let plain = |byte| is_token(byte) || matches!(byte, b':' | b'[' | b']' | b'/');
        Ok(self.take_while(plain).to_vec())
    }

    /// What stands up to the closing quote. A string that is never closed, or holds what looks like another element, may have
    /// been opened by one writer to hide what the next one appended.
    fn quoted(&mut self) -> Result<Vec<u8>, Wrong> {
        let (begun, mut value) = (self.rest, Vec::new());
        loop {
            match self.next().ok_or(Wrong::Line)? {
                b'"' => break,
                b'\\' => value.push(self.next().ok_or(Wrong::Line)?),
                byte => value.push(byte),
            }
        }
        let whole = &begun[..begun.len() - self.rest.len()];
        let mut commas = whole.iter().enumerate().filter(|(_, byte)| **byte == b',');
        let swallowed = commas.next().is_some_and(|(at, _)| names_a_sender(&whole[at..]));
        if swallowed { Err(Wrong::Line) } else { Ok(value) }
    }

    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn eats(&mut self, wanted: u8) -> bool {
        let eats = self.rest.first() == Some(&wanted);
        if eats {
            self.next();
        }
        eats
    }

    fn take_while(&mut self, belongs: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.rest.iter().position(|byte| !belongs(*byte)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }
}

fn names_a_sender(text: &[u8]) -> bool {
    text.windows(4).any(|window| window.eq_ignore_ascii_case(b"for="))
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn sender(address: &str) -> Claim {
        Claim::Sender(address.parse().unwrap())
    }

    fn of(name: &HeaderName, read: fn(&HeaderMap) -> Vec<Claim>, lines: &[&[u8]]) -> Vec<Claim> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name, HeaderValue::from_bytes(line).unwrap());
        }
        read(&headers)
    }

    fn plain(lines: &[&[u8]]) -> Vec<Claim> {
        of(&X_FORWARDED_FOR, x_forwarded_for, lines)
    }

    fn standard(lines: &[&[u8]]) -> Vec<Claim> {
        of(&hyper::header::FORWARDED, forwarded, lines)
    }

    #[test]
    fn an_address_is_read_in_every_dress_that_proxies_give_it() {
        for (text, address) in [
            ("3.217.146.166", "3.217.146.166"),
            (" \t3.217.146.166 ", "3.217.146.166"),
            ("3.217.146.166:17085", "3.217.146.166"),
            ("[3.217.146.166]:1", "3.217.146.166"),
            ("::ffff:3.217.146.166", "3.217.146.166"),
            ("[::ffff:3.217.146.166]:9", "3.217.146.166"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:DB8::1]:4711", "2001:db8::1"),
            ("3.217.146.166:_port", "3.217.146.166"),
        ] {
            assert_eq!(node(text.as_bytes()), sender(address), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_told_by_what_it_is() {
        for (text, claim) in [
            ("unknown", Claim::Unknown),
            ("UnKnown", Claim::Unknown),
            ("unknown:80", Claim::Unknown),
            ("_hidden", Claim::Obfuscated),
            ("_SEVKISEK.x-1:_y", Claim::Obfuscated),
            ("", Claim::Nobody),
            ("  ", Claim::Nobody),
            ("_", Claim::Unreadable),
            ("_h\u{ed}dden", Claim::Unreadable),
            ("3.217.37542", Claim::Unreadable),
            ("003.217.146.166", Claim::Unreadable),
            ("0x3.0xd9.0x92.0xa6", Claim::Unreadable),
            ("3.217.146.166:99999", Claim::Unreadable),
            ("3.217.146.166:+80", Claim::Unreadable),
            ("3.217.146.166:", Claim::Unreadable),
            ("3.217.146.166%eth0", Claim::Unreadable),
            ("3.217.146.166;10.1.1.1", Claim::Unreadable),
            ("\"3.217.146.166\"", Claim::Unreadable),
            ("[3.217.146.166", Claim::Unreadable),
            ("app.customer.example", Claim::Unreadable),
        ] {
            assert_eq!(node(text.as_bytes()), claim, "{text}");
        }
    }

    #[test]
    fn what_a_stranger_writes_before_it_leaves_an_entry_as_it_is() {
        let own = sender("3.217.146.166");
        for before in [&b"\xff"[..], b"\x80\xfe", "é, ü".as_bytes(), b"\"", b"for=\"", b"", b"unknown", b";;=,\"\\"] {
            assert_eq!(plain(&[&[before, b", 3.217.146.166"].concat()]).last(), Some(&own), "{before:?}");
            assert_eq!(plain(&[before, b"3.217.146.166"]).last(), Some(&own), "{before:?}");
            assert_eq!(standard(&[before, b"for=3.217.146.166"]).last(), Some(&own), "{before:?}");
        }
        for before in
            [&b"\xff"[..], b"for=\xfe\xff", b"x", b"=", b";;", b"a b", b"q\"x", b"for=1;for=2", b"for=\"\\\"\""]
        {
            assert_eq!(standard(&[&[before, b", for=3.217.146.166"].concat()]).last(), Some(&own), "{before:?}");
        }
    }

    #[test]
    fn the_standard_header_is_read_with_its_quotes_names_and_lines() {
        let own = sender("3.217.146.166");
        for line in [
            "for=3.217.146.166",
            "FOR=3.217.146.166;proto=https;by=10.20.0.5",
            "proto=https ; For=\"3.217.146.166:4711\"",
            "for=\"3.217\\.146.\\166\"",
            "host=\"a,b;c\";for=3.217.146.166",
            "host=\"a\\\"b\";for=3.217.146.166;",
            "for=unknown, for=\"_x\", ;;for=3.217.146.166",
            "for=3.217.146.166:80",
        ] {
            assert_eq!(standard(&[line.as_bytes()]).last(), Some(&own), "{line}");
        }
        assert_eq!(standard(&[b"for=\"[2001:db8::1]:4711\""]), [sender("2001:db8::1")]);
        assert_eq!(standard(&[b"for=[2001:db8::1]"]), [sender("2001:db8::1")]);
        assert_eq!(
            standard(&[b"for=10.0.0.1", b"for=_a, proto=https"]),
            [sender("10.0.0.1"), Claim::Obfuscated, Claim::Nobody]
        );
        assert_eq!(standard(&[]), []);
        assert_eq!(standard(&[b""]), [Claim::Nobody]);
    }

    #[test]
    fn a_string_that_swallows_what_the_next_proxy_appended_spoils_its_whole_line() {
        for line in [
            "for=3.217.146.166;x=\", for=198.51.100.7",
            "for=3.217.146.166;x=\"\\\", for=198.51.100.7",
            "for=3.217.146.166;x=\"\\",
            "for=3.217.146.166;x=\", for=198.51.100.7;host=\"",
            "for=3.217.146.166;x=\", FOR=\"198.51.100.7\"",
            "for=3.217.146.166;x=\", proto=http;for=198.51.100.7;host=\",for=3.217.146.166;y=\"\"",
            "for=\"3.217.146.166",
        ] {
            assert_eq!(standard(&[line.as_bytes()]), [Claim::Unreadable], "{line}");
        }
    }

    #[test]
    fn an_element_that_breaks_the_grammar_names_nobody() {
        for element in [
            "for=3.217.146.166;for=3.217.146.166",
            "for=198.51.100.7;For=3.217.146.166",
            "for =3.217.146.166",
            "for= 3.217.146.166",
            "for=3.217.146.166 proto=https",
            "for=3.217.146.166\"\"",
            "for=\"3.217.146.166\"x",
            "for",
            "=3.217.146.166",
            "for=\"for=3.217.146.166\"",
        ] {
            assert_eq!(standard(&[element.as_bytes()]), [Claim::Unreadable], "{element}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_stranger_writes_what_a_proxy_appends_stays_the_last_word_or_nothing_is_read(
            before in prop::collection::vec(prop::sample::select(b"for=;,\"\\ 3.217146x[]:_\xff".to_vec()), 0..60),
            quoted in any::<bool>(),
        ) {
            let appended: &[u8] = if quoted { b", for=\"[2001:db8::7]:80\";proto=https" } else { b", for=198.51.100.7" };
            let last = standard(&[&[&before, appended].concat()]).last().copied();
            let own = sender(if quoted { "2001:db8::7" } else { "198.51.100.7" });

            prop_assert!(last == Some(own) || last == Some(Claim::Unreadable), "{:?}", last);
            prop_assert_eq!(plain(&[&[&before[..], b", 198.51.100.7"].concat()]).last().copied(), Some(sender("198.51.100.7")));
        }
    }
}
