//! What the API and the installation answer.

use super::*;

#[tokio::test]
async fn manners_of_the_api_look_like_what_they_play() {
    for (manner, status, found) in [
        (ApiManner::Works, 401, r#"{"message":"Unauthorized"}"#),
        (ApiManner::Unavailable { html: false }, 503, "Cf-Ray: "),
        (ApiManner::Unavailable { html: true }, 503, "Cf-Ray: "),
        (ApiManner::BadGatewayWithoutCfRay, 502, "<title>502 Bad Gateway</title>"),
        (ApiManner::BlockPage, 200, "<title>Web Page Blocked</title>"),
        (ApiManner::CaptivePortal, 302, "Location: http://login.hotspot.example/"),
        (ApiManner::CloudflareChallenge, 403, "Cf-Mitigated: challenge"),
        (ApiManner::NotJson, 401, "X-Request-Id: "),
        (ApiManner::NotTheApi, 200, "inventory"),
        (ApiManner::HeadersMissing, 401, r#"{"message":"Unauthorized"}"#),
    ] {
        let simulator = with_api(Service::https(Site::Workos(manner))).await;

        let answer = api_asked(&simulator, "").await;

        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{manner:?}: {answer}");
        assert!(answer.contains(found), "{manner:?}: {answer}");
        let genuine = answer.contains("X-Request-Id") || answer.contains("Cf-Ray");
        let edge = !matches!(
            manner,
            ApiManner::BadGatewayWithoutCfRay
                | ApiManner::BlockPage
                | ApiManner::CaptivePortal
                | ApiManner::NotTheApi
                | ApiManner::HeadersMissing
        );
        assert_eq!(genuine, edge, "{manner:?}: {answer}");
    }
}

#[tokio::test]
async fn a_truncated_answer_is_shorter_than_it_says() {
    let answer = api_asked(&playing("truncated-json").await, "").await;

    assert!(answer.contains("Content-Length: 26\r\n"), "{answer}");
    assert!(answer.ends_with(r#"{"message":"U"#), "{answer}");
}

#[tokio::test]
async fn an_answer_can_come_from_another_time() {
    let answer = api_asked(&playing("clock-skewed").await, "").await;

    let dates: Vec<_> = answer.lines().filter_map(|it| it.strip_prefix("Date: ")).collect();
    let [date] = dates[..] else { panic!("one Date header: {answer}") };
    let ahead = httpdate::parse_http_date(date).unwrap().duration_since(std::time::SystemTime::now()).unwrap();
    assert!((590..=600).contains(&ahead.as_secs()), "{ahead:?}");
}

#[tokio::test]
async fn a_rate_limit_can_pass() {
    let manner = ApiManner::RateLimited { retry_after: 1, once: true };
    let simulator = with_api(Service::https(Site::Workos(manner))).await;
    let key = format!("Authorization: Bearer {}\r\n", World::healthy().api_key);

    let without_a_key = api_asked(&simulator, "").await;
    let first = api_asked(&simulator, &key).await;
    let second = api_asked(&simulator, &key).await;

    assert!(without_a_key.starts_with("HTTP/1.1 401 "));
    assert!(first.starts_with("HTTP/1.1 429 ") && first.contains("Retry-After: 1\r\n"), "{first}");
    assert!(second.starts_with("HTTP/1.1 200 "), "{second}");
}

#[tokio::test]
async fn large_requests_can_stall_or_be_refused() {
    let padding = format!("X-Padding: {}\r\n", "x".repeat(6 * 1024));

    let healthy = api_asked(&playing("").await, &padding).await;
    let refused = api_asked(&playing("padding-refused").await, &padding).await;
    let simulator = playing("stalled-on-size").await;
    let small = api_asked(&simulator, "").await;
    let stalled = timeout(Duration::from_millis(300), api_asked(&simulator, &padding)).await;

    assert!(healthy.starts_with("HTTP/1.1 401 "));
    assert!(refused.starts_with("HTTP/1.1 431 "));
    assert!(small.starts_with("HTTP/1.1 401 "));
    assert!(stalled.is_err());
}

#[tokio::test]
async fn bodies_can_be_too_long_or_endless() {
    let oversized = api_asked(&playing("oversized-body").await, "").await;
    let simulator = playing("endless-body").await;
    let endless = timeout(Duration::from_secs(2), api_asked(&simulator, "")).await;

    assert!(oversized.len() > 50 * 1024 * 1024);
    assert!(endless.is_err());
}

#[tokio::test]
async fn a_request_beyond_the_limit_is_refused() {
    let body = "x".repeat(1024 * 1024 + 1);
    let request = format!(
        "POST /webhooks/workos HTTP/1.1\r\nHost: {INSTALLATION}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );

    let answer = asked(&playing("").await, https(INSTALLATION_ADDRESS), INSTALLATION, &request).await;

    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn unsigned_webhooks_get_what_each_fault_answers() {
    for (fault, webhook, elsewhere) in [
        ("", 400, 404),
        ("webhook-open", 200, 404),
        ("webhook-missing", 404, 404),
        ("webhook-method", 405, 404),
        ("webhook-redirects", 302, 404),
        ("webhook-broken", 500, 404),
        ("webhook-login-wall", 200, 200),
        ("webhook-allowlisted", 403, 403),
    ] {
        let simulator = playing(fault).await;

        let at_webhook = posted(&simulator, "/webhooks/workos").await;
        let at_made_up = posted(&simulator, "/made-up").await;

        assert!(at_webhook.starts_with(&format!("HTTP/1.1 {webhook} ")), "{fault}: {at_webhook}");
        assert!(at_made_up.starts_with(&format!("HTTP/1.1 {elsewhere} ")), "{fault}: {at_made_up}");
    }
}

#[tokio::test]
async fn odd_input_ends_nothing() {
    let simulator = playing("proxy-407").await;
    let odd: [&[u8]; 5] =
        [b"\0", b"\xff\xff\xff", b"GET / HTTP/9.9\r\n\r\n", b"CONNECT : HTTP/1.1\r\n\r\n", &[0x16; 4096]];

    for address in simulator.map().values() {
        for bytes in odd {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(bytes).await.unwrap();
            stream.shutdown().await.unwrap();
            let _ = timeout(PATIENCE, stream.read_to_end(&mut Vec::new())).await.unwrap();
        }
    }
    for odd in ["", "Bearer", "Bearer \u{e9}", "Basic x"] {
        let answer = api_asked(&simulator, &format!("Authorization: {odd}\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 401 "), "{odd}: {answer}");
    }

    let key = format!("Authorization: Bearer {}\r\n", World::healthy().api_key);
    assert!(api_asked(&simulator, &key).await.starts_with("HTTP/1.1 200 "));
}
