//! The ways in which a name does not resolve, or not well.

use crate::check::Code;

pub(in crate::checks) static NXDOMAIN: Code = Code::error("nxdomain", "the resolver says that the name does not exist");
pub(in crate::checks) static NODATA: Code = Code::error("nodata", "the resolver knows the name, and no address for it");
pub(in crate::checks) static SERVFAIL: Code = Code::error("servfail", "the resolver says that it could not find out");
pub(in crate::checks) static REFUSED: Code = Code::error("refused", "the resolver refuses to answer this question");
pub(in crate::checks) static STRANGE_CODE: Code = Code::error(
    "strange-code",
    "the resolver answers with a code that is no answer: it does not understand the question, or does not serve its kind",
);
pub(in crate::checks) static CUT_SHORT: Code =
    Code::error("cut-short", "the answer over UDP is cut, and the whole one cannot be fetched over TCP");
pub(in crate::checks) static DNS_TIMED_OUT: Code =
    Code::error("dns-timed-out", "no DNS server answered in time, over UDP or TCP");
pub(in crate::checks) static DNS_UNREACHABLE: Code =
    Code::error("dns-unreachable", "no DNS server can be reached: port 53 is closed or there is no way there");
pub(in crate::checks) static NOT_RESOLVED: Code =
    Code::error("not-resolved", "the system's own resolution gives nothing, and the DNS servers do not explain it");
pub(in crate::checks) static PASSED_OVER: Code =
    Code::error("passed-over", "the C library passes over the lines of the resolver file that name the servers");
pub(in crate::checks) static TOO_SLOW: Code =
    Code::error("too-slow", "the name resolves, and only after applications have given up the connection");
pub(in crate::checks) static SLOW: Code = Code::warning("slow", "the name resolves, and takes longer than a second to");
pub(in crate::checks) static TCP_ONLY: Code =
    Code::error("tcp-only", "the resolver answers over TCP and stays silent over UDP, which applications ask over");
pub(in crate::checks) static ONE_RESOLVER_DEAD: Code =
    Code::warning("one-resolver-dead", "one of several resolvers does not answer");
