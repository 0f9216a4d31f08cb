//! Tokens that are none: each is tried at the service's door, and none opens it.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use huanxin::access::Role;
use huanxin::domain::id::Id;
use huanxin::domain::time::Moment;
use jsonwebtoken::crypto::sign;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

use crate::app::{START, TestApp, User};
use crate::sale::with;

/// What stands before the 32 bytes of an Ed25519 seed in PKCS #8 (RFC 8410, 7).
const PKCS8_HEAD: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// The JSON of one part of a token.
pub fn part(token: &str, index: usize) -> Value {
    serde_json::from_slice(&decoded(token.split('.').nth(index).unwrap())).unwrap()
}

fn decoded(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn unsigned(header: &Value, claims: &Value) -> String {
    [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".")
}

fn signed(header: &Value, claims: &Value, key: &EncodingKey, algorithm: Algorithm) -> String {
    let message = unsigned(header, claims);
    let signature = sign(message.as_bytes(), key, algorithm).unwrap();
    format!("{message}.{signature}")
}

/// The secret half of a stored Ed25519 key: the tests have what no forger has, to make all but one thing right.
fn secret(jwk: &Value) -> EncodingKey {
    EncodingKey::from_ed_der(&[PKCS8_HEAD.as_slice(), &decoded(jwk["d"].as_str().unwrap())].concat())
}

fn stored(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Somebody's good token, the key that signed it, and where it opens.
struct Good {
    token: String,
    key: Value,
    path: &'static str,
}

fn good(app: &TestApp) -> [Good; 2] {
    let keys = stored(&app.dir().join("keys.json"));
    let (officer, consumer) = (app.somebody(Role::Officer, None), app.somebody(Role::Consumer, None));
    [
        Good { token: officer.token().unwrap(), key: keys["access_keys"][0].clone(), path: "/api/v1/retailers" },
        Good {
            token: consumer.token().unwrap(),
            key: stored(&app.dir().join("demo-issuer.json")),
            path: "/api/v1/vouchers",
        },
    ]
}

fn now() -> i64 {
    Moment::parse(START).unwrap().seconds()
}

on_both! {
    fn a_forged_access_token_opens_nothing(app) {
        let keys = stored(&app.dir().join("keys.json"));
        for Good { token, key, path } in good(&app) {
            let (header, claims) = (part(&token, 0), part(&token, 1));
            let refused = |token: &str, why: &str| {
                let answer = app.user(Some(token)).get(path);
                assert_eq!(answer.status, 401, "{why} at {path}");
                answer.refused_alone(401, "UNAUTHENTICATED");
            };
            let with_claim = |name: &str, value: Value| {
                signed(&header, &with(claims.clone(), &format!("/{name}"), value), &secret(&key), Algorithm::EdDSA)
            };
            let with_header = |name: &str, value: Value| {
                signed(&with(header.clone(), &format!("/{name}"), value), &claims, &secret(&key), Algorithm::EdDSA)
            };
            app.user(Some(&with_claim("sub", json!("another")))).get(path).expect(200);
            for none in ["none", "None", "NONE"] {
                let message = unsigned(&with(header.clone(), "/alg", none), &claims);
                refused(&message, "no signature");
                refused(&format!("{message}."), "alg none");
                refused(&format!("{message}.{}", token.rsplit_once('.').unwrap().1), "alg none with a signature");
            }
            let public = key["x"].as_str().unwrap();
            for secret in [public.as_bytes().to_vec(), decoded(public), key.to_string().into_bytes()] {
                let key = EncodingKey::from_secret(&secret);
                let header = with(header.clone(), "/alg", "HS256");
                refused(&signed(&header, &claims, &key, Algorithm::HS256), "HS256 with the public key");
            }
            refused(&with_header("kid", json!("another")), "an unknown kid");
            refused(&with_header("kid", Value::Null), "no kid");
            refused(&with_header("kid", keys["voucher_keys"][0]["kid"].clone()), "the kid of the voucher key");
            let voucher_key = secret(&keys["voucher_keys"][0]);
            refused(&signed(&header, &claims, &voucher_key, Algorithm::EdDSA), "signed by the voucher key");
            let both = with(header.clone(), "/kid", keys["voucher_keys"][0]["kid"].clone());
            refused(&signed(&both, &claims, &voucher_key, Algorithm::EdDSA), "signed by the voucher key, and says so");
            for iss in ["https://id.elsewhere.example", "", "huanxin"] {
                refused(&with_claim("iss", json!(iss)), "a foreign issuer");
            }
            // Each issuer in the other's name.
            let other = if path == "/api/v1/vouchers" { "huanxin-demo" } else { "https://id.huanxin.example" };
            refused(&with_claim("iss", json!(other)), "the other issuer's name");
            for aud in [json!("another"), json!([]), Value::Null] {
                refused(&with_claim("aud", aud), "another audience");
            }
            refused(&with_claim("exp", json!(now() - 61)), "expired");
            refused(&with_claim("exp", Value::Null), "for ever");
            refused(&with_claim("nbf", json!(now() + 3600)), "not yet");
            for typ in ["voucher+jwt", "scan+jwt"] {
                refused(&with_header("typ", json!(typ)), "another kind");
            }
            let (head, signature) = token.rsplit_once('.').unwrap();
            let changed = unsigned(&header, &with(claims.clone(), "/sub", "somebody-else"));
            refused(&format!("{changed}.{signature}"), "a changed payload");
            refused(&format!("{head}.{}", "A".repeat(86)), "a signature of nothing");
            refused(&format!("{token}."), "four parts");
        }
        // An identity provider speaks for consumers alone, the service for its staff alone.
        let [officer, consumer] = good(&app);
        let posing = with(part(&consumer.token, 1), "/role", "officer");
        let posing = signed(&part(&consumer.token, 0), &posing, &secret(&consumer.key), Algorithm::EdDSA);
        app.user(Some(&posing)).get(officer.path).refused_alone(401, "UNAUTHENTICATED");
        let posing = with(part(&officer.token, 1), "/role", "consumer");
        let posing = with(with(posing, "/name", app.name(0)), "/resident_id", app.resident_id(0));
        let posing = signed(&part(&officer.token, 0), &posing, &secret(&officer.key), Algorithm::EdDSA);
        app.user(Some(&posing)).get(consumer.path).refused_alone(401, "UNAUTHENTICATED");
    }

    fn one_kind_of_token_does_not_pass_for_another(app) {
        let voucher = app.claim(0, "nc-appl-2026", "refrigerator", None);
        let printed = app.code(0, &voucher, "printed");
        let live = app.code(0, &voucher, "live");
        let quote = |member: &str, token: &str| {
            let body = json!({member: token, "store_id": app.store()});
            app.retailer().post("/api/v1/redemptions/quote", &body)
        };
        let scan = quote("qr_token", &live).expect(200)["scan_token"].as_str().unwrap().to_owned();
        for token in [&printed, &live, &scan] {
            let who: User<'_> = app.user(Some(token));
            for path in ["/api/v1/vouchers", "/api/v1/redemptions", "/api/v1/retailers", "/api/v1/audit/records"] {
                who.get(path).refused_alone(401, "UNAUTHENTICATED");
            }
        }
        let (consumer, retailer) = (app.consumer(0).token().unwrap(), app.retailer().token().unwrap());
        for token in [&consumer, &retailer] {
            for member in ["qr_token", "scan_token"] {
                quote(member, token).refused_alone(422, "QR_INVALID");
            }
        }
    }

    fn a_forged_code_is_no_voucher(app) {
        let keys = stored(&app.dir().join("keys.json"));
        let (mine, other) = (app.claim(0, "nc-appl-2026", "refrigerator", None), Id::digest(&["another"]).to_string());
        let (live, printed) = (app.code(0, &mine, "live"), app.code(0, &mine, "printed"));
        let quote = |token: &str| {
            let body = json!({"qr_token": token, "store_id": app.store(), "holder_check": "0000"});
            app.retailer().post("/api/v1/redemptions/quote", &body)
        };
        quote(&live).expect(200);
        for code in [&live, &printed] {
            let (header, claims) = (part(code, 0), part(code, 1));
            let signature = code.rsplit_once('.').unwrap().1;
            for (member, value) in [
                ("/vid", json!(other)),
                ("/prg", json!("nc-car-2026")),
                ("/exp", json!(now() + 90 * 86_400)),
                ("/frm", json!("live")),
                ("/hck", Value::Null),
                ("/iat", json!(0)),
            ] {
                let changed = unsigned(&header, &with(claims.clone(), member, value));
                quote(&format!("{changed}.{signature}")).refused_alone(422, "QR_INVALID");
            }
            let none = unsigned(&with(header.clone(), "/alg", "none"), &claims);
            quote(&format!("{none}.")).refused_alone(422, "QR_INVALID");
            let public = decoded(keys["voucher_keys"][0]["x"].as_str().unwrap());
            let symmetric = with(header.clone(), "/alg", "HS256");
            for typ in ["voucher+jwt", "scan+jwt"] {
                let header = with(symmetric.clone(), "/typ", typ);
                let confused = signed(&header, &claims, &EncodingKey::from_secret(&public), Algorithm::HS256);
                quote(&confused).refused_alone(422, "QR_INVALID");
            }
            let access = &keys["access_keys"][0];
            for kid in [&header["kid"], &access["kid"]] {
                let header = with(header.clone(), "/kid", kid.clone());
                quote(&signed(&header, &claims, &secret(access), Algorithm::EdDSA)).refused_alone(422, "QR_INVALID");
            }
            let unknown = with(header.clone(), "/kid", "another");
            let voucher_key = secret(&keys["voucher_keys"][0]);
            quote(&signed(&unknown, &claims, &voucher_key, Algorithm::EdDSA)).refused_alone(422, "QR_INVALID");
        }
    }
}
