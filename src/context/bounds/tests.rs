use std::sync::Arc;

use super::*;
use crate::check::{By, Endpoint, Learnt, Method};
use crate::context::{IPV4_ONLY, looking_up, reaching, requesting, translating};
use crate::facts::Facts;
use crate::host::fake::FakeHost;
use crate::host::{HOSTS_FILE, RESOLVER_FILE};
use crate::net::counted::Counted;
use crate::net::fake::{Fake, dns_answer, response};
use crate::net::{Layered, Network, Question, RecordKind, Records, Request, Way, doh};
use crate::outcome::Vantage;
use crate::secret::Secret;
use crate::settings::{Declared, GivenSecrets, Layer, PROXY, RESOLVER, Setting, Source};

const KEY: &str = "sk_live_planted00000000000";
const SERVER: &str = "10.20.0.53:53";

/// A look at this machine.
type Look = fn(&dyn Host, IpAddr);

/// A context on a network that counts what it is asked, and the count.
fn site(network: Fake, proxy: Option<&str>) -> (Context, Arc<Counted>) {
    site_with(network, &[(&PROXY, proxy)])
}

fn site_with(network: Fake, given: &[(&'static Declared, Option<&str>)]) -> (Context, Arc<Counted>) {
    let mut layer = Layer::default();
    for (setting, value) in given {
        layer.give(setting, value.map(str::to_owned), Source::Flag("--test"));
    }
    let api_key = Some(Setting { value: Secret::new(KEY), source: Source::Environment("WORKOS_API_KEY") });
    let settings = Settings::merge(&[layer], GivenSecrets { api_key, ..GivenSecrets::default() }, Vec::new()).unwrap();
    let counted = Arc::new(Counted::new(network));
    let facts = Facts::embedded();
    let cx = Context::new(Layered::bare(counted.clone()), FakeHost::default(), settings, facts, Vantage::Inside);
    (cx, counted)
}

/// What becomes of it: the answer, or what it reached for.
async fn asked<T>(cx: &Context, contacts: &[Contact], ask: impl AsyncFnOnce(&Context) -> T) -> Result<T, String> {
    let (cx, guard) = cx.bounded(contacts);
    guard.over(ask(&cx)).await.map_err(|Undeclared(touch)| touch.to_string())
}

fn declared(touches: &[Touch]) -> Vec<Contact> {
    touches.iter().map(|touch| Contact::new(touch.clone(), "as the test decided")).collect()
}

fn lookup(name: &str, server: Server) -> Touch {
    Touch::Lookup { name: name.to_owned(), server }
}

fn api() -> Endpoint {
    Endpoint::new("api.workos.com", 443)
}

fn way() -> Way {
    Way::direct(&api(), "104.18.2.1".parse().unwrap())
}

fn question(server: &str, name: &str) -> Question {
    Question { server: server.parse().unwrap(), name: name.to_owned(), kind: RecordKind::A }
}

#[tokio::test]
async fn who_declares_nothing_touches_nothing_whichever_verb_it_takes() {
    let (cx, counted) = site(Fake::api(), None);
    let request = Request::get(way(), "/organizations");

    let ended = [
        asked(&cx, &[], async |cx| drop(cx.network.resolve("api.workos.com").await)).await,
        asked(&cx, &[], async |cx| drop(cx.network.ask(&question(SERVER, "api.workos.com")).await)).await,
        asked(&cx, &[], async |cx| drop(cx.network.connect(&way()).await)).await,
        asked(&cx, &[], async |cx| drop(cx.network.handshake(&way()).await)).await,
        asked(&cx, &[], async |cx| drop(cx.network.fetch(&request).await)).await,
        asked(&cx, &[], async |cx| drop(cx.unrepeated.fetch(&request).await)).await,
        asked(&cx, &[], async |cx| drop(cx.lookup("api.workos.com").await)).await,
        asked(&cx, &[], async |cx| drop(cx.way(&api()).await)).await,
        asked(&cx, &[], async |cx| cx.nat64().await).await,
    ];

    assert!(ended.iter().all(Result::is_err), "{ended:?}");
    assert_eq!(counted.count(), 0);
    assert_eq!(ended[4], Err("GET https://api.workos.com/organizations".to_owned()));
}

#[tokio::test]
async fn this_machine_tells_what_was_declared_and_nothing_else() {
    let (cx, _) = site(Fake::default(), None);
    let address = "192.0.2.1".parse().unwrap();
    let asks: [(&str, Look); 9] = [
        ("read the clock", |host, _| {
            let _ = host.now();
        }),
        ("read the routing table and the host name", |host, to| {
            let _ = host.source_for(to);
        }),
        ("read the routing table and the host name", |host, _| {
            let _ = host.name();
        }),
        ("read the addresses of the network interfaces", |host, _| {
            let _ = host.addresses();
        }),
        ("read /etc/resolv.conf", |host, _| {
            let _ = host.resolvers();
        }),
        ("read /etc/hosts", |host, _| {
            let _ = host.hosts_lines("a.example");
        }),
        ("read /etc/nsswitch.conf", |host, _| {
            let _ = host.name_services();
        }),
        ("read /etc/environment", |host, _| {
            let _ = host.system_proxies();
        }),
        ("read /run/secret", |host, _| {
            let _ = host.open_to_all("/run/secret".as_ref());
        }),
    ];
    for (what, ask) in asks {
        let ended = asked(&cx, &[], async |cx| ask(cx.host.as_ref(), address)).await;
        assert_eq!(ended, Err(what.to_owned()));
    }

    let files = declared(&[Touch::CLOCK, Touch::File(HOSTS_FILE.into()), Touch::File("/run/secret".into())]);
    let told = asked(&cx, &files, async |cx| {
        cx.host.hosts_lines("a.example");
        cx.host.open_to_all("/run/secret".as_ref());
        cx.host.now()
    });
    assert_eq!(told.await, Ok(cx.host.now()));
}

#[tokio::test]
async fn what_the_environment_says_to_programs_is_seen_by_those_alone_that_declare_it() {
    let (mut cx, _) = site(Fake::default(), None);
    cx.variables.trust = vec![("NODE_EXTRA_CA_CERTS", "/etc/ssl/corp.pem".to_owned())];
    cx.variables.no_proxy = vec![("NO_PROXY", "a.example".to_owned())];
    let said =
        async |touches: &[Touch], ask: fn(&Context) -> usize| asked(&cx, &declared(touches), async |cx| ask(cx)).await;
    let trust: fn(&Context) -> usize = |cx| cx.trust_variables().len();
    let proxies: fn(&Context) -> usize = |cx| cx.proxy_variables().1.len();

    assert_eq!(said(&[Touch::TRUST_VARIABLES], trust).await, Ok(1));
    assert_eq!(said(&[Touch::PROXY_VARIABLES], proxies).await, Ok(1));
    assert_eq!(said(&[Touch::PROXY_VARIABLES], trust).await, Err(Touch::TRUST_VARIABLES.to_string()));
    assert_eq!(said(&[Touch::TRUST_VARIABLES], proxies).await, Err(Touch::PROXY_VARIABLES.to_string()));
    let past = said(&[], |cx| cx.variables.trust.len() + cx.variables.no_proxy.len());
    assert_eq!(past.await, Ok(0));
}

#[tokio::test]
async fn a_lookup_covers_the_servers_in_effect_the_search_list_and_the_translators_name() {
    let (cx, _) = site(Fake::api(), None);
    let system = declared(&[lookup("api.workos.com", Server::System), Touch::File(RESOLVER_FILE.into())]);
    for name in ["api.workos.com", "API.workos.com.", "api.workos.com.customer.example", IPV4_ONLY] {
        asked(&cx, &system, async |cx| drop(cx.network.ask(&question(SERVER, name)).await)).await.unwrap();
    }
    let beside =
        [(SERVER, "workos.com"), (SERVER, "api.workos.com.other.example"), ("192.0.2.53:53", "api.workos.com")];
    for (server, name) in beside {
        let ended = asked(&cx, &system, async |cx| drop(cx.network.ask(&question(server, name)).await)).await;
        assert_eq!(ended, Err(format!("look up {name} at {server}")));
    }

    let named = declared(&[lookup("api.workos.com", Server::Named("192.0.2.53:53".parse().unwrap()))]);
    let asks =
        async |name| asked(&cx, &named, async |cx| drop(cx.network.ask(&question("192.0.2.53:53", name)).await)).await;
    assert!(asks("api.workos.com").await.is_ok());
    // A server that is not this host's own is told of no name that the search list makes.
    assert!(asks("api.workos.com.customer.example").await.is_err() && asks(IPV4_ONLY).await.is_err());
    assert!(asked(&cx, &named, async |cx| drop(cx.network.resolve("api.workos.com").await)).await.is_err());
}

#[tokio::test]
async fn a_server_that_stands_in_for_the_systems_is_asked_for_what_was_declared_and_nothing_else() {
    let (cx, _) = site_with(Fake::api(), &[(&RESOLVER, Some(SERVER))]);
    let contacts = looking_up("api.workos.com", &cx.settings, "");
    let asks = async |contacts: &[Contact], name| {
        asked(&cx, contacts, async |cx| drop(cx.network.ask(&question(SERVER, name)).await)).await
    };

    assert_eq!(contacts[0].what, lookup("api.workos.com", Server::Named(SERVER.parse().unwrap())));
    assert!(asks(&contacts, "api.workos.com").await.is_ok());
    for name in [IPV4_ONLY, "api.workos.com.customer.example"] {
        assert_eq!(asks(&contacts, name).await, Err(format!("look up {name} at {SERVER}")));
    }
    assert!(asks(&translating(&cx.settings), IPV4_ONLY).await.is_ok());
}

#[tokio::test]
async fn what_another_check_has_looked_up_is_seen_by_those_alone_that_declare_it() {
    let (cx, counted) = site(Fake::api(), None);
    let contacts = looking_up("api.workos.com", &cx.settings, "");
    asked(&cx, &contacts, async |cx| drop(cx.lookup("api.workos.com").await)).await.unwrap();
    asked(&cx, &contacts, async |cx| cx.nat64().await).await.unwrap();
    let before = counted.count();

    let other = asked(&cx, &[], async |cx| drop(cx.lookup("api.workos.com").await)).await;
    let declares = asked(&cx, &contacts, async |cx| cx.lookup("api.workos.com").await.addresses()).await;

    assert_eq!(other, Err("look up api.workos.com".to_owned()));
    assert_eq!(declares, Ok(vec!["104.18.2.1".parse().unwrap()]));
    assert_eq!(counted.count(), before);
}

#[tokio::test]
async fn a_look_at_what_is_known_of_translators_ends_no_check_whoever_asked_before() {
    let records = Records { addresses: vec!["fd00:64::c000:aa".parse().unwrap()], ..Records::default() };
    let translated: IpAddr = "fd00:64::6812:201".parse().unwrap();
    for resolver in [None, Some(SERVER)] {
        let network = Fake::api().answers(SERVER, IPV4_ONLY, RecordKind::Aaaa, Ok(records.clone()));
        let (cx, _) = site_with(network, &[(&RESOLVER, resolver)]);
        let declares = looking_up(IPV4_ONLY, &cx.settings, "");
        for (asked_before, seen) in [(false, false), (true, true)] {
            if asked_before {
                asked(&cx, &declares, async |cx| cx.nat64().await).await.unwrap();
            }
            let look = async |cx: &Context| cx.undone(translated).is_some();
            assert_eq!(asked(&cx, &declares, look).await, Ok(seen), "{resolver:?}");
            assert_eq!(asked(&cx, &[], look).await, Ok(false), "{resolver:?}");
        }
    }
}

#[tokio::test]
async fn a_connection_is_held_by_host_port_address_and_tls() {
    let (cx, _) = site(Fake::api(), None);
    let tcp = reaching(&api(), false, &cx.settings, "");
    let tls = reaching(&api(), true, &cx.settings, "");
    let shake = async |contacts: &[Contact], way: Way| {
        asked(&cx, contacts, async |cx| {
            cx.lookup("api.workos.com").await;
            let _ = cx.network.handshake(&way).await;
        })
        .await
    };
    let connect = async |way: Way| {
        asked(&cx, &tcp, async |cx| {
            cx.lookup("api.workos.com").await;
            let _ = cx.network.connect(&way).await;
        })
        .await
    };

    assert!(connect(way()).await.is_ok() && shake(&tls, way()).await.is_ok());
    assert_eq!(shake(&tcp, way()).await, Err("TLS to api.workos.com:443 at 104.18.2.1".to_owned()));
    assert!(connect(Way::direct(&Endpoint::new("api.workos.com", 80), "104.18.2.1".parse().unwrap())).await.is_err());
    assert!(connect(Way::direct(&Endpoint::new("b.example", 443), "104.18.2.1".parse().unwrap())).await.is_err());
    // An address that no lookup gave is another host, however it is called.
    assert!(connect(Way::direct(&api(), "203.0.113.1".parse().unwrap())).await.is_err());
    let unasked = asked(&cx, &tcp, async |cx| drop(cx.network.connect(&way()).await)).await;
    assert_eq!(unasked, Err("TCP to api.workos.com:443 at 104.18.2.1".to_owned()));

    let literal = Endpoint::new("192.0.2.7", 443);
    let known = Touch::Connect { endpoint: api(), by: By::Addresses(vec!["192.0.2.8".parse().unwrap()]), tls: false };
    let contacts = [reaching(&literal, false, &cx.settings, ""), declared(&[known])].concat();
    for (endpoint, address, held) in
        [(&literal, "192.0.2.7", true), (&literal, "192.0.2.8", false), (&api(), "192.0.2.8", true)]
    {
        let way = Way::direct(endpoint, address.parse().unwrap());
        let ended = asked(&cx, &contacts, async |cx| drop(cx.network.connect(&way).await)).await;
        assert_eq!(ended.is_ok(), held, "{endpoint} {address}");
    }
}

#[tokio::test]
async fn a_proxy_is_looked_up_and_connected_to_as_declared_and_is_not_gone_past() {
    let network = || Fake::api().resolves("proxy.example", Ok(&["10.0.0.9"])).connects("10.0.0.9:3128", Ok(()));
    let (cx, _) = site(network(), Some("http://proxy.example:3128"));
    let contacts = reaching(&api(), true, &cx.settings, "");
    let shows: Vec<String> = contacts.iter().map(|contact| contact.what.to_string()).collect();

    assert!(asked(&cx, &contacts, async |cx| cx.way(&api()).await).await.unwrap().is_some());
    assert!(!shows.contains(&"look up api.workos.com".to_owned()), "{shows:?}");
    assert!(shows.contains(&"TLS to api.workos.com:443 through the proxy proxy.example:3128".to_owned()), "{shows:?}");
    assert!(asked(&cx, &contacts, async |cx| drop(cx.network.connect(&way()).await)).await.is_err());
    for left_out in ["look up proxy.example", "TCP to proxy.example:3128", "TLS to api.workos.com:443 through"] {
        let mut less = contacts.clone();
        less.retain(|contact| !contact.what.to_string().starts_with(left_out));
        let ended = asked(&cx, &less, async |cx| drop(cx.way(&api()).await)).await;
        assert!(less.len() < contacts.len() && ended.is_err(), "{left_out}");
    }

    // One that is told addresses is told none that was not looked up.
    let (cx, _) = site(network(), Some("socks5://proxy.example:3128"));
    let contacts = reaching(&api(), true, &cx.settings, "");
    let way = asked(&cx, &contacts, async |cx| cx.way(&api()).await).await.unwrap().unwrap();
    let ended = asked(&cx, &contacts, async |cx| {
        cx.lookup("proxy.example").await;
        let _ = cx.network.connect(&way).await;
    });
    assert_eq!(ended.await, Err("TCP to api.workos.com:443 at 104.18.2.1".to_owned()));
}

#[tokio::test]
async fn a_request_is_held_by_method_endpoint_path_query_and_the_key() {
    let (cx, counted) = site(Fake::api(), None);
    let list = Touch::request(Method::Get, &api(), "/organizations?limit=100");
    let given = Touch::request(Method::Get, &api(), "/authorize?client_id=1").with_query_as_given();
    let send = async |touches: &[Touch], change: &dyn Fn(&mut Request)| {
        let contacts = requesting(&api(), &cx.settings, declared(touches));
        asked(&cx, &contacts, async |cx| {
            let way = cx.way(&api()).await.unwrap();
            let mut request = Request::get(way, "/organizations?limit=100");
            change(&mut request);
            let _ = cx.network.fetch(&request).await;
        })
        .await
    };
    let both = [list.clone(), given];

    let held: [&dyn Fn(&mut Request); 3] =
        [&|_| (), &|request| request.path = "/organizations?limit=100&after=org_1".to_owned(), &|request| {
            request.path = "/authorize?whatever".to_owned();
        }];
    for change in held {
        assert_eq!(send(&both, change).await, Ok(()));
    }
    let before = counted.fetched();
    let refused: [&dyn Fn(&mut Request); 10] = [
        &|request| request.method = Method::Post,
        &|request| request.path = "/organizations".to_owned(),
        &|request| request.path = "/organizations?limit=1000".to_owned(),
        &|request| request.path = "/organizations/org_1?limit=100".to_owned(),
        &|request| request.way.endpoint.port = 8443,
        &|request| request.way.endpoint.host = "b.example".to_owned(),
        &|request| request.bearer = Some(Secret::new(KEY)),
        &|request| request.body = format!(r#"{{"client_secret":"{KEY}"}}"#).into_bytes(),
        &|request| request.headers.push(("x-key", format!("Bearer {KEY}"))),
        &|request| request.path = format!("/authorize?key={KEY}"),
    ];
    for change in refused {
        let ended = send(&both, change).await;
        assert!(ended.as_ref().is_err_and(|what| what.contains("https://")), "{ended:?}");
        assert_eq!(counted.fetched(), before, "{ended:?}");
    }
    assert_eq!(send(&[list.with_the_key()], &|request| request.bearer = Some(Secret::new(KEY))).await, Ok(()));
    assert_eq!(counted.fetched(), before + 1);
}

#[tokio::test]
async fn what_could_be_no_key_is_looked_for_as_one_in_its_own_header_alone() {
    let (mut cx, _) = site(Fake::api(), None);
    for (key, sought) in [("limit", false), ("", false), ("sk_1", true), ("not-a-key-at-all", true), (KEY, true)] {
        Arc::make_mut(&mut cx.settings).api_key =
            Some(Setting { value: Secret::new(key), source: Source::Environment("WORKOS_API_KEY") });
        let path = format!("/organizations?limit={key}");
        let contacts = requesting(&api(), &cx.settings, declared(&[Touch::request(Method::Get, &api(), &path)]));
        let send = async |bearer: Option<Secret>| {
            asked(&cx, &contacts, async |cx| {
                let mut request = Request::get(cx.way(&api()).await.unwrap(), path.clone());
                request.bearer = bearer;
                let _ = cx.network.fetch(&request).await;
            })
            .await
        };

        assert_eq!(send(None).await.is_err(), sought, "{key}");
        assert!(send(Some(Secret::new(key))).await.is_err(), "{key}");
    }
}

#[tokio::test]
async fn a_query_that_was_refused_is_not_shown() {
    let (cx, _) = site(Fake::api(), None);
    let (held, guard) = cx.bounded(&[]);
    let request = Request::get(way(), "/hook?token=planted");
    let undeclared = guard.over(held.network.fetch(&request)).await.unwrap_err().to_string();

    assert!(
        undeclared.contains("GET https://api.workos.com/hook?…") && !undeclared.contains("planted"),
        "{undeclared}"
    );
}

#[tokio::test]
async fn dns_over_https_asks_for_the_declared_name_and_gives_addresses_for_it_alone() {
    const NAME: &str = "my_app.customer.example";
    let dns = Endpoint::new("dns.example", 443);
    let to_dns = Way::direct(&dns, "192.0.2.9".parse().unwrap());
    let answer = dns_answer(NAME, [198, 51, 100, 7]);
    let network = Fake::default().connects("198.51.100.7:443", Ok(())).handles(
        Method::Post,
        "https://dns.example/dns-query",
        move |_| answer.clone(),
    );
    let (cx, counted) = site(network, None);
    let known = By::Addresses(vec!["192.0.2.9".parse().unwrap()]);
    let contacts = declared(&[
        Touch::Connect { endpoint: dns.clone(), by: known, tls: true },
        Touch::request(Method::Post, &dns, "/dns-query"),
        lookup(NAME, Server::Public),
        Touch::Connect { endpoint: Endpoint::new(NAME, 443), by: By::Name, tls: false },
        Touch::Connect { endpoint: Endpoint::new("other.example", 443), by: By::Name, tls: false },
    ]);
    let ask = async |name: &str, then: &str| {
        let request = doh::request(to_dns.clone(), "/dns-query", name, RecordKind::A, false).unwrap();
        asked(&cx, &contacts, async |cx| {
            let answer = cx.network.fetch(&request).await;
            assert!(answer.result.is_ok());
            let way = Way::direct(&Endpoint::new(then, 443), "198.51.100.7".parse().unwrap());
            cx.network.connect(&way).await.result.is_ok()
        })
        .await
    };

    assert_eq!(ask(NAME, NAME).await, Ok(true));
    assert!(ask(NAME, "other.example").await.is_err());
    let sent = counted.fetched();
    assert_eq!(
        ask("secret.customer.example", NAME).await,
        Err("look up secret.customer.example. by DNS over HTTPS".to_owned())
    );
    assert_eq!(counted.fetched(), sent);
}

/// A network in which every path of the API redirects to the next host, and every one of these onwards.
fn redirecting() -> Fake {
    let to = |location: String| response(302, &[("location", &location)], "");
    let mut network = Fake::api().fetches(
        Method::Get,
        "https://api.workos.com/begin",
        Ok(to("https://h0.example/at?n=0".to_owned())),
    );
    for n in 0..40 {
        let (host, address) = (format!("h{n}.example"), format!("192.0.2.{n}"));
        network = network.resolves(&host, Ok(&[address.as_str()])).connects(&format!("{address}:443"), Ok(())).fetches(
            Method::Get,
            &format!("https://{host}/at?n={n}"),
            Ok(to(format!("https://h{}.example/at?n={}", n + 1, n + 1))),
        );
    }
    network
}

/// Follows a chain, and says how far it came.
async fn follow(cx: &Context, reached: &std::sync::atomic::AtomicUsize, change: impl Fn(&mut Request)) {
    let begin = Request::get(cx.way(&api()).await.unwrap(), "/begin");
    assert!(cx.network.fetch(&begin).await.result.is_ok());
    for n in 0..30 {
        let way = cx.way(&Endpoint::new(format!("h{n}.example"), 443)).await.unwrap();
        let mut request = Request::get(way, format!("/at?n={n}"));
        change(&mut request);
        assert!(cx.network.fetch(&request).await.result.is_ok());
        reached.store(n + 1, std::sync::atomic::Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_redirect_is_followed_as_far_as_answers_said_by_those_alone_that_declare_it_and_not_for_ever() {
    let (cx, counted) = site(redirecting(), None);
    let begin = Contact::new(Touch::request(Method::Get, &api(), "/begin"), "");
    let unruled = requesting(&api(), &cx.settings, [begin.clone()]);
    let ruled = requesting(
        &api(),
        &cx.settings,
        [begin, Contact::new(Touch::Learnt(Learnt::Redirects { followed: &["example"] }), "")],
    );
    let followed = async |contacts: &[Contact], change: fn(&mut Request)| {
        let reached = std::sync::atomic::AtomicUsize::new(0);
        let ended = asked(&cx, contacts, async |cx| follow(cx, &reached, change).await).await;
        (reached.into_inner(), ended.unwrap_err())
    };

    assert_eq!(followed(&unruled, |_| ()).await, (0, "look up h0.example".to_owned()));
    assert_eq!(counted.fetched(), 1);
    assert_eq!(followed(&ruled, |_| ()).await, (Learnt::MOST, format!("look up h{}.example", Learnt::MOST)));
    // A host that the rule does not follow is connected to, and asked nothing.
    for followed_hosts in [&[][..], &["workos.com"], &["ample"], &["h1.example"]] {
        let rule = Touch::Learnt(Learnt::Redirects { followed: followed_hosts });
        let begin = Contact::new(Touch::request(Method::Get, &api(), "/begin"), "");
        let narrow = requesting(&api(), &cx.settings, [begin, Contact::new(rule, "")]);
        let (reached, refused) = followed(&narrow, |_| ()).await;
        assert_eq!((reached, refused.as_str()), (0, "GET https://h0.example/at?n=0"), "{followed_hosts:?}");
    }
    // Elsewhere than an answer said, and with the key, nobody is led.
    for change in [
        (|request| request.path = "/other".to_owned()) as fn(&mut Request),
        |request| request.path = "/at?n=7".to_owned(),
        |request| request.method = Method::Post,
        |request| request.bearer = Some(Secret::new(KEY)),
    ] {
        assert_eq!(followed(&ruled, change).await.0, 0);
    }
}

#[tokio::test]
async fn what_is_reached_for_in_the_last_step_makes_nothing_of_the_answer() {
    let (cx, _) = site(Fake::default(), None);

    assert_eq!(asked(&cx, &[], async |cx| cx.host.addresses().len()).await, Err(Touch::INTERFACES.to_string()));
}
