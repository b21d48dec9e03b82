//! Chains held to roots: the expected ends are those of `openssl verify -auth_level 2 -purpose sslserver`.

use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose, NameConstraints,
};

use super::*;
use crate::net::trust::TrustStores;

const HOST: &str = "app.customer.example";

type Ca = CertifiedIssuer<'static, KeyPair>;

fn ca_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.use_authority_key_identifier_extension = true;
    params
}

fn root(params: CertificateParams) -> Ca {
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn below(params: CertificateParams, issuer: &Ca) -> Ca {
    CertifiedIssuer::signed_by(params, KeyPair::generate().unwrap(), issuer).unwrap()
}

fn leaf_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params
}

fn leaf(params: &CertificateParams, issuer: &Ca) -> CertificateDer<'static> {
    params.signed_by(&KeyPair::generate().unwrap(), issuer).unwrap().der().clone()
}

/// What comes of holding this chain to these roots, and to no public ones.
fn held(chain: &[CertificateDer<'static>], roots: &str) -> (Result<(), CertificateProblem>, Vec<Rule>) {
    let somebody = root(ca_params("Somebody Public")).pem();
    let stores = TrustStores::from_pem(roots, &somebody).unwrap();
    let read = certificate::chain(chain);
    let name = ServerName::try_from(HOST).unwrap();
    let (result, doubts) = Chain { presented: chain, read: &read, name: &name, stores: &stores }.here();
    (result, doubts.into_iter().map(|flaw| flaw.rule).collect())
}

/// The rule that is broken, and where.
fn broken(result: Result<(), CertificateProblem>) -> (Rule, Place) {
    match result {
        Err(CertificateProblem::Refused(flaw)) => (flaw.rule, flaw.place),
        other => panic!("{other:?}"),
    }
}

fn in_store() -> Place {
    Place::Root("the demonstration's store".to_owned())
}

fn days(days: i64) -> time::OffsetDateTime {
    time::OffsetDateTime::from(SystemTime::now()) + time::Duration::days(days)
}

#[test]
fn a_chain_by_the_book_holds_without_a_doubt() {
    let corp = root(ca_params("Corp"));
    let between = below(ca_params("Corp Issuing"), &corp);

    assert_eq!(held(&[leaf(&leaf_params(HOST), &corp)], &corp.pem()), (Ok(()), vec![]));
    assert_eq!(held(&[leaf(&leaf_params(HOST), &between), between.der().clone()], &corp.pem()), (Ok(()), vec![]));
}

#[test]
fn a_root_that_openssl_refuses_is_refused_by_its_rule() {
    let changed = |change: &dyn Fn(&mut CertificateParams)| {
        let mut params = ca_params("Corp");
        change(&mut params);
        let corp = root(params);
        broken(held(&[leaf(&leaf_params(HOST), &corp)], &corp.pem()).0)
    };
    let ended = changed(&|params| (params.not_before, params.not_after) = (days(-900), days(-10)));
    let early = changed(&|params| params.not_before = days(3));

    assert!(matches!(ended, (Rule::Ended(end), _) if end < SystemTime::now() - Duration::from_hours(24)));
    assert!(matches!(early, (Rule::NotBegun(_), _)));
    assert_eq!(changed(&|params| params.is_ca = IsCa::ExplicitNoCa), (Rule::NotCa, in_store()));
    assert_eq!(
        changed(&|params| (params.is_ca, params.key_usages) = (IsCa::NoCa, Vec::new())),
        (Rule::NotCa, in_store())
    );
    assert_eq!(
        changed(&|params| params.key_usages = vec![KeyUsagePurpose::DigitalSignature]),
        (Rule::SignsNoCertificates, in_store())
    );
    assert_eq!(
        changed(&|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]),
        (Rule::NotForServers, in_store())
    );
    assert_eq!(
        changed(&|params| {
            let mut unknown = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
            unknown.set_criticality(true);
            params.custom_extensions.push(unknown);
        }),
        (Rule::UnknownExtension("1.2.3.4".to_owned()), in_store())
    );
    assert_eq!(
        changed(&|params| params.name_constraints = Some(only_for("corp.example"))),
        (Rule::OtherNamesOnly(vec!["corp.example".to_owned()]), in_store())
    );
}

fn only_for(name: &str) -> NameConstraints {
    NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName(name.to_owned())],
        excluded_subtrees: Vec::new(),
    }
}

#[test]
fn a_root_that_may_issue_for_the_name_holds() {
    for name in ["customer.example", HOST] {
        let mut params = ca_params("Corp");
        params.name_constraints = Some(only_for(name));
        let corp = root(params);

        assert_eq!(held(&[leaf(&leaf_params(HOST), &corp)], &corp.pem()).0, Ok(()), "{name}");
    }
}

