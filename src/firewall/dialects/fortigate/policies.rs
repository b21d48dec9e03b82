//! Policies of a FortiGate as rules, in the order of the listing: what each matches in either family, and what none of them matches.

use super::context::{Context, Slot};
use super::objects::{Objects, Virtual, nowhere, objects};
use super::tree::{Entry, Settings};
use crate::firewall::addresses::Family;
use crate::firewall::dialects::edge::named::Meaning;
use crate::firewall::dialects::edge::services::Service;
use crate::firewall::dialects::edge::{Alternative, Fields, addresses, either, services, shown};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{
    Answer, Chain, ChainId, Condition, Match, Names, NoteKind, Place, Policy, Rule, Rules, Then,
};

/// Everything that a context asks of what passes through it.
pub(super) fn chain(context: &Context, name: &str, rules: &mut Rules) -> ChainId {
    let mut objects = objects(context, rules);
    let chain = rules.add_chain(Chain { name: name.to_owned(), rules: Vec::new(), policy: None });
    notes(context, chain, rules);
    let central = context.enabled("system settings", "central-nat");
    let translated = if central { Ranges::none() } else { objects.translated() };
    let mut reading = Reading { chain, rules, objects: &mut objects, translated };
    reading.within_zones(context);
    for (path, families) in [
        ("firewall policy", &[Family::V4, Family::V6][..]),
        ("firewall consolidated policy", &[Family::V4, Family::V6][..]),
        ("firewall policy6", &[Family::V6][..]),
    ] {
        for slot in context.table(path).into_iter().flat_map(super::context::Table::in_order) {
            match slot {
                Slot::Entry(entry) => reading.policy(entry, families),
                Slot::Trouble(trouble) => {
                    either(reading.rules, chain, &trouble.place, &[Match::any()], &trouble.why);
                }
            }
        }
    }
    if context.enabled("log setting", "fwpolicy-implicit-log") {
        let all = vec![Match::any()];
        let rule = Rule::new(nowhere("implicit deny"), all, Then::Answer(Answer::Drop));
        reading.push(Rule { logs: true, ..rule });
    }
    if let Some(chain) = rules.chains.get_mut(chain.0 as usize) {
        chain.policy = Some(Policy { answer: Answer::Drop, place: nowhere("implicit deny") });
    }
    chain
}

/// Blocks beside the policies that can bear on what passes.
fn notes(context: &Context, chain: ChainId, rules: &mut Rules) {
    let on = |entry: &&Entry| entry.settings.one("status") != Some("disable");
    let assumed = [
        (
            "firewall local-in-policy",
            "local-in policies are for what the FortiGate itself is asked, and judge nothing that passes through",
        ),
        (
            "firewall local-in-policy6",
            "local-in policies are for what the FortiGate itself is asked, and judge nothing that passes through",
        ),
        ("firewall DoS-policy", "DoS policies stop what comes at too high a rate, which is not asked about"),
        ("firewall DoS-policy6", "DoS policies stop what comes at too high a rate, which is not asked about"),
        ("firewall interface-policy", "interface policies look for attacks, which is not asked about"),
        ("firewall proxy-policy", "proxy policies are for what goes by the explicit proxy, which is not asked about"),
    ];
    for (path, what) in assumed {
        if let Some(entry) = context.entries(path).find(on)
            && rules.notes.iter().all(|note| note.what != what)
        {
            rules.note(NoteKind::Assumed, &entry.place, what);
        }
    }
    if context.settings.get("system settings").and_then(|all| all.one("ngfw-mode")) == Some("policy-based") {
        let why = "in policy-based mode, security policies judge what passes besides these";
        rules.note(NoteKind::NotUnderstood, &nowhere("ngfw-mode"), why);
        either(rules, chain, &nowhere("security policies"), &[Match::any()], why);
    }
    for path in ["firewall acl", "firewall acl6", "firewall policy46", "firewall policy64", "firewall security-policy"]
    {
        if let Some(entry) = context.entries(path).find(on) {
            let place = entry.place.clone();
            let why = format!("`config {path}` can stop or let pass what is asked about, and is not read");
            rules.note(NoteKind::NotUnderstood, &place, why.clone());
            either(rules, chain, &place, &[Match::any()], &why);
        }
    }
}

struct Reading<'a> {
    chain: ChainId,
    rules: &'a mut Rules,
    objects: &'a mut Objects,
    /// What virtual addresses are translated to.
    translated: Ranges,
}

