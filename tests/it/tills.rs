//! Devices at counters: let in by a code, bound to their store, out at once.

use std::sync::Arc;

use huanxin::access::Role;
use huanxin::domain::account::{Account, Hidden, SignInPolicy, StaffRole};
use huanxin::domain::command::{
    Act, Command, EnrolTill, NewAccount, NewTill, Outcome, PasswordProof, SignIn, SignedIn,
};
use huanxin::domain::id::Id;
use huanxin::engine::{Clock, Division, Reply, Runner};
use serde_json::{Value, json};
use ureq::http::Method;

use crate::app::{Answer, START, TestApp, User, fresh_key};
use crate::fixtures::{District, TestDatabase, at, command, personal, plain_reply};
use crate::identity::{Session, Staff, trail};
use crate::sale::with;

/// What a device calls itself, and another one.
const DEVICE: &str = "till-0001-7f3a9c2e5b";
const OTHER: &str = "till-0002-7f3a9c2e5b";

/// What somebody sends from a device.
fn from(user: &User<'_>, device: &str, path: &str, body: &Value) -> Answer {
    let key = fresh_key();
    user.post_text(&[("X-Device-Id", device), ("Idempotency-Key", &key)], path, &body.to_string())
}

fn lists(user: &User<'_>, device: &str) -> Answer {
    user.send(Method::GET, "/api/v1/redemptions", &[("X-Device-Id", device)], None)
}

fn redemptions(user: &User<'_>) -> Answer {
    user.get("/api/v1/redemptions")
}

/// A till at the demonstration's store, with its code.
fn new_till(app: &TestApp) -> Value {
    app.retailer().post("/api/v1/tills", &json!({"store_id": app.store(), "label": "一号收银台"})).expect(201)
}

fn enrol(app: &TestApp, device: &str, till: &Value) -> Answer {
    from(&app.nobody(), device, "/api/v1/tills/enrolment", &json!({"code": till["code"]}))
}

/// A till at the demonstration's store, enrolled: its identity.
fn till(app: &TestApp, device: &str) -> String {
    let made = new_till(app);
    enrol(app, device, &made).expect(200);
    made["id"].as_str().unwrap().to_owned()
}

fn revoke(app: &TestApp, till: &str) -> Answer {
    app.retailer().post(&format!("/api/v1/tills/{till}/revocation"), &json!({"reason": "停用"}))
}

fn sign_in(app: &TestApp, device: &str, says: &Value) -> Answer {
    from(&app.nobody(), device, "/api/v1/sessions", says)
}

fn refresh(app: &TestApp, device: &str, session: &Session) -> Answer {
    from(&app.nobody(), device, "/api/v1/sessions/refresh", &json!({"refresh_token": session.refresh}))
}

/// Another store of the demonstration's retailer.
fn other_store(app: &TestApp) -> String {
    let store = json!({"retailer_id": app.retailer_id(), "name": "麻丘店", "address": "麻丘大道 1 号",
        "division_code": "360111", "town": "麻丘镇"});
    app.officer().post("/api/v1/stores", &store).made()
}

