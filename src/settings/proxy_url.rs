//! What somebody wrote where a proxy should stand: the proxy, or in exact words what is wrong and what would be right.

use url::Host;

use super::proxy::{Credentials, Proxy, Scheme};
use super::{SettingsError, Source};
use crate::endpoint::Endpoint;
use crate::secret::SecretBytes;

/// A proxy setting that programs do not take as it stands, or each in its own way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Misread {
    /// The value as it may be shown: without a password, and with what is invisible made visible.
    pub shown: String,
    /// What is wrong, as a sentence without its full stop: "a carriage return (CR) stands behind it".
    pub why: String,
    /// What to write in its place.
    pub write: String,
    /// The proxy that is meant, where that is beyond doubt.
    pub meant: Option<Box<Proxy>>,
    /// Programs differ about it, and some take it as it is meant.
    pub tolerated: bool,
}

impl Misread {
    /// The error that ends a run before it begins.
    pub fn refused(self, from: Source) -> SettingsError {
        SettingsError::BadValue {
            name: "network.proxy",
            from,
            shown: format!("`{}`: {}", self.shown, self.why),
            wanted: self.write,
        }
    }
}

/// What an example in a message says.
const EXAMPLE: &str = "http://proxy.customer.example:3128";

/// Characters that stand around a value by mistake: they belong to a shell, an env file or a word processor.
const QUOTES: &[char] = &['"', '\'', '`', '\u{201c}', '\u{201d}', '\u{201e}', '\u{2018}', '\u{2019}'];

/// What people and templates write where they mean no proxy.
const NO_PROXIES: &[&str] = &["none", "direct", "no", "off", "false", "null", "nil", "undefined", "disabled"];

/// Characters that nobody sees and that are neither blank nor control characters to Unicode.
const INVISIBLE: &[char] =
    &['\u{feff}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{200e}', '\u{200f}', '\u{2060}', '\u{ad}'];

/// Reads a proxy setting: a URL, or a host and port.
pub(super) fn read(text: &str) -> Result<Proxy, Misread> {
    let trimmed = text.trim_matches(unseen);
    if trimmed.is_empty() {
        return Err(wrong(text, "it holds nothing but blanks", EXAMPLE));
    }
    if trimmed != text {
        let (before, place) = match text.chars().next().filter(|c| unseen(*c)) {
            Some(c) => (c, "stands before it"),
            None => (text.chars().next_back().unwrap_or(' '), "stands behind it"),
        };
        return Err(meaning(text, trimmed, &format!("{} {place}", named(before))));
    }
    let unquoted = text.trim_matches(QUOTES);
    if unquoted != text {
        return Err(meaning(text, unquoted, "quotes are part of the value"));
    }
    let plain = text.trim_end_matches([',', ';']);
    if plain != text {
        return Err(meaning(text, plain, &format!("`{}` stands behind it", &text[plain.len()..])));
    }
    if NO_PROXIES.iter().any(|word| text.eq_ignore_ascii_case(word)) {
        let why = format!("programs look for a proxy of the name `{text}`, and do not take it for none");
        return Err(Misread { shown: text.to_owned(), ..wrong(text, why, EXAMPLE) });
    }
    let (scheme, rest) = scheme(text)?;
    if rest.split_once("://").is_some_and(|(word, _)| known(word).is_some()) {
        return Err(meaning(text, rest, "a scheme stands there twice"));
    }
    // Users put passwords with `@`, `/` and `#` into proxy URLs as they are: the last `@` ends them.
    let (userinfo, place) = match rest.rsplit_once('@') {
        Some((userinfo, place)) => (Some(userinfo), place),
        None => (None, rest),
    };
    let end = place.find(['/', '?', '#']).unwrap_or(place.len());
    let (authority, beyond) = place.split_at(end);
    if let Some(c) = authority.chars().find(|c| unseen(*c)) {
        return Err(wrong(text, format!("{} stands inside of it", named(c)), EXAMPLE));
    }
    let (host, port) = host_and_port(text, authority)?;
    let endpoint = Endpoint::new(host, port.unwrap_or_else(|| scheme.usual_port()));
    let credentials = userinfo.filter(|userinfo| !userinfo.is_empty()).map(credentials);
    let proxy = Proxy { scheme, endpoint, credentials };
    if let Some(userinfo) = userinfo {
        may_stand_before_the_at_sign(text, userinfo, &proxy)?;
    }
    let file = beyond.split(['?', '#']).next().unwrap_or_default();
    let kind = std::path::Path::new(file).extension().unwrap_or_default();
    if kind.eq_ignore_ascii_case("pac") || file.eq_ignore_ascii_case("/wpad.dat") {
        let why = "it is the address of a script for browsers (PAC), which servers do not read";
        return Err(wrong(text, why, format!("{EXAMPLE}, the proxy that the script names for api.workos.com")));
    }
    let tolerated = |why: &str| Err(Misread { tolerated: true, ..but(text, why, &proxy) });
    if !matches!(beyond, "" | "/") {
        return tolerated("something stands behind the port: some programs do not start with it, others ignore it");
    }
    if port.is_none() && scheme == Scheme::Http {
        return tolerated("it names no port: curl and PHP take 1080, others 80");
    }
    Ok(proxy)
}

