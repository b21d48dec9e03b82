//! Holds a presented chain to the roots that this host trusts, and to the public ones.
//!
//! webpki verifies, and asks of a root no more than its name and key. What OpenSSL 3.0 at security level 2 asks besides, of the
//! root and of every other certificate, is asked here; each rule was tried with `openssl verify -auth_level 2 -purpose sslserver`.

use std::cell::RefCell;
use std::time::SystemTime;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, Error, KeyUsage, VerifiedPath};

use super::anatomy::{self, Anatomy, Key, Signature};
use super::certificate::{self, CertificateProblem, Flaw, Place, Presented, Rule};
use super::trust::{Root, TrustStores};

/// A chain as a server presents it, and the name that it was asked for by.
pub(super) struct Chain<'a> {
    pub(super) presented: &'a [CertificateDer<'a>],
    pub(super) read: &'a [Presented],
    pub(super) name: &'a ServerName<'a>,
    pub(super) stores: &'a TrustStores,
}

/// Says whether a path that webpki found is sound, so that it looks for another where it is not.
type Sound<'a> = dyn Fn(&VerifiedPath<'_>) -> Result<(), Error> + 'a;

/// A way from the server's certificate up, as far as it is known.
struct Way {
    /// The server's own and those between.
    links: Vec<Anatomy>,
    /// The root and its file; the server's own certificate where that itself is trusted.
    root: Option<(Anatomy, Root)>,
}