impl Reading<'_> {
    fn push(&mut self, rule: Rule) {
        if let Some(chain) = self.rules.chains.get_mut(self.chain.0 as usize) {
            chain.rules.push(rule);
        }
    }

    /// Zones that let pass whatever stays within them.
    fn within_zones(&mut self, context: &Context) {
        for zone in context.entries("system zone").filter(|zone| zone.settings.one("intrazone") == Some("allow")) {
            let names = self.zone_names(std::slice::from_ref(&zone.name));
            let words = format!("what stays within the zone `{}` passes before policies are asked", shown(&zone.name));
            let when = Match { from: names.clone(), to: names, ..Match::any() }.on(Condition::holds(words));
            self.push(Rule::new(zone.place.clone(), vec![when], Then::Answer(Answer::Accept)));
        }
    }

    fn zone_names(&self, names: &[String]) -> Names {
        if names.iter().any(|name| name == "any") {
            return Names::any();
        }
        let members = names.iter().flat_map(|name| self.objects.zones.get(name).into_iter().flatten());
        Names::one_of(names.iter().chain(members).map(String::as_str))
    }

    fn policy(&mut self, entry: &Entry, families: &[Family]) {
        let title = match entry.settings.one("name") {
            Some(name) => format!("policy {} ({})", shown(&entry.name), shown(name)),
            None => format!("policy {}", shown(&entry.name)),
        };
        let place = Place { name: title.as_str().into(), ..entry.place.clone() };
        let settings = &entry.settings;
        let mut trouble = trouble(entry);
        let mut when = Vec::new();
        match self.matches(settings, families, &place) {
            Ok(matches) => when = matches,
            Err(why) => {
                trouble.get_or_insert(why);
            }
        }
        if when.is_empty() && trouble.is_some() {
            when.push(Match::any());
        }
        let idle = match settings.one("status") {
            Some("disable") => Some("it is disabled".to_owned()),
            _ => self.never(settings),
        };
        if let Some(why) = &idle {
            self.rules.note(NoteKind::Idle, &place, format!("{title} has no effect: {why}"));
        } else if let Some(why) = trouble {
            let why = format!("{title} {why}");
            self.rules.note(NoteKind::NotUnderstood, &place, why.clone());
            either(self.rules, self.chain, &place, &when, &why);
            return;
        }
        let answer = match settings.one("action") {
            Some("accept") => Answer::Accept,
            _ if settings.enabled("send-deny-packet") => Answer::Reject,
            _ => Answer::Drop,
        };
        let logs = matches!(settings.one("logtraffic"), Some("all" | "enable"));
        self.push(Rule { place, when, then: Then::Answer(answer), logs, idle });
    }

    /// Why a policy is never in force.
    fn never(&self, settings: &Settings) -> Option<String> {
        let schedule = settings.one("schedule")?;
        let written = self.objects.schedules.get(schedule)?.as_deref()?;
        (written == "day none").then(|| format!("its schedule `{}` is on no day", shown(schedule)))
    }

    fn matches(&mut self, settings: &Settings, families: &[Family], place: &Place) -> Result<Vec<Match>, String> {
        let conditions = self.conditions(settings);
        let zones = vec![(self.zone_names(settings.all("srcintf")), self.zone_names(settings.all("dstintf")))];
        let names = if settings.enabled("internet-service") && !settings.has("service") {
            &["ALL".to_owned()][..]
        } else {
            settings.all("service")
        };
        let meaning = self.objects.services.meanings(0, names.iter().map(String::as_str), place, self.rules);
        let asked = services(&meaning, settings.enabled("service-negate"));
        let mut when = Vec::new();
        for family in families {
            let alone = families == [*family];
            let Some(sources) = self.side(settings, *family, alone, "source", place) else { continue };
            let Some(destinations) = self.side(settings, *family, alone, "destination", place) else { continue };
            let plain = Fields {
                sources: sources.plain,
                destinations: destinations.plain,
                services: asked.clone(),
                zones: zones.clone(),
                conditions: conditions.clone(),
            };
            when.extend(plain.matches().ok_or("comes to too many combinations")?);
            for one in destinations.translated {
                let services: Vec<Alternative<Service>> = asked
                    .iter()
                    .filter_map(|(service, unless)| Some((service.and(&one.service)?, unless.clone())))
                    .collect();
                let to = Fields {
                    sources: plain.sources.clone(),
                    destinations: vec![(one.mapped.and(&family.all()), Vec::new())],
                    services,
                    zones: zones.clone(),
                    conditions: conditions.iter().chain(&one.conditions).cloned().collect(),
                };
                when.extend(to.matches().ok_or("comes to too many combinations")?);
            }
        }
        Ok(when)
    }

    /// One end of a policy in a family; nothing, where it has none in it.
    fn side(&mut self, settings: &Settings, family: Family, alone: bool, side: &str, place: &Place) -> Option<Side> {
        let (short, internet) = match side {
            "source" => ("src", "internet-service-src"),
            _ => ("dst", "internet-service"),
        };
        let six = if family == Family::V6 { "6" } else { "" };
        let service_key = match (family, side) {
            (Family::V4, _) => internet.to_owned(),
            (Family::V6, "source") => "internet-service6-src".to_owned(),
            (Family::V6, _) => "internet-service6".to_owned(),
        };
        if settings.enabled(&service_key) {
            let named: Vec<String> = settings
                .keys()
                .filter(|key| key.starts_with(&service_key) && !key.ends_with("negate") && **key != service_key)
                .flat_map(|key| settings.all(key).iter().map(|value| shown(value)))
                .collect();
            let words = format!("its {side} is of the internet service {}", named.join(" or "));
            let negated = settings.enabled(&format!("{service_key}-negate"));
            let unless = if negated { Condition::fails(words) } else { Condition::holds(words) };
            return Some(Side { plain: vec![(family.all(), vec![unless])], translated: Vec::new() });
        }
        // Policies of IPv6 had a list of their own once, and name addresses as those of IPv4 do.
        let keys = match family {
            Family::V6 if !alone => [format!("{short}addr6"), format!("{short}addr6")],
            _ => [format!("{short}addr"), format!("{short}addr4")],
        };
        let key = keys.into_iter().find(|key| settings.has(key))?;
        let names = settings.all(&key);
        let (virtual_names, plain): (Vec<&String>, Vec<&String>) =
            names.iter().partition(|name| side == "destination" && self.objects.virtual_addresses.contains_key(*name));
        let translated: Vec<Virtual> =
            virtual_names.iter().flat_map(|name| self.objects.virtual_addresses[*name].clone()).collect();
        let negated =
            settings.enabled(&format!("{short}addr{six}-negate")) || settings.enabled(&format!("{key}-negate"));
        let book = self.objects.book(family);
        let mut meaning = book.meanings(0, plain.into_iter().map(String::as_str), place, self.rules);
        if negated && !translated.is_empty() {
            let words = "one of the virtual addresses that the policy leaves out";
            meaning = Meaning::any_of(&[meaning, std::sync::Arc::new(Meaning::perhaps(words))]);
        }
        let mut all = addresses(&meaning, side, &family.all(), negated);
        if side == "destination" && !settings.enabled("match-vip") && !self.translated.is_empty() {
            all = self.beside_translated(all);
        }
        Some(Side { plain: all, translated: if negated { Vec::new() } else { translated } })
    }

    /// A policy that names no virtual address leaves alone what came by one, unless it is told otherwise; since when that is so by
    /// default depends on the release.
    fn beside_translated(&self, all: Vec<Alternative<Ranges>>) -> Vec<Alternative<Ranges>> {
        let mut apart = Vec::new();
        for (set, unless) in all {
            let within = set.and(&self.translated);
            apart.push((set.minus(&self.translated), unless.clone()));
            let words = "policies that name no virtual address match what came by one (match-vip)";
            apart.push((within, unless.into_iter().chain([Condition::holds(words)]).collect()));
        }
        apart.retain(|(set, _)| !set.is_empty());
        apart
    }

    /// What is in force only under conditions that no file says.
    fn conditions(&self, settings: &Settings) -> Vec<Condition> {
        let mut conditions = Vec::new();
        let mut holds = |what: String| conditions.push(Condition::holds(what));
        let people: Vec<String> = ["users", "groups", "fsso-groups", "identity-based-route"]
            .iter()
            .flat_map(|key| settings.all(key))
            .filter(|name| !name.is_empty())
            .map(|name| shown(name))
            .collect();
        if !people.is_empty() {
            holds(format!("the user is one of {}", people.join(", ")));
        }
        if let Some(schedule) = settings.one("schedule") {
            match self.objects.schedules.get(schedule) {
                Some(None) => {}
                Some(Some(written)) => holds(format!("the schedule `{}` is on ({written})", shown(schedule))),
                None => holds(format!("the schedule `{}` is on, which these files do not define", shown(schedule))),
            }
        }
        // Where no bit of it counts, every one will do.
        let any_tos = settings.one("tos-mask").is_none_or(|mask| ["0x00", "0", ""].contains(&mask));
        for key in settings.keys().filter(|key| CONDITIONS.contains(key) && !(any_tos && key.starts_with("tos"))) {
            let value = settings.all(key).join(" ");
            let nothing = value.is_empty() || value == "disable" || (key.starts_with("reputation") && value == "0");
            if !nothing {
                holds(format!("its {key} is {}", shown(&value)));
            }
        }
        if settings.enabled("policy-expiry") {
            let day = settings.one("policy-expiry-date").or(settings.one("policy-expiry-date-utc"));
            holds(format!("the policy has not expired ({})", shown(day.unwrap_or("no day is set"))));
        }
        conditions
    }
}

