//! DNS over HTTPS: a DNS message in the body of a POST, so that it takes the same route, trust and limits as everything else.

use hickory_proto::op::Message;
use hickory_proto::serialize::binary::BinDecodable;

use super::error::{ErrorKind, NetError};
use super::{Method, RecordKind, Records, Request, Response, Trust, Way, dns};

/// What a DNS over HTTPS service is asked, along `way`. With `unchecked`, it is told not to check DNSSEC.
pub fn request(way: Way, path: &str, name: &str, kind: RecordKind, unchecked: bool) -> Result<Request, NetError> {
    let mut message = dns::message(name, kind)?;
    // RFC 8484 wants id 0, so that answers can be cached.
    message.metadata.id = 0;
    message.metadata.checking_disabled = unchecked;
    let body = dns::bytes(&message)?;
    Ok(Request {
        way,
        trust: Trust::Here,
        method: Method::Post,
        path: path.to_owned(),
        headers: vec![("content-type", MEDIA_TYPE.to_owned()), ("accept", MEDIA_TYPE.to_owned())],
        bearer: None,
        body,
        fresh: false,
        largest: super::http::LARGEST_BODY,
    })
}

const MEDIA_TYPE: &str = "application/dns-message";

/// The name that a request asks for; nothing where it is none of DNS over HTTPS.
pub fn question(request: &Request) -> Option<String> {
    request.headers.iter().find(|(name, value)| *name == "content-type" && value == MEDIA_TYPE)?;
    let message = Message::from_bytes(&request.body).ok()?;
    message.queries.first().map(|query| query.name().to_ascii())
}

/// How a name is spelled in a question.
pub fn spelled(name: &str) -> Option<String> {
    dns::message(name, RecordKind::A).ok()?.queries.first().map(|query| query.name().to_ascii())
}

/// What the service answered.
pub fn answer(response: &Response) -> Result<Records, NetError> {
    let is_dns =
        response.header("content-type").is_some_and(|value| value.to_ascii_lowercase().starts_with(MEDIA_TYPE));
    if response.status != 200 || !is_dns {
        let type_ = response.header("content-type").unwrap_or("no content type");
        return Err(NetError::new(
            ErrorKind::NotHttp,
            format!("the answer is {} with {type_}, not a DNS message", response.status),
        ));
    }
    let message = Message::from_bytes(&response.body)
        .map_err(|error| NetError::new(ErrorKind::NotHttp, format!("the answer is not a DNS message: {error}")))?;
    dns::read(&message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Endpoint;
    use crate::net::fake::response;

    fn way() -> Way {
        Way::direct(&Endpoint::new("dns.example", 443), [192, 0, 2, 1].into())
    }

    #[test]
    fn a_question_is_a_dns_message_with_id_0_that_can_ask_for_no_checking() {
        let asked = request(way(), "/dns-query", "app.customer.example", RecordKind::Aaaa, true).unwrap();
        let message = Message::from_bytes(&asked.body).unwrap();

        assert_eq!((message.metadata.id, message.metadata.checking_disabled), (0, true));
        assert_eq!(message.queries[0].name().to_utf8(), "app.customer.example.");
    }

    #[test]
    fn a_name_that_is_no_host_by_the_book_is_asked_as_it_stands() {
        for name in ["my_app.customer.example", "_dmarc.customer.example", "xn--bro-hoa.example"] {
            let asked = request(way(), "/dns-query", name, RecordKind::A, false).unwrap();
            let message = Message::from_bytes(&asked.body).unwrap();

            assert_eq!(message.queries[0].name().to_ascii(), format!("{name}."));
        }
    }

    #[test]
    fn a_page_in_the_place_of_dns_is_not_an_answer() {
        let page = response(200, &[("content-type", "text/html")], "<title>Blocked</title>");

        assert_eq!(answer(&page).unwrap_err().kind, ErrorKind::NotHttp);
    }

    proptest::proptest! {
        #[test]
        fn whatever_comes_back_is_read_without_a_panic(bytes: Vec<u8>, at: proptest::sample::Index, flipped: u8) {
            let mut real = request(way(), "/", "a.example", RecordKind::A, false).unwrap().body;
            let place = at.index(real.len());
            real[place] ^= flipped;
            for body in [bytes, real] {
                let mut response = response(200, &[("content-type", "application/dns-message")], "");
                response.body = body;
                let _ = answer(&response);
            }
        }
    }
}
