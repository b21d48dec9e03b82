//! What addresses can be that are not published ones.

use crate::check::Code;

pub(in crate::checks) static SINKHOLED: Code =
    Code::error("sinkholed", "the name resolves to an address of nowhere, as name filters answer");
pub(in crate::checks) static PRIVATE_ANSWER: Code =
    Code::error("private-answer", "the name resolves to an address of a private network, and the API is not there");
pub(in crate::checks) static BLOCKED: Code =
    Code::error("blocked", "the name resolves to the block page of a DNS filter");
pub(in crate::checks) static SEARCH_LIST: Code =
    Code::error("search-list", "applications get the answer for another name, which the search list makes of this one");
pub(in crate::checks) static RELAYED: Code =
    Code::warning("relayed", "the name resolves to an address that is not WorkOS's, and the API itself answers there");
pub(in crate::checks) static OUTSIDE_RANGES: Code =
    Code::warning("outside-ranges", "the name resolves to a public address outside the published ranges");
pub(in crate::checks) static IPV6_ELSEWHERE: Code = Code::warning(
    "ipv6-elsewhere",
    "the IPv6 addresses of the name lead elsewhere, while its IPv4 addresses are published ones",
);
