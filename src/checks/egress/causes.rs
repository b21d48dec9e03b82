//! What lies behind findings of several checks of egress, and what follows from many of them.

use crate::checks::browser::reachable::codes::NOT_LEARNT;
use crate::checks::domain::resolves::codes::{NO_PUBLIC_VIEW, SEEN_FROM_INSIDE_ONLY};
use crate::outcome::{Cause, Code};

/// What cannot be found out as long as the API is not reached.
pub(super) const UNTOLD: &[&Code] = &[&NOT_LEARNT];

/// And as long as nothing outside is reached, the public resolver, which is asked along the same way, among it.
pub(super) const UNSEEN: &[&Code] = &[&NOT_LEARNT, &NO_PUBLIC_VIEW, &SEEN_FROM_INSIDE_ONLY];

/// Requests go direct where a proxy is the way out.
pub(super) const PAST_THE_PROXY: Cause = Cause::installer(
    "This site goes out through a proxy, and this process does not use it.",
    "Browsers and package managers here are set to a proxy, and the command shows none for https.",
    "Open nothing: set HTTPS_PROXY=http://PROXY:PORT where the application is started, and run this again.",
)
.shown_by("env | grep -i _proxy; grep -i proxy /etc/environment");

/// The name leads to something of the site's own.
pub(super) const LED_ELSEWHERE: Cause = Cause::network(
    "The name leads to something of this site's own, by a DNS filter, an internal zone or a hosts file.",
    "A public resolver gives other addresses than this host gets.",
    "Have the name resolve to its public addresses: take it off the filter's list, or remove the override.",
)
.shown_by("getent ahosts api.workos.com; dig @1.1.1.1 api.workos.com A +short");

/// A line of the hosts file gives the address.
pub(super) const HOSTS_LINE: Cause = Cause::installer(
    "A line of the hosts file holds the name to an address.",
    "The first command gives the address, without DNS.",
    "Remove the name's entry from /etc/hosts, so that DNS is asked for it.",
)
.shown_by("getent -s files ahosts api.workos.com; grep -n workos /etc/hosts");

/// Connections are lost by chance, so that the same question has another answer the next time.
pub(super) const LOST_BY_CHANCE: Cause = Cause::network(
    "Connections are lost now and then: a lossy line, a full state table, or a limit of their number.",
    "Some of the command's requests end with 000, and others with 401.",
    "Find where connections to api.workos.com are lost, and raise the limit or repair the line.",
)
.shown_by("for i in $(seq 20); do curl -so /dev/null -m 5 -w '%{http_code}\\n' 'https://api.workos.com/organizations?limit=1'; done");

/// Large packets do not arrive.
pub(super) const SMALLER_MTU: Cause = Cause::network(
    "A VPN or tunnel on the way carries smaller packets than its ends believe, and the ICMP that says so is dropped.",
    "Of the two pings, the large one gets no answer and no error, and the small one is answered.",
    "Let ICMP type 3 code 4 and ICMPv6 “packet too big” back to this host, or clamp the TCP MSS on the tunnel.",
)
.shown_by("ping -M do -s 1472 -c 3 api.workos.com; ping -M do -s 1200 -c 3 api.workos.com");

/// This host's clock is not right.
pub(super) const WRONG_CLOCK: Cause = Cause::installer(
    "This host's clock is wrong, often after a virtual machine was paused or restored.",
    "The time that the command prints is not the time of day in UTC.",
    "Set this host's clock by NTP: start chrony or systemd-timesyncd, and allow UDP 123 to the time servers.",
)
.shown_by("date -u; timedatectl");
