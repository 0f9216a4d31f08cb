//! The edge from outside: how often, from where, and what browsers are told.

use huanxin::access::Role;
use huanxin::api::edge::{Rate, Rates, Setting};
use huanxin::config::EdgeOptions;
use huanxin::domain::id::Id;
use serde_json::{Value, json};
use ureq::http::Method;

use crate::app::{Answer, TestApp, User, fresh_key};
use crate::database::Place;
use crate::sale::with;

fn options() -> EdgeOptions {
    EdgeOptions::default()
}

fn claim(user: &User<'_>, headers: &[(&str, &str)]) -> Answer {
    // Refused for its form, and counted all the same.
    let key = fresh_key();
    let mut all = vec![("Content-Type", "application/json"), ("Idempotency-Key", key.as_str())];
    all.extend(headers);
    user.send(Method::POST, "/api/v1/vouchers", &all, Some(b"{}"))
}

fn rated(answer: &Answer) -> [Option<&str>; 3] {
    ["RateLimit-Policy", "RateLimit", "Retry-After"].map(|name| answer.header(name))
}

/// By the usual rates, at a clock that stands: nothing comes back while the test runs.
#[test]
fn three_hundred_claims_a_minute_from_one_address() {
    let app = TestApp::with_edge(Place::sqlite(), options());
    for n in 0..300 {
        let answer = claim(&app.consumer(n % 10), &[]);
        answer.refused(400, "FIELD_MISSING");
        let left = format!("\"claims\";r={};", 299 - n);
        assert!(answer.header("RateLimit").unwrap().starts_with(&left), "{left} {:?}", rated(&answer));
        assert!(answer.header("RateLimit-Policy").unwrap().starts_with("\"claims\";q=300;w=60"));
        assert_eq!(answer.header("Retry-After"), None);
    }
    let refused = claim(&app.consumer(0), &[]);
    refused.refused_alone(429, "RATE_LIMITED");
    assert_eq!(rated(&refused), [Some("\"claims\";q=300;w=60"), Some("\"claims\";r=0;t=1"), Some("1")]);
    // What else she does is not counted with it, and nobody says of himself where he comes from.
    app.consumer(0).get("/api/v1/vouchers").expect(200);
    for forged in [("X-Forwarded-For", "192.0.2.1"), ("Forwarded", "for=192.0.2.1")] {
        claim(&app.consumer(1), &[forged]).refused_alone(429, "RATE_LIMITED");
    }
    assert_eq!(claim(&app.nobody(), &[]).status, 429, "the address is counted before it is known who calls");
}

#[test]
fn one_caller_does_not_use_up_anothers_claims() {
    let app = TestApp::with_edge(Place::sqlite(), options());
    for _ in 0..120 {
        claim(&app.consumer(0), &[]).refused(400, "FIELD_MISSING");
    }
    let refused = claim(&app.consumer(0), &[]);
    refused.refused_alone(429, "RATE_LIMITED");
    let policy = "\"claims\";q=300;w=60, \"claims-caller\";q=120;w=60";
    assert_eq!(rated(&refused), [Some(policy), Some("\"claims\";r=179;t=25, \"claims-caller\";r=0;t=1"), Some("1")]);
    claim(&app.consumer(1), &[]).refused(400, "FIELD_MISSING");
}

/// A service point's claims for others are claims, of its address and of its assistant.
fn claims_for_others_are_counted_as_claims(place: Place) {
    let app = TestApp::with_edge(place, options());
    let claim = |user: &User<'_>| {
        let key = fresh_key();
        let headers = [("Content-Type", "application/json"), ("Idempotency-Key", key.as_str())];
        user.send(Method::POST, "/api/v1/assisted/vouchers", &headers, Some(b"{}"))
    };
    let assistant = app.demo_user("assistant");
    for _ in 0..120 {
        claim(&assistant).refused(400, "FIELD_MISSING");
    }
    let refused = claim(&assistant);
    refused.refused_alone(429, "RATE_LIMITED");
    let policy = "\"claims\";q=300;w=60, \"claims-caller\";q=120;w=60";
    assert_eq!(rated(&refused), [Some(policy), Some("\"claims\";r=179;t=25, \"claims-caller\";r=0;t=1"), Some("1")]);
    let another = app.somebody(Role::Assistant, Some(Id::digest(&["another service point"])));
    for _ in 0..120 {
        claim(&another).refused(400, "FIELD_MISSING");
    }
    for _ in 0..59 {
        self::claim(&app.consumer(0), &[]).refused(400, "FIELD_MISSING");
    }
    assert_eq!(claim(&another).status, 429, "the address has used up its three hundred");
    assert_eq!(self::claim(&app.consumer(1), &[]).status, 429);
}

