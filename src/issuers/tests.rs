//! Issuers of the tests, what they sign, and what is not taken of it.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::json;
use tempfile::{TempDir, tempdir};

use super::*;
use crate::access::AccessTokens;
use crate::domain::time::Moment;
use crate::jws::forge;
use crate::keys::{KeyRing, SigningPair};

const OWN: &str = "https://huanxin.example";
const CITY: &str = "https://id.city.example";
const NOW: Moment = Moment(1_780_000_000_000_000);
const SECOND: i64 = 1_780_000_000;

/// A key that an issuer signs with.
pub(crate) struct Signer {
    pub(crate) algorithm: Algorithm,
    pub(crate) jwk: Value,
    key: EncodingKey,
}

/// One of each algorithm: `EdDSA`, ES256, RS256.
pub(crate) fn signers() -> [Signer; 3] {
    let data: Value = serde_json::from_str(include_str!("../../tests/data/issuer_keys.json")).unwrap();
    let der = |name: &str| URL_SAFE_NO_PAD.decode(data[name]["private"].as_str().unwrap()).unwrap();
    let pair = SigningPair::generate().unwrap();
    [
        Signer { algorithm: Algorithm::EdDSA, jwk: pair.jwks()["keys"][0].clone(), key: pair.signer().clone() },
        Signer {
            algorithm: Algorithm::ES256,
            jwk: data["es256"]["jwk"].clone(),
            key: EncodingKey::from_ec_der(&der("es256")),
        },
        Signer {
            algorithm: Algorithm::RS256,
            jwk: data["rs256"]["jwk"].clone(),
            key: EncodingKey::from_rsa_der(&der("rs256")),
        },
    ]
}

impl Signer {
    fn header(&self) -> Value {
        json!({ "typ": "JWT", "alg": format!("{:?}", self.algorithm), "kid": self.jwk["kid"] })
    }

    fn signed(&self, header: &Value, claims: &Value) -> String {
        forge::token(header, claims, &self.key, self.algorithm)
    }

    pub(crate) fn token(&self, claims: &Value) -> String {
        self.signed(&self.header(), claims)
    }
}

/// What a good token says.
fn claims() -> Value {
    json!({ "iss": CITY, "aud": "huanxin", "sub": "citizen-1", "iat": SECOND, "exp": SECOND + 600,
        "name": "张三", "resident_id": "110101199003070134" })
}

fn with(mut value: Value, member: &str, to: Value) -> Value {
    match to {
        Value::Null => drop(value.as_object_mut().unwrap().remove(member)),
        to => value[member] = to,
    }
    value
}

fn write_keys(path: &Path, keys: &[&Value]) {
    let beside = path.with_extension("new");
    fs::write(&beside, json!({ "keys": keys }).to_string()).unwrap();
    fs::rename(beside, path).unwrap();
}

/// Fast, so that a test sees what takes minutes otherwise.
fn fast() -> Pace {
    let moment = Duration::from_millis(10);
    Pace { least: moment, usual: Duration::from_hours(1), most: Duration::from_hours(1), again: moment, file: moment }
}

/// A service that trusts the issuers of a file, which says more than their names and audience.
fn trusting(directory: &Path, more: &str) -> AccessTokens {
    let file = directory.join("issuers.toml");
    fs::write(&file, format!("[[issuers]]\nissuer = \"{CITY}\"\naudience = \"huanxin\"\n{more}")).unwrap();
    let issuers = Issuers::open(&file, fast()).unwrap();
    AccessTokens::new(&KeyRing::generate().unwrap(), OWN).unwrap().trusting(issuers).unwrap()
}

/// The same with the keys of all three signers in a file.
fn trusting_all() -> ([Signer; 3], AccessTokens, TempDir) {
    let (directory, signers) = (tempdir().unwrap(), signers());
    write_keys(&directory.path().join("city.json"), &signers.each_ref().map(|signer| &signer.jwk));
    let tokens = trusting(directory.path(), "jwks_file = \"city.json\"\n");
    (signers, tokens, directory)
}

/// Waits for what happens on another thread.
fn soon(what: impl Fn() -> bool) {
    let started = Instant::now();
    while !what() {
        assert!(started.elapsed() < Duration::from_secs(20), "it did not happen");
        std::thread::yield_now();
    }
}