/// The scheme, and what stands behind `://`.
fn scheme(text: &str) -> Result<(Scheme, &str), Misread> {
    let Some((before, rest)) = text.split_once("://") else {
        if let Some(rest) = text.strip_prefix("//") {
            return Err(meaning(text, &format!("http://{rest}"), "no scheme stands before the slashes"));
        }
        let (word, rest) = text.split_once(':').unwrap_or((text, ""));
        let port_alone = rest.trim_end_matches('/').chars().all(|c| c.is_ascii_digit());
        if let Some(scheme) = known(word).filter(|_| !port_alone) {
            let url = format!("{}://{}", scheme.as_str(), rest.trim_start_matches(['/', '\\']));
            return Err(meaning(text, &url, &format!("two slashes do not stand behind `{}:`", scheme.as_str())));
        }
        return Ok((Scheme::Http, text));
    };
    if let Some(scheme) = known(before) {
        return Ok((scheme, rest));
    }
    let word = before.to_ascii_lowercase();
    let place = masked(rest);
    Err(match word.as_str() {
        "socks" => meaning(
            text,
            &format!("socks5h://{rest}"),
            "programs do not know the scheme `socks://`, or take it for SOCKS 4",
        ),
        "socks4" | "socks4a" => wrong(
            text,
            format!("`{word}://` is SOCKS 4, which few programs speak, nor does this tool"),
            format!("socks5h://{place}, if the proxy speaks SOCKS 5, or http:// if it speaks HTTP"),
        ),
        _ if word.starts_with("pac") => wrong(
            text,
            "it is the address of a script for browsers (PAC), which servers do not read",
            format!("{EXAMPLE}, the proxy that the script names for api.workos.com"),
        ),
        "" => meaning(text, &format!("http://{rest}"), "no scheme stands before `://`"),
        _ if word.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)) => wrong(
            text,
            format!("`{word}://` is no scheme that server applications speak to a proxy"),
            format!("http://{place} (or https, socks5, socks5h, as the proxy speaks it)"),
        ),
        _ => wrong(text, "what stands before `://` is no scheme", EXAMPLE),
    })
}

fn known(word: &str) -> Option<Scheme> {
    Scheme::ALL.into_iter().find(|scheme| word.eq_ignore_ascii_case(scheme.as_str()))
}