#[test]
fn claims_for_others_are_counted_as_claims_sqlite() {
    claims_for_others_are_counted_as_claims(Place::sqlite());
}

#[test]
fn claims_for_others_are_counted_as_claims_postgres() {
    if let Some(place) = Place::postgres() {
        claims_for_others_are_counted_as_claims(place);
    }
}

#[test]
fn behind_a_proxy_each_address_is_counted_for_itself() {
    let rates = Rates { claims: Setting(Some(Rate::of(2, 60))), ..Rates::USUAL };
    let trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let app = TestApp::with_edge(Place::sqlite(), EdgeOptions { trusted_proxies, rates, ..options() });
    for address in ["192.0.2.1", "192.0.2.2", "2001:db8::1"] {
        let from = [("X-Forwarded-For", address)];
        let answers: Vec<u16> = (0..3).map(|_| claim(&app.consumer(0), &from).status).collect();
        assert_eq!(answers, [400, 400, 429], "{address}");
    }
    let neighbour = [("X-Forwarded-For", "192.0.2.66, 2001:db8::2")];
    assert_eq!(claim(&app.consumer(0), &neighbour).status, 429, "the same network, whatever stands before it");
}

#[test]
fn whoever_asks_too_often_for_anything_waits() {
    let rates = Rates { requests: Setting(Some(Rate::of(10, 60))), ..Rates::USUAL };
    let app = TestApp::with_edge(Place::sqlite(), EdgeOptions { rates, ..options() });
    for _ in 0..10 {
        assert_eq!(rated(&app.nobody().get("/healthz")), [None; 3], "so wide a rate is told to those who meet it");
    }
    let refused = app.nobody().get("/api/v1/programmes");
    refused.refused_alone(429, "RATE_LIMITED");
    assert_eq!(rated(&refused), [Some("\"requests\";q=10;w=60"), Some("\"requests\";r=0;t=6"), Some("6")]);
    assert_eq!(app.nobody().get("/nowhere").status, 429);
}

/// A printed voucher of the first consumer, and a sale with it.
fn printed(app: &TestApp) -> Value {
    let wish = json!({"programme_id": "nc-appl-2026", "category": "refrigerator", "division_code": "360111"});
    let voucher = app.consumer(0).post("/api/v1/vouchers", &wish).made();
    let code = app.consumer(0).get(&format!("/api/v1/vouchers/{voucher}/qr?form=printed&format=token")).expect(200);
    json!({"qr_token": code["token"], "store_id": app.store()})
}

fn quote(user: &User<'_>, sale: &Value, guess: &str) -> Answer {
    user.post("/api/v1/redemptions/quote", &with(sale.clone(), "/holder_check", guess))
}

fn the_holder_of_a_printed_voucher_cannot_be_guessed(place: Place) {
    let app = TestApp::with_edge(place, options());
    let (sale, right) = (printed(&app), &app.resident_id(0)[14..]);
    let wrong = |n: usize| format!("{n:04}").replace(right, "9999");
    for _ in 0..20 {
        quote(&app.retailer(), &sale, right).expect(200);
        app.retailer().post("/api/v1/redemptions/quote", &sale).refused(422, "HOLDER_CHECK_FAILED");
    }
    for n in 0..5 {
        let answer = quote(&app.retailer(), &sale, &wrong(n));
        answer.refused(422, "HOLDER_CHECK_FAILED");
        assert!(answer.header("RateLimit").unwrap().starts_with(&format!("\"holder-checks\";r={};", 4 - n)));
    }
    // From here on nobody learns whether a guess is right, at whatever store and with whichever operation.
    for guess in [wrong(5).as_str(), right] {
        let refused = quote(&app.retailer(), &sale, guess);
        refused.refused_alone(429, "RATE_LIMITED");
        assert_eq!(refused.header("Retry-After"), Some("720"));
        let sale = with(sale.clone(), "/holder_check", guess);
        app.retailer().post("/api/v1/redemptions", &sale).refused_alone(429, "RATE_LIMITED");
    }
}

#[test]
fn the_holder_of_a_printed_voucher_cannot_be_guessed_sqlite() {
    the_holder_of_a_printed_voucher_cannot_be_guessed(Place::sqlite());
}

#[test]
fn the_holder_of_a_printed_voucher_cannot_be_guessed_postgres() {
    if let Some(place) = Place::postgres() {
        the_holder_of_a_printed_voucher_cannot_be_guessed(place);
    }
}