#[test]
fn a_consumer_of_each_algorithm_is_taken_and_nobody_else() {
    let (signers, tokens, _directory) = trusting_all();
    for signer in &signers {
        let read = tokens.verify(&signer.token(&claims()), NOW).unwrap();
        assert_eq!((read.iss.as_str(), read.sub.as_str(), read.role), (CITY, "citizen-1", Role::Consumer));
        assert_eq!(read.resident_id.as_deref(), Some("110101199003070134"));
        assert_eq!((read.org, read.nbf, read.exp), (None, SECOND - 60, SECOND + 660));
        let officer = signer.token(&with(claims(), "role", json!("officer")));
        assert_eq!(tokens.verify(&officer, NOW), Err(AccessInvalid::Role));
        // Whatever else a token says is not heard.
        let more =
            with(with(claims(), "role", json!("consumer")), "org", json!("019a5c3e-7b00-7000-8000-000000000001"));
        assert_eq!(tokens.verify(&signer.token(&more), NOW).unwrap().org, None);
    }
}

#[test]
fn audience_times_and_subject_are_judged() {
    let (signers, tokens, _directory) = trusting_all();
    let [signer, ..] = &signers;
    let judged = |member: &str, to: Value| tokens.verify(&signer.token(&with(claims(), member, to)), NOW).map(|_| ());
    for good in [json!("huanxin"), json!(["huanxin"]), json!(["other", "huanxin"])] {
        assert_eq!(judged("aud", good), Ok(()));
    }
    for bad in [json!("other"), json!(["other"]), json!([]), json!([["huanxin"]]), json!(["huanxin", 1]), Value::Null] {
        assert_eq!(judged("aud", bad), Err(AccessInvalid::Audience));
    }
    let times = [
        ("exp", SECOND - 60, Err(AccessInvalid::Expired)),
        ("exp", SECOND - 59, Ok(())),
        ("iat", SECOND + 61, Err(AccessInvalid::NotYet)),
        ("iat", SECOND + 60, Ok(())),
        ("nbf", SECOND + 61, Err(AccessInvalid::NotYet)),
        ("nbf", SECOND + 60, Ok(())),
    ];
    for (member, at, expected) in times {
        assert_eq!(judged(member, json!(at)), expected, "{member} {}", at - SECOND);
    }
    assert_eq!(judged("exp", json!(1_780_000_000.5)), Ok(()), "a fraction of a second is allowed");
    let claims = Err(TokenFault::Claims.into());
    for member in ["sub", "iat", "exp"] {
        assert_eq!(judged(member, Value::Null), claims, "{member}");
    }
    for (member, to) in [
        ("exp", json!("1780000600")),
        ("exp", json!(1e300)),
        ("iat", json!(true)),
        ("sub", json!("")),
        ("sub", json!("x".repeat(256))),
        ("sub", json!(1)),
        ("name", json!(["张三"])),
        ("resident_id", json!(110_101)),
        ("role", json!(["consumer"])),
    ] {
        assert_eq!(judged(member, to.clone()), claims, "{member} {to}");
    }
}

