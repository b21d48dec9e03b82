//! As much of DER as it takes to see where a value ends and what is in it.

/// The first value: its tag, all of it with its header, and what follows.
pub(super) fn first(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, header, length) = header(bytes)?;
    let end = header.checked_add(length)?;
    Some((tag, bytes.get(..end)?, bytes.get(end..)?))
}

/// The content of the first value, where that is a sequence.
pub(super) fn sequence(bytes: &[u8]) -> Option<&[u8]> {
    each(bytes).next().filter(|(tag, _)| *tag == 0x30).map(|(_, content)| content)
}

/// The values one after the other: tag and content.
pub(super) fn each(mut bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (tag, start, length) = header(bytes)?;
        let end = start.checked_add(length)?;
        let content = bytes.get(start..end)?;
        bytes = bytes.get(end..)?;
        Some((tag, content))
    })
}

/// The tag, how long the header is, and how long the content.
fn header(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (tag, length) = (*bytes.first()?, *bytes.get(1)?);
    if length < 0x80 {
        return Some((tag, 2, usize::from(length)));
    }
    let octets = usize::from(length & 0x7f);
    if octets == 0 || octets > 4 {
        return None;
    }
    let length = bytes.get(2..2 + octets)?.iter().fold(0_usize, |sum, byte| (sum << 8) | usize::from(*byte));
    Some((tag, 2 + octets, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_where_its_length_says() {
        assert_eq!(first(&[0x30, 0x01, 7, 8]), Some((0x30, &[0x30, 0x01, 7][..], &[8][..])));
        assert_eq!(first(&[0x30, 0x81, 0x01, 7]), Some((0x30, &[0x30, 0x81, 0x01, 7][..], &[][..])));
        assert_eq!(first(&[0x30, 0x02, 7]), None);
        assert_eq!(first(&[0x30, 0x80, 7]), None);
        assert_eq!(first(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
        assert_eq!(each(&[1, 1, 5, 2, 0, 3]).collect::<Vec<_>>(), [(1, &[5][..]), (2, &[][..])]);
    }
}
