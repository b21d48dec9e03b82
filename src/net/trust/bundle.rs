//! Reads a file of CA certificates the way OpenSSL does, and says what OpenSSL, or another program, makes nothing of.
//!
//! What OpenSSL 3.0 does was measured with curl, `openssl verify` and Python: one damaged block anywhere, and it takes nothing
//! at all of the file; a block that does not begin at the head of a line is passed over; a byte order mark is no obstacle.

use std::fmt;
use std::mem;
use std::sync::LazyLock;

use data_encoding::{BASE64_NOPAD, Encoding};
use rustls::pki_types::CertificateDer;

use super::super::der;

/// What a file of certificates holds.
#[derive(Clone, Default, Debug)]
pub(super) struct Bundle {
    /// Its certificates, in order.
    pub(super) entries: Vec<Entry>,
    /// What a program makes nothing of, and where.
    pub(super) flaws: Vec<(usize, BundleFlaw)>,
}

/// One certificate of a file.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) certificate: CertificateDer<'static>,
    /// Whether what is said beside it (in OpenSSL's own form) lets it vouch for TLS servers.
    pub(super) for_servers: bool,
}

/// What is wrong with a place of a file of certificates, or makes it unreadable to some.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BundleFlaw {
    /// OpenSSL stops there and takes nothing of the whole file.
    Damaged(Damage),
    /// A block that OpenSSL does not see.
    PassedOver(PassedOver),
    /// Bytes before the first character that Go does not read over.
    ByteOrderMark,
    /// A form that OpenSSL alone reads: `TRUSTED CERTIFICATE`, `X509 CERTIFICATE`.
    OpensslForm,
    /// A private key, which has no place in a file that everybody reads.
    PrivateKey,
}

/// How a block is damaged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Damage {
    /// The file ends within it.
    Unended,
    /// Its END line is for another kind of block, or has something behind it.
    WrongEnd,
    /// Its END line and the next BEGIN line are one line.
    Glued,
    /// What stands in it is not base64.
    NotBase64,
    /// There is nothing in it.
    Empty,
    /// What stands in it is cut short, or is nothing of what its label says.
    Incomplete,
}

/// Why OpenSSL does not see a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PassedOver {
    /// Its BEGIN line has something before it, or behind it, or is misspelt.
    NotAlone,
    /// The block before it has no END line.
    Swallowed,
}

/// A file that is no PEM, of a kind that can be made into one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Foreign {
    /// One certificate in DER.
    Der,
    /// PKCS#7 (.p7b) in DER.
    Pkcs7Der,
    /// PKCS#7 (.p7b) in PEM.
    Pkcs7Pem,
    /// PKCS#12 (.pfx, .p12).
    Pkcs12,
    /// A key store of Java.
    JavaKeyStore,
    /// Text in UTF-16.
    Utf16,
    /// PEM whose line ends are lost: CR alone, or `\n` in letters.
    LineEndsLost,
    /// Nothing of that.
    Nothing,
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Foreign::Der => "it is a certificate in DER",
            Foreign::Pkcs7Der => "it is PKCS#7 (.p7b) in DER",
            Foreign::Pkcs7Pem => "it is PKCS#7 (.p7b)",
            Foreign::Pkcs12 => "it is PKCS#12 (.pfx, .p12)",
            Foreign::JavaKeyStore => "it is a key store of Java",
            Foreign::Utf16 => "it is text in UTF-16",
            Foreign::LineEndsLost => "its line ends are lost, so that no line begins with -----BEGIN",
            Foreign::Nothing => "there is none in it",
        })
    }
}

/// The certificates of a file; an error where there is none to be read in the way of PEM.
pub(super) fn parse(bytes: &[u8]) -> Result<Bundle, Foreign> {
    let mut reading = Reading::default();
    for (at, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        reading.line(at + 1, line);
    }
    reading.end();
    let Reading { bundle, pkcs7, .. } = reading;
    let damaged =
        bundle.flaws.iter().any(|(_, flaw)| matches!(flaw, BundleFlaw::Damaged(_) | BundleFlaw::PassedOver(_)));
    if bundle.entries.is_empty() && (!damaged || lines_are_lost(bytes)) {
        return Err(if pkcs7 { Foreign::Pkcs7Pem } else { foreign(bytes) });
    }
    Ok(bundle)
}

