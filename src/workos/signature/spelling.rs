//! What a body may have been before something on the way wrote it anew, and how a body looks that was.

use std::io::Read;

use data_encoding::{BASE64, BASE64_NOPAD, Encoding};
use flate2::read::{GzDecoder, ZlibDecoder};
use url::form_urlencoded;

use super::json::{Letters, Node, Order, Space, Style};

/// How a body was written anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rewriting {
    /// White space was put between its parts, or taken from there, as by a pretty-printer.
    Spaced,
    /// Letters outside ASCII were written as `\u…`.
    Escaped,
    /// `\u…` were written as the letters that they mean.
    Unescaped,
    /// `/` was written as `\/`.
    Slashed,
    /// `&`, `<` or `>` were written as `\u…`.
    HtmlEscaped,
    /// Numbers were written in another form.
    Numbers,
    /// Keys were put into another order.
    Reordered,
    /// A line break was put behind it.
    LineBreakAdded,
    /// The line break at its end was lost.
    LineBreakLost,
    /// Line breaks became carriage return and line feed.
    CarriageReturns,
    /// The whole body was put into a JSON string.
    Quoted,
    /// A byte order mark was put before it.
    ByteOrderMark,
    /// It was put into something else, in a field that is called so where that is known.
    Enveloped(Option<&'static str>),
    /// It was sent as a form.
    Form,
    /// It was written in another character set.
    CharacterSet,
    /// It was encoded in base64.
    Base64,
    /// It was compressed.
    Compressed,
    /// It is known what was sent, and something else arrived.
    Otherwise,
}

impl Rewriting {
    /// What was done to the body, finishing "the body was …".
    pub fn in_words(self) -> &'static str {
        match self {
            Rewriting::Spaced => "written anew with other white space",
            Rewriting::Escaped => "written anew with \\u escapes",
            Rewriting::Unescaped => "written anew without its \\u escapes",
            Rewriting::Slashed => "written anew with / as \\/",
            Rewriting::HtmlEscaped => "written anew with &, < or > as \\u escapes",
            Rewriting::Numbers => "written anew with numbers in another form",
            Rewriting::Reordered => "written anew with its keys in another order",
            Rewriting::LineBreakAdded => "given a line break at its end",
            Rewriting::LineBreakLost => "shorn of the line break at its end",
            Rewriting::CarriageReturns => "given carriage returns",
            Rewriting::Quoted => "put into a JSON string",
            Rewriting::ByteOrderMark => "given a byte order mark",
            Rewriting::Enveloped(Some("body")) => "put into an envelope, in its field `body`, as API gateways do",
            Rewriting::Enveloped(Some("Message")) => {
                "put into an envelope, in its field `Message`, as a notification service does"
            }
            Rewriting::Enveloped(Some("detail")) => "put into an envelope, in its field `detail`, as an event bus does",
            Rewriting::Enveloped(_) => "put into an envelope",
            Rewriting::Form => "sent on as a form",
            Rewriting::CharacterSet => "written in another character set than UTF-8, or converted twice",
            Rewriting::Base64 => "encoded in base64",
            Rewriting::Compressed => "compressed",
            Rewriting::Otherwise => "changed",
        }
    }
}

/// How a body looks for which no signature holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Looks {
    /// As `WorkOS` writes an event.
    AsWritten,
    /// There is none.
    Empty,
    /// It is compressed.
    Compressed,
    /// It begins as JSON and breaks off.
    BrokenOff,
    /// It is JSON without an event in it, as an envelope is.
    WithoutEvent,
    /// Its keys are in alphabetical order.
    Sorted,
    /// It is an event that is spelled otherwise than `WorkOS` does.
    SpelledOtherwise,
    /// It is no JSON.
    NotJson,
}