#[test]
fn no_other_key_algorithm_kind_or_issuer_is_taken() {
    let (signers, tokens, _directory) = trusting_all();
    let fault = |token: &str| tokens.verify(token, NOW).unwrap_err();
    for signer in &signers {
        let (header, good) = (signer.header(), claims());
        for none in ["none", "None", "NONE", "nOnE"] {
            let unsigned = forge::unsigned(&with(header.clone(), "alg", json!(none)), &good);
            assert_eq!(fault(&format!("{unsigned}.")), TokenFault::Malformed.into());
        }
        // The public key as the secret of an HMAC, in each form in which it may stand about.
        let part = |name: &str| signer.jwk[name].as_str().map(|text| URL_SAFE_NO_PAD.decode(text).unwrap());
        let parts: Vec<Vec<u8>> = ["x", "y", "n", "e"].iter().filter_map(|name| part(name)).collect();
        let secrets = [signer.jwk.to_string().into_bytes(), parts[0].clone(), parts.concat()];
        for secret in secrets.iter().chain([&[&[4], parts.concat().as_slice()].concat()]) {
            let header = with(header.clone(), "alg", json!("HS256"));
            let token = forge::token(&header, &good, &EncodingKey::from_secret(secret), Algorithm::HS256);
            assert_eq!(fault(&token), TokenFault::Algorithm.into());
        }
        // The key of another algorithm, by name and by algorithm.
        for other in signers.iter().filter(|other| other.algorithm != signer.algorithm) {
            let named = with(header.clone(), "kid", other.jwk["kid"].clone());
            assert_eq!(fault(&signer.signed(&named, &good)), TokenFault::Algorithm.into());
            let called = with(header.clone(), "alg", json!(format!("{:?}", other.algorithm)));
            assert_eq!(fault(&other.signed(&called, &good)), TokenFault::Algorithm.into());
        }
        for kid in [json!("another"), Value::Null, json!("")] {
            let token = signer.signed(&with(header.clone(), "kid", kid), &good);
            assert_eq!(fault(&token), TokenFault::UnknownKey.into());
        }
        for typ in ["voucher+jwt", "scan+jwt", "logout+jwt", ""] {
            let token = signer.signed(&with(header.clone(), "typ", json!(typ)), &good);
            assert_eq!(fault(&token), TokenFault::Type.into(), "{typ}");
        }
        for typ in [json!("at+jwt"), json!("application/AT+JWT"), json!("jwt"), Value::Null] {
            assert!(tokens.verify(&signer.signed(&with(header.clone(), "typ", typ), &good), NOW).is_ok());
        }
        let critical = signer.signed(&with(header.clone(), "crit", json!(["exp"])), &good);
        assert_eq!(fault(&critical), TokenFault::Malformed.into());
        for iss in ["https://id.other.example", "https://id.city.example/", "HTTPS://id.city.example", ""] {
            assert_eq!(fault(&signer.token(&with(good.clone(), "iss", json!(iss)))), AccessInvalid::Issuer, "{iss}");
        }
        // In the service's own name, with the city's key.
        assert_eq!(fault(&signer.token(&with(good.clone(), "iss", json!(OWN)))), TokenFault::Type.into());
        let own = signer.signed(&with(header.clone(), "typ", json!("at+jwt")), &with(good.clone(), "iss", json!(OWN)));
        assert!(tokens.verify(&own, NOW).is_err());
        // A changed payload.
        let token = signer.token(&good);
        let changed = forge::unsigned(&header, &with(good, "sub", json!("citizen-2")));
        let signature = token.rsplit_once('.').unwrap().1;
        assert_eq!(fault(&format!("{changed}.{signature}")), TokenFault::Signature.into());
    }
    for changed in forge::each_character_changed(&signers[0].token(&claims())) {
        assert!(tokens.verify(&changed, NOW).is_err(), "{changed}");
    }
}

#[test]
fn the_key_of_another_issuer_does_not_sign_for_this_one() {
    let directory = tempdir().unwrap();
    let [city, province, _] = signers();
    write_keys(&directory.path().join("city.json"), &[&city.jwk]);
    write_keys(&directory.path().join("province.json"), &[&province.jwk]);
    let name = "https://id.province.example";
    let tokens = trusting(
        directory.path(),
        &format!(
            "jwks_file = \"city.json\"\nalgorithms = [\"EdDSA\"]\n[[issuers]]\nissuer = \"{name}\"\naudience = \"trade-in\"\n\
             jwks_file = \"province.json\"\nleeway_seconds = 0\nclaims = {{ name = \"xm\", resident_id = \"sfzh\" }}\n"
        ),
    );
    let of_province = with(with(claims(), "iss", json!(name)), "aud", json!("trade-in"));
    assert!(tokens.verify(&city.token(&claims()), NOW).is_ok());
    let read = tokens.verify(&province.token(&with(of_province.clone(), "xm", json!("李四"))), NOW).unwrap();
    assert_eq!((read.name.as_deref(), read.resident_id, read.exp), (Some("李四"), None, SECOND + 600));
    assert_eq!(tokens.verify(&province.token(&claims()), NOW), Err(TokenFault::UnknownKey.into()));
    assert_eq!(tokens.verify(&city.token(&of_province), NOW), Err(TokenFault::UnknownKey.into()));
    let of_two = with(of_province, "aud", json!("huanxin"));
    assert_eq!(tokens.verify(&province.token(&of_two), NOW), Err(AccessInvalid::Audience));
}

