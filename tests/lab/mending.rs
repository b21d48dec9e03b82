//! Networks with a fault that the first line of what is to be done mends: it is found, a way that the report names is followed to the
//! letter and no further, and then it is gone and nothing is worse.

use workos_preflight::report::v1::{Report, Status, ToDo, Verdict, Who};
use workos_preflight::simulator::world::{API, INSTALLATION, PROXY, PUBLIC_DNS};
use workos_preflight::simulator::{Fault, InstallationManner, ProxyManner, Service, Site, World, ZoneAnswer};

use crate::found::{findings, read, results, summary};
use crate::judge;
use crate::play::Seen;
use crate::scenario::{Scenario, TRUSTED};
use crate::scenarios::{INSTALLATION_HTTPS, proxy_only};

/// A network with a fault, and how what the report says of it is followed.
pub(crate) struct Mending {
    /// The network as it is found.
    pub(crate) before: Scenario,
    /// What the first line is about, as `check-id/code`, and whose it is.
    first: (&'static str, Who),
    /// Which of its ways is taken.
    way: Way,
    /// Does what the way's words say, and takes from them what they name; nothing where they do not name it.
    follow: fn(&str, &mut Scenario) -> Option<()>,
}

/// One of the ways that a line names.
enum Way {
    /// The one that is likeliest.
    Likeliest,
    /// Another, which holds this.
    Else(&'static str),
}

impl Mending {
    fn new(
        title: &str,
        world: World,
        first: (&'static str, Who),
        way: Way,
        follow: fn(&str, &mut Scenario) -> Option<()>,
    ) -> Self {
        Self { before: Scenario::new(&format!("mended: {title}"), world), first, way, follow }
    }

    fn on(self, change: impl FnOnce(Scenario) -> Scenario) -> Self {
        Self { before: change(self.before), ..self }
    }

    /// The words of the way that is taken, if the first line is the one that it should be.
    pub(crate) fn led(&self, seen: &Seen) -> Result<String, String> {
        let report = Self::read(&self.before, seen)?;
        let first = report.to_do.first().ok_or_else(|| format!("nothing is to be done:\n{}", summary(&report)))?;
        let (address, who) = self.first;
        if format!("{}/{}", first.check, first.code) != address || first.who != who {
            return Err(format!("first comes {first:#?}, and not {address} for {who:?}:\n{}", summary(&report)));
        }
        let found = match self.way {
            Way::Likeliest => Some(&first.action),
            Way::Else(word) => first.either.iter().find(|way| way.contains(word)),
        };
        found.cloned().ok_or_else(|| format!("the way is not named: {first:#?}"))
    }

    /// The network in which these words have been followed.
    pub(crate) fn followed(&self, way: &str) -> Result<Scenario, String> {
        let mut after = self.again();
        match (self.follow)(way, &mut after) {
            Some(()) => Ok(after),
            None => Err(format!("this cannot be followed to the letter: {way}")),
        }
    }

    fn again(&self) -> Scenario {
        let twin = all().into_iter().find(|it| it.before.title == self.before.title);
        twin.unwrap().before
    }

    /// Whether it helped.
    pub(crate) fn judge(&self, way: &str, before: &Seen, after: &Seen) -> Result<(), String> {
        let followed = self.followed(way)?;
        let (before, after) = (Self::read(&self.before, before)?, Self::read(&followed, after)?);
        let mut wrong = Vec::new();
        if after.verdict != Verdict::Ready || !after.to_do.is_empty() {
            let next: Vec<&ToDo> = after.to_do.iter().collect();
            wrong.push(format!("it is {:?} after that, and this is to be done: {next:#?}", after.verdict));
        }
        if findings(&after).any(|(check, _, finding)| format!("{}/{}", check.id, finding.code) == self.first.0) {
            wrong.push(format!("{} is still found", self.first.0));
        }
        wrong.extend(worse(&before, &after));
        if wrong.is_empty() {
            return Ok(());
        }
        Err(format!(
            "\n  {}\nfollowed: {way}\nbefore:\n{}\nafter:\n{}",
            wrong.join("\n  "),
            summary(&before),
            summary(&after)
        ))
    }

    fn read(scenario: &Scenario, seen: &Seen) -> Result<Report, String> {
        let (report, mut wrong) =
            read(&seen.stdout).map_err(|error| format!("{error}: {}{}", seen.stdout, seen.stderr))?;
        wrong.extend(judge::always(scenario, seen, &report));
        if wrong.is_empty() { Ok(report) } else { Err(format!("{}\n{}", wrong.join("\n"), summary(&report))) }
    }
}

/// What passed before and does not pass now.
fn worse(before: &Report, after: &Report) -> Vec<String> {
    let passed = results(before).filter(|(_, result)| result.status == Status::Pass);
    let bad = passed.filter_map(|(check, result)| {
        let now = results(after).find(|(other, now)| other.id == check.id && now.subject == result.subject);
        let (_, now) = now.filter(|(_, now)| !matches!(now.status, Status::Pass | Status::Skip))?;
        Some(format!(
            "{} ({}) passed, and is {:?} now",
            check.id,
            now.subject.as_deref().unwrap_or("the run"),
            now.status
        ))
    });
    bad.collect()
}

pub(crate) fn all() -> Vec<Mending> {
    let mut all = ways_out();
    all.extend(names());
    all.extend(trust());
    all.extend(inbound());
    all
}

/// Where requests do not get out.
fn ways_out() -> Vec<Mending> {
    let proxy = format!("http://{PROXY}:3128");
    vec![
        Mending::new(
            "where a rule is missing, it is written",
            named("egress-dropped"),
            ("egress.connects/timed-out", Who::Network),
            Way::Likeliest,
            |way, network| {
                let rule = ["outbound TCP 443", "from this host (10.20.0.10)", API];
                rule.iter().all(|word| way.contains(word)).then_some(())?;
                let healthy = World::healthy().services.into_iter();
                network
                    .world
                    .services
                    .extend(healthy.filter(|(address, _)| address.to_string().starts_with("104.18.")));
                Some(())
            },
        ),
        Mending::new(
            "a site that goes out through a proxy alone does so once its proxy is named",
            proxy_only(ProxyManner::Opens),
            ("egress.connects/timed-out", Who::Network),
            Way::Else("HTTPS_PROXY="),
            |way, network| {
                let template = way.strip_prefix("installer: ").and_then(|way| behind(way, "HTTPS_PROXY="))?;
                let own = template.replace("PROXY:PORT", &format!("{PROXY}:3128"));
                network.variables.push(("HTTPS_PROXY", own));
                Some(())
            },
        ),
        Mending::new(
            "HTTP_PROXY that is set alone is given its twin",
            proxy_only(ProxyManner::Opens),
            ("settings.proxy/http-only", Who::Installer),
            Way::Likeliest,
            |way, network| {
                network.variables.push(("HTTPS_PROXY", behind(way, "Set HTTPS_PROXY to ")?.to_owned()));
                Some(())
            },
        )
        .on(|network| network.with_variable("HTTP_PROXY", &proxy)),
        Mending::new(
            "what covers the API is taken out of NO_PROXY",
            proxy_only(ProxyManner::Opens),
            ("settings.proxy/no-proxy-covers-api", Who::Installer),
            Way::Likeliest,
            |way, network| {
                let host = behind(way, "Take ").filter(|_| way.contains("out of NO_PROXY"))?;
                let list = network.variables.iter_mut().find(|(name, _)| *name == "NO_PROXY")?;
                let kept: Vec<&str> = list.1.split(',').filter(|entry| !host.ends_with(entry)).collect();
                list.1 = kept.join(",");
                Some(())
            },
        )
        .on(|network| {
            network.with_variable("HTTPS_PROXY", &proxy).with_variable("NO_PROXY", "localhost,.workos.com,10.0.0.0/8")
        }),
        Mending::new(
            "a proxy that asks for credentials is given them in its URL",
            proxy_only(ProxyManner::Requires),
            ("egress.proxy/proxy-auth-required", Who::Network),
            Way::Likeliest,
            |way, network| {
                let url = format!("http://{}", behind(way, "(")?.replace("USER:PASSWORD", "installer:demo"));
                network.variables.iter_mut().find(|(name, _)| *name == "HTTPS_PROXY")?.1 = url;
                Some(())
            },
        )
        .on(|network| network.with_variable("HTTPS_PROXY", &proxy)),
    ]
}

/// Where the API's name leads elsewhere.
fn names() -> Vec<Mending> {
    let mut stranger = World::healthy();
    let elsewhere = [93, 184, 215, 7].into();
    stranger.inside_zone.set(API, ZoneAnswer::v4(&[elsewhere]));
    stranger.services.insert((elsewhere, 443).into(), Service::Refuses);
    vec![
        Mending::new(
            "an internal zone that gives the API an address of its own is removed",
            named("private-answer"),
            ("egress.addresses/private-answer", Who::Network),
            Way::Likeliest,
            |way, network| {
                ["Remove", "10.1.2.3"].iter().all(|word| way.contains(word)).then(|| unblocked(way, network))?
            },
        ),
        Mending::new(
            "a name that a filter sinks is taken off its list",
            named("sinkholed"),
            ("egress.addresses/sinkholed", Who::Network),
            Way::Likeliest,
            unblocked,
        ),
        Mending::new(
            "a resolver that leads to somebody else outside is mended",
            stranger,
            ("egress.addresses/outside-ranges", Who::Network),
            Way::Likeliest,
            unblocked,
        ),
        Mending::new(
            "a line of the hosts file that leads elsewhere is removed, and no other",
            World::healthy(),
            ("egress.addresses/private-answer", Who::Installer),
            Way::Likeliest,
            |way, network| {
                // Two lines stand there before those of the scenario.
                let number: usize = behind(way, "from line ")?.parse().ok()?;
                let mut lines: Vec<&str> = network.hosts.lines().collect();
                let gone = number.checked_sub(3).filter(|at| *at < lines.len())?;
                lines.remove(gone);
                network.hosts = lines.join("\n").leak();
                Some(())
            },
        )
        .on(|network| Scenario { hosts: "10.20.0.21 files.customer.example\n10.20.0.98 api.workos.com", ..network }),
    ]
}

/// Where the API's certificate is not trusted, or its key is not known.
fn trust() -> Vec<Mending> {
    let untrusted = ("egress.trusted/untrusted", Who::Network);
    let inspected = |title, follow| {
        Mending::new(title, named("intercepted"), untrusted, Way::Likeliest, follow).on(Scenario::with_a_bare_store)
    };
    let mut revoked = World::healthy();
    "sk_live_gone8Wj2PzR7vQmWcY2bNhE5aLs".clone_into(&mut revoked.api_key);
    vec![
        inspected("the API is exempted from an inspection that nothing here trusts", |way, network| {
            way.starts_with(&format!("Exempt {API} from TLS inspection")).then_some(())?;
            network.world = World::healthy();
            Some(())
        }),
        inspected("the inspection's CA is given with --ca-bundle", |way, network| {
            way.contains("passes it with --ca-bundle").then_some(())?;
            network.arguments.extend(["--ca-bundle", TRUSTED].map(str::to_owned));
            Some(())
        }),
        inspected("the inspection's CA is added to the host's store", |way, network| {
            way.contains("adds it to this host's trust store").then_some(())?;
            network.bare_store = false;
            Some(())
        }),
        Mending::new(
            "a key that is not known is replaced where it stands",
            revoked,
            ("credentials.accepted/unauthorized", Who::Vendor),
            Way::Likeliest,
            |way, network| {
                ["Take a current key", "WORKOS_API_KEY"].iter().all(|word| way.contains(word)).then_some(())?;
                network.world.api_key = network.world.environments.first()?.api_keys.first()?.clone();
                Some(())
            },
        ),
    ]
}

/// What stands before the installation, or keeps it from being seen.
fn inbound() -> Vec<Mending> {
    let mut firewall = named("webhook-firewall");
    firewall.settings.retain(|(name, _)| *name != "installation.actions_url");
    // The name has one address inside and another outside, so that what is told inside settles nothing.
    let unseen = || {
        let mut world = named("domain-split-horizon");
        let blocked =
            named("doh-blocked").services.into_iter().filter(|(_, service)| matches!(service, Service::Refuses));
        world.services.extend(blocked);
        world.inside_zone.set("dns.customer.example", ZoneAnswer::v4(&[[93, 184, 216, 88].into()]));
        world.services.insert(([93, 184, 216, 88], 443).into(), Service::https(Site::DnsOverHttps));
        world
    };
    let no_view = ("domain.resolves/no-public-view", Who::Network);
    vec![
        Mending::new(
            "the webhook is exempted from a web application firewall",
            firewall,
            ("webhook.refuses-unsigned/refused-before-the-application", Who::Network),
            Way::Likeliest,
            |way, network| {
                let rule = ["Exempt POST /webhooks/workos", INSTALLATION];
                rule.iter().all(|word| way.contains(word)).then_some(())?;
                let works = Service::https(Site::Installation(InstallationManner::Works));
                network.world.services.insert(INSTALLATION_HTTPS, works);
                Some(())
            },
        ),
        Mending::new("the public resolver is let through", unseen(), no_view, Way::Likeliest, |way, network| {
            ["Allow HTTPS", "10.20.0.10", PUBLIC_DNS].iter().all(|word| way.contains(word)).then_some(())?;
            network.world.services.extend(named("domain-split-horizon").services);
            Some(())
        }),
        Mending::new(
            "another public resolver is named",
            unseen(),
            no_view,
            Way::Else("--public-resolver"),
            |way, network| {
                way.starts_with("installer: ").then_some(())?;
                let named = ["--public-resolver", "https://dns.customer.example/dns-query"];
                network.arguments.extend(named.map(str::to_owned));
                Some(())
            },
        ),
    ]
}

fn named(fault: &str) -> World {
    Fault::named(fault).unwrap().world()
}

/// The resolver that the words name answers for the API as it does for everybody.
fn unblocked(way: &str, network: &mut Scenario) -> Option<()> {
    let resolver = network.world.resolver.to_string();
    (way.contains(API) && way.contains(&resolver)).then_some(())?;
    network.world.inside_zone = World::healthy().inside_zone;
    Some(())
}

/// The word that stands behind these.
fn behind<'w>(way: &'w str, lead: &str) -> Option<&'w str> {
    let word = way.split_once(lead)?.1.split([' ', ',', ';', ')']).next()?;
    Some(word.trim_end_matches(['.', ':'])).filter(|word| !word.is_empty())
}