impl Looks {
    /// Finishes the sentence "the body …".
    pub fn in_words(self) -> &'static str {
        match self {
            Looks::AsWritten => "looks as WorkOS writes it",
            Looks::Empty => "is empty",
            Looks::Compressed => "is compressed",
            Looks::BrokenOff => "breaks off",
            Looks::WithoutEvent => "holds no event where one belongs, as an envelope that something put around it",
            Looks::Sorted => "has its keys sorted, as WorkOS does not",
            Looks::SpelledOtherwise => "is not spelled as WorkOS writes JSON",
            Looks::NotJson => "is no JSON",
        }
    }

    /// How a body looks.
    pub(super) fn of(body: &[u8]) -> Self {
        if body.trim_ascii().is_empty() {
            return Looks::Empty;
        }
        // gzip, zlib and zstd.
        if [&b"\x1f\x8b"[..], b"\x78\x9c", b"\x78\x01", b"\x78\xda", b"\x28\xb5\x2f\xfd"]
            .iter()
            .any(|it| body.starts_with(it))
        {
            return Looks::Compressed;
        }
        let Ok(text) = std::str::from_utf8(body) else { return Looks::NotJson };
        let Some(node) = Node::read(text) else {
            let error = serde_json::from_str::<serde::de::IgnoredAny>(text).err();
            let cut = text.starts_with('{') && error.is_some_and(|error| error.is_eof());
            return if cut { Looks::BrokenOff } else { Looks::NotJson };
        };
        let Node::Object(members) = &node else { return Looks::WithoutEvent };
        let has = |name: &str| members.iter().any(|(key, value)| key == name && matches!(value, Node::Text(_)));
        let foreign = ["body", "headers", "httpMethod", "Records", "detail-type", "Message", "payload", "rawBody"];
        if foreign.iter().any(|name| members.iter().any(|(key, _)| key == name)) || !(has("event") || has("object")) {
            Looks::WithoutEvent
        } else if node.is_sorted() {
            Looks::Sorted
        } else if node.written(Style { numbers: true, ..Style::default() }) == text {
            Looks::AsWritten
        } else {
            Looks::SpelledOtherwise
        }
    }
}

/// The largest body of which other spellings are tried, in bytes. Events are far smaller.
const LARGEST: usize = 64 * 1024;

/// So much is tried for one body altogether, in bytes: whoever sends garbage is not given more work for it.
const MOST: usize = 1 << 20;

/// The first of the spellings for which something holds.
pub(super) fn first(body: &[u8], holds: impl Fn(&[u8]) -> bool) -> Option<Rewriting> {
    if body.is_empty() || body.len() > LARGEST {
        return None;
    }
    let mut trying = Trying { left: MOST, holds };
    for (how, spelling) in around(body) {
        if trying.holds(&spelling) {
            return Some(how);
        }
    }
    for (how, text) in texts(body) {
        // What is only a fragment of what arrived is not looked into further.
        if how.is_none_or(|how| how == Rewriting::ByteOrderMark)
            && let Some(node) = Node::read(&text)
        {
            for (name, inner) in inside(&node) {
                if trying.holds(inner.as_bytes()) {
                    return Some(Rewriting::Enveloped(name));
                }
            }
        }
        if how.is_some() && trying.holds(text.as_bytes()) {
            return how;
        }
        // So much was done to it that it was not spelled anew as well.
        let plain = !matches!(how, Some(Rewriting::Compressed | Rewriting::Base64 | Rewriting::Enveloped(_)));
        let Some(node) = Node::read(&text).filter(|_| plain) else { continue };
        for style in styles() {
            if trying.left == 0 {
                return None;
            }
            let mut spelling = node.written(style);
            if trying.holds(spelling.as_bytes()) {
                return how.or_else(|| Some(named(&node, &text, &spelling, style)));
            }
            spelling.push('\n');
            if style == Style::default() && trying.holds(spelling.as_bytes()) {
                return how.or_else(|| Some(named(&node, &text, &spelling, style)));
            }
        }
    }
    None
}

