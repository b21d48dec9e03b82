//! Bodies that come compressed although nobody asked for it: undone where we can, within bounds, and named where we cannot.

use std::io::{self, Read};

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// More codings than this, one within the other, are left as they are.
const DEEPEST: usize = 3;

/// What became of a compression that nobody asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Coding {
    /// It was undone: the body is what was compressed.
    Undone(String),
    /// It is one that we do not read: the body is as it came.
    Unread(String),
    /// The body is not what the header says: it is as it came.
    Untrue(String),
}

/// A body that was read.
pub(super) struct Plain {
    pub(super) body: Vec<u8>,
    /// Whether there was more than is read.
    pub(super) more: bool,
    pub(super) coding: Option<Coding>,
}

/// Undoes what `Content-Encoding` names, up to `largest` bytes. `whole` says whether the body came to its end.
pub(super) fn undo<'a>(body: Vec<u8>, named: impl Iterator<Item = &'a str>, largest: usize, whole: bool) -> Plain {
    let codings: Vec<String> = named
        .flat_map(|value| value.split(','))
        .map(|coding| coding.trim().to_ascii_lowercase())
        .filter(|coding| !coding.is_empty() && coding != "identity")
        .collect();
    // An answer without a body, such as a redirect's, has nothing to undo.
    if codings.is_empty() || body.is_empty() {
        return Plain { body, more: false, coding: None };
    }
    let said: String = codings.join(", ").chars().take(60).collect();
    if codings.len() > DEEPEST {
        return Plain { body, more: false, coding: Some(Coding::Unread(said)) };
    }
    let mut plain = body.clone();
    let mut more = false;
    // The last one named was the last one put on.
    for coding in codings.iter().rev() {
        let undone = match coding.as_str() {
            "gzip" | "x-gzip" => read(MultiGzDecoder::new(plain.as_slice()), largest, whole && !more),
            // Meant is zlib's format; some send it without its head.
            "deflate" => read(ZlibDecoder::new(plain.as_slice()), largest, whole && !more)
                .or_else(|_| read(DeflateDecoder::new(plain.as_slice()), largest, whole && !more)),
            _ => return Plain { body, more: false, coding: Some(Coding::Unread(said)) },
        };
        let Ok((read, longer)) = undone else {
            return Plain { body, more: false, coding: Some(Coding::Untrue(said)) };
        };
        plain = read;
        more = longer;
    }
    Plain { body: plain, more, coding: Some(Coding::Undone(said)) }
}

/// Reads at most `largest` bytes, and whether there are more. What is cut short counts as far as it goes.
fn read(mut coded: impl Read, largest: usize, whole: bool) -> io::Result<(Vec<u8>, bool)> {
    let mut plain = Vec::new();
    let mut chunk = [0; 8 * 1024];
    loop {
        match coded.read(&mut chunk) {
            Ok(0) => return Ok((plain, false)),
            Ok(read) => {
                let room = largest.saturating_sub(plain.len());
                plain.extend(chunk.iter().take(read.min(room)));
                if read > room {
                    return Ok((plain, true));
                }
            }
            Err(_) if !whole && !plain.is_empty() => return Ok((plain, false)),
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const SAID: &[u8] = br#"{"message":"Unauthorized"}"#;
    const LARGEST: usize = 64 * 1024;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn raw(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn undone(body: Vec<u8>, named: &[&str]) -> (Vec<u8>, Option<Coding>) {
        let plain = undo(body, named.iter().copied(), LARGEST, true);
        (plain.body, plain.coding)
    }

    #[test]
    fn gzip_and_both_kinds_of_deflate_are_undone_in_the_order_they_were_put_on() {
        let cases: [(Vec<u8>, &[&str], &str); 7] = [
            (gzip(SAID), &["gzip"], "gzip"),
            (gzip(SAID), &["X-GZip"], "x-gzip"),
            (zlib(SAID), &["deflate"], "deflate"),
            (raw(SAID), &["deflate"], "deflate"),
            (gzip(&zlib(SAID)), &["deflate, gzip"], "deflate, gzip"),
            (gzip(&zlib(SAID)), &["deflate", "identity", "gzip"], "deflate, gzip"),
            ([gzip(&SAID[..9]), gzip(&SAID[9..])].concat(), &["gzip"], "gzip"),
        ];
        for (body, named, said) in cases {
            assert_eq!(undone(body, named), (SAID.to_vec(), Some(Coding::Undone(said.to_owned()))), "{named:?}");
        }
    }

    #[test]
    fn what_is_not_compressed_stays_as_it_is() {
        assert_eq!(undone(SAID.to_vec(), &[]), (SAID.to_vec(), None));
        assert_eq!(undone(SAID.to_vec(), &["identity"]), (SAID.to_vec(), None));
        assert_eq!(undone(Vec::new(), &["gzip"]), (Vec::new(), None));
    }

    #[test]
    fn other_codings_are_named_and_a_header_that_is_not_true_too() {
        for coding in ["br", "zstd", "compress", "br, gzip", "gzip, gzip, gzip, gzip"] {
            let unread = Coding::Unread(coding.to_owned());
            assert_eq!(undone(gzip(SAID), &[coding]), (gzip(SAID), Some(unread)));
        }
        let broken = [&gzip(SAID)[..20], b"broken in its middle"].concat();
        for (body, coding) in [(SAID.to_vec(), "gzip"), (broken, "gzip"), (SAID.to_vec(), "deflate")] {
            assert_eq!(undone(body.clone(), &[coding]), (body, Some(Coding::Untrue(coding.to_owned()))));
        }
    }

    #[test]
    fn a_small_body_never_becomes_a_large_one() {
        let bomb = gzip(&gzip(&vec![0; 64 << 20]));
        let plain = undo(bomb, ["gzip, gzip"].into_iter(), LARGEST, true);

        assert!(plain.more && plain.body.len() == LARGEST);
    }

    #[test]
    fn a_body_that_was_cut_is_shown_as_far_as_it_goes() {
        let long: Vec<u8> = (0..50_000_u32).flat_map(u32::to_le_bytes).collect();
        let mut cut = gzip(&long);
        cut.truncate(cut.len() / 2);
        let plain = undo(cut, ["gzip"].into_iter(), 1 << 20, false);

        assert!(!plain.body.is_empty() && long.starts_with(&plain.body));
    }

    proptest::proptest! {
        #[test]
        fn whatever_comes_is_read_without_a_panic_and_within_bounds(body: Vec<u8>, named in "(gzip|deflate|br|,| ){0,5}", whole: bool) {
            let length = body.len();
            let plain = undo(body, [named.as_str()].into_iter(), 1024, whole);

            proptest::prop_assert!(plain.body.len() <= 1024.max(length));
        }
    }
}
