//! What can be at an address: services, the certificates they show and the sites behind them.

/// What a TCP port does.
#[derive(Clone, Debug)]
pub enum Service {
    /// SYNs vanish. In a namespace nothing is bound here: the test gives the address a route that drops.
    Drops,
    /// A closed port.
    Refuses,
    /// ICMP host-unreachable on the way; only a namespace can play it.
    Unreachable,
    /// ICMP prohibited on the way; only a namespace can play it.
    Prohibited,
    /// The machine has no route to the address. Only a namespace can play this.
    NoRoute,
    /// Accepts, then resets once the client has spoken.
    ResetsInHandshake,
    /// Accepts, then says nothing.
    StallsInHandshake,
    /// Accepts, then sends bytes that are no protocol.
    Garbage,
    /// TLS 1.2 with a cipher suite of CBC alone, as far as the choice of it.
    OnlyCbc,
    /// What is behind a box that loses a first message of TLS which is larger than one packet.
    BehindSmallPackets {
        /// Whether it resets the connection; else nothing comes back.
        resets: bool,
        /// What is behind it.
        service: Box<Service>,
    },
    /// Answers plain HTTP where TLS was expected.
    PlainHttp(Page),
    /// Refuses every version of TLS that is offered.
    OnlyOldTls,
    /// TLS, then HTTP/1.1.
    Tls {
        /// What it shows.
        certificate: Certificate,
        /// Whether it insists on a certificate of the client.
        client_certificate: ClientCertificate,
        /// What is behind it.
        site: Site,
    },
    /// TLS, then HTTP/2 where the client offers it.
    Http2 {
        /// How it goes on.
        manner: Http2Manner,
        /// What is behind it.
        site: Site,
    },
    /// An HTTP CONNECT proxy.
    Proxy(ProxyManner),
    /// The same behind TLS, as an https proxy.
    TlsProxy {
        /// The certificate that the proxy shows for its own name.
        certificate: Certificate,
        /// How it treats CONNECT.
        manner: ProxyManner,
    },
    /// A SOCKS 5 proxy.
    Socks(SocksManner),
}

impl Service {
    /// A site behind TLS with nothing wrong.
    pub fn https(site: Site) -> Self {
        Self::Tls { certificate: Certificate::Good, client_certificate: ClientCertificate::NotAsked, site }
    }
}

/// The certificate a TLS service shows. Where nothing else is said it is for the right names, by the public issuer, for 90 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// Nothing is wrong.
    Good,
    /// Ended three days ago.
    Expired,
    /// Begins in two days.
    NotYetValid,
    /// For another name.
    WrongName,
    /// Signed by itself.
    SelfSigned,
    /// The intermediate is not sent; the leaf says where it could be fetched.
    IncompleteChain,
    /// By the customer's own CA, as from an inspecting proxy.
    PrivateCa,
    /// Ends in ten days.
    ExpiresSoon,
}

/// What answers HTTP.
#[derive(Clone, Debug)]
pub enum Site {
    /// The `WorkOS` API.
    Workos(ApiManner),
    /// Hosted pages of `WorkOS`: sign-in and errors.
    HostedPages,
    /// DNS over HTTPS with the public zone.
    DnsOverHttps,
    /// The customer's application.
    Installation(InstallationManner),
    /// The same page for every request.
    Page(Page),
    /// 50 MB.
    OversizedBody,
    /// Headers, then a byte now and then for ever.
    EndlessBody,
}

/// A whole HTTP answer.
#[derive(Clone, Debug)]
pub struct Page {
    /// The status code.
    pub status: u16,
    /// Its headers; the length is added.
    pub headers: Vec<(&'static str, String)>,
    /// Its body.
    pub body: String,
}

/// How the API, or what stands in front of it, treats requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiManner {
    /// As in production.
    Works,
    /// 401 for every key.
    KeyRevoked,
    /// 403 for every key.
    Forbidden,
    /// 429 for requests with a key.
    RateLimited {
        /// Seconds in `Retry-After`.
        retry_after: u32,
        /// Whether only the first such request is refused.
        once: bool,
    },
    /// 503 from `WorkOS` or its edge.
    Unavailable {
        /// The edge's own page instead of JSON.
        html: bool,
    },
    /// 502 by something that is not the edge.
    BadGatewayWithoutCfRay,
    /// 200 with the page of a web filter.
    BlockPage,
    /// 302 to a hotspot's sign-in.
    CaptivePortal,
    /// 302 to the page of a web filter.
    FilterRedirect,
    /// The edge refuses in plain text, with this number.
    RefusedAtEdge(u16),
    /// The right answer, kept by a cache for so many seconds.
    Kept(u32),
    /// The edge's challenge, which only a browser can pass.
    CloudflareChallenge,
    /// Half of the announced body, then the connection closes.
    TruncatedJson,
    /// The right status, but a body that is not JSON.
    NotJson,
    /// JSON of something else.
    NotTheApi,
    /// Answers 404 to everything, in JSON, as a gateway does that knows other paths.
    NotFound,
    /// The right body without any header of `WorkOS` or its edge.
    HeadersMissing,
    /// The Date header is off by so many seconds.
    ClockOff(i64),
    /// 431 where the headers are large.
    RefusesLargeHeaders,
    /// Silence where the request is larger than a few packets, as behind an MTU blackhole.
    StallsOnSize,
    /// Reads the request and never answers.
    NeverAnswers,
    /// The right answer, so many milliseconds late.
    Late(u64),
    /// One connection in four goes silent before it says anything, as where one of several ways is broken.
    Lossy,
    /// The right answer, compressed with gzip although nobody asked for it.
    Compressed,
    /// The right answer, under the name of a compression that only browsers ask for.
    CompressedForBrowsers,
}