#[test]
fn an_issuer_cannot_have_the_name_of_the_service_nor_keys_that_are_none() {
    let directory = tempdir().unwrap();
    let file = directory.path().join("issuers.toml");
    let text = |name: &str| format!("[[issuers]]\nissuer = \"{name}\"\naudience = \"a\"\njwks_file = \"keys.json\"\n");
    fs::write(&file, text(OWN)).unwrap();
    let error = Issuers::open(&file, fast()).unwrap_err().to_string();
    assert!(error.contains("keys.json"), "{error}");
    fs::write(directory.path().join("keys.json"), "{}").unwrap();
    assert!(Issuers::open(&file, fast()).unwrap_err().to_string().contains("JWK set"));
    write_keys(&directory.path().join("keys.json"), &[&signers()[0].jwk]);
    let tokens = AccessTokens::new(&KeyRing::generate().unwrap(), OWN).unwrap();
    assert!(tokens.trusting(Issuers::open(&file, fast()).unwrap()).is_err());
}

#[test]
fn a_key_that_is_gone_from_the_file_opens_nothing_any_more_remembered_or_not() {
    let (signers, tokens, directory) = trusting_all();
    let [first, second, _] = &signers;
    let (path, token) = (directory.path().join("city.json"), first.token(&claims()));
    assert!(tokens.verify(&token, NOW).is_ok());
    fs::write(&path, "{").unwrap();
    fs::remove_file(&path).unwrap();
    assert!(tokens.verify(&token, NOW).is_ok(), "no file is no reason to forget");
    write_keys(&path, &[&second.jwk]);
    soon(|| tokens.verify(&token, NOW).is_err());
    assert!(tokens.verify(&second.token(&claims()), NOW).is_ok());
    write_keys(&path, &[&first.jwk, &second.jwk]);
    soon(|| tokens.verify(&token, NOW).is_ok());
}

/// What an issuer's server answers, and how often it was asked.
struct Server {
    answer: Arc<Mutex<String>>,
    asked: Arc<AtomicUsize>,
    url: String,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let (answer, asked) = (Arc::new(Mutex::new(String::new())), Arc::new(AtomicUsize::new(0)));
        let (told, count) = (Arc::clone(&answer), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let lines = BufReader::new(stream.try_clone().unwrap()).lines();
                lines.take_while(|line| !line.as_deref().unwrap_or_default().is_empty()).for_each(drop);
                count.fetch_add(1, Ordering::SeqCst);
                let text = told.lock().unwrap().clone();
                stream.write_all(text.as_bytes()).unwrap();
            }
        });
        Self { answer, asked, url }
    }

    fn say(&self, status: &str, headers: &str, body: &str) {
        let length = body.len();
        let text = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}");
        *self.answer.lock().unwrap() = text;
    }

    fn publish(&self, keys: &[&Value], headers: &str) {
        self.say("200 OK", headers, &json!({ "keys": keys }).to_string());
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn trusted(&self, directory: &Path, pace: Pace) -> AccessTokens {
        let file = directory.join("issuers.toml");
        let url = &self.url;
        fs::write(&file, format!("[[issuers]]\nissuer = \"{CITY}\"\naudience = \"huanxin\"\njwks_url = \"{url}\"\n"))
            .unwrap();
        let issuers = Issuers::open(&file, pace).unwrap();
        AccessTokens::new(&KeyRing::generate().unwrap(), OWN).unwrap().trusting(issuers).unwrap()
    }
}