fn lines_are_lost(bytes: &[u8]) -> bool {
    let lines = bytes.split(|byte| *byte == b'\n').take(3).count();
    contains(bytes, b"-----BEGIN ") && (lines < 3 && (bytes.contains(&b'\r') || contains(bytes, b"\\n")))
}

fn foreign(bytes: &[u8]) -> Foreign {
    const SIGNED_DATA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];

    if lines_are_lost(bytes) {
        return Foreign::LineEndsLost;
    }
    let spread: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).take(4_096).collect();
    if bytes.starts_with(&[0xff, 0xfe])
        || bytes.starts_with(&[0xfe, 0xff])
        || (bytes.contains(&0) && contains(&spread, b"-----BEGIN "))
    {
        return Foreign::Utf16;
    }
    if bytes.starts_with(&[0xfe, 0xed, 0xfe, 0xed]) {
        return Foreign::JavaKeyStore;
    }
    let Some(content) = der::sequence(bytes) else { return Foreign::Nothing };
    match content {
        [0x02, 0x01, 0x03, ..] => Foreign::Pkcs12,
        _ if content.starts_with(SIGNED_DATA) => Foreign::Pkcs7Der,
        [0x30, ..] => Foreign::Der,
        _ => Foreign::Nothing,
    }
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

/// The block that is being read.
struct Block {
    label: String,
    line: usize,
    text: Vec<u8>,
    /// A dash ends what is decoded.
    over: bool,
}

#[derive(Default)]
struct Reading {
    bundle: Bundle,
    open: Option<Block>,
    pkcs7: bool,
}

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

impl Reading {
    fn line(&mut self, at: usize, line: &[u8]) {
        let mut line = line.trim_ascii_end();
        if let Some(rest) = line.strip_prefix(&[0xef, 0xbb, 0xbf]) {
            self.flaw(at, BundleFlaw::ByteOrderMark);
            line = rest;
        }
        let Some(block) = &mut self.open else { return self.outside(at, line) };
        if let Some(rest) = line.strip_prefix(END) {
            return self.end_line(at, rest);
        }
        if label(line).is_some_and(holds_certificate) {
            self.flaw(at, BundleFlaw::PassedOver(PassedOver::Swallowed));
            if let Some(block) = &mut self.open {
                block.over = true;
            }
            return;
        }
        block.over |= line.first() == Some(&b'-');
        // A line with a colon is a header, which encrypted keys have.
        if !block.over && !line.contains(&b':') {
            block.text.extend(line.iter().filter(|byte| !byte.is_ascii_whitespace()));
        }
    }

    fn outside(&mut self, at: usize, line: &[u8]) {
        match label(line) {
            Some(label) => self.open = Some(Block { label: label.to_owned(), line: at, text: Vec::new(), over: false }),
            None if [&b"BEGIN CERTIFICATE-"[..], b"BEGIN TRUSTED CERTIFICATE-", b"BEGIN X509 CERTIFICATE-"]
                .iter()
                .any(|it| contains(line, it)) =>
            {
                self.flaw(at, BundleFlaw::PassedOver(PassedOver::NotAlone));
            }
            None => {}
        }
    }

    /// What stands behind `-----END ` on a line.
    fn end_line(&mut self, at: usize, rest: &[u8]) {
        let Some(block) = self.open.take() else { return };
        let Some(behind) = rest.strip_prefix(block.label.as_bytes()).and_then(|rest| rest.strip_prefix(DASHES)) else {
            return self.flaw(block.line, BundleFlaw::Damaged(Damage::WrongEnd));
        };
        self.block(&block);
        if let Some(label) = label(behind) {
            self.flaw(at, BundleFlaw::Damaged(Damage::Glued));
            self.open = Some(Block { label: label.to_owned(), line: at, text: Vec::new(), over: false });
        } else if !behind.is_empty() {
            self.flaw(at, BundleFlaw::Damaged(Damage::WrongEnd));
        }
    }