/// What is tried, and how much of it may still be.
struct Trying<F> {
    left: usize,
    holds: F,
}

impl<F: Fn(&[u8]) -> bool> Trying<F> {
    fn holds(&mut self, spelling: &[u8]) -> bool {
        let allowed = spelling.len() <= self.left;
        self.left = self.left.saturating_sub(spelling.len());
        allowed && (self.holds)(spelling)
    }
}

/// What was put before or behind the body, or changed in its bytes.
fn around(body: &[u8]) -> Vec<(Rewriting, Vec<u8>)> {
    let mut all = Vec::new();
    if let Some(before) = body.strip_suffix(b"\n") {
        all.push((Rewriting::LineBreakAdded, before.strip_suffix(b"\r").unwrap_or(before).to_vec()));
    }
    all.push((Rewriting::LineBreakAdded, body.trim_ascii().to_vec()));
    all.push((Rewriting::LineBreakLost, [body, b"\n"].concat()));
    all.push((Rewriting::LineBreakLost, [body, b"\r\n"].concat()));
    if let Ok(text) = std::str::from_utf8(body)
        && text.contains("\r\n")
    {
        all.push((Rewriting::CarriageReturns, text.replace("\r\n", "\n").into_bytes()));
    }
    all
}

/// The texts that the body may be, with what was done to get it from there; nothing for the body itself.
fn texts(body: &[u8]) -> Vec<(Option<Rewriting>, String)> {
    let mut all = Vec::new();
    let mut put = |how, text: Option<String>| all.extend(text.map(|text| (how, text)));
    let latin = |bytes: &[u8]| bytes.iter().map(|byte| char::from(*byte)).collect::<String>();
    let utf16 = |of: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = body.chunks_exact(2).map(|pair| of([pair[0], pair[1]])).collect();
        String::from_utf16(&units).ok().map(|text| text.trim_start_matches('\u{feff}').to_owned())
    };
    let Ok(text) = std::str::from_utf8(body) else {
        put(Some(Rewriting::Compressed), unpacked(GzDecoder::new(body)).or_else(|| unpacked(ZlibDecoder::new(body))));
        put(Some(Rewriting::CharacterSet), Some(latin(body)));
        put(Some(Rewriting::CharacterSet), utf16(u16::from_le_bytes));
        put(Some(Rewriting::CharacterSet), utf16(u16::from_be_bytes));
        return all;
    };
    if body.contains(&0) {
        put(Some(Rewriting::CharacterSet), utf16(u16::from_le_bytes));
        put(Some(Rewriting::CharacterSet), utf16(u16::from_be_bytes));
    }
    if let Some(rest) = text.strip_prefix('\u{feff}') {
        put(Some(Rewriting::ByteOrderMark), Some(rest.to_owned()));
    }
    put(None, Some(text.to_owned()));
    put(Some(Rewriting::Quoted), serde_json::from_str::<String>(text).ok());
    if !text.is_ascii() {
        // UTF-8 that was taken for Latin-1 and converted once more.
        let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
        put(Some(Rewriting::CharacterSet), bytes.and_then(|bytes| String::from_utf8(bytes).ok()));
    }
    put(Some(Rewriting::Base64), from_base64(text));
    if !text.starts_with('{') || text.ends_with('=') {
        for (key, value) in form_urlencoded::parse(body).take(8) {
            // `payload={…}`, or the whole body for a key.
            let whole = if value.starts_with('{') { value } else { key };
            put(Some(Rewriting::Form), whole.starts_with('{').then(|| whole.into_owned()));
        }
        let object = text.find('{').and_then(|from| text.get(from..=text.rfind('}')?));
        put(Some(Rewriting::Enveloped(None)), object.map(str::to_owned));
    }
    all
}