impl Chain<'_> {
    /// Against what this host trusts; and, where it holds, what stricter programs refuse in it.
    pub(super) fn here(&self) -> (Result<(), CertificateProblem>, Vec<Flaw>) {
        let held = &self.stores.held;
        let refused = RefCell::new(None);
        let doubted = RefCell::new(Vec::new());
        let sound = |path: &VerifiedPath<'_>| {
            let Some(way) = self.way_of(path) else { return Ok(()) };
            match refusals(&way).into_iter().next() {
                None => {
                    *doubted.borrow_mut() = doubts(&way);
                    Ok(())
                }
                Some(flaw) => {
                    refused.borrow_mut().get_or_insert(flaw);
                    Err(Error::UnknownIssuer)
                }
            }
        };
        let result = self.verify(&held.anchors, Some(&sound));
        let doubts = doubted.into_inner();
        match (result, refused.into_inner()) {
            (Ok(()), _) => match self.own_key() {
                Some(problem) => (Err(problem), Vec::new()),
                None => (Ok(()), doubts),
            },
            (Err(Error::CertNotValidForName(_)), _) => match self.by_common_name_alone() {
                Ok(name) => {
                    let mut doubts = doubts;
                    doubts.push(Flaw { rule: Rule::CommonNameAlone, name, place: Place::Leaf });
                    (self.own_key().map_or(Ok(()), Err), doubts)
                }
                Err(problem) => (Err(problem), Vec::new()),
            },
            (Err(_), Some(flaw)) => (Err(CertificateProblem::Refused(flaw)), Vec::new()),
            (Err(error), None) => (Err(self.why(&error, true)), Vec::new()),
        }
    }

    /// Against the public roots alone.
    pub(super) fn public(&self) -> Result<(), CertificateProblem> {
        self.verify(&self.stores.public.roots, None).map_err(|error| self.why(&error, false))?;
        self.own_key().map_or(Ok(()), Err)
    }

    /// What is wrong with the key that signs the handshake, which no chain is verified with.
    fn own_key(&self) -> Option<CertificateProblem> {
        let leaf = self.presented.first().and_then(|der| Anatomy::read(der))?;
        let refused = |rule| CertificateProblem::Refused(Flaw { rule, name: leaf.name.clone(), place: Place::Leaf });
        match &leaf.key {
            Key::Usable => None,
            Key::Short(key) => Some(refused(Rule::ShortKey(key.clone()))),
            Key::Unusual(key) => Some(CertificateProblem::Unjudged(format!(
                "“{}” has a {key}, which this tool cannot verify with",
                leaf.name
            ))),
        }
    }

    fn verify(&self, anchors: &[TrustAnchor<'_>], sound: Option<&Sound<'_>>) -> Result<(), Error> {
        let Some((leaf, rest)) = self.presented.split_first() else { return Err(Error::UnknownIssuer) };
        let leaf = EndEntityCert::try_from(leaf)?;
        let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms.all;
        leaf.verify_for_usage(algorithms, anchors, rest, UnixTime::now(), KeyUsage::server_auth(), None, sound)?;
        leaf.verify_is_valid_for_subject_name(self.name)
    }

    /// The way that webpki found, with the root as its file has it.
    fn way_of(&self, path: &VerifiedPath<'_>) -> Option<Way> {
        let held = &self.stores.held;
        let place = held.anchors.iter().position(|anchor| {
            std::ptr::eq(std::ptr::from_ref(anchor).cast::<()>(), std::ptr::from_ref(path.anchor()).cast::<()>())
        })?;
        let root = held.roots.get(place)?.clone();
        let leaf = self.presented.first()?;
        let between = path.intermediate_certificates().map(webpki::Cert::der);
        let links: Option<Vec<Anatomy>> =
            std::iter::once(leaf.clone()).chain(between).map(|der| Anatomy::read(&der)).collect();
        Some(Way { links: links?, root: Some((Anatomy::read(&root.certificate)?, root)) })
    }

    /// The way up by names and key identifiers, whatever the signatures are.
    fn way_by_names(&self) -> Option<Way> {
        let mut read: Vec<Anatomy> = self.presented.iter().take(8).filter_map(|der| Anatomy::read(der)).collect();
        if read.is_empty() {
            return None;
        }
        let mut links = vec![read.remove(0)];
        loop {
            let last = links.last()?;
            let held = self.stores.held.issuers(last).find(|(_, issuer)| issuer.may_have_issued(last));
            if let Some((root, anatomy)) = held {
                let root = (anatomy, root.clone());
                return Some(Way { links, root: Some(root) });
            }
            let next = read.iter().position(|issuer| issuer.may_have_issued(last) && !last.is_self_issued());
            match next {
                Some(next) => links.push(read.remove(next)),
                None => return Some(Way { links, root: None }),
            }
        }
    }

    /// The common name, where it is the one asked for and there is no other: OpenSSL, Node and curl take it, as RFC 2818 had it.
    fn by_common_name_alone(&self) -> Result<String, CertificateProblem> {
        let problem = self.without_name();
        let own = self.read.first().and_then(|leaf| leaf.name.clone()).unwrap_or_default();
        let ServerName::DnsName(asked) = self.name else { return Err(problem) };
        let asked = asked.as_ref();
        let below = asked.split_once('.').map(|(_, below)| below);
        let matches = own.eq_ignore_ascii_case(asked)
            || own.strip_prefix("*.").is_some_and(|own| below.is_some_and(|below| own.eq_ignore_ascii_case(below)));
        match problem {
            CertificateProblem::NoAlternativeName if matches => Ok(own),
            CertificateProblem::NoAlternativeName if !own.is_empty() => Err(CertificateProblem::WrongName),
            problem => Err(problem),
        }
    }

    fn without_name(&self) -> CertificateProblem {
        match self.read.first() {
            Some(leaf) if leaf.names.is_empty() => CertificateProblem::NoAlternativeName,
            _ => CertificateProblem::WrongName,
        }
    }

    /// Why the chain does not hold, where webpki found no way that does.
    fn why(&self, error: &Error, here: bool) -> CertificateProblem {
        if self.presented.is_empty() {
            return CertificateProblem::Other("no certificate was presented".to_owned());
        }
        let way = self.way_by_names();
        let leaf_flaw = |rule| {
            let name = way.as_ref().and_then(|way| way.links.first()).map(|leaf| leaf.name.clone());
            CertificateProblem::Refused(Flaw { rule, name: name.unwrap_or_default(), place: Place::Leaf })
        };
        match error {
            Error::CertExpired { .. } => CertificateProblem::Expired,
            Error::CertNotValidYet { .. } => CertificateProblem::NotYetValid,
            Error::CertNotValidForName(_) => self.without_name(),
            Error::CaUsedAsEndEntity if self.read.first().is_some_and(Presented::is_self_issued) => {
                CertificateProblem::SelfSigned
            }
            Error::RequiredEkuNotFoundContext(_) => leaf_flaw(Rule::NotForServers),
            error => match way {
                Some(way) => self.on_the_way(error, &way, here),
                None => CertificateProblem::Unjudged("it holds what this tool cannot read".to_owned()),
            },
        }
    }

    /// The first thing on the way up that OpenSSL refuses; else what this tool cannot verify; else that no root is there.
    fn on_the_way(&self, error: &Error, way: &Way, here: bool) -> CertificateProblem {
        let no_root = || match certificate::without_root(self.read, &self.stores.public_organizations) {
            CertificateProblem::UnknownIssuer if here => self.namesake(way),
            other => other,
        };
        // Against the public roots it is what the server sends that counts, and no root of this host.
        let ends = way.root.is_some() || !here;
        if !ends {
            let unread =
                self.stores.held.unread.iter().filter_map(|root| Anatomy::read(&root.certificate).map(|it| (root, it)));
            let last = way.links.last();
            return match unread.into_iter().find(|(_, it)| last.is_some_and(|last| it.may_have_issued(last))) {
                Some((root, it)) => CertificateProblem::Unjudged(format!(
                    "the CA “{}” ({}) is written in a way that this tool does not read",
                    it.name, root.file
                )),
                None => no_root(),
            };
        }
        let own;
        let way = if here {
            way
        } else {
            own =
                Way { links: self.presented.iter().take(8).filter_map(|der| Anatomy::read(der)).collect(), root: None };
            &own
        };
        if let Some(flaw) = refusals(way).into_iter().next() {
            return CertificateProblem::Refused(flaw);
        }
        if matches!(error, Error::NameConstraintViolation) {
            return CertificateProblem::Unjudged(
                "a CA of its chain may issue for some names only, and this tool reads those limits otherwise than OpenSSL does"
                    .to_owned(),
            );
        }
        match unusual(way) {
            Some(why) => CertificateProblem::Unjudged(why),
            None => match error {
                Error::UnknownIssuer | Error::InvalidSignatureForPublicKey => no_root(),
                Error::CaUsedAsEndEntity => CertificateProblem::Unjudged(
                    "it is the certificate of a CA in the place of a server's, which this tool does not take"
                        .to_owned(),
                ),
                Error::UnsupportedCertVersion => CertificateProblem::Unjudged(
                    "it is of the first version of X.509, which this tool does not take".to_owned(),
                ),
                Error::MaximumPathDepthExceeded
                | Error::MaximumSignatureChecksExceeded
                | Error::MaximumPathBuildCallsExceeded => {
                    CertificateProblem::Unjudged("its chain is longer than this tool follows".to_owned())
                }
                _ => CertificateProblem::Unjudged("it is written in a way that this tool does not read".to_owned()),
            },
        }
    }

    /// Whether a root of the issuer's name is here, with another key.
    fn namesake(&self, way: &Way) -> CertificateProblem {
        let namesake = way.links.iter().find_map(|link| self.stores.held.issuers(link).next());
        namesake
            .map_or(CertificateProblem::UnknownIssuer, |(root, _)| CertificateProblem::Namesake(root.file.to_string()))
    }
}