    fn block(&mut self, block: &Block) {
        let label = block.label.as_str();
        let is_key = label.ends_with("PRIVATE KEY");
        if is_key {
            self.flaw(block.line, BundleFlaw::PrivateKey);
        }
        self.pkcs7 |= label.starts_with("PKCS") || label == "CMS";
        let known = is_key || holds_certificate(label) || label == "X509 CRL";
        let damage = match decoded(&block.text) {
            None => Damage::NotBase64,
            Some(bytes) if bytes.is_empty() => Damage::Empty,
            Some(_) if !known => return,
            Some(bytes) => match der::first(&bytes) {
                Some((0x30, whole, rest)) if holds_certificate(label) => {
                    let certificate = CertificateDer::from(whole.to_vec());
                    let for_servers = label != "TRUSTED CERTIFICATE" || vouches_for_servers(rest);
                    self.bundle.entries.push(Entry { certificate, for_servers });
                    if label != "CERTIFICATE" {
                        self.flaw(block.line, BundleFlaw::OpensslForm);
                    }
                    return;
                }
                Some((0x30, ..)) => return,
                _ => Damage::Incomplete,
            },
        };
        self.flaw(block.line, BundleFlaw::Damaged(damage));
    }

    fn end(&mut self) {
        if let Some(block) = self.open.take() {
            self.flaw(block.line, BundleFlaw::Damaged(Damage::Unended));
        }
    }

    fn flaw(&mut self, at: usize, flaw: BundleFlaw) {
        /// More than these of one kind are not looked at by anybody.
        const ENOUGH: usize = 64;

        let alike = |(_, other): &&(usize, BundleFlaw)| mem::discriminant(other) == mem::discriminant(&flaw);
        if self.bundle.flaws.iter().filter(alike).count() < ENOUGH {
            self.bundle.flaws.push((at, flaw));
        }
    }
}

/// The label of a BEGIN line that stands alone on its line.
fn label(line: &[u8]) -> Option<&str> {
    let label = line.strip_prefix(BEGIN)?.strip_suffix(DASHES)?;
    std::str::from_utf8(label).ok().filter(|label| !label.contains("-----"))
}

fn holds_certificate(label: &str) -> bool {
    matches!(label, "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE")
}

/// What OpenSSL's own form says behind the certificate: purposes that it is trusted for, and purposes that it is not for.
fn vouches_for_servers(said: &[u8]) -> bool {
    const SERVER: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
    const ANY: &[u8] = &[0x55, 0x1d, 0x25, 0x00];

    let Some(lists) = der::sequence(said) else { return true };
    let names_servers = |list: &[u8]| der::each(list).any(|(_, oid)| oid == SERVER || oid == ANY);
    der::each(lists).all(|(tag, list)| match tag {
        0x30 => names_servers(list),
        0xa0 => !names_servers(list),
        _ => true,
    })
}