#[test]
fn many_guesses_at_once_are_counted_as_many_in_turn() {
    let app = TestApp::with_edge(Place::sqlite(), options());
    let (sale, right) = (printed(&app), &app.resident_id(0)[14..]);
    let told: usize = std::thread::scope(|scope| {
        let guess = |n: usize| {
            let (app, sale) = (&app, &sale);
            let guess = format!("{n:04}").replace(right, "9999");
            scope.spawn(move || usize::from(quote(&app.retailer(), sale, &guess).status == 422))
        };
        let threads: Vec<_> = (0..24).map(guess).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(told, 5);
}

#[test]
fn every_answer_tells_browsers_what_not_to_do() {
    let app = TestApp::start(Place::sqlite(), crate::app::START);
    let consumer = app.consumer(0);
    let pages = ["/healthz", "/api/openapi.json", "/api/v1/programmes", "/api/v1/vouchers", "/nowhere", "/docs/"];
    for path in pages {
        let answer = consumer.get(path);
        for (name, value) in [
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}");
        }
        let policy = answer.header("Content-Security-Policy").unwrap();
        assert!(policy.starts_with("default-src 'none';") && policy.ends_with("frame-ancestors 'none'"), "{policy}");
        assert_eq!(policy.contains("script-src 'self'"), path == "/docs/", "{policy}");
        for absent in ["Server", "X-Powered-By", "Strict-Transport-Security", "Access-Control-Allow-Origin", "Vary"] {
            assert_eq!(answer.header(absent), None, "{path}");
        }
    }
    assert_eq!(consumer.get("/api/v1/vouchers").header("Cache-Control"), Some("no-store"));
}

/// The page of the documentation loads nothing that its policy forbids.
#[test]
fn the_documentation_works_under_its_policy() {
    let app = TestApp::start(Place::sqlite(), crate::app::START);
    let page = String::from_utf8(app.nobody().get("/docs/").bytes).unwrap();
    for part in page.split("<script").skip(1) {
        let (attributes, inside) = part.split_once('>').unwrap();
        assert!(attributes.contains("src=\"./"), "a script that is not a file of its own: {part}");
        assert_eq!(inside.split("</script>").next().unwrap().trim(), "", "{part}");
    }
    for handler in [" onload=", " onclick=", "javascript:"] {
        assert!(!page.contains(handler), "{handler}");
    }
    for address in page.split("src=\"").skip(1).chain(page.split("href=\"").skip(1)) {
        let address = address.split('"').next().unwrap();
        assert!(!address.contains(':') && !address.starts_with('/'), "not from beside the page: {address}");
        let file = address.trim_start_matches("./");
        assert_eq!(app.nobody().get(&format!("/docs/{file}")).status, 200, "{file}");
    }
}

#[test]
fn only_the_pages_of_configured_origins_may_call() {
    let cors_origin = vec!["https://tills.example".to_owned(), "http://localhost:5173".to_owned()];
    let app = TestApp::with_edge(Place::sqlite(), EdgeOptions { cors_origin, ..options() });
    let ask = |origin: &str, method: Method| {
        let question = [("Origin", origin), ("Access-Control-Request-Method", "POST")];
        app.nobody().send(method, "/api/v1/vouchers", &question, None)
    };
    for origin in ["https://tills.example", "http://localhost:5173"] {
        let preflight = ask(origin, Method::OPTIONS);
        assert_eq!((preflight.status, preflight.header("Access-Control-Allow-Origin")), (204, Some(origin)));
        let headers = preflight.header("Access-Control-Allow-Headers").unwrap();
        assert!(headers.contains("Authorization") && headers.contains("Idempotency-Key"), "{headers}");
        assert!(preflight.header("Access-Control-Allow-Methods").unwrap().contains("POST"));
        // An error too can be read by the page, or it could not say what is wrong.
        let answer = ask(origin, Method::GET);
        assert_eq!((answer.status, answer.header("Access-Control-Allow-Origin")), (401, Some(origin)));
        assert!(answer.header("Access-Control-Expose-Headers").unwrap().contains("Idempotent-Replayed"));
        assert_eq!(answer.header("Access-Control-Allow-Credentials"), None);
    }
    for origin in ["https://tills.example.evil", "http://tills.example", "https://TILLS.example", "null", "*"] {
        for method in [Method::OPTIONS, Method::GET] {
            let answer = ask(origin, method);
            assert_eq!(answer.header("Access-Control-Allow-Origin"), None, "{origin}");
            assert_eq!(answer.header("Vary"), Some("Origin"));
            assert!(answer.status >= 400, "{origin}");
        }
    }
    let without = app.nobody().get("/api/v1/programmes");
    assert_eq!((without.status, without.header("Access-Control-Allow-Origin")), (200, None));
}