/// What OpenSSL 3.0 at security level 2 refuses on a way, the root first: it is the one that is there to be found.
fn refusals(way: &Way) -> Vec<Flaw> {
    let now = SystemTime::now();
    let mut flaws = Vec::new();
    let mut add = |anatomy: &Anatomy, place: &Place, rule: Rule| {
        flaws.push(Flaw { rule, name: anatomy.name.clone(), place: place.clone() });
    };
    if let Some((anatomy, root)) = &way.root {
        let place = Place::Root(root.file.to_string());
        // A server's own certificate can be trusted as it is, and is then asked nothing of a CA.
        let is_leaf =
            way.links.len() == 1 && way.links[0].subject == anatomy.subject && way.links[0].key_id == anatomy.key_id;
        let mut root_breaks = |rule| add(anatomy, &place, rule);
        if let Some(line) = root.damaged_at {
            root_breaks(Rule::FileDamaged(line));
        }
        if !root.for_servers {
            root_breaks(Rule::NotTrustedForServers);
        }
        if anatomy.not_after < now {
            root_breaks(Rule::Ended(anatomy.not_after));
        }
        if anatomy.not_before > now {
            root_breaks(Rule::NotBegun(anatomy.not_before));
        }
        if !is_leaf {
            let below = way.links.iter().skip(1).filter(|link| !link.is_self_issued()).count();
            as_ca(anatomy, below).into_iter().for_each(&mut root_breaks);
        }
        if let Key::Short(key) = &anatomy.key {
            root_breaks(Rule::ShortKey(key.clone()));
        }
    }
    for (depth, link) in way.links.iter().enumerate() {
        let place = if depth == 0 { Place::Leaf } else { Place::Between };
        let mut breaks = |rule| add(link, &place, rule);
        if depth > 0 {
            as_ca(link, depth - 1).into_iter().for_each(&mut breaks);
        } else if link.serves == Some(false) || !link.is_used_for(anatomy::FOR_SERVERS) {
            breaks(Rule::NotForServers);
        }
        if let Key::Short(key) = &link.key {
            breaks(Rule::ShortKey(key.clone()));
        }
        // What signed the root is the root itself, and nobody asks about that.
        if let (Signature::Weak(hash), false) = (&link.signature, link.is_self_issued()) {
            breaks(Rule::WeakSignature(hash));
        }
        if let Some(oid) = &link.unknown_critical {
            breaks(Rule::UnknownExtension(oid.clone()));
        }
    }
    let issuers = way.root.iter().map(|(anatomy, root)| (anatomy, Place::Root(root.file.to_string())));
    let names = way.links.first().map(|leaf| leaf.names.as_slice()).unwrap_or_default();
    for (issuer, place) in issuers.chain(way.links.iter().skip(1).map(|link| (link, Place::Between))) {
        if names.iter().any(|name| !may_be_issued(name, issuer)) {
            let limits = if issuer.permitted.is_empty() { &issuer.excluded } else { &issuer.permitted };
            add(issuer, &place, Rule::OtherNamesOnly(limits.clone()));
        }
    }
    flaws
}