/// Base64 as OpenSSL takes it: padding may be missing, and what the last digit holds too much does not count.
fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    static LENIENT: LazyLock<Encoding> = LazyLock::new(|| {
        let mut lenient = BASE64_NOPAD.specification();
        lenient.check_trailing_bits = false;
        lenient.encoding().unwrap_or(BASE64_NOPAD)
    });
    let digits = text.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    let (digits, padding) = text.split_at_checked(digits)?;
    if padding.len() > (4 - digits.len() % 4) % 4 {
        return None;
    }
    LENIENT.decode(digits).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pem(label: &str, name: &str) -> String {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap();
        certificate.pem().replace("\r\n", "\n").replace("CERTIFICATE", label)
    }

    fn read(text: impl AsRef<[u8]>) -> (usize, Vec<BundleFlaw>) {
        let bundle = parse(text.as_ref()).unwrap();
        (bundle.entries.len(), bundle.flaws.into_iter().map(|(_, flaw)| flaw).collect())
    }

    #[test]
    fn what_openssl_reads_without_a_word_is_read_without_one() {
        let (a, b) = (pem("CERTIFICATE", "a"), pem("CERTIFICATE", "b"));
        for text in [
            format!("{a}{b}"),
            format!("# Büro\nsubject=CN=a\n{a}\nBag Attributes\n  friendlyName: b\n{b}"),
            format!("{a}{b}").replace('\n', "\r\n"),
            format!("{a}{b}").replace('\n', "  \t\n"),
            format!("{a}{b}").trim_end().to_owned(),
            format!("{a}{b}").replace("BEGIN CERTIFICATE-----\n", "BEGIN CERTIFICATE-----\n\n"),
            format!("{a}-----BEGIN SOMETHING-----\nAAAA\n-----END SOMETHING-----\n{b}"),
        ] {
            assert_eq!(read(&text), (2, vec![]), "{text}");
        }
        let mut latin = b"# B\xfcro\n".to_vec();
        latin.extend(a.bytes());
        assert_eq!(read(latin), (1, vec![]));
    }

    #[test]
    fn one_damaged_block_is_found_wherever_it_stands() {
        let (a, b, c) = (pem("CERTIFICATE", "a"), pem("CERTIFICATE", "b"), pem("CERTIFICATE", "c"));
        let kept: Vec<&str> = b.lines().enumerate().filter(|(at, _)| *at != 3).map(|(_, line)| line).collect();
        let short = kept.join(
            "
",
        ) + "
";
        let base = |damage| vec![BundleFlaw::Damaged(damage)];
        for (text, expected) in [
            (format!("{a}{}{c}", b.replacen("MI", "M!", 1)), (2, base(Damage::NotBase64))),
            (format!("{a}{short}{c}"), (2, base(Damage::Incomplete))),
            (format!("{a}-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n{c}"), (2, base(Damage::Empty))),
            (format!("{a}{}{c}", b.replace("END CERT", "END X509 CERT")), (2, base(Damage::WrongEnd))),
            (format!("{a}{c}{}", b.replace("-----END CERTIFICATE-----\n", "")), (2, base(Damage::Unended))),
            (format!("{}{}{c}", a.trim_end(), b.trim_end()), (3, vec![BundleFlaw::Damaged(Damage::Glued); 2])),
            (format!("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n{a}"), (1, base(Damage::Incomplete))),
        ] {
            assert_eq!(read(&text), expected, "{text}");
        }
        assert_eq!(
            parse(format!("{a}{}{c}", b.replacen("MI", "M!", 1)).as_bytes()).unwrap().flaws[0].0,
            a.lines().count() + 1
        );
    }

    #[test]
    fn a_block_that_openssl_does_not_see_is_not_taken() {
        let (a, b, c) = (pem("CERTIFICATE", "a"), pem("CERTIFICATE", "b"), pem("CERTIFICATE", "c"));
        let indented = b.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n") + "\n";
        for (text, why, left) in [
            (format!("{a}{indented}{c}"), PassedOver::NotAlone, 2),
            (format!("{a}{}{c}", b.replace("-----BEGIN", "----BEGIN")), PassedOver::NotAlone, 2),
            (format!("{a}{}{c}", b.trim_end().replace('\n', " ")), PassedOver::NotAlone, 1),
            (format!("{a}{}{c}", b.replace("-----END CERTIFICATE-----\n", "")), PassedOver::Swallowed, 2),
        ] {
            let (entries, flaws) = read(&text);

            assert_eq!(flaws, [BundleFlaw::PassedOver(why)], "{text}");
            assert!(entries >= left, "{entries} of {text}");
        }
    }

    #[test]
    fn forms_that_not_everybody_reads_are_read_and_told() {
        let (a, trusted, old) =
            (pem("CERTIFICATE", "a"), pem("TRUSTED CERTIFICATE", "b"), pem("X509 CERTIFICATE", "c"));
        let key = rcgen::KeyPair::generate().unwrap().serialize_pem().replace("\r\n", "\n");

        assert_eq!(read(format!("\u{feff}{a}")), (1, vec![BundleFlaw::ByteOrderMark]));
        assert_eq!(read(format!("{a}\u{feff}{a}")), (2, vec![BundleFlaw::ByteOrderMark]));
        assert_eq!(read(format!("{trusted}{old}")), (2, vec![BundleFlaw::OpensslForm; 2]));
        assert_eq!(read(format!("{a}{key}{a}")), (2, vec![BundleFlaw::PrivateKey]));
    }

    #[test]
    fn many_flaws_of_one_kind_hide_none_of_another() {
        let (a, old, short) =
            (pem("CERTIFICATE", "a"), pem("X509 CERTIFICATE", "b"), "-----BEGIN CERTIFICATE-----\nMAsG");
        let passed_over = " -----BEGIN CERTIFICATE-----\n";
        for many in [old.repeat(100), passed_over.repeat(100), a.clone() + &"\u{feff}\n".repeat(100)] {
            let (_, flaws) = read(format!("{a}{many}{short}"));

            assert_eq!(flaws.len(), 65);
            assert_eq!(flaws.last(), Some(&BundleFlaw::Damaged(Damage::Unended)));
        }
    }

    #[test]
    fn what_stands_behind_a_trusted_certificate_says_what_it_vouches_for() {
        const SERVER: &[u8] = &[0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
        const CLIENT: &[u8] = &[0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];
        let of = |tag: u8, oid: &[u8]| [&[0x30, 12, tag, 10], oid].concat();

        assert!(vouches_for_servers(&[]));
        assert!(vouches_for_servers(&of(0x30, SERVER)));
        assert!(!vouches_for_servers(&of(0x30, CLIENT)));
        assert!(!vouches_for_servers(&of(0xa0, SERVER)));
        assert!(vouches_for_servers(&of(0xa0, CLIENT)));
    }

    #[test]
    fn what_is_no_pem_is_named() {
        let a = pem("CERTIFICATE", "a");
        let der = parse(a.as_bytes()).unwrap().entries[0].certificate.to_vec();
        let utf16: Vec<u8> = a.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let signed = [
            &[0x30, 0x0f, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02][..],
            &[0xa0, 0x02, 0x30, 0x00],
        ]
        .concat();
        for (bytes, kind) in [
            (der, Foreign::Der),
            (utf16.clone(), Foreign::Utf16),
            ([vec![0xff, 0xfe], utf16].concat(), Foreign::Utf16),
            (signed, Foreign::Pkcs7Der),
            (b"-----BEGIN PKCS7-----\nMAsG\n-----END PKCS7-----\n".to_vec(), Foreign::Pkcs7Pem),
            (vec![0x30, 0x03, 0x02, 0x01, 0x03], Foreign::Pkcs12),
            (vec![0xfe, 0xed, 0xfe, 0xed, 0, 0], Foreign::JavaKeyStore),
            (a.replace('\n', "\r").into_bytes(), Foreign::LineEndsLost),
            (a.replace('\n', "\\n").into_bytes(), Foreign::LineEndsLost),
            (b"".to_vec(), Foreign::Nothing),
            (b"# nothing\n".to_vec(), Foreign::Nothing),
        ] {
            assert_eq!(parse(&bytes).unwrap_err(), kind);
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_stands_in_a_file_it_is_read_without_a_panic(bytes: Vec<u8>, lines: Vec<u8>) {
            let _ = parse(&bytes);
            let words: [&[u8]; 6] = [b"-----BEGIN CERTIFICATE-----\n", b"-----END CERTIFICATE-----\n", b"AAAA\n", b"-----BEGIN TRUSTED CERTIFICATE-----\n", b"-----END ", b"\xef\xbb\xbf"];
            let text: Vec<u8> = lines.iter().flat_map(|at| words[usize::from(*at) % words.len()]).copied().collect();
            let _ = parse(&text);
        }
    }
}