#[test]
fn an_unknown_key_is_asked_for_once_in_a_while_and_an_answer_is_good_as_long_as_it_says() {
    let (directory, server, [first, second, _]) = (tempdir().unwrap(), Server::start(), signers());
    server.publish(&[&first.jwk], "Cache-Control: max-age=3000\r\n");
    let slow = Pace { least: Duration::from_hours(1), ..fast() };
    let tokens = server.trusted(directory.path(), slow);
    assert!(tokens.verify(&first.token(&claims()), NOW).is_ok());
    for kid in 0..50 {
        let forged = first.signed(&with(first.header(), "kid", json!(format!("{kid}"))), &claims());
        assert_eq!(tokens.verify(&forged, NOW), Err(TokenFault::UnknownKey.into()));
    }
    let (_never, waiting) = std::sync::mpsc::channel::<()>();
    assert!(waiting.recv_timeout(Duration::from_millis(100)).is_err());
    assert_eq!(server.asked(), 1, "forged names of keys make nobody ask");
    let quick = Pace { most: Duration::from_hours(1), ..fast() };
    let tokens = server.trusted(directory.path(), quick);
    assert_eq!(server.asked(), 2);
    let token = second.token(&claims());
    assert!(tokens.verify(&token, NOW).is_err());
    server.publish(&[&first.jwk, &second.jwk], "");
    soon(|| tokens.verify(&token, NOW).is_ok());
    let asked = server.asked();
    assert!(asked >= 3, "the key was asked for when it was unknown");
    assert!(tokens.verify(&first.token(&claims()), NOW).is_ok());
    assert_eq!(server.asked(), asked, "and not again, since it is known");
}

#[test]
fn keys_are_asked_for_again_when_they_are_too_old_and_stand_while_the_issuer_is_away() {
    let (directory, server, [first, second, _]) = (tempdir().unwrap(), Server::start(), signers());
    server.publish(&[&first.jwk], "Cache-Control: max-age=0\r\n");
    let tokens = server.trusted(directory.path(), fast());
    let token = first.token(&claims());
    assert!(tokens.verify(&token, NOW).is_ok());
    let good = json!({ "keys": [second.jwk] }).to_string();
    let elsewhere = format!("Location: {}\r\n", server.url);
    let large = "x".repeat(300 * 1024);
    for (status, headers, body) in [
        ("500 Internal Server Error", "", good.as_str()),
        ("302 Found", elsewhere.as_str(), ""),
        ("200 OK", "", "{}"),
        ("200 OK", "", "<html>"),
        ("200 OK", "", large.as_str()),
    ] {
        server.say(status, headers, body);
        let asked = server.asked();
        soon(|| server.asked() > asked + 1);
        assert!(tokens.verify(&token, NOW).is_ok(), "{status}");
        assert!(tokens.verify(&second.token(&claims()), NOW).is_err(), "{status}");
    }
    server.publish(&[&second.jwk], "Cache-Control: max-age=0\r\n");
    soon(|| tokens.verify(&second.token(&claims()), NOW).is_ok());
    assert!(tokens.verify(&token, NOW).is_err(), "what its issuer has taken back is not remembered");
}

#[test]
fn an_issuer_that_is_away_at_the_start_is_asked_again() {
    let (directory, server, [first, ..]) = (tempdir().unwrap(), Server::start(), signers());
    server.say("503 Service Unavailable", "", "");
    let tokens = server.trusted(directory.path(), fast());
    assert!(tokens.verify(&first.token(&claims()), NOW).is_err());
    server.publish(&[&first.jwk], "");
    soon(|| tokens.verify(&first.token(&claims()), NOW).is_ok());
}

/// A city whose consumers the tests of the edge trust.
pub(crate) struct City {
    signer: Signer,
    directory: TempDir,
}

impl City {
    pub(crate) fn new() -> Self {
        let [signer, ..] = signers();
        let directory = tempdir().unwrap();
        write_keys(&directory.path().join("city.json"), &[&signer.jwk]);
        Self { signer, directory }
    }

    /// The issuers of a service that trusts it.
    pub(crate) fn issuers(&self) -> Issuers {
        let file = self.directory.path().join("issuers.toml");
        let text = format!("[[issuers]]\nissuer = \"{CITY}\"\naudience = \"huanxin\"\njwks_file = \"city.json\"\n");
        fs::write(&file, text).unwrap();
        Issuers::open(&file, Pace::default()).unwrap()
    }

    /// A consumer's token, for ten minutes from now on.
    pub(crate) fn token(&self, sub: &str, name: Option<&str>, resident_id: Option<&str>, now: Moment) -> String {
        let at = now.seconds();
        self.signer.token(&json!({ "iss": CITY, "aud": "huanxin", "sub": sub, "iat": at, "exp": at + 600,
            "name": name, "resident_id": resident_id }))
    }
}
