//! Bytes into text, and what bytes that are none most likely are.

/// Why bytes are not the text that is wanted. Each is what a sentence goes on with: "preflight.toml cannot be read: …".
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotText {
    /// UTF-16, with or without a byte order mark.
    #[error(
        "it is UTF-16, as Windows PowerShell's `>` and Notepad's “Unicode” write it; expected UTF-8 (`iconv -f UTF-16 -t UTF-8`)"
    )]
    Utf16,
    /// UTF-8 ends on this line.
    #[error("it is not UTF-8 text (line {0})")]
    NotUtf8(usize),
}

/// The text, without the byte order mark that some editors put before it.
pub fn text(bytes: &[u8]) -> Result<&str, NotText> {
    let text = exact_text(bytes)?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The text with all that stands in it, for what is used as it stands.
pub fn exact_text(bytes: &[u8]) -> Result<&str, NotText> {
    if is_utf16(bytes) {
        return Err(NotText::Utf16);
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        NotText::NotUtf8(before.split(|byte| *byte == b'\n').count())
    })
}

/// By its byte order mark, or by the zero in every second byte that Western text has there.
pub fn is_utf16(bytes: &[u8]) -> bool {
    const ENOUGH: usize = 64;

    let marked = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    let pairs = || bytes.chunks_exact(2).take(ENOUGH);
    let zero_at = |at: usize| pairs().all(|pair| pair[at] == 0 && pair[1 - at] != 0);
    marked || (bytes.len() >= 4 && (zero_at(0) || zero_at(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    #[test]
    fn a_byte_order_mark_belongs_to_the_file_and_not_to_its_text() {
        assert_eq!(text(b"\xef\xbb\xbfstrategy"), Ok("strategy"));
        assert_eq!(exact_text(b"\xef\xbb\xbfstrategy"), Ok("\u{feff}strategy"));
        assert_eq!(text(b""), Ok(""));
    }

    #[test]
    fn utf_16_is_named_in_both_orders_with_a_mark_and_without() {
        for order in [u16::to_le_bytes, u16::to_be_bytes] {
            for written in ["strategy = 'firewall'\r\n", "\u{feff}strategy", "\u{feff}", "\u{feff}schlüssel = 'ключ'"]
            {
                assert_eq!(text(&utf16(written, order)), Err(NotText::Utf16), "{written}");
            }
        }
    }

    #[test]
    fn what_is_no_text_names_the_line() {
        assert_eq!(text(b"a = 1\nb = '\xe9'"), Err(NotText::NotUtf8(2)));
        assert_eq!(text(b"a\0\0b"), Ok("a\0\0b"));
        assert_eq!(text(b"ab"), Ok("ab"));
    }

    proptest::proptest! {
        #[test]
        fn text_is_never_taken_for_utf_16(written in "[^\0]{0,40}") {
            assert!(!is_utf16(written.as_bytes()));
        }
    }
}