/// The host in the form DNS uses, and the port where one is named.
fn host_and_port(text: &str, authority: &str) -> Result<(String, Option<u16>), Misread> {
    let (host, port) = if let Some(inner) = authority.strip_prefix('[') {
        let Some((literal, rest)) = inner.split_once(']') else {
            return Err(wrong(text, "a bracket is opened and not closed", "http://[2001:db8::1]:3128"));
        };
        if literal.contains('%') {
            let why = "it holds a zone (`%`), which is valid on one machine alone and which few programs take";
            return Err(wrong(text, why, "the proxy's name, or an address without a zone"));
        }
        let Ok(Host::Ipv6(address)) = Host::parse(&format!("[{literal}]")) else {
            return Err(wrong(text, "what stands in brackets is no IPv6 address", "http://[2001:db8::1]:3128"));
        };
        let port = match rest.strip_prefix(':') {
            Some(port) => Some(port),
            None if rest.is_empty() => None,
            None => return Err(wrong(text, "no colon stands between the address and the port", EXAMPLE)),
        };
        (address.to_string(), port)
    } else {
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        };
        if port.is_some_and(|port| port.contains(':')) && authority.chars().all(|c| c.is_ascii_hexdigit() || c == ':') {
            return Err(wrong(text, "an IPv6 address stands there without brackets", "http://[2001:db8::1]:3128"));
        }
        if host.is_empty() {
            return Err(wrong(text, "it names no host", EXAMPLE));
        }
        let is_label = |label: &str| {
            (1..=63).contains(&label.len()) && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        };
        let host = match Host::parse(host.strip_suffix('.').unwrap_or(host)) {
            Ok(Host::Ipv4(address)) => address.to_string(),
            Ok(Host::Domain(name)) if name.split('.').all(is_label) => name.to_lowercase(),
            _ => return Err(wrong(text, "what stands in the place of the host is no name and no address", EXAMPLE)),
        };
        (host, port)
    };
    let Some(digits) = port.filter(|port| !port.is_empty()) else { return Ok((host, None)) };
    // `parse` alone would take a sign.
    let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<u16>().ok()).flatten();
    if let Some(port) = number.filter(|port| *port != 0) {
        return Ok((host, Some(port)));
    }
    let shown = if is_like_a_port(digits) { format!("`{digits}`") } else { "what stands there".to_owned() };
    let why = format!("the port is no number from 1 to 65535 ({shown})");
    Err(wrong(text, why, format!("a URL whose port is a number, such as {EXAMPLE}")))
}

/// Credentials that programs cannot take as they stand.
fn may_stand_before_the_at_sign(text: &str, userinfo: &str, proxy: &Proxy) -> Result<(), Misread> {
    let escape = |c: char| escaped(c.to_string().as_bytes());
    if let Some(c) = userinfo.chars().find(|c| unseen(*c)) {
        let why = format!("{} stands in the credentials unescaped", named(c));
        return Err(rewritten(but(text, &why, proxy), &named(c), &escape(c)));
    }
    if let Some(c) = userinfo.chars().find(|c| "/?#\\".contains(*c)) {
        let why = format!("`{c}` stands in the credentials unescaped, at which most programs end the host");
        return Err(rewritten(but(text, &why, proxy), &format!("`{c}`"), &escape(c)));
    }
    let parts = proxy.credentials.iter().flat_map(|both| [both.user(), both.password()]);
    let long = parts.clone().any(|part| part.len() > 255);
    if long && matches!(proxy.scheme, Scheme::Socks5 | Scheme::Socks5h) {
        return Err(wrong(text, "SOCKS takes a user and a password of at most 255 bytes each", EXAMPLE));
    }
    if parts.clone().flatten().any(|byte| *byte < 0x20) {
        let why = "a control character stands in the credentials (from `%00` to `%1F`), which programs refuse";
        return Err(Misread { meant: None, ..but(text, why, proxy) });
    }
    if userinfo.contains('@') {
        let why = "`@` stands in the credentials unescaped, which curl, PHP, Ruby and Rust refuse or read otherwise";
        return Err(Misread { tolerated: true, ..rewritten(but(text, why, proxy), "`@`", "%40") });
    }
    Ok(())
}

/// User and password as they are sent: what is no escape goes out as it was typed, and `+` is no blank.
fn credentials(userinfo: &str) -> Credentials {
    let (user, password) = match userinfo.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (userinfo, None),
    };
    Credentials::new(SecretBytes::new(decoded(user)), password.map(|password| SecretBytes::new(decoded(password))))
}

fn decoded(text: &str) -> Vec<u8> {
    let hex = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if let (b'%', Some(high), Some(low)) = (byte, hex(bytes.get(at + 1)), hex(bytes.get(at + 2))) {
            plain.extend(u8::try_from(high * 16 + low));
            at += 3;
        } else {
            plain.push(*byte);
            at += 1;
        }
    }
    plain
}

/// An environment value as text. A byte that is not UTF-8 goes on as the escape that stands for it in a URL.
pub(super) fn as_text(value: &std::ffi::OsStr) -> String {
    let chunks = value.as_encoded_bytes().utf8_chunks();
    chunks.map(|chunk| [chunk.valid(), &escaped(chunk.invalid())].concat()).collect()
}

/// Bytes as they are escaped in a URL.
fn escaped(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| ['%', digit(byte >> 4), digit(byte & 0xf)]).collect()
}

