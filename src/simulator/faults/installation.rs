//! Faults of the customer's installation: its name, its certificate and its webhook endpoint.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Fault;
use crate::simulator::service::{Certificate, ClientCertificate, InstallationManner, Page, Service, Site};
use crate::simulator::world::{INSTALLATION, INSTALLATION_ADDRESS, PUBLIC_DNS_ADDRESSES, World, https};
use crate::simulator::zone::ZoneAnswer;

/// The installation's own address on the customer's network.
const INSIDE_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 20, 0, 20);

/// What the customer's own network calls the installation.
const INSIDE_NAME: &str = "app.corp.customer.example";

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
            world.public_zone.set(INSTALLATION, ZoneAnswer::v4(&[INSIDE_ADDRESS]));
            let installation = Site::Installation(InstallationManner::Works);
            world.put(&[INSIDE_ADDRESS], &Service::https(installation));
        },
    ),
    Fault::new(
        "domain-mixed",
        "Public DNS gives the installation its public address and a private one beside it.",
        &["domain.public/mixed", "domain.here/elsewhere"],
        |world| {
            let both = [INSTALLATION_ADDRESS, INSIDE_ADDRESS];
            world.public_zone.set(INSTALLATION, ZoneAnswer::v4(&both));
            world.put(&[INSIDE_ADDRESS], &Service::https(Site::Installation(InstallationManner::Works)));
        },
    ),
    Fault::new(
        "domain-aaaa-only",
        "The installation's name has an IPv6 address alone, and the addresses that WorkOS lists are IPv4.",
        &["domain.public/aaaa-only"],
        |world| {
            let v6 = Ipv6Addr::new(0x2606, 0x2800, 0x21f, 0, 0, 0, 0, 0x14);
            world.public_zone.set(INSTALLATION, ZoneAnswer::Addresses { v4: Vec::new(), v6: vec![v6], ttl: 300 });
            world.services.insert(https(v6), Service::https(Site::Installation(InstallationManner::Works)));
            world.set("installation.addresses", v6.to_string());
        },
    ),
    Fault::new(
        "domain-behind-cdn",
        "The installation's name leads to a content network: allowed, and callers' addresses have to be looked for there.",
        &[],
        |world| {
            let edge = "d2hk6rb9x1p4vm.cloudfront.net";
            world.public_zone.set(INSTALLATION, ZoneAnswer::Alias { to: edge.to_owned() });
            world.public_zone.set(edge, ZoneAnswer::v4(&[INSTALLATION_ADDRESS]));
        },
    ),
    Fault::new(
        "domain-split-horizon",
        "The resolver inside gives the installation an inside address, as it may: nothing is wrong.",
        &[],
        |world| {
            world.inside_zone.set(INSTALLATION, ZoneAnswer::v4(&[INSIDE_ADDRESS]));
            world.put(&[INSIDE_ADDRESS], &Service::https(Site::Installation(InstallationManner::Works)));
        },
    ),
    Fault::new(
        "domain-unknown-inside",
        "The installation's name is public, and the resolver inside does not know it.",
        &["domain.split/inside-unresolvable"],
        |world| world.inside_zone.set(INSTALLATION, ZoneAnswer::NxDomain),
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
                if let Service::Tls { client_certificate, .. } = service {
                    *client_certificate = ClientCertificate::Required;
                }
            });
        },
    ),
    Fault::new(
        "callback-missing",
        "The application has nothing at the redirect URI.",
        &["ingress.callback/not-found"],
        |world| behave(world, InstallationManner::CallbackMissing),
    ),
    Fault::new(
        "callback-broken",
        "The application fails with an error of its own at the redirect URI.",
        &["ingress.callback/server-error"],
        |world| behave(world, InstallationManner::CallbackBroken),
    ),
    Fault::new(
        "callback-elsewhere",
        "The redirect URI sends browsers to a host that has nothing to do with the sign-in.",
        &["ingress.callback/redirects-elsewhere"],
        |world| behave(world, InstallationManner::CallbackElsewhere),
    ),
    Fault::new(
        "callback-access-product",
        "An access product sends browsers that come back from WorkOS to its own sign-in.",
        &["ingress.callback/login-wall"],
        |world| behave(world, InstallationManner::AccessProduct),
    ),
    Fault::new(
        "callback-inside",
        "The redirect URI is at a host that only the resolver inside knows, as it may: nothing is wrong.",
        &[],
        |world| {
            world.inside_zone.set(INSIDE_NAME, ZoneAnswer::v4(&[INSIDE_ADDRESS]));
            world.put(&[INSIDE_ADDRESS], &Service::https(Site::Installation(InstallationManner::Works)));
            let uri = format!("https://{INSIDE_NAME}/callback");
            world.set("installation.redirect_uris", uri.clone());
            for environment in &mut world.environments {
                environment.redirect_uris.push(uri.clone());
            }
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
        &["ingress.callback/sign-in-everywhere", "webhook.refuses-unsigned/login-wall"],
        |world| behave(world, InstallationManner::LoginWall),
    ),
    Fault::new(
        "webhook-allowlisted",
        "An allowlist refuses this machine at every path, so the application itself is not seen.",
        &["ingress.callback/refused-before-the-application", "webhook.refuses-unsigned/refused-before-the-application"],
        |world| behave(world, InstallationManner::ForbidsEverything),
    ),
    Fault::new(
        "webhook-sign-in-everywhere",
        "A sign-in in front of the application answers 401 at every path, WorkOS included.",
        &["ingress.callback/refused-before-the-application", "webhook.refuses-unsigned/refused-before-the-application"],
        |world| behave(world, InstallationManner::SignInEverywhere),
    ),
    Fault::new(
        "webhook-firewall",
        "A web application firewall refuses every POST with a page of its own (406).",
        &["webhook.refuses-unsigned/refused-before-the-application"],
        |world| behave(world, InstallationManner::Firewall),
    ),
    Fault::new(
        "webhook-client-certificate",
        "What stands before the application completes the handshake, and answers 400 to whoever showed no certificate.",
        &["ingress.callback/refused-before-the-application", "webhook.refuses-unsigned/client-certificate-required"],
        |world| {
            behave(world, InstallationManner::WantsCertificate);
            world.change(&[INSTALLATION_ADDRESS], |service| {
                if let Service::Tls { client_certificate, .. } = service {
                    *client_certificate = ClientCertificate::Asked;
                }
            });
        },
    ),
    Fault::new(
        "webhook-signed",
        "With --send-signed the application is sent a signed event, and accepts it: nothing is wrong.",
        &[],
        |world| send_signed(world, InstallationManner::Works),
    ),
    Fault::new(
        "webhook-secret",
        "The application verifies webhooks with another secret than the one given here.",
        &["webhook.accepts-signed/signature-refused"],
        |world| {
            send_signed(world, InstallationManner::Works);
            "whsec_demo1OfAnotherEndpoint".clone_into(&mut world.installation_secret);
        },
    ),
    Fault::new(
        "webhook-rewritten",
        "Something before the application writes JSON bodies anew, so that no signature fits them.",
        &["webhook.accepts-signed/signature-refused"],
        |world| send_signed(world, InstallationManner::RewritesBodies),
    ),
    Fault::new(
        "webhook-clock",
        "The application's clock is five minutes behind, so that signatures come from the future.",
        &["webhook.accepts-signed/signature-refused"],
        |world| send_signed(world, InstallationManner::ClockOff(-300)),
    ),
    Fault::new(
        "webhook-unknown-event",
        "The application accepts the signature and refuses the made-up type of event.",
        &["webhook.accepts-signed/refused-otherwise"],
        |world| send_signed(world, InstallationManner::KnownEventsOnly),
    ),
    Fault::new(
        "webhook-slow",
        "The application handles an event before it answers, which takes more than five seconds.",
        &["webhook.accepts-signed/slow"],
        |world| {
            send_signed(world, InstallationManner::AnswersLate(5_200));
            world.set("network.timeout", "8s");
        },
    ),
    Fault::new(
        "actions-missing",
        "The application has nothing at the Actions URL, so nobody can log in.",
        &["actions.answers/not-found"],
        |world| behave(world, InstallationManner::ActionsMissing),
    ),
    Fault::new(
        "actions-open",
        "The Actions endpoint answers what nobody signed.",
        &["actions.answers/accepts-unsigned"],
        |world| behave(world, InstallationManner::ActionsOpen),
    ),
];

/// The run is told to post a signed event.
fn send_signed(world: &mut World, manner: InstallationManner) {
    behave(world, manner);
    world.set("checks.send_signed", "true");
}

fn behave(world: &mut World, manner: InstallationManner) {
    world.put(&[INSTALLATION_ADDRESS], &Service::https(Site::Installation(manner)));
}
