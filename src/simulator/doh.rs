//! DNS over HTTPS (RFC 8484), which shows the public zone.

use data_encoding::BASE64URL_NOPAD;
use hyper::Method;

use super::dns;
use super::http::{Answer, Asked, Sent};
use super::service::Page;
use super::zone::{ResolverManner, Zone};

const MESSAGE: &str = "application/dns-message";

/// What the public resolver answers.
pub(super) fn answer(zone: &Zone, asked: &Asked) -> Answer {
    if asked.path != "/dns-query" {
        return Page::html(404, "").into();
    }
    let question = match asked.method {
        Method::POST if asked.header("content-type") == MESSAGE => Some(asked.body.to_vec()),
        Method::POST => return Page::html(415, "").into(),
        Method::GET => asked.parameter("dns").and_then(|it| from_base64url(&it)),
        _ => return Page::html(405, "").into(),
    };
    match question.and_then(|it| dns::answer(zone, &it, ResolverManner::Answers)) {
        Some(message) => {
            let headers = vec![("content-type", MESSAGE.to_owned()), ("server", "cloudflare".to_owned())];
            Answer { page: Page { status: 200, headers, body: String::new() }, sent: Sent::Binary(message) }
        }
        None => Page::html(400, "").into(),
    }
}

/// RFC 4648 §5 without padding, as RFC 8484 §6 has it.
fn from_base64url(text: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64url_is_read_without_padding() {
        assert_eq!(from_base64url("-_8").as_deref(), Some(&[0xfb, 0xff][..]));
        assert_eq!(from_base64url("AAABAAAB").as_deref(), Some(&[0, 0, 1, 0, 0, 1][..]));
        assert_eq!(from_base64url("a b"), None);
    }
}