#[test]
fn how_deep_a_root_lets_others_issue_is_counted() {
    let mut params = ca_params("Corp");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let corp = root(params);
    let between = below(ca_params("Corp Issuing"), &corp);

    assert_eq!(held(&[leaf(&leaf_params(HOST), &corp)], &corp.pem()).0, Ok(()));
    let deep = held(&[leaf(&leaf_params(HOST), &between), between.der().clone()], &corp.pem());
    assert_eq!(broken(deep.0), (Rule::TooDeep(0), in_store()));
}

#[test]
fn what_is_sent_along_is_held_to_the_same_rules() {
    let corp = root(ca_params("Corp"));
    let mut params = ca_params("Corp Issuing");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let between = below(params, &corp);
    let mut client = leaf_params(HOST);
    client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let mut signing = leaf_params(HOST);
    signing.key_usages = vec![KeyUsagePurpose::CrlSign];

    let unsigned = held(&[leaf(&leaf_params(HOST), &between), between.der().clone()], &corp.pem());
    assert_eq!(broken(unsigned.0), (Rule::SignsNoCertificates, Place::Between));
    assert_eq!(broken(held(&[leaf(&client, &corp)], &corp.pem()).0), (Rule::NotForServers, Place::Leaf));
    assert_eq!(broken(held(&[leaf(&signing, &corp)], &corp.pem()).0), (Rule::NotForServers, Place::Leaf));
}

#[test]
fn a_sound_root_counts_although_an_ended_one_of_the_same_key_is_there_too() {
    let key = KeyPair::generate().unwrap();
    let mut old = ca_params("Corp");
    (old.not_before, old.not_after) = (days(-900), days(-10));
    let old = old.self_signed(&key).unwrap();
    let new = CertifiedIssuer::self_signed(ca_params("Corp"), key).unwrap();
    let leaf = leaf(&leaf_params(HOST), &new);

    for roots in [format!("{}{}", old.pem(), new.pem()), format!("{}{}", new.pem(), old.pem())] {
        assert_eq!(held(std::slice::from_ref(&leaf), &roots).0, Ok(()));
    }
}

#[test]
fn a_root_in_a_damaged_file_is_none_for_openssl() {
    let corp = root(ca_params("Corp"));
    let damaged = format!("{}-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", corp.pem());

    let (rule, place) = broken(held(&[leaf(&leaf_params(HOST), &corp)], &damaged).0);

    assert_eq!((rule, place), (Rule::FileDamaged(corp.pem().lines().count() + 1), in_store()));
}

#[test]
fn a_servers_own_certificate_can_be_trusted_as_it_is() {
    let own = leaf_params(HOST).self_signed(&KeyPair::generate().unwrap()).unwrap();

    assert_eq!(held(&[own.der().clone()], &own.pem()), (Ok(()), vec![]));
}

#[test]
fn what_only_stricter_programs_refuse_is_a_doubt() {
    let doubts = |change: &dyn Fn(&mut CertificateParams)| {
        let mut params = ca_params("Corp");
        change(&mut params);
        let corp = root(params);
        held(&[leaf(&leaf_params(HOST), &corp)], &corp.pem())
    };
    let corp = root(ca_params("Corp"));
    let between = below(ca_params("Corp Issuing"), &corp);
    let mut bare = leaf_params(HOST);
    bare.use_authority_key_identifier_extension = false;

    assert_eq!(doubts(&|params| params.key_usages = Vec::new()), (Ok(()), vec![Rule::NoKeyUsage]));
    assert_eq!(doubts(&|params| params.is_ca = IsCa::NoCa), (Ok(()), vec![Rule::NoBasicConstraints, Rule::NoKeyId]));
    assert_eq!(held(&[leaf(&bare, &corp)], &corp.pem()), (Ok(()), vec![Rule::NoIssuerKeyId]));
    assert_eq!(held(&[leaf(&leaf_params(HOST), &between)], &between.pem()), (Ok(()), vec![Rule::NotARoot]));
    // Written out, because rcgen makes them critical: SEQUENCE { BOOLEAN TRUE }.
    let lax = doubts(&|params| {
        params.is_ca = IsCa::NoCa;
        params.custom_extensions.push(CustomExtension::from_oid_content(&[2, 5, 29, 19], vec![0x30, 3, 1, 1, 0xff]));
    });
    assert_eq!(lax, (Ok(()), vec![Rule::BasicConstraintsNotCritical, Rule::NoKeyId]));
}

#[test]
fn a_ca_that_was_made_anew_is_told_from_one_that_was_never_here() {
    let (old, new) = (root(ca_params("Corp")), root(ca_params("Corp")));
    let other = root(ca_params("Somebody Else"));
    let leaf = leaf(&leaf_params(HOST), &new);

    let namesake = CertificateProblem::Namesake("the demonstration's store".to_owned());
    assert_eq!(held(std::slice::from_ref(&leaf), &old.pem()).0, Err(namesake));
    assert_eq!(held(&[leaf], &other.pem()).0, Err(CertificateProblem::UnknownIssuer));
}