fn digit(number: u8) -> char {
    char::from_digit(number.into(), 16).unwrap_or('0').to_ascii_uppercase()
}

fn wrong(text: &str, why: impl Into<String>, write: impl Into<String>) -> Misread {
    Misread { shown: masked(text), why: why.into(), write: write.into(), meant: None, tolerated: false }
}

/// What is wrong with `text`, where another spelling says what it means.
fn meaning(text: &str, other: &str, why: &str) -> Misread {
    match read(other) {
        Ok(proxy) => but(text, why, &proxy),
        Err(inner) => {
            Misread { shown: masked(text), why: format!("{why}, and {}", inner.why), tolerated: false, ..inner }
        }
    }
}

fn but(text: &str, why: &str, proxy: &Proxy) -> Misread {
    Misread { meant: Some(Box::new(proxy.clone())), ..wrong(text, why, proxy.to_string()) }
}

/// Says how the credentials are to be written, since they are not shown.
fn rewritten(misread: Misread, what: &str, escape: &str) -> Misread {
    let write = format!("{}, with {escape} in the place of {what} in the user and password", misread.write);
    Misread { write, ..misread }
}

fn unseen(c: char) -> bool {
    c.is_whitespace() || c.is_control() || INVISIBLE.contains(&c)
}

fn named(c: char) -> String {
    match c {
        ' ' => "a blank".to_owned(),
        '\t' => "a tab".to_owned(),
        '\r' => "a carriage return (CR, as in files with Windows line ends)".to_owned(),
        '\n' => "a line feed (LF)".to_owned(),
        '\u{a0}' => "a no-break space".to_owned(),
        '\u{feff}' => "a byte order mark".to_owned(),
        c if c.is_whitespace() => format!("a blank of another kind (U+{:04X})", u32::from(c)),
        c => format!("an invisible character (U+{:04X})", u32::from(c)),
    }
}

/// Whether this could be a port that was mistyped, and not a password whose host is missing.
fn is_like_a_port(text: &str) -> bool {
    text.len() <= 12 && text.starts_with(|c: char| c.is_ascii_digit() || "+-".contains(c))
}