/// The texts and objects that stand in an envelope, with the name of the field where it is a known one.
fn inside(node: &Node) -> Vec<(Option<&'static str>, String)> {
    const NAMES: &[&str] = &["body", "Message", "detail", "payload", "data", "rawBody", "message", "content", "event"];
    const MOST_INSIDE: usize = 64;

    let mut all = Vec::new();
    let mut further: Vec<(Option<&'static str>, &Node)> = vec![(None, node)];
    while let Some((name, inner)) = further.pop() {
        if all.len() >= MOST_INSIDE {
            break;
        }
        match inner {
            Node::Object(members) => {
                if !std::ptr::eq(inner, node) {
                    all.push((name, inner.written(Style::default())));
                }
                let named = |key: &str| NAMES.iter().copied().find(|known| *known == key);
                further.extend(members.iter().rev().map(|(key, value)| (named(key), value)));
            }
            Node::Array(items) => further.extend(items.iter().rev().map(|item| (name, item))),
            // What is nothing but one text is told by itself.
            Node::Text(_) if std::ptr::eq(inner, node) => {}
            Node::Text(text) if text.starts_with('{') => {
                all.push((name, text.clone()));
                // As it was before the envelope was made, where that was by other spelling, too.
                all.extend(Node::read(text).map(|inner| (name, inner.written(Style::default()))));
            }
            Node::Text(text) => all.extend(from_base64(text).map(|text| (name, text))),
            Node::Word(_) => {}
        }
    }
    all
}

/// What a decoder makes of the body, in bounded size.
fn unpacked(from: impl Read) -> Option<String> {
    let mut text = String::new();
    from.take(LARGEST as u64).read_to_string(&mut text).ok()?;
    text.starts_with('{').then_some(text)
}

fn from_base64(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let decoded = |by: &Encoding| String::from_utf8(by.decode(text.as_bytes()).ok()?).ok();
    decoded(&BASE64).or_else(|| decoded(&BASE64_NOPAD)).filter(|text| text.starts_with('{'))
}

/// The spellings, those first that differ least from how WorkOS writes.
fn styles() -> Vec<Style> {
    let mut all = Vec::new();
    for order in [Order::AsTheyStand, Order::Event, Order::Objects] {
        for space in [Space::None, Space::Behind, Space::Lines(2), Space::Lines(4)] {
            for letters in [Letters::Plain, Letters::Lower, Letters::Upper] {
                for (slashes, html, numbers) in [
                    (false, false, false),
                    (false, false, true),
                    (true, false, false),
                    (false, true, false),
                    (true, true, false),
                ] {
                    all.push(Style { space, letters, slashes, html, numbers, order });
                }
            }
        }
    }
    let unlike = |style: &Style| {
        let Style { space, letters, slashes, html, numbers, order } = *style;
        [space != Space::None, letters != Letters::Plain, slashes, html, numbers, order != Order::AsTheyStand]
            .iter()
            .filter(|it| **it)
            .count()
    };
    all.sort_by_key(unlike);
    all
}

/// What was done to get from a spelling to the text that arrived.
fn named(node: &Node, arrived: &str, was: &str, style: Style) -> Rewriting {
    let unicode = |text: &str| Node::read(text).is_some_and(|_| text.contains("\\u"));
    if style.order != Order::AsTheyStand {
        return Rewriting::Reordered;
    }
    let html = ["\\u0026", "\\u003c", "\\u003e", "\\u003C", "\\u003E"];
    if arrived.contains("\\/") != was.contains("\\/") {
        Rewriting::Slashed
    } else if html.iter().any(|it| arrived.contains(it)) && !html.iter().any(|it| was.contains(it)) {
        Rewriting::HtmlEscaped
    } else if unicode(was) && arrived.matches("\\u").count() < was.matches("\\u").count() {
        Rewriting::Unescaped
    } else if unicode(arrived) && arrived.matches("\\u").count() > was.matches("\\u").count() {
        Rewriting::Escaped
    } else if style.numbers && node.written(Style { numbers: false, ..style }) != was {
        Rewriting::Numbers
    } else {
        Rewriting::Spaced
    }
}