/// What OpenSSL asks of a CA with so many CAs below it (`check_ca`, `check_chain_extensions`).
fn as_ca(anatomy: &Anatomy, below: usize) -> Vec<Rule> {
    let mut rules = Vec::new();
    let is_ca = match anatomy.basic_constraints {
        Some(said) => said.ca,
        // Without it, keyUsage speaks, or the first version of X.509, which has no other way to say so.
        None => anatomy.key_usage.is_some() || (anatomy.first_version && anatomy.is_self_issued()),
    };
    if !anatomy.is_used_for(anatomy::SIGNS_CERTIFICATES) {
        rules.push(Rule::SignsNoCertificates);
    } else if !is_ca {
        rules.push(Rule::NotCa);
    }
    let depth = anatomy.basic_constraints.and_then(|said| said.depth);
    if let Some(depth) = depth.filter(|depth| usize::try_from(*depth).is_ok_and(|depth| below > depth)) {
        rules.push(Rule::TooDeep(depth));
    }
    if anatomy.serves == Some(false) {
        rules.push(Rule::NotForServers);
    }
    if let Some(oid) = &anatomy.unknown_critical {
        rules.push(Rule::UnknownExtension(oid.clone()));
    }
    rules
}

/// Whether a CA's limits, as far as they are about DNS names, let it issue for this one.
fn may_be_issued(name: &str, by: &Anatomy) -> bool {
    let within = |limit: &String| {
        let limit = limit.trim_start_matches('.');
        limit.is_empty() || name == limit || name.strip_suffix(limit).is_some_and(|rest| rest.ends_with('.'))
    };
    (by.permitted.is_empty() || by.permitted.iter().any(within)) && !by.excluded.iter().any(within)
}

/// What stricter programs refuse on a way that holds.
fn doubts(way: &Way) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let mut add = |anatomy: &Anatomy, place: Place, rule: Rule| {
        flaws.push(Flaw { rule, name: anatomy.name.clone(), place });
    };
    let Some((root_anatomy, root)) = &way.root else { return flaws };
    let root_place = || Place::Root(root.file.to_string());
    let is_leaf = way.links.len() == 1 && way.links[0].subject == root_anatomy.subject;
    if is_leaf {
        return flaws;
    }
    if !root_anatomy.is_self_issued() {
        add(root_anatomy, root_place(), Rule::NotARoot);
    }
    let cas = std::iter::once((root_anatomy, root_place()));
    for (ca, place) in cas.chain(way.links.iter().skip(1).map(|link| (link, Place::Between))) {
        match ca.basic_constraints {
            None => add(ca, place.clone(), Rule::NoBasicConstraints),
            Some(said) if !said.critical => add(ca, place.clone(), Rule::BasicConstraintsNotCritical),
            Some(_) if ca.key_usage.is_none() => add(ca, place.clone(), Rule::NoKeyUsage),
            Some(_) => {}
        }
        if ca.key_id.is_none() && !ca.first_version {
            add(ca, place, Rule::NoKeyId);
        }
    }
    for (depth, link) in way.links.iter().enumerate() {
        if link.issuer_key_id.is_none() {
            add(link, if depth == 0 { Place::Leaf } else { Place::Between }, Rule::NoIssuerKeyId);
        }
    }
    flaws
}

/// What this tool cannot verify on a way, and OpenSSL can.
fn unusual(way: &Way) -> Option<String> {
    let root = way.root.as_ref().map(|(anatomy, _)| anatomy);
    for link in &way.links {
        if let (Signature::Unusual(how), false) = (&link.signature, link.is_self_issued()) {
            return Some(format!(
                "the certificate “{}” is signed with {how}, which this tool cannot verify",
                link.name
            ));
        }
    }
    // The server's own key signs the handshake, the others sign the certificate below them.
    way.links.iter().chain(root).find_map(|link| match &link.key {
        Key::Unusual(key) => {
            Some(format!("the key of “{}” is of a kind that this tool cannot verify with ({key})", link.name))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests;
