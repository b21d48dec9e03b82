//! What everything carries that a run makes at WorkOS: an organization in its name, an endpoint in its URL.

use std::fmt;

use crate::settings::values::{shown_url, web_url};

/// What every marker begins with.
const MARK: &str = "workos-preflight";

/// How long the part of a marker is that differs from run to run.
const DIGITS: usize = 12;

/// The marker of one run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Marker(String);

impl Marker {
    /// The marker of a new run; `random` holds at least twelve hexadecimal digits in lower case.
    pub(crate) fn new(random: &str) -> Self {
        Marker(random.chars().take(DIGITS).collect())
    }

    /// The marker of the run that made what is called so: nothing but the whole name that [`Marker::name`] gives has one.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        let marker = Marker::at_the_head(name.strip_prefix(MARK)?.strip_prefix('-')?)?;
        (marker.name() == name).then_some(marker)
    }

    /// The marker of the run that registered this URL: nothing but the whole of what [`Marker::url`] gives has one.
    pub(crate) fn of_url(url: &str) -> Option<Self> {
        let (before, digits) = url.rsplit_once(MARK)?;
        let marker = Marker::at_the_head(digits.strip_prefix('=')?)?;
        let webhook = before.strip_suffix(['?', '&'])?;
        (url.starts_with("https://") && marker.url(webhook) == url).then_some(marker)
    }

    fn at_the_head(text: &str) -> Option<Self> {
        let digits = text.get(..DIGITS)?;
        digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')).then(|| Marker(digits.to_owned()))
    }

    /// What the organization of this run is called.
    pub(crate) fn name(&self) -> String {
        format!("{self} (a test of webhook delivery; safe to delete)")
    }

    /// The webhook URL with the marker in its query.
    pub(crate) fn url(&self, webhook: &str) -> String {
        let Some(mut url) = web_url(webhook) else { return webhook.to_owned() };
        url.set_fragment(None);
        url.query_pairs_mut().append_pair(MARK, &self.0);
        url.into()
    }

    /// What stands in the query of what is delivered to that URL.
    pub(crate) fn in_query(&self) -> String {
        format!("{MARK}={}", self.0)
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{MARK}-{}", self.0)
    }
}

/// A marked URL as it may be shown: what else stands in the query may be secret.
pub(crate) fn shown_marked(url: &str) -> String {
    let bare = shown_url(url);
    let bare = bare.trim_end_matches("?…");
    Marker::of_url(url).map_or_else(|| bare.to_owned(), |marker| format!("{bare}?{}", marker.in_query()))
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    const NAME: &str = "workos-preflight-0123456789ab (a test of webhook delivery; safe to delete)";

    #[test]
    fn a_name_is_this_tools_only_as_a_whole() {
        assert_eq!(Marker::of_name(NAME), Some(Marker("0123456789ab".to_owned())));
        for other in [
            "workos-preflight",
            "workos-preflight-tests",
            "workos-preflight-0123456789ab",
            "workos-preflight-0123456789ab GmbH & Co",
            "workos-preflight-0123456789ab-production",
            "workos-preflight-0123456789abc",
            &NAME.replace("0123456789ab", "0123456789AB"),
            &NAME.replace("0123456789ab", "0123456789a"),
            &NAME.replace("0123456789ab", "0123456789ag"),
            &NAME.replace("0123456789ab", "0123456789aü"),
            &format!("Customer {NAME}"),
            &format!("{NAME} "),
            &format!("{NAME}\u{200b}"),
            &NAME.to_uppercase(),
        ] {
            assert_eq!(Marker::of_name(other), None, "{other}");
        }
    }

    #[test]
    fn a_url_is_this_tools_only_as_a_whole() {
        let marker = Marker("0123456789ab".to_owned());
        for ours in [
            "hook?workos-preflight=0123456789ab",
            "hook?a=1&workos-preflight=0123456789ab",
            "?workos-preflight=0123456789ab",
        ] {
            assert_eq!(Marker::of_url(&format!("https://app.customer.example/{ours}")), Some(marker.clone()), "{ours}");
        }
        for other in [
            "https://app.customer.example/workos-preflight",
            "https://app.customer.example/hook?workos-preflight=1",
            "https://app.customer.example/hook?workos-preflight=0123456789abc",
            "https://app.customer.example/hook?workos-preflight=0123456789AB",
            "https://app.customer.example/hook?workos-preflight=0123456789ab&x=1",
            "https://app.customer.example/hook?workos-preflight=0123456789ab#x",
            "https://app.customer.example/hook?my-workos-preflight=0123456789ab",
            "https://app.customer.example/hook#workos-preflight=0123456789ab",
            "https://app.customer.example/hook/workos-preflight=0123456789ab",
            "http://app.customer.example/hook?workos-preflight=0123456789ab",
            "https:///?workos-preflight=0123456789ab",
            "workos-preflight=0123456789ab",
        ] {
            assert_eq!(Marker::of_url(other), None, "{other}");
        }
    }

    #[test]
    fn a_marked_url_can_be_found_again_and_shows_nothing_else_of_its_query() {
        let marker = Marker::new("0123456789abcdef0123");
        let url = marker.url("https://user:planted@app.customer.example/hook?token=planted#x");

        assert!(url.contains("token=planted&workos-preflight=0123456789ab"), "{url}");
        assert_eq!(Marker::of_url(&url), Some(marker));
        assert_eq!(shown_marked(&url), "https://app.customer.example/hook?workos-preflight=0123456789ab");
    }

    proptest! {
        #[test]
        fn whatever_a_run_makes_it_knows_again(digits in "[0-9a-f]{32}", path in "[a-zA-Z0-9/._~%-]{0,20}", query in "([?][a-z=&%0-9]{0,20})?") {
            let marker = Marker::new(&digits);
            let url = marker.url(&format!("https://app.customer.example/{path}{query}"));

            prop_assert_eq!(Marker::of_name(&marker.name()), Some(marker.clone()));
            prop_assert_eq!(Marker::of_url(&url), Some(marker));
        }
    }
}