/// A value as it may be shown, proxy or not: whole where it holds no password.
fn masked(text: &str) -> String {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, _)) => text.split_at(scheme.len() + 3),
        None => ("", text),
    };
    let shown = match rest.rsplit_once('@') {
        Some((userinfo, place)) if userinfo.contains(':') || scheme.contains(':') && scheme.contains('@') => {
            format!("{scheme}***@{place}")
        }
        Some(_) => text.to_owned(),
        // What is no place at all may be anything.
        None if !text.contains(['.', ':', '/', '[']) => "***".to_owned(),
        None => {
            let (host, port) = rest.split_once(':').unwrap_or((rest, ""));
            let is_address = rest.starts_with('[') || rest.chars().all(|c| c.is_ascii_hexdigit() || c == ':');
            let is_place = known(host).is_some();
            let digits = port.trim_start_matches(|c: char| c.is_ascii_digit());
            let is_port_and_more = digits.len() < port.len() && digits.starts_with(['/', ' ', ';', ',', '?', '#']);
            if port.is_empty() || is_address || is_place || is_port_and_more || is_like_a_port(port) {
                text.to_owned()
            } else {
                format!("{scheme}{host}:***")
            }
        }
    };
    shown
        .chars()
        .take(200)
        .flat_map(|c| if unseen(c) && c != ' ' { c.escape_default().collect() } else { vec![c] })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(text: &str) -> Vec<u8> {
        let proxy = read(text).unwrap_or_else(|misread| *misread.meant.unwrap());
        let credentials = proxy.credentials.unwrap();
        [credentials.user(), b":", credentials.password()].concat()
    }

    fn misread(text: &str) -> Misread {
        read(text).expect_err(text)
    }

    #[test]
    fn credentials_go_out_as_curl_sends_them() {
        for (userinfo, bytes) in [
            ("u:caf%E9", &b"u:caf\xe9"[..]),
            ("u:caf\u{e9}", b"u:caf\xc3\xa9"),
            ("u:100%+5x", b"u:100%+5x"),
            ("u:a%zzb", b"u:a%zzb"),
            ("u:a%2", b"u:a%2"),
            ("u:a%", b"u:a%"),
            ("u:%-1%+f", b"u:%-1%+f"),
            ("u:%%41", b"u:%A"),
            ("u:a+b", b"u:a+b"),
            ("u:a%20b%7f", b"u:a b\x7f"),
            ("u:a:b", b"u:a:b"),
            ("CORP%5Cuser:p", b"CORP\\user:p"),
            ("u", b"u:"),
            ("u:", b"u:"),
            (":p", b":p"),
        ] {
            assert_eq!(sent(&format!("http://{userinfo}@p.example:3128")), bytes, "{userinfo}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn bytes_of_the_environment_that_are_no_text_go_out_as_they_are() {
        use std::os::unix::ffi::OsStrExt;

        let value = std::ffi::OsStr::from_bytes(b"http://caf\xe9:%\xff\xfe%4\xe9@p.example:3128");

        assert_eq!(sent(&as_text(value)), b"caf\xe9:%\xff\xfe%4\xe9");
    }

    #[test]
    fn a_port_that_is_no_number_is_named_and_never_another_one() {
        for port in ["+5", "+3128", "-1", "31 28", "0", "65536", "99999999999", "3128x", "0x50", "\u{663}128"] {
            let misread = misread(&format!("http://proxy.example:{port}"));

            assert_eq!(misread.meant, None, "{port}");
            assert!(misread.why.contains("port") || misread.why.contains("a blank"), "{port}: {}", misread.why);
        }
        assert_eq!(read("http://proxy.example:03128/").unwrap().endpoint.port, 3128);
    }

    #[test]
    fn what_stands_around_a_value_is_named_and_what_is_meant_is_known() {
        for (text, named) in [
            ("http://p.example:3128\r", "carriage return"),
            ("http://p.example:3128 ", "a blank stands behind"),
            (" http://p.example:3128", "a blank stands before"),
            ("http://p.example:3128\t", "a tab"),
            ("http://p.example:3128\n", "a line feed"),
            ("\u{feff}http://p.example:3128", "byte order mark"),
            ("http://p.example:3128\u{200b}", "U+200B"),
            ("http://p.example:3128\u{a0}", "no-break space"),
            ("\"http://p.example:3128\"", "quotes"),
            ("'http://p.example:3128'\r", "quotes"),
            ("\u{201c}http://p.example:3128\u{201d}", "quotes"),
            ("http://p.example:3128'", "quotes"),
            ("//p.example:3128", "no scheme"),
            ("http:/p.example:3128", "slashes"),
            ("http:p.example:3128", "slashes"),
        ] {
            let misread = misread(text);

            assert!(misread.why.contains(named), "{text:?}: {}", misread.why);
            assert_eq!(misread.meant.unwrap().to_string(), "http://p.example:3128", "{text:?}");
            assert!(!misread.tolerated && !misread.shown.contains(['\r', '\n', '\t', '\u{200b}']), "{text:?}");
        }
    }

    #[test]
    fn schemes_that_are_none_are_named_with_what_to_write() {
        for (text, named, write) in [
            ("socks://10.0.0.1:1080/", "`socks://`", "socks5h://10.0.0.1:1080"),
            ("SOCKS://u:pw@h.example:1080", "`socks://`", "socks5h://***@h.example:1080"),
            ("socks4://h.example:1080", "SOCKS 4", "socks5h://h.example:1080"),
            ("socks4a://h.example:1080", "SOCKS 4", "socks5h://h.example:1080"),
            ("quic://h.example:443", "`quic://`", "http://h.example:443"),
            ("pac+http://h.example/x", "PAC", "http://proxy.customer.example:3128"),
            ("http://h.example/proxy.pac", "PAC", "http://proxy.customer.example:3128"),
            ("http://wpad/wpad.dat?x=1", "PAC", "http://proxy.customer.example:3128"),
        ] {
            let misread = misread(text);

            assert!(misread.why.contains(named), "{text}: {}", misread.why);
            assert!(misread.write.contains(write), "{text}: {}", misread.write);
        }
    }

    #[test]
    fn places_that_are_none_say_why() {
        for (text, named) in [
            ("http://", "no host"),
            ("http://:3128", "no host"),
            ("http://u:pw@:3128", "no host"),
            ("http://2001:db8::1:3128", "without brackets"),
            ("http://[2001:db8::1:3128", "not closed"),
            ("http://[2001:db8::1]3128", "no colon"),
            ("http://[proxy]:3128", "no IPv6 address"),
            ("http://[fe80::1%25eth0]:3128", "zone"),
            ("http://[fe80::1%eth0]:3128", "zone"),
            ("http://pro xy:3128", "a blank stands inside"),
            ("http=proxy:3128;https=proxy:3128", "no name and no address"),
            ("http://a,b:3128", "no name and no address"),
            ("http://256.1.1.1:3128", "no name and no address"),
            ("   ", "nothing but blanks"),
        ] {
            let misread = misread(text);

            assert!(misread.why.contains(named), "{text}: {}", misread.why);
            assert_eq!(misread.meant, None, "{text}");
        }
        assert_eq!(read("http://[2001:DB8::1]:3128").unwrap().endpoint, Endpoint::new("2001:db8::1", 3128));
        assert_eq!(read("my_proxy:3128").unwrap().endpoint, Endpoint::new("my_proxy", 3128));
        assert_eq!(read("http:3128").unwrap().endpoint, Endpoint::new("http", 3128));
    }

    fn said(misread: &Misread) -> String {
        format!("{}; {}", misread.why, misread.write)
    }

    #[test]
    fn slips_that_leave_no_doubt_are_named_and_written_right() {
        for (text, named) in [
            ("http://http://p.example:3128", "twice"),
            ("https://http://p.example:3128", "twice"),
            ("http://p.example:3128;", "`;`"),
            ("p.example:3128,", "`,`"),
        ] {
            let misread = misread(text);

            assert!(misread.why.contains(named), "{text}: {}", misread.why);
            assert_eq!(misread.write, "http://p.example:3128", "{text}");
        }
        for word in ["none", "DIRECT", "off", "undefined"] {
            let misread = misread(word);

            assert!(misread.meant.is_none() && misread.shown == word && misread.why.contains(word), "{misread:?}");
        }
        assert_eq!(read("direct.example:3128").unwrap().endpoint, Endpoint::new("direct.example", 3128));
    }

    #[test]
    fn what_programs_read_in_different_ways_goes_on_with_a_warning() {
        for (text, named, port) in [
            ("http://p.example", "1080", 80),
            ("http://u:p@w@p.example:3128", "%40", 3128),
            ("http://p.example:3128/path", "behind the port", 3128),
            ("http://p.example:3128?x", "behind the port", 3128),
        ] {
            let misread = misread(text);

            assert!(misread.tolerated && said(&misread).contains(named), "{text}: {}", said(&misread));
            assert_eq!(misread.meant.unwrap().endpoint, Endpoint::new("p.example", port));
        }
    }

    #[test]
    fn credentials_that_no_program_takes_are_named() {
        for (userinfo, named) in [
            ("u:p/w", "%2F"),
            ("u:p#w", "%23"),
            ("u:p?w", "%3F"),
            ("u:p w", "%20"),
            ("u:p\tw", "%09"),
            ("CORP\\u:p", "%5C"),
            ("u:p%00w", "control character"),
            ("u:p%0dw", "control character"),
        ] {
            let misread = misread(&format!("http://{userinfo}@p.example:3128"));

            assert!(said(&misread).contains(named) && !misread.tolerated, "{userinfo}: {}", said(&misread));
        }
        let long = "x".repeat(256);
        assert!(misread(&format!("socks5://u:{long}@p.example:1080")).why.contains("255"));
    }

    #[test]
    fn a_value_without_a_password_is_shown_whole_and_one_with_it_is_not() {
        for text in [
            "http://h:3128/proxy.pac",
            "http://h:3128 http://i:3128",
            "http:\\\\h:1",
            "socks://h:1/",
            "http://user@h:x1",
            "quic://h",
            "http://h:3128x",
            "http://[::1",
            "ftp://user@h:1",
        ] {
            assert!(masked(text) == text, "{text}: {}", masked(text));
        }
        for text in [
            "http://u:planted@:bad",
            "socks4://u:planted@h:1",
            "http://u:planted",
            "u:planted",
            "planted nonsense",
            "http:/u:planted@h:1",
            "http://u:pla@planted@h x",
            "x://y://u:planted@h",
        ] {
            let misread = misread(text);
            assert!(!format!("{misread:?}").contains("planted"), "{misread:?}");
        }
    }
}