on_both! {
    fn a_tills_code_is_good_once_for_one_device(app) {
        let manager = app.retailer();
        let made = new_till(&app);
        assert!(made["qr_svg"].as_str().unwrap().contains("<svg"));
        for device in ["short", "with space 123456", "", &"x".repeat(129)] {
            enrol(&app, device, &made).refused_alone(400, "BODY_MALFORMED");
        }
        let unknown = json!({"code": "00000-00000-00000-00000"});
        assert_eq!(enrol(&app, DEVICE, &unknown).refused_alone(404, "NOT_FOUND"), "/code");
        // As somebody types it.
        let typed = json!({"code": made["code"].as_str().unwrap().to_lowercase().replace('-', " ")});
        let till = enrol(&app, DEVICE, &typed).expect(200);
        // The device lost the answer; to any other the code was used.
        assert_eq!(enrol(&app, DEVICE, &made).expect(200), till);
        assert_eq!(enrol(&app, OTHER, &made).refused_alone(409, "WRONG_STATE"), "/code");
        let listed = manager.get("/api/v1/tills").expect(200);
        assert_eq!(listed["items"], json!([till]));
        let late = new_till(&app);
        let app = app.later(31 * 60);
        assert_eq!(enrol(&app, OTHER, &late).refused_alone(409, "WRONG_STATE"), "/code");
    }

    fn a_tills_code_is_shown_again_and_kept_nowhere(app) {
        let (manager, key) = (app.retailer(), fresh_key());
        let body = json!({"store_id": app.store(), "label": "一号收银台"});
        let made = manager.post_as(&key, "/api/v1/tills", &body).expect(201);
        let again = manager.post_as(&key, "/api/v1/tills", &body);
        assert!(again.replayed());
        assert_eq!(again.expect(201), made);
        let other = with(body, "/label", "二号收银台");
        manager.post_as(&key, "/api/v1/tills", &other).refused_alone(422, "IDEMPOTENCY_KEY_REUSED");
        enrol(&app, DEVICE, &made).expect(200);
        let code = made["code"].as_str().unwrap();
        let plain = code.replace('-', "");
        let kept = json!(app.database().rows()).to_string();
        assert!(kept.contains("一号收银台") && !kept.contains(code) && !kept.contains(&plain));
        assert!(!kept.contains(DEVICE));
    }

    fn the_trail_tells_what_became_of_a_till(app) {
        let id = till(&app, DEVICE);
        let second = till(&app, DEVICE);
        revoke(&app, &second).expect(200);
        let told = |id: &str, at: usize| {
            let record = trail(&app, id).remove(at);
            (record["act"].clone(), record["role"].clone(), record["detail"].clone())
        };
        let store = app.store();
        let (act, role, detail) = told(&second, 2);
        let created = json!({"retailer": app.retailer_id(), "store": store, "label": "一号收银台"});
        assert_eq!((act, role, detail), (json!("create_till"), json!("retailer"), created));
        let (act, role, detail) = told(&second, 1);
        let enrolled = json!({"retailer": app.retailer_id(), "store": store, "replaces": id});
        assert_eq!((act, role, detail), (json!("enrol_till"), json!("till"), enrolled));
        let (act, role, detail) = told(&second, 0);
        assert_eq!((act, role), (json!("revoke_till"), json!("retailer")));
        assert_eq!((&detail["store"], &detail["reason"]), (&json!(store), &json!("停用")));
        assert_eq!(trail(&app, &id).len(), 2);
    }

    fn a_tills_tokens_are_good_on_it_alone(app) {
        let id = till(&app, DEVICE);
        let manager = Staff::of(&app, "retailer");
        let answer = sign_in(&app, DEVICE, &manager.says(&app)).expect(201);
        assert_eq!(answer["till_id"], id.as_str());
        let session = Session::of(&answer);
        let user = session.user(&app);
        lists(&user, DEVICE).expect(200);
        redemptions(&user).refused_alone(401, "UNAUTHENTICATED");
        for other in [OTHER, "TILL-0001-7F3A9C2E5B", "x"] {
            lists(&user, other).refused_alone(401, "UNAUTHENTICATED");
            refresh(&app, other, &session).refused_alone(401, "UNAUTHENTICATED");
        }
        session.refresh(&app).refused_alone(401, "UNAUTHENTICATED");
        let answer = refresh(&app, DEVICE, &session).expect(200);
        assert_eq!(answer["till_id"], id.as_str());
        let next = Session::of(&answer);
        lists(&next.user(&app), DEVICE).expect(200);
        redemptions(&next.user(&app)).refused_alone(401, "UNAUTHENTICATED");
    }

    fn a_till_out_of_use_is_out_at_once(app) {
        let id = till(&app, DEVICE);
        let manager = Staff::of(&app, "retailer");
        let session = Session::of(&sign_in(&app, DEVICE, &manager.says(&app)).expect(201));
        lists(&session.user(&app), DEVICE).expect(200);
        assert!(revoke(&app, &id).expect(200)["revoked_at"].is_string());
        lists(&session.user(&app), DEVICE).refused_alone(401, "UNAUTHENTICATED");
        refresh(&app, DEVICE, &session).refused_alone(401, "UNAUTHENTICATED");
        revoke(&app, &id).refused_alone(409, "WRONG_STATE");
        // The device is none any more: who signs in on it is bound to nothing.
        let next = with(manager.says(&app), "/totp", manager.code(&app, 1));
        assert_eq!(sign_in(&app, DEVICE, &next).expect(201)["till_id"], Value::Null);
        // A code that nobody used goes with its till.
        let unused = new_till(&app);
        revoke(&app, unused["id"].as_str().unwrap()).expect(200);
        assert_eq!(enrol(&app, OTHER, &unused).refused_alone(404, "NOT_FOUND"), "/code");
        // What was ended stays so when the service starts anew.
        let app = app.later(1);
        lists(&session.user(&app), DEVICE).refused_alone(401, "UNAUTHENTICATED");
        refresh(&app, DEVICE, &session).refused_alone(401, "UNAUTHENTICATED");
    }

    /// A link that was made on a till is good no longer than what is signed in there.
    fn the_links_of_a_till_end_with_it(app) {
        let id = till(&app, DEVICE);
        let session = Session::of(&sign_in(&app, DEVICE, &Staff::of(&app, "retailer").says(&app)).expect(201));
        let redemption = app.retailer().post("/api/v1/redemptions", &app.ready(0)).made();
        let path = format!("/api/v1/evidence?about=redemption&subject_id={redemption}&kind=delivery");
        let headers = [("Content-Type", "application/pdf"), ("Idempotency-Key", &*fresh_key())];
        let pdf = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n";
        let file = app.retailer().send(Method::POST, &path, &headers, Some(pdf)).made();
        let link = from(&session.user(&app), DEVICE, &format!("/api/v1/evidence/{file}/links"), &json!({})).expect(200);
        let link = link["path"].as_str().unwrap();
        assert_eq!(app.nobody().get(link).status, 200);
        revoke(&app, &id).expect(200);
        app.nobody().get(link).refused_alone(401, "UNAUTHENTICATED");
    }

    /// Within one second by the clock that tokens go by.
    fn a_device_enrolled_anew_is_another_till(app at "2026-06-18T10:00:00+08:00") {
        let first = till(&app, DEVICE);
        let manager = Staff::of(&app, "retailer");
        let before = Session::of(&sign_in(&app, DEVICE, &manager.says(&app)).expect(201));
        let second = till(&app, DEVICE);
        lists(&before.user(&app), DEVICE).refused_alone(401, "UNAUTHENTICATED");
        refresh(&app, DEVICE, &before).refused_alone(401, "UNAUTHENTICATED");
        let next = with(manager.says(&app), "/totp", manager.code(&app, 1));
        let answer = sign_in(&app, DEVICE, &next).expect(201);
        assert_eq!(answer["till_id"], second.as_str());
        lists(&Session::of(&answer).user(&app), DEVICE).expect(200);
        revoke(&app, &first).refused_alone(409, "WRONG_STATE");
    }

    fn a_till_sells_at_its_own_store_alone(app) {
        till(&app, DEVICE);
        let (own, other) = (app.store().to_owned(), other_store(&app));
        let manager = Staff::of(&app, "retailer");
        let on_till = Session::of(&sign_in(&app, DEVICE, &manager.says(&app)).expect(201));
        let (on_till, body) = (on_till.user(&app), app.ready(0));
        for path in ["/api/v1/redemptions/quote", "/api/v1/redemptions"] {
            let refused = from(&on_till, DEVICE, path, &with(body.clone(), "/store_id", other.as_str()));
            assert_eq!(refused.refused_alone(422, "STORE_NOT_APPROVED"), "/store_id", "{path}");
            assert!(refused.body["errors"][0]["expected"].as_str().unwrap().contains(&own));
        }
        from(&on_till, DEVICE, "/api/v1/redemptions", &body).expect(201);
        // The same manager at a desk is not bound.
        let next = with(manager.says(&app), "/totp", manager.code(&app, 1));
        let desk = Session::of(&app.nobody().say("/api/v1/sessions", &next).expect(201));
        let elsewhere = with(app.ready(1), "/store_id", other.as_str());
        desk.user(&app).post("/api/v1/redemptions", &elsewhere).expect(201);
    }

    fn a_till_is_no_place_for_strangers(app) {
        till(&app, DEVICE);
        let admin = app.admin();
        // A clerk of another retailer, and one of another store.
        let retailers = app.officer().get("/api/v1/retailers").expect(200);
        let others = retailers["items"].as_array().unwrap().iter().find(|row| row["id"] != app.retailer_id().as_str());
        let elsewhere = json!({"login": "sun.li", "role": "clerk", "name": "王芳", "organisation_id": others.unwrap()["id"]});
        let beside = json!({"login": "qian.wu", "role": "clerk", "name": "王芳", "organisation_id": app.retailer_id(),
            "store_id": other_store(&app)});
        for body in [elsewhere, beside] {
            let made = admin.post("/api/v1/staff", &body).expect(201);
            let says = json!({"login": body["login"], "password": made["initial_password"]});
            sign_in(&app, DEVICE, &says).refused_alone(403, "FORBIDDEN");
            app.nobody().say("/api/v1/sessions", &says).expect(201);
        }
        // The bureau is bound to no till.
        let officer = Staff::of(&app, "officer");
        let session = Session::of(&sign_in(&app, DEVICE, &officer.says(&app)).expect(201));
        session.user(&app).get("/api/v1/retailers").expect(200);
        // Nor does another retailer make a till of the device.
        let stranger = app.somebody(Role::Retailer, Some(Id::digest(&["elsewhere"])));
        assert_eq!(stranger.get("/api/v1/tills").expect(200)["items"], json!([]));
        let body = json!({"store_id": app.store(), "label": "一号收银台"});
        assert_eq!(stranger.post("/api/v1/tills", &body).refused_alone(404, "NOT_FOUND"), "/store_id");
    }

    fn a_suspended_store_or_retailer_keeps_its_tills_out(app) {
        till(&app, DEVICE);
        let (manager, waiting, officer) = (Staff::of(&app, "retailer"), new_till(&app), app.officer());
        let session = Session::of(&sign_in(&app, DEVICE, &manager.says(&app)).expect(201));
        let suspend = |what: &str, id: &str| {
            officer.post(&format!("/api/v1/{what}/{id}/suspension"), &json!({"reason": "核查中"})).expect(200)
        };
        suspend("stores", app.store());
        lists(&session.user(&app), DEVICE).refused_alone(401, "UNAUTHENTICATED");
        refresh(&app, DEVICE, &session).refused_alone(403, "FORBIDDEN");
        let next = with(manager.says(&app), "/totp", manager.code(&app, 1));
        sign_in(&app, DEVICE, &next).refused_alone(403, "FORBIDDEN");
        enrol(&app, OTHER, &waiting).refused_alone(403, "FORBIDDEN");
        let retailer = app.retailer_id();
        suspend("retailers", &retailer);
        let store = app.store().to_owned();
        let app = app.later(60);
        let (officer, key) = (app.officer(), fresh_key());
        officer.send(Method::POST, &format!("/api/v1/stores/{store}/approval"), &[("Idempotency-Key", &key)], None).expect(200);
        enrol(&app, OTHER, &waiting).refused_alone(403, "FORBIDDEN");
        sign_in(&app, DEVICE, &manager.says(&app)).refused_alone(403, "FORBIDDEN");
        // Both are approved again: the code is still good, and so is the session, with a new token.
        let programmes = json!({"programmes": ["nc-appl-2026"]});
        officer.post(&format!("/api/v1/retailers/{retailer}/approval"), &programmes).expect(200);
        enrol(&app, OTHER, &waiting).expect(200);
        lists(&session.user(&app), DEVICE).refused_alone(401, "UNAUTHENTICATED");
        let back = Session::of(&refresh(&app, DEVICE, &session).expect(200));
        lists(&back.user(&app), DEVICE).expect(200);
    }
}