/// One end of a policy.
struct Side {
    plain: Vec<Alternative<Ranges>>,
    /// Virtual addresses among the destinations.
    translated: Vec<Virtual>,
}

/// Keys that narrow a policy by what no file says.
const CONDITIONS: &[&str] = &[
    "application",
    "app-category",
    "app-group",
    "url-category",
    "devices",
    "tos",
    "tos-mask",
    "tos-negate",
    "reputation-minimum",
    "reputation-minimum6",
    "src-vendor-mac",
    "ztna-status",
    "ztna-ems-tag",
    "ztna-ems-tag-secondary",
    "ztna-geo-tag",
    "sgt",
    "sgt-check",
    "vlan-filter",
    "network-service-dynamic",
    "network-service-src-dynamic",
    "rtp-addr",
    "radius-mac-auth-bypass",
    "ntlm",
    "disclaimer",
    "email-collect",
];

/// Keys that are read.
const READ: &[&str] = &[
    "name",
    "srcintf",
    "dstintf",
    "srcaddr",
    "dstaddr",
    "srcaddr4",
    "dstaddr4",
    "srcaddr6",
    "dstaddr6",
    "srcaddr-negate",
    "dstaddr-negate",
    "srcaddr6-negate",
    "dstaddr6-negate",
    "service",
    "service-negate",
    "action",
    "status",
    "schedule",
    "users",
    "groups",
    "fsso-groups",
    "identity-based-route",
    "match-vip",
    "match-vip-only",
    "send-deny-packet",
    "logtraffic",
    "policy-expiry",
    "policy-expiry-date",
    "policy-expiry-date-utc",
];

