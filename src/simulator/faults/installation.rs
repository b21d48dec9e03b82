//! Faults of the customer's installation: its name, its certificate and its webhook endpoint.

use std::net::Ipv4Addr;

use super::Fault;
use crate::simulator::service::{Certificate, InstallationManner, Page, Service, Site};
use crate::simulator::world::{INSTALLATION, INSTALLATION_ADDRESS, PUBLIC_DNS_ADDRESSES, World};
use crate::simulator::zone::ZoneAnswer;

pub(super) const FAULTS: &[Fault] = &[
    Fault::new(
        "domain-nxdomain",
        "The installation's name does not exist in public DNS.",
        &["domain.resolves/nxdomain"],
        |world| world.public_zone.set(INSTALLATION, ZoneAnswer::NxDomain),
    ),
    Fault::new(
        "domain-dangling",
        "The installation's name points to another name that does not exist.",
        &["domain.resolves/dangling-cname"],
        |world| {
            world.public_zone.set(INSTALLATION, ZoneAnswer::Alias { to: "lb-17.hosting.example".to_owned() });
        },
    ),
    Fault::new(
        "domain-dnssec",
        "The DNSSEC signature of the installation's zone is broken, so public resolvers refuse to answer.",
        &["domain.resolves/servfail"],
        |world| {
            let answer = ZoneAnswer::ServFailUnlessCheckingDisabled { v4: vec![INSTALLATION_ADDRESS] };
            world.public_zone.set(INSTALLATION, answer);
        },
    ),
    Fault::new(
        "doh-blocked",
        "DNS over HTTPS is blocked here, so only the inside view of the installation's name can be seen.",
        &["domain.resolves/seen-from-inside-only"],
        |world| world.put(&PUBLIC_DNS_ADDRESSES, &Service::Refuses),
    ),
    Fault::new(
        "domain-private",
        "Public DNS gives the installation an address that nobody outside can reach.",
        &["domain.public/private-address"],
        |world| {
            let private = Ipv4Addr::new(10, 20, 0, 20);
            world.public_zone.set(INSTALLATION, ZoneAnswer::v4(&[private]));
            let installation = Site::Installation(InstallationManner::Works);
            world.put(&[private], &Service::https(installation));
        },
    ),
    Fault::new(
        "domain-elsewhere",
        "Public DNS leads to another machine than the installation's.",
        &["domain.here/elsewhere"],
        |world| {
            let other = Ipv4Addr::new(93, 184, 215, 9);
            world.public_zone.set(INSTALLATION, ZoneAnswer::v4(&[other]));
            let parked = Page::html(200, "<!doctype html><title>This domain is parked</title>");
            world.put(&[other], &Service::https(Site::Page(parked)));
        },
    ),
    Fault::new(
        "hairpin",
        "The installation cannot be reached at its public address from inside, which says nothing about outside.",
        &["ingress.connects/hairpin"],
        |world| world.put(&[INSTALLATION_ADDRESS], &Service::Drops),
    ),
    Fault::new(
        "ingress-self-signed",
        "The installation's certificate is signed by itself, so WorkOS will not deliver to it.",
        &["ingress.trusted/self-signed"],
        |world| world.show(&[INSTALLATION_ADDRESS], Certificate::SelfSigned),
    ),
    Fault::new(
        "ingress-private-ca",
        "The installation's certificate is by the customer's own CA, which is trusted here but not by WorkOS.",
        &["ingress.trusted/private-ca"],
        |world| {
            world.show(&[INSTALLATION_ADDRESS], Certificate::PrivateCa);
            world.corporate_ca_trusted = true;
        },
    ),
    Fault::new(
        "ingress-expired",
        "The installation's certificate has expired.",
        &["ingress.trusted/expired"],
        |world| world.show(&[INSTALLATION_ADDRESS], Certificate::Expired),
    ),
    Fault::new(
        "ingress-expires-soon",
        "The installation's certificate expires in ten days.",
        &["ingress.trusted/expires-soon"],
        |world| world.show(&[INSTALLATION_ADDRESS], Certificate::ExpiresSoon),
    ),
    Fault::new(
        "ingress-incomplete-chain",
        "The installation does not send the intermediate certificate.",
        &["ingress.trusted/incomplete-chain"],
        |world| world.show(&[INSTALLATION_ADDRESS], Certificate::IncompleteChain),
    ),
    Fault::new(
        "ingress-wrong-name",
        "The installation's certificate is for another name.",
        &["ingress.trusted/wrong-name"],
        |world| world.show(&[INSTALLATION_ADDRESS], Certificate::WrongName),
    ),
    Fault::new(
        "ingress-tls-old",
        "The installation refuses TLS 1.2 and 1.3.",
        &["ingress.trusted/tls-too-old"],
        |world| world.put(&[INSTALLATION_ADDRESS], &Service::OnlyOldTls),
    ),
    Fault::new(
        "ingress-client-certificate",
        "The installation wants a client certificate, which WorkOS does not have.",
        &["ingress.trusted/client-certificate-required"],
        |world| {
            world.change(&[INSTALLATION_ADDRESS], |service| {
                if let Service::Tls { asks_client_certificate, .. } = service {
                    *asks_client_certificate = true;
                }
            });
        },
    ),
    Fault::new(
        "webhook-open",
        "The webhook endpoint accepts events that nobody signed.",
        &["webhook.refuses-unsigned/accepts-unsigned"],
        |world| behave(world, InstallationManner::AcceptsUnsigned),
    ),
    Fault::new(
        "webhook-missing",
        "The application has nothing at the webhook URL.",
        &["webhook.refuses-unsigned/not-found"],
        |world| behave(world, InstallationManner::WebhookMissing),
    ),
    Fault::new(
        "webhook-method",
        "The webhook URL does not take POST.",
        &["webhook.refuses-unsigned/method-refused"],
        |world| behave(world, InstallationManner::MethodRefused),
    ),
    Fault::new(
        "webhook-redirects",
        "The webhook URL redirects to a sign-in.",
        &["webhook.refuses-unsigned/redirects"],
        |world| behave(world, InstallationManner::RedirectsToLogin),
    ),
    Fault::new(
        "webhook-broken",
        "The application fails with an error of its own at the webhook URL.",
        &["webhook.refuses-unsigned/server-error"],
        |world| behave(world, InstallationManner::ServerError),
    ),
    Fault::new(
        "webhook-login-wall",
        "An access product in front of the application shows a sign-in page to everybody, WorkOS included.",
        &["webhook.refuses-unsigned/login-wall"],
        |world| behave(world, InstallationManner::LoginWall),
    ),
    Fault::new(
        "webhook-allowlisted",
        "An allowlist refuses this machine at every path, so the application itself is not seen.",
        &["webhook.refuses-unsigned/refused-before-the-application"],
        |world| behave(world, InstallationManner::ForbidsEverything),
    ),
];

fn behave(world: &mut World, manner: InstallationManner) {
    world.put(&[INSTALLATION_ADDRESS], &Service::https(Site::Installation(manner)));
}