// ---------------------------------------------------------------- at the engine

/// The commands of a till's life: made, enrolled, signed in on, out of use, signed in on again.
fn life(district: &District) -> (Id, Vec<Command>) {
    let (retailer, store) = district.sellers[0];
    let (code, device, account) = ([7; 32], Id::digest(&["device"]), Account::key("wang.fang"));
    let password = Hidden("$argon2id$ and more".into());
    let account_of = NewAccount {
        login: "wang.fang".into(),
        role: StaffRole::Clerk,
        organisation: Some(retailer),
        store: None,
        tasks: Vec::new(),
        name: personal("name", 1),
        password: password.clone(),
        totp: None,
    };
    let sign_in = |refresh: u8| {
        let proof = PasswordProof { account, seen: password.clone(), right: true };
        let policy = SignInPolicy::default();
        Act::SignIn(Box::new(SignIn { proof, step: None, refresh: [refresh; 32], device: Some(device), policy }))
    };
    let till = huanxin::domain::account::Till::key(&code);
    let acts = [
        Act::CreateAccount(Box::new(account_of)),
        Act::CreateTill(Box::new(NewTill { retailer, store, label: "一号收银台".into(), code })),
        Act::EnrolTill(Box::new(EnrolTill { code, device })),
        sign_in(1),
        Act::RevokeTill { till, reason: "停用".into() },
        sign_in(2),
    ];
    let number = |(number, act): (usize, Act)| {
        let mut made = command(&["till", &number.to_string()], act);
        made.actor.organisation = Some(retailer);
        made
    };
    (till, acts.into_iter().enumerate().map(number).collect())
}