/// Keys that do not bear on what a policy matches or what becomes of it: inspection, translation, shaping, labels.
const SILENT: &[&str] = &[
    "uuid",
    "uuid-idx",
    "comments",
    "label",
    "global-label",
    "logtraffic-start",
    "log-unmatched-traffic",
    "capture-packet",
    "nat",
    "nat46",
    "nat64",
    "natip",
    "natinbound",
    "natoutbound",
    "ippool",
    "poolname",
    "poolname6",
    "fixedport",
    "permit-any-host",
    "permit-stun-host",
    "inbound",
    "outbound",
    "utm-status",
    "inspection-mode",
    "http-policy-redirect",
    "ssh-policy-redirect",
    "ztna-policy-redirect",
    "profile-type",
    "profile-group",
    "profile-protocol-options",
    "ssl-ssh-profile",
    "av-profile",
    "webfilter-profile",
    "dnsfilter-profile",
    "emailfilter-profile",
    "spamfilter-profile",
    "dlp-sensor",
    "dlp-profile",
    "file-filter-profile",
    "ips-sensor",
    "application-list",
    "voip-profile",
    "ips-voip-filter",
    "sctp-filter-profile",
    "diameter-filter-profile",
    "virtual-patch-profile",
    "icap-profile",
    "cifs-profile",
    "videofilter-profile",
    "waf-profile",
    "ssh-filter-profile",
    "casb-profile",
    "traffic-shaper",
    "traffic-shaper-reverse",
    "per-ip-shaper",
    "session-ttl",
    "tcp-mss-sender",
    "tcp-mss-receiver",
    "tcp-session-without-syn",
    "tcp-timeout-pid",
    "udp-timeout-pid",
    "anti-replay",
    "auto-asic-offload",
    "np-acceleration",
    "delay-tcp-npu-session",
    "dsri",
    "timeout-send-rst",
    "schedule-timeout",
    "block-notification",
    "custom-log-fields",
    "replacemsg-override-group",
    "webcache",
    "webcache-https",
    "webproxy-profile",
    "webproxy-forward-server",
    "wanopt",
    "wanopt-detection",
    "wanopt-passive-opt",
    "wanopt-peer",
    "wanopt-profile",
    "wccp",
    "vlan-cos-fwd",
    "vlan-cos-rev",
    "diffserv-copy",
    "diffserv-forward",
    "diffserv-reverse",
    "diffservcode-forward",
    "diffservcode-rev",
    "diffserv-forward-code",
    "rtp-nat",
    "geoip-anycast",
    "auth-cert",
    "auth-path",
    "auth-redirect-addr",
    "redirect-url",
    "fsso",
    "fsso-agent-for-ntlm",
    "ntlm-guest",
    "ntlm-enabled-browsers",
    "decrypted-traffic-mirror",
    "passive-wan-health-measurement",
    "dynamic-shaping",
    "eif-check",
    "eif-learn",
    "cgn-log-server-grp",
    "policy-offload",
    "port-preserve",
    "port-random",
    "pcp-inbound",
    "pcp-outbound",
    "scan-botnet-connections",
    "learning-mode",
    "ssl-mirror",
    "ssl-mirror-intf",
    "firewall-session-dirty",
    "endpoint-compliance",
    "vendor-mac",
    "policy-behaviour-type",
    "best-route",
    "mms-profile",
    "gtp-profile",
    "reputation-direction",
    "geoip-match",
    "log-http-transaction",
    "ztna-ems-tag-negate",
    "ztna-tags-match-logic",
    "captive-portal-exempt",
    "radius-ip-auth-bypass",
    "fec",
    "rsso",
    "wsso",
    "sec-intel-profile",
    "nat-inbound",
    "telemetry-profile",
    "app-monitor",
    "pcp-poolname",
    "cgn-session-quota",
    "cgn-resource-quota",
    "cgn-eif",
    "cgn-eim",
    "reputation-direction6",
];

