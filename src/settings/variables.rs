//! What the environment of this process says to programs at large. It is no setting of this tool: checks look at it because
//! the application that is started here gets it too.

use std::ffi::OsString;

use super::proxy::Proxy;
use super::proxy_url::{self, Misread};

/// The variables that name proxies, in every spelling.
pub const PROXY_VARIABLES: [&str; 6] =
    ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

/// The variables that exempt hosts from a proxy. Which of the two is read first differs from program to program.
const NO_PROXY_VARIABLES: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// The variables that name certificate authorities for some programs alone.
const TRUST_VARIABLES: [&str; 4] = ["NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "DENO_CERT"];

/// The variables that are set and not empty.
#[derive(Clone, Default, Debug)]
pub struct Variables {
    /// The proxies that are named, in every spelling, and what is wrong where they are none.
    pub proxies: Vec<(&'static str, Result<Proxy, Misread>)>,
    /// What the two spellings of `NO_PROXY` hold.
    pub no_proxy: Vec<(&'static str, String)>,
    /// The files of certificate authorities that some programs alone read.
    pub trust: Vec<(&'static str, String)>,
}

impl Variables {
    /// Of an environment; `read` answers like `std::env::var_os`.
    pub fn of(read: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let proxies =
            set(&PROXY_VARIABLES, read).map(|(name, value)| (name, Proxy::parse(&proxy_url::as_text(&value))));
        let text = |(name, value): (&'static str, OsString)| (name, value.to_string_lossy().into_owned());
        Variables {
            proxies: proxies.collect(),
            no_proxy: set(&NO_PROXY_VARIABLES, read).map(text).collect(),
            trust: set(&TRUST_VARIABLES, read).map(text).collect(),
        }
    }
}

fn set(
    names: &[&'static str],
    read: &dyn Fn(&str) -> Option<OsString>,
) -> impl Iterator<Item = (&'static str, OsString)> {
    names.iter().filter_map(move |name| Some((*name, read(name).filter(|value| !value.is_empty())?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_that_is_set_is_kept_in_its_place_and_an_empty_one_is_not_set() {
        let of = |value: &'static str| Variables::of(&move |_| Some(value.into()));
        let names = |kept: &Variables| {
            let proxies = kept.proxies.iter().map(|(name, _)| *name);
            let others = kept.no_proxy.iter().chain(&kept.trust).map(|(name, _)| *name);
            proxies.chain(others).collect::<Vec<_>>()
        };
        let all: Vec<&str> =
            PROXY_VARIABLES.iter().chain(&NO_PROXY_VARIABLES).chain(&TRUST_VARIABLES).copied().collect();

        assert_eq!(names(&of("http://a.example:1")), all);
        assert!(names(&of("")).is_empty());
        assert!(of("ftp://a.example").proxies.iter().all(|(_, proxy)| proxy.is_err()));
    }
}