/// How the customer's application, or what stands in front of it, treats requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstallationManner {
    /// It verifies signatures.
    Works,
    /// The webhook path answers 200 to anything.
    AcceptsUnsigned,
    /// 404 at the webhook path.
    WebhookMissing,
    /// 405 at the webhook path.
    MethodRefused,
    /// The webhook path redirects to a sign-in.
    RedirectsToLogin,
    /// 500 at the webhook path.
    ServerError,
    /// 401 at the webhook path to anything without a signature.
    Unauthorized,
    /// A sign-in page with status 200 at every path.
    LoginWall,
    /// 403 at every path: an allowlist or WAF answers.
    ForbidsEverything,
    /// 401 at every path: a sign-in stands before the application, and has no page of its own.
    SignInEverywhere,
    /// Every POST is refused with the page of a web application firewall, 406.
    Firewall,
    /// 400 at every path, without a word: who connects has no certificate.
    WantsCertificate,
    /// 403 at the webhook path only, to anything without a signature.
    ForbidsUnsigned,
    /// The callback answers 404.
    CallbackMissing,
    /// 500 at the callback.
    CallbackBroken,
    /// The callback redirects to a host that has nothing to do with the sign-in.
    CallbackElsewhere,
    /// An access product in the cloud sends every browser to its own sign-in; webhooks and Actions are exempt.
    AccessProduct,
    /// Something before the application writes JSON bodies anew, so that signatures do not fit them.
    RewritesBodies,
    /// Its clock is ahead by so many seconds, or behind.
    ClockOff(i64),
    /// It handles an event before it answers, which takes so many milliseconds.
    AnswersLate(u64),
    /// It verifies signatures, and takes only the types of events that it knows.
    KnownEventsOnly,
    /// 404 at the Actions path.
    ActionsMissing,
    /// The Actions path answers 200 to anything.
    ActionsOpen,
}

/// Whether a TLS service asks whoever connects for a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientCertificate {
    /// It does not.
    NotAsked,
    /// It does, and completes the handshake without one.
    Asked,
    /// It does, and ends the handshake without one.
    Required,
}

/// How a site, or a box before it, goes on once HTTP/2 was agreed on. All but the second answer over HTTP/1.1 as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Http2Manner {
    /// It answers.
    Works,
    /// It answers, and refuses clients that do not offer HTTP/2.
    Only,
    /// It closes the connection once the client has begun.
    ClosesAfterPreface,
    /// It closes the connection when a request has come.
    ClosesOnRequest,
    /// It answers in HTTP/1.1 all the same.
    SpeaksHttp1,
    /// It says nothing.
    NeverAnswers,
    /// It begins, and says nothing to requests.
    StallsAfterSettings,
    /// It ends the connection with GOAWAY.
    GoesAway,
    /// It ends each stream with `RST_STREAM`.
    ResetsStreams,
    /// It ends each stream for want of HTTP/1.1.
    WantsHttp1,
    /// It sends frames that HTTP/2 does not allow.
    BreaksTheRules,
    /// It ends each stream in the middle of the answer.
    CutsBodies,
    /// It falls silent in the middle of the answer.
    StallsInBodies,
}

impl Http2Manner {
    /// Those of a box that breaks it.
    pub const BROKEN: [Http2Manner; 11] = [
        Http2Manner::ClosesAfterPreface,
        Http2Manner::ClosesOnRequest,
        Http2Manner::SpeaksHttp1,
        Http2Manner::NeverAnswers,
        Http2Manner::StallsAfterSettings,
        Http2Manner::GoesAway,
        Http2Manner::ResetsStreams,
        Http2Manner::WantsHttp1,
        Http2Manner::BreaksTheRules,
        Http2Manner::CutsBodies,
        Http2Manner::StallsInBodies,
    ];
}

/// How the forward proxy treats CONNECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyManner {
    /// It opens a tunnel.
    Opens,
    /// It opens a tunnel as old ones do: an interim answer first, and lines that end with a bare line feed.
    OpensInOldStyle,
    /// It opens a tunnel for [`PROXY_AUTHORIZATION`], else 407.
    Requires,
    /// 407 with the sign-in schemes of Windows alone, in one list.
    WantsWindowsSignIn,
    /// A redirect to a page where people sign in.
    LeadsToSignIn,
    /// 407 without a way to sign in, which is a rule in plain text.
    DeniesWith407,
    /// 500 where others send 502.
    UpstreamFailsWith500,
    /// It ends the connection without an answer.
    Closes,
    /// 403 with a page.
    Denies,
    /// 502.
    UpstreamFails,
    /// Silence.
    NeverAnswers,
    /// It is a web server.
    NotAProxy,
}

/// How the SOCKS proxy treats requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocksManner {
    /// It opens a way.
    Opens,
    /// It opens a way for the user `installer` with the password `demo`.
    WantsPassword,
    /// Not allowed by its rules.
    Denies,
    /// The host is unreachable.
    CannotReach,
}

/// The `Proxy-Authorization` that [`ProxyManner::Requires`] accepts: user `installer`, password `demo`.
pub const PROXY_AUTHORIZATION: &str = "Basic aW5zdGFsbGVyOmRlbW8=";
