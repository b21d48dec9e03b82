//! How what stands before an application gives itself away.

use crate::net::Response;
use crate::settings::values::shown_url;

/// No application has it: what answers there as it answers elsewhere is not the application.
pub(in crate::checks) const MADE_UP_PATH: &str = "/workos-preflight-made-up-path";

/// Whether a 401 asks a person, or a machine of the network, for a name and a password.
pub(in crate::checks) fn wants_sign_in(response: &Response) -> bool {
    response.header("www-authenticate").is_some_and(|value| {
        let scheme = value.split_ascii_whitespace().next().unwrap_or_default().to_ascii_lowercase();
        ["basic", "digest", "negotiate", "ntlm"].contains(&scheme.trim_end_matches(','))
    })
}

/// Where a redirect leads, as it may be shown.
pub(in crate::checks) fn shown_location(location: &str) -> String {
    shown_url(&location.chars().filter(|c| !c.is_control()).take(200).collect::<String>())
}