#[test]
fn a_common_name_alone_holds_for_openssl_and_is_a_doubt() {
    let corp = root(ca_params("Corp"));
    let mut params = leaf_params(HOST);
    params.subject_alt_names.clear();

    let named = |name: Option<&str>| {
        let mut params = params.clone();
        params.distinguished_name = rcgen::DistinguishedName::new();
        if let Some(name) = name {
            params.distinguished_name.push(DnType::CommonName, name);
        }
        held(&[leaf(&params, &corp)], &corp.pem())
    };
    let (_, domain) = HOST.split_once('.').unwrap();
    for name in [HOST, &HOST.to_uppercase(), &format!("*.{domain}")] {
        assert_eq!(named(Some(name)), (Ok(()), vec![Rule::CommonNameAlone]), "{name}");
    }
    for name in [domain, "intranet.customer.example", &format!("*.{HOST}")] {
        assert_eq!(named(Some(name)).0, Err(CertificateProblem::WrongName), "{name}");
    }
    assert_eq!(named(None).0, Err(CertificateProblem::NoAlternativeName));
    let elsewhere = leaf(&leaf_params("intranet.customer.example"), &corp);
    assert_eq!(held(&[elsewhere], &corp.pem()).0, Err(CertificateProblem::WrongName));
}

/// The chains that `fixtures/make.sh` made with OpenSSL, as rcgen makes none like them: the root, and the server's own.
fn made_by_openssl(pem: &str) -> Result<(), CertificateProblem> {
    let end = "-----END CERTIFICATE-----\n";
    let (root, leaf) = pem.split_once(end).unwrap();
    let leaf = <CertificateDer<'_> as rustls::pki_types::pem::PemObject>::from_pem_slice(leaf.as_bytes()).unwrap();
    held(&[leaf], &format!("{root}{end}")).0
}

#[test]
fn what_openssl_finds_too_weak_is_refused_as_weak() {
    let weak = |pem| broken(made_by_openssl(pem));
    let short = |key: &str| Rule::ShortKey(key.to_owned());

    assert_eq!(weak(include_str!("fixtures/rsa1024-root.pem")), (short("RSA key of 1024 bits"), in_store()));
    assert_eq!(weak(include_str!("fixtures/rsa1024-leaf.pem")), (short("RSA key of 1024 bits"), Place::Leaf));
    assert_eq!(weak(include_str!("fixtures/p192-root.pem")), (short("key on the curve P-192"), in_store()));
    assert_eq!(weak(include_str!("fixtures/sha1.pem")), (Rule::WeakSignature("SHA-1"), Place::Leaf));
    assert_eq!(weak(include_str!("fixtures/md5.pem")), (Rule::WeakSignature("MD5"), Place::Leaf));
}

#[test]
fn what_openssl_takes_and_this_tool_cannot_verify_is_not_judged() {
    assert_eq!(made_by_openssl(include_str!("fixtures/p521-sha512.pem")), Ok(()));
    for (pem, what) in [
        (include_str!("fixtures/sha224.pem"), "SHA-224"),
        (include_str!("fixtures/p224-root.pem"), "P-224"),
        (include_str!("fixtures/brainpool-root.pem"), "Brainpool"),
        (include_str!("fixtures/ed448-root.pem"), "Ed448"),
        (include_str!("fixtures/ed448-leaf.pem"), "Ed448"),
    ] {
        let Err(CertificateProblem::Unjudged(why)) = made_by_openssl(pem) else {
            panic!("{what}: {:?}", made_by_openssl(pem))
        };

        assert!(why.contains(what), "{why}");
    }
}

#[test]
fn against_public_roots_the_same_words_are_found() {
    let public = root(ca_params("Somebody Public"));
    let stores = TrustStores::from_pem(&root(ca_params("Corp")).pem(), &public.pem()).unwrap();
    let end = |params: &CertificateParams| {
        let chain = [leaf(params, &public)];
        let read = certificate::chain(&chain);
        let name = ServerName::try_from(HOST).unwrap();
        Chain { presented: &chain, read: &read, name: &name, stores: &stores }.public()
    };
    let mut nameless = leaf_params(HOST);
    nameless.subject_alt_names.clear();
    let mut ended = leaf_params(HOST);
    (ended.not_before, ended.not_after) = (days(-90), days(-2));

    assert_eq!(end(&leaf_params(HOST)), Ok(()));
    assert_eq!(end(&nameless), Err(CertificateProblem::NoAlternativeName));
    assert_eq!(end(&ended), Err(CertificateProblem::Expired));
}
