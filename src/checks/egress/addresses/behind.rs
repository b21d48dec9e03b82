//! What stands at an address that is not a published one.

use std::net::IpAddr;

use crate::check::Endpoint;
use crate::context::Context;
use crate::net::{Request, Trust, Way};
use crate::workos::{self, Answer};

/// Who answers there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Behind {
    /// The API itself; by the certificate of this issuer, where it is trusted here and is not a public one.
    Api { inspected_by: Option<String> },
    /// Somebody without a certificate for the name that is trusted: its issuer.
    Stranger(String),
    /// Somebody with such a certificate, and without the API's answer.
    Other(String),
    /// Nobody, for this reason.
    Nobody(String),
    /// Nobody was asked, because the address leads to no other host.
    NotAsked,
}

impl Behind {
    pub(super) fn is_api(&self) -> bool {
        matches!(self, Behind::Api { .. })
    }

    /// What was found there, as a fragment.
    pub(super) fn in_words(&self) -> String {
        match self {
            Behind::Api { inspected_by: None } => {
                "the API itself answers there, with its public certificate".to_owned()
            }
            Behind::Api { inspected_by: Some(issuer) } => {
                format!("the API itself answers there, inspected by {issuer}, which is trusted here")
            }
            Behind::Stranger(issuer) => {
                format!("what answers there has a certificate of {issuer}, which is not trusted for the name")
            }
            Behind::Other(what) => format!("what answers there is not the API: {what}"),
            Behind::Nobody(why) => format!("nothing usable answers there: {why}"),
            Behind::NotAsked => "it leads to no other host".to_owned(),
        }
    }
}

/// Looks for the endpoint at an address: by its certificate, and by the answer that only the API gives. What is asked is what
/// later checks ask along the same way, so that nothing is asked twice.
pub(super) async fn behind(endpoint: &Endpoint, address: IpAddr, cx: &Context) -> Behind {
    if leads_nowhere(address) {
        return Behind::NotAsked;
    }
    let way = Way::direct(endpoint, address);
    if let Err(error) = cx.network.connect(&way).await.result {
        return Behind::Nobody(error.detail);
    }
    let handshake = match cx.network.handshake(&way).await.result {
        Ok(handshake) => handshake,
        Err(error) => return Behind::Nobody(error.detail),
    };
    let issuer = handshake
        .chain
        .last()
        .map_or_else(|| "an unnamed issuer".to_owned(), crate::net::certificate::Presented::issuer_in_words);
    let (here, public) = (handshake.here.is_ok(), handshake.public.is_ok());
    if !here && !public {
        return Behind::Stranger(issuer);
    }
    let trust = if here { Trust::Here } else { Trust::Public };
    let request = Request { trust, ..workos::list_organizations(way, None) };
    let response = match cx.network.fetch(&request).await.result {
        Ok(response) => response,
        Err(error) => return Behind::Other(error.detail),
    };
    match Answer::read(&response) {
        Answer::Json(answer) if answer.status == 401 && answer.message().is_some() && answer.marked => {
            Behind::Api { inspected_by: Some(issuer).filter(|_| !public) }
        }
        other => Behind::Other(match other.about_what_was_asked() {
            Ok(answer) => format!("an answer with status {}", answer.status),
            Err(instead) => instead,
        }),
    }
}

/// Addresses that would be this host itself, or nobody: 0.0.0.0 is connected to as localhost.
fn leads_nowhere(address: IpAddr) -> bool {
    let address = address.to_canonical();
    address.is_unspecified()
        || address.is_multicast()
        || matches!(address, IpAddr::V4(v4) if v4.is_broadcast() || v4.octets()[0] == 0)
}