/// Why a policy is not understood.
fn trouble(entry: &Entry) -> Option<String> {
    let settings = &entry.settings;
    if let Some(trouble) = &entry.trouble {
        return Some(format!("holds a command that is not understood: {}", trouble.why));
    }
    let known = |key: &&str| {
        READ.contains(key) || SILENT.contains(key) || CONDITIONS.contains(key) || key.starts_with("internet-service")
    };
    if let Some(key) = settings.keys().find(|key| !known(key)) {
        return Some(format!("has a setting that is not understood: `{}`", shown(key)));
    }
    let words_alone = ["comments", "name", "label", "global-label"];
    let spans = |key: &&str| !words_alone.contains(key) && settings.all(key).iter().any(|value| value.contains('\n'));
    if let Some(key) = settings.keys().find(spans) {
        return Some(format!("has a value of `{}` that spans lines", shown(key)));
    }
    let empty = |key: &&&str| settings.has(key) && settings.all(key).is_empty();
    if let Some(key) = ["action", "status", "schedule"].iter().find(empty) {
        return Some(format!("has nothing for `{key}`"));
    }
    match settings.one("action") {
        None | Some("accept" | "deny") => {}
        Some(other) => return Some(format!("has an action that is not understood: `{}`", shown(other))),
    }
    match settings.one("status") {
        None | Some("enable" | "disable") => {}
        Some(other) => return Some(format!("has a status that is not understood: `{}`", shown(other))),
    }
    let toggles = settings.keys().filter(|key| {
        key.ends_with("negate")
            || matches!(
                *key,
                "match-vip" | "send-deny-packet" | "policy-expiry" | "internet-service" | "internet-service-src"
            )
    });
    for key in toggles {
        if !matches!(settings.one(key), Some("enable" | "disable")) {
            return Some(format!("has neither enable nor disable for `{}`", shown(key)));
        }
    }
    if let Some(other) = settings.one("logtraffic").filter(|it| !["all", "utm", "disable", "enable"].contains(it)) {
        return Some(format!("has a `logtraffic` that is not understood: `{}`", shown(other)));
    }
    for key in ["srcintf", "dstintf"] {
        if settings.all(key).is_empty() {
            return Some(format!("says no `{key}`, without which a FortiGate takes no policy"));
        }
    }
    let by_service = |key: &str| settings.enabled(key);
    let says =
        |keys: &[&str], service: &str| by_service(service) || keys.iter().any(|key| !settings.all(key).is_empty());
    let v4 =
        [says(&["srcaddr", "srcaddr4"], "internet-service-src"), says(&["dstaddr", "dstaddr4"], "internet-service")];
    let v6 = [says(&["srcaddr6"], "internet-service6-src"), says(&["dstaddr6"], "internet-service6")];
    let whole = |ends: [bool; 2]| ends[0] == ends[1];
    if !whole(v4) || !whole(v6) || !(v4[0] || v6[0]) {
        return Some(
            "does not say both where it is from and where it is to, without which a FortiGate takes no policy"
                .to_owned(),
        );
    }
    if settings.all("service").is_empty() && !by_service("internet-service") && !by_service("internet-service6") {
        return Some("says no `service`, without which a FortiGate takes no policy".to_owned());
    }
    None
}