fn signed_in(reply: &Reply) -> &SignedIn {
    match reply.as_ref().map(|answer| &answer.outcome) {
        Ok(Outcome::SignedIn(signed_in)) => signed_in,
        other => panic!("{other:?}"),
    }
}

fn run(runner: &mut Runner, commands: &[Command]) -> Vec<Reply> {
    let commands: Vec<Arc<Command>> = commands.iter().cloned().map(Arc::new).collect();
    runner.run(&commands)
}

/// What a device is, is known to the commands of the same batch.
#[test]
fn a_tills_life_is_the_same_in_one_batch() {
    let clock = Clock::standing_at(at(START));
    for (one, many) in TestDatabase::each().into_iter().zip(TestDatabase::each()) {
        let (mut runner, mut other) = (one.runner(clock), many.runner(clock));
        let district = District::open(&mut runner, Vec::new());
        District::open(&mut other, Vec::new());
        let (till, commands) = life(&district);
        let replies = run(&mut runner, &commands);
        assert_eq!(
            (signed_in(&replies[3]).till, signed_in(&replies[3]).store),
            (Some(till), Some(district.sellers[0].1))
        );
        assert_eq!((signed_in(&replies[5]).till, signed_in(&replies[5]).store), (None, None));
        let each: Vec<Reply> =
            commands.iter().flat_map(|command| run(&mut other, std::slice::from_ref(command))).collect();
        let plain = |replies: &[Reply]| replies.iter().map(plain_reply).collect::<Vec<_>>();
        assert_eq!(plain(&replies), plain(&each));
    }
}

/// What one replica takes out of use, the others learn of from the table.
#[test]
fn another_replica_learns_of_a_till_out_of_use() {
    for database in TestDatabase::each() {
        let clock = Clock::starting_at(at(START));
        let district = District::open(&mut database.runner(clock), Vec::new());
        let open = || Division::open(&database.settings(clock)).unwrap();
        let (one, other) = (open(), open());
        let (till, commands) = life(&district);
        commands.into_iter().for_each(|command| drop(one.submit_blocking(command).unwrap()));
        let issued = one.now().seconds();
        assert!(one.is_revoked(&[Some(till)], issued) && !other.is_revoked(&[Some(till)], issued));
        actix_web::rt::System::new().block_on(other.read_revocations()).unwrap();
        assert!(other.is_revoked(&[Some(till)], issued));
        one.close();
        other.close();
    }
}
