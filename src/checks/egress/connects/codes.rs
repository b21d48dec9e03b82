//! The ways in which a connection is not accepted.

use crate::check::Code;

pub(in crate::checks) static TIMED_OUT: Code =
    Code::error("timed-out", "no address answers in time: packets are dropped on the way");
pub(in crate::checks) static REFUSED: Code =
    Code::error("refused", "the connection is refused: a closed port, or a rule that rejects with a reset");
pub(in crate::checks) static RESET: Code = Code::error("reset", "the connection is reset as soon as it is made");
pub(in crate::checks) static UNREACHABLE: Code =
    Code::error("unreachable", "the connection is rejected on the way with ICMP, or there is no such host");
pub(in crate::checks) static NO_ROUTE: Code = Code::error("no-route", "this host has no route to the address");
pub(in crate::checks) static PROHIBITED: Code = Code::error("prohibited", "this host itself forbids the connection");
pub(in crate::checks) static FAILED: Code =
    Code::error("failed", "the connection fails in a way that has no name of its own");
pub(in crate::checks) static SOME_ADDRESSES: Code =
    Code::warning("some-addresses", "some of the addresses answer and others do not");
pub(in crate::checks) static IPV6_BROKEN: Code =
    Code::warning("ipv6-broken", "IPv6 addresses are published and do not answer, while IPv4 does");
