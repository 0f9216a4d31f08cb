//! Staff signs in, stays in, and is put out: every way in that is none, tried.

use huanxin::access::Role;
use huanxin::domain::account::SignInPolicy;
use huanxin::domain::command::{Act, Party};
use huanxin::domain::id::Id;
use huanxin::domain::time::Moment;
use huanxin::engine::{Clock, Division, Removed, Retention};
use huanxin::totp::SecondFactor;
use serde_json::{Value, json};
use ureq::http::Method;

use crate::app::{Answer, START, TestApp, User, fresh_key};
use crate::fixtures::{District, TestDatabase, command};
use crate::sale::with;

/// A password that will do.
const CHOSEN: &str = "Kaninchen-2026";

/// Somebody with an account: what the demonstration, or whoever made it, says of it.
pub struct Staff {
    login: String,
    password: String,
    factor: Option<SecondFactor>,
}

impl Staff {
    /// One of the demonstration's.
    pub fn of(app: &TestApp, role: &str) -> Self {
        let accounts = app.demo["accounts"].as_array().unwrap();
        let account = accounts.iter().find(|account| account["role"] == role).unwrap();
        let text = |name: &str| account[name].as_str().unwrap().to_owned();
        let factor = SecondFactor::of_text(&text("totp_secret"), &text("login")).unwrap();
        Self { login: text("login"), password: text("password"), factor: Some(factor) }
    }

    /// The code of so many steps from now on.
    pub fn code(&self, app: &TestApp, steps: i64) -> String {
        self.factor.as_ref().unwrap().code(app.now().plus_seconds(30 * steps))
    }

    pub fn says(&self, app: &TestApp) -> Value {
        let said = json!({"login": self.login, "password": self.password});
        if self.factor.is_some() { with(said, "/totp", self.code(app, 0)) } else { said }
    }

    pub fn signs_in(&self, app: &TestApp) -> Session {
        Session::of(&app.nobody().say("/api/v1/sessions", &self.says(app)).expect(201))
    }
}

/// What signing in gives.
#[derive(Clone)]
pub struct Session {
    id: String,
    access: String,
    pub refresh: String,
}

impl Session {
    pub fn of(answer: &Value) -> Self {
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        Self { id: text("id"), access: text("access_token"), refresh: text("refresh_token") }
    }

    pub fn user<'a>(&self, app: &'a TestApp) -> User<'a> {
        app.user(Some(&self.access))
    }

    pub fn refresh(&self, app: &TestApp) -> Answer {
        app.nobody().say("/api/v1/sessions/refresh", &json!({"refresh_token": self.refresh}))
    }
}

/// A clerk whom the demonstration's manager gives an account.
fn new_clerk(app: &TestApp, login: &str) -> (String, Staff) {
    let body = json!({"login": login, "role": "clerk", "name": "王芳"});
    let made = app.retailer().post("/api/v1/staff", &body).expect(201);
    let password = made["initial_password"].as_str().unwrap().to_owned();
    (made["id"].as_str().unwrap().to_owned(), Staff { login: login.to_owned(), password, factor: None })
}

/// What the retention job removes now, but for the answers to repeats: with them a demonstration knows that it was begun.
fn remove_due(app: &TestApp) -> Removed {
    let retention = Retention { command_hours: 1_000_000, ..Retention::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(app.division().remove_due(retention)).unwrap()
}

fn redemptions(user: &User<'_>) -> Answer {
    user.get("/api/v1/redemptions")
}

/// Records of the trail about an account, or another subject, newest first.
pub fn trail(app: &TestApp, subject: &str) -> Vec<Value> {
    let page = app.auditor().get("/api/v1/audit/records?limit=200").expect(200);
    page["items"].as_array().unwrap().iter().filter(|record| record["subject"] == subject).cloned().collect()
}

on_both! {
    fn every_role_of_the_demonstration_signs_in(app) {
        for account in app.demo["accounts"].as_array().unwrap().clone() {
            let role = account["role"].as_str().unwrap();
            let session = Staff::of(&app, role).signs_in(&app);
            let told = session.user(&app).get("/api/v1/account").expect(200);
            assert_eq!((told["role"].as_str(), told["second_factor"].as_bool()), (Some(role), Some(true)));
        }
        let officer = Staff::of(&app, "officer");
        let shouting = with(officer.says(&app), "/login", " OFFICER ");
        // The code of this step was used above; the next one is not yet over.
        let next = with(shouting, "/totp", officer.code(&app, 1));
        let session = app.nobody().say("/api/v1/sessions", &next).expect(201);
        assert_eq!(session["setup_required"], false);
        Session::of(&session).user(&app).get("/api/v1/retailers").expect(200);
    }

    fn whatever_is_wrong_is_one_answer(app) {
        let clerk = Staff::of(&app, "clerk");
        let good = clerk.says(&app);
        let wrong = |pointer: &str, value: Value| with(good.clone(), pointer, value);
        for said in [
            wrong("/password", json!("another one")),
            wrong("/totp", json!(clerk.code(&app, -5))),
            wrong("/totp", Value::Null),
            wrong("/login", json!("nobody.has.this")),
        ] {
            let answer = app.nobody().say("/api/v1/sessions", &said);
            assert_eq!(answer.refused_alone(401, "UNAUTHENTICATED"), "");
            assert_eq!((&answer.body["errors"][0]["found"], &answer.body["errors"][0]["expected"]), (&Value::Null, &Value::Null));
        }
        app.nobody().say("/api/v1/sessions", &good).expect(201);
    }

    fn a_code_is_good_once(app) {
        let clerk = Staff::of(&app, "clerk");
        let said = clerk.says(&app);
        let first = app.nobody().say("/api/v1/sessions", &said).expect(201);
        app.nobody().say("/api/v1/sessions", &said).refused_alone(401, "UNAUTHENTICATED");
        // Nor is one of the step before, though its time is not over.
        let before = with(said, "/totp", clerk.code(&app, -1));
        app.nobody().say("/api/v1/sessions", &before).refused_alone(401, "UNAUTHENTICATED");
        let records = trail(&app, first["account"]["id"].as_str().unwrap());
        let told: Vec<_> = records.iter().take(3).map(|record| record["detail"]["outcome"].as_str().unwrap()).collect();
        assert_eq!(told, ["refused", "refused", "signed in"]);
        assert_eq!(records[0]["detail"]["why"], "code used before");
        assert_eq!(records[2]["detail"]["session"], first["id"]);
    }

    fn six_digits_cannot_be_guessed(app) {
        let clerk = Staff::of(&app, "clerk");
        let guess = |app: &TestApp, login: &str, steps: i64| {
            let said = json!({"login": login, "password": clerk.password, "totp": clerk.code(app, steps)});
            app.nobody().say("/api/v1/sessions", &said)
        };
        // Codes of another hour: as wrong as any. A login that nobody has is answered alike.
        for login in ["clerk", "nobody.has.this"] {
            for steps in 0..5 {
                guess(&app, login, 200 + steps).refused_alone(401, "UNAUTHENTICATED");
            }
            for steps in [5, 0] {
                let answer = guess(&app, login, 200 + steps);
                answer.refused_alone(429, "RATE_LIMITED");
                let wait: i64 = answer.header("Retry-After").unwrap().parse().unwrap();
                assert!((50..=61).contains(&wait), "{wait}");
            }
        }
        // Nor does the right code let anybody in while the lock holds, and afterwards one try is left until the next.
        guess(&app, "clerk", 0).refused_alone(429, "RATE_LIMITED");
        let app = app.later(90);
        guess(&app, "clerk", 200).refused_alone(401, "UNAUTHENTICATED");
        let wait: i64 = guess(&app, "clerk", 0).header("Retry-After").unwrap().parse().unwrap();
        assert!((110..=121).contains(&wait), "{wait}");
        let app = app.later(3 * 60);
        guess(&app, "clerk", 0).expect(201);
        // The count begins anew.
        for steps in 0..4 {
            guess(&app, "clerk", 200 + steps).refused_alone(401, "UNAUTHENTICATED");
        }
        guess(&app, "clerk", 1).expect(201);
        // Three codes are good at a time: 3 in a million for each try, of which the locks leave this many in a day.
        let policy = SignInPolicy::default();
        let (mut now, mut tries) = (Moment(0), 0_u32);
        while now < Moment(0).plus_seconds(24 * 3600) {
            tries += 1;
            now = policy.locked_until(tries, now).unwrap_or(now);
        }
        assert!(tries <= 33 && 1_000_000 / (3 * tries) > 10_000, "{tries} tries a day");
    }

    fn a_first_password_is_changed_before_anything_else(app) {
        let (id, mut clerk) = new_clerk(&app, "wang.fang");
        let answer = app.nobody().say("/api/v1/sessions", &clerk.says(&app)).expect(201);
        assert_eq!(answer["setup_required"], true);
        let first = Session::of(&answer);
        let user = first.user(&app);
        for path in ["/api/v1/redemptions", "/api/v1/turn-ins", "/api/v1/retailers", "/api/v1/staff"] {
            let told = user.get(path).refused(403, "FORBIDDEN");
            assert!(told["expected"].as_str().unwrap().contains("/api/v1/account/password"), "{told}");
        }
        assert_eq!(user.get("/api/v1/account").expect(200)["must_change_password"], true);
        let change = |new: &str| json!({"current_password": clerk.password, "new_password": new});
        for bad in ["short-1A", "kaninchenkaninchen", "Wang.Fang-2026", &clerk.password] {
            let answer = user.post("/api/v1/account/password", &change(bad));
            assert_eq!(answer.refused_alone(400, "BODY_MALFORMED"), "/new_password", "{bad}");
        }
        let key = fresh_key();
        let changed = user.post_as(&key, "/api/v1/account/password", &change(CHOSEN)).expect(200);
        assert_eq!(changed["must_change_password"], false);
        assert!(user.post_as(&key, "/api/v1/account/password", &change(CHOSEN)).replayed());
        // The second factor is missing still.
        redemptions(&user).refused_alone(403, "FORBIDDEN");
        redemptions(&Session::of(&first.refresh(&app).expect(200)).user(&app)).refused_alone(403, "FORBIDDEN");
        clerk.password = CHOSEN.to_owned();
        let second = clerk.signs_in(&app);
        let user = second.user(&app);
        user.post("/api/v1/account/totp/confirmation", &json!({"code": "123456"})).refused_alone(409, "WRONG_STATE");
        let wrong = user.post("/api/v1/account/totp", &json!({"password": "another one"}));
        assert_eq!(wrong.refused_alone(401, "UNAUTHENTICATED"), "/password");
        let told = user.post("/api/v1/account/totp", &json!({"password": CHOSEN})).expect(200);
        let uri = told["otpauth_uri"].as_str().unwrap();
        assert!(uri.starts_with("otpauth://totp/huanxin:wang.fang?"), "{uri}");
        assert!(told["qr_svg"].as_str().unwrap().contains("<svg"));
        clerk.factor = Some(SecondFactor::of_text(told["secret"].as_str().unwrap(), "wang.fang").unwrap());
        let code = |steps: i64| json!({"code": clerk.code(&app, steps)});
        user.post("/api/v1/account/totp/confirmation", &code(90)).refused_alone(422, "IDENTIFIER_INVALID");
        let confirmed = user.post("/api/v1/account/totp/confirmation", &code(0)).expect(200);
        assert_eq!(confirmed["second_factor"], true);
        // The code of the confirmation is used up; the tokens of before are what they were; new ones are whole.
        app.nobody().say("/api/v1/sessions", &clerk.says(&app)).refused_alone(401, "UNAUTHENTICATED");
        redemptions(&user).refused_alone(403, "FORBIDDEN");
        let whole = second.refresh(&app).expect(200);
        assert_eq!(whole["setup_required"], false);
        redemptions(&Session::of(&whole).user(&app)).expect(200);
        let acts: Vec<String> = trail(&app, &id).iter().map(|record| record["act"].as_str().unwrap().to_owned()).collect();
        for act in ["create_account", "sign_in", "change_password", "start_totp", "confirm_totp", "refresh_session"] {
            assert!(acts.iter().any(|done| done == act), "{act} in {acts:?}");
        }
    }

    fn an_old_refresh_token_ends_the_session(app) {
        let first = Staff::of(&app, "retailer").signs_in(&app);
        let second = Session::of(&first.refresh(&app).expect(200));
        assert_eq!(first.id, second.id);
        assert_ne!((&first.refresh, &first.access), (&second.refresh, &second.access));
        redemptions(&second.user(&app)).expect(200);
        // Somebody else shows the copy that he took: both are put out.
        first.refresh(&app).refused_alone(401, "UNAUTHENTICATED");
        redemptions(&second.user(&app)).refused_alone(401, "UNAUTHENTICATED");
        redemptions(&first.user(&app)).refused_alone(401, "UNAUTHENTICATED");
        second.refresh(&app).refused_alone(401, "UNAUTHENTICATED");
        for text in ["", "x", &"A".repeat(43), &second.access] {
            let answer = app.nobody().say("/api/v1/sessions/refresh", &json!({"refresh_token": text}));
            answer.refused_alone(401, "UNAUTHENTICATED");
        }
    }

    fn a_lost_answer_to_a_refresh_is_asked_for_again(app) {
        let session = Staff::of(&app, "retailer").signs_in(&app);
        let key = fresh_key();
        let body = json!({"refresh_token": session.refresh});
        let ask = |key: &str| app.nobody().post_as(key, "/api/v1/sessions/refresh", &body);
        let (lost, again) = (ask(&key), ask(&key));
        assert!(again.replayed());
        assert_eq!(lost.expect(200), again.clone().expect(200));
        redemptions(&Session::of(&again.body).user(&app)).expect(200);
        // Without the key it is what a thief would do.
        ask(&fresh_key()).refused_alone(401, "UNAUTHENTICATED");
        redemptions(&Session::of(&again.body).user(&app)).refused_alone(401, "UNAUTHENTICATED");
        // What is repeated then is tokens of a session that has ended.
        let late = Session::of(&ask(&key).expect(200));
        redemptions(&late.user(&app)).refused_alone(401, "UNAUTHENTICATED");
        late.refresh(&app).refused_alone(401, "UNAUTHENTICATED");
    }

    fn who_signs_out_is_out(app) {
        let manager = Staff::of(&app, "retailer");
        let session = manager.signs_in(&app);
        let user = session.user(&app);
        let out = user.send(Method::POST, "/api/v1/sessions/sign-out", &[], None).expect(200);
        assert_eq!(out["id"], session.id.as_str());
        redemptions(&user).refused_alone(401, "UNAUTHENTICATED");
        session.refresh(&app).refused_alone(401, "UNAUTHENTICATED");
        user.send(Method::POST, "/api/v1/sessions/sign-out", &[], None).refused_alone(401, "UNAUTHENTICATED");
        // Still out after a start, when the memory is empty.
        let app = app.later(60);
        redemptions(&session.user(&app)).refused_alone(401, "UNAUTHENTICATED");
    }

    fn access_tokens_expire_and_sessions_lapse(app) {
        let session = Staff::of(&app, "officer").signs_in(&app);
        session.user(&app).get("/api/v1/retailers").expect(200);
        let app = app.later(660);
        session.user(&app).get("/api/v1/retailers").refused_alone(401, "UNAUTHENTICATED");
        let next = Session::of(&session.refresh(&app).expect(200));
        next.user(&app).get("/api/v1/retailers").expect(200);
        let app = app.later(12 * 3600 + 1);
        next.refresh(&app).refused_alone(401, "UNAUTHENTICATED");
    }

    /// A session goes ninety days after it has ended or lapsed, and what ended its tokens with it; what keeps a collection
    /// point out stays, and so do the digests of refresh tokens, which open nothing any more.
    fn sessions_that_have_long_been_over_go(app) {
        let (manager, officer, recycler) = (Staff::of(&app, "retailer"), Staff::of(&app, "officer"), Staff::of(&app, "recycler"));
        let (ended, first, suspended) = (manager.signs_in(&app), officer.signs_in(&app), recycler.signs_in(&app));
        ended.user(&app).send(Method::POST, "/api/v1/sessions/sign-out", &[], None).expect(200);
        let lapsed = Session::of(&first.refresh(&app).expect(200));
        let point = suspended.user(&app).get("/api/v1/account").expect(200)["organisation_id"].clone();
        let path = format!("/api/v1/recyclers/{}/suspension", point.as_str().unwrap());
        app.officer().post(&path, &json!({"reason": "核查中"})).expect(200);
        let count = |app: &TestApp| ["session", "revocation", "refresh_token"].map(|table| app.database().rows_of(table).len());
        assert_eq!(count(&app), [3, 2, 4]);
        let app = app.later(89 * 24 * 3600);
        let removed = remove_due(&app);
        assert_eq!((removed.sessions, removed.revocations, count(&app)), (0, 0, [3, 2, 4]));
        // The session of the collection point was never ended: it lapsed, because it could not be refreshed.
        let app = app.later(2 * 24 * 3600);
        let live = manager.signs_in(&app);
        let removed = remove_due(&app);
        assert_eq!((removed.sessions, removed.revocations, count(&app)), (3, 1, [1, 1, 5]));
        assert_eq!(remove_due(&app), Removed::default());
        for old in [&ended, &first, &lapsed, &suspended] {
            old.refresh(&app).refused_alone(401, "UNAUTHENTICATED");
            redemptions(&old.user(&app)).refused_alone(401, "UNAUTHENTICATED");
        }
        redemptions(&live.user(&app)).expect(200);
        // The account still has the one that lapsed in its list.
        officer.signs_in(&app).user(&app).get("/api/v1/retailers").expect(200);
        let forgotten = app.database().rows_of("audit_record").into_iter().map(|row| row["body"].as_str().unwrap().to_owned());
        let forgotten: Vec<Value> = forgotten.map(|body| serde_json::from_str(&body).unwrap()).filter(|body: &Value| body["act"] == "forget").collect();
        for (what, rows) in [("sessions", 3), ("revocations", 1)] {
            let of_it = |body: &&Value| body["detail"]["what"] == what && body["detail"]["rows"] == rows && body["role"] == "system";
            assert_eq!(forgotten.iter().filter(of_it).count(), 1, "{forgotten:#?}");
        }
    }

    fn a_suspended_retailers_tokens_end_at_once(app) {
        let (retailer, officer) = (app.retailer_id(), app.officer());
        let (manager, clerk) = (Staff::of(&app, "retailer"), Staff::of(&app, "clerk"));
        let (of_manager, of_clerk) = (manager.signs_in(&app), clerk.signs_in(&app));
        let sessions = [of_manager.user(&app), of_clerk.user(&app), app.retailer()];
        sessions.iter().for_each(|user| drop(redemptions(user).expect(200)));
        let recycler = Staff::of(&app, "recycler").signs_in(&app);
        officer.post(&format!("/api/v1/retailers/{retailer}/suspension"), &json!({"reason": "核查中"})).expect(200);
        // Those of the demonstration, which have no session, end too.
        sessions.iter().for_each(|user| drop(redemptions(user).refused_alone(401, "UNAUTHENTICATED")));
        of_manager.refresh(&app).refused_alone(403, "FORBIDDEN");
        let next = with(manager.says(&app), "/totp", manager.code(&app, 1));
        app.nobody().say("/api/v1/sessions", &next).refused_alone(403, "FORBIDDEN");
        recycler.user(&app).get("/api/v1/turn-ins").expect(200);
        // Approved again, it signs in anew; what was issued before the suspension stays void.
        let app = app.later(60);
        redemptions(&of_clerk.user(&app)).refused_alone(401, "UNAUTHENTICATED");
        let programmes = json!({"programmes": ["nc-appl-2026"]});
        app.officer().post(&format!("/api/v1/retailers/{retailer}/approval"), &programmes).expect(200);
        redemptions(&of_manager.user(&app)).refused_alone(401, "UNAUTHENTICATED");
        redemptions(&Session::of(&of_manager.refresh(&app).expect(200)).user(&app)).expect(200);
    }

    fn a_suspended_collection_point_or_store_is_out_too(app) {
        let (recycler, clerk) = (Staff::of(&app, "recycler").signs_in(&app), Staff::of(&app, "clerk").signs_in(&app));
        let point = recycler.user(&app).get("/api/v1/account").expect(200)["organisation_id"].clone();
        let why = json!({"reason": "核查中"});
        let suspend = |what: &str, id: &str| app.officer().post(&format!("/api/v1/{what}/{id}/suspension"), &why).expect(200);
        suspend("recyclers", point.as_str().unwrap());
        recycler.user(&app).get("/api/v1/turn-ins").refused_alone(401, "UNAUTHENTICATED");
        app.recycler().get("/api/v1/turn-ins").refused_alone(401, "UNAUTHENTICATED");
        // The clerk is bound to the store; the manager sells at others.
        suspend("stores", app.store());
        redemptions(&clerk.user(&app)).refused_alone(401, "UNAUTHENTICATED");
        redemptions(&app.retailer()).expect(200);
    }

    fn who_keeps_accounts_puts_people_out(app) {
        let admin = Staff::of(&app, "admin").signs_in(&app);
        let admin = admin.user(&app);
        let officer = Staff::of(&app, "officer");
        let session = officer.signs_in(&app);
        let id = session.user(&app).get("/api/v1/account").expect(200)["id"].as_str().unwrap().to_owned();
        let send = |what: &str| admin.send(Method::POST, &format!("/api/v1/staff/{id}/{what}"), &[("Idempotency-Key", &fresh_key())], None);
        send("sign-out").expect(200);
        session.user(&app).get("/api/v1/account").refused_alone(401, "UNAUTHENTICATED");
        session.refresh(&app).refused_alone(401, "UNAUTHENTICATED");
        let next = with(officer.says(&app), "/totp", officer.code(&app, 1));
        let again = Session::of(&app.nobody().say("/api/v1/sessions", &next).expect(201));
        let reset = send("credentials").expect(200);
        assert_eq!((reset["must_change_password"].as_bool(), reset["second_factor"].as_bool()), (Some(true), Some(false)));
        again.user(&app).get("/api/v1/account").refused_alone(401, "UNAUTHENTICATED");
        let given = Staff { password: reset["initial_password"].as_str().unwrap().to_owned(), factor: None, ..officer };
        let third = given.signs_in(&app);
        admin.post(&format!("/api/v1/staff/{id}/closure"), &json!({"reason": "离职"})).expect(200);
        third.user(&app).get("/api/v1/account").refused_alone(401, "UNAUTHENTICATED");
        app.nobody().say("/api/v1/sessions", &given.says(&app)).refused_alone(401, "UNAUTHENTICATED");
        admin.post(&format!("/api/v1/staff/{id}/closure"), &json!({"reason": "离职"})).refused_alone(409, "WRONG_STATE");
        send("credentials").refused_alone(409, "WRONG_STATE");
        let taken = json!({"login": "officer", "role": "officer", "name": "王芳"});
        assert_eq!(admin.post("/api/v1/staff", &taken).refused_alone(409, "WRONG_STATE"), "/login");
    }

    fn a_manager_keeps_the_clerks_of_the_own_retailer_alone(app) {
        let manager = app.retailer();
        let (clerk, _) = new_clerk(&app, "li.na");
        let listed = manager.get("/api/v1/staff").expect(200);
        let logins: Vec<_> = listed["items"].as_array().unwrap().iter().map(|row| row["login"].as_str().unwrap()).collect();
        assert_eq!(logins, ["li.na", "retailer", "clerk"]);
        for (role, organisation) in [("officer", Value::Null), ("retailer", json!(app.retailer_id())),
            ("clerk", json!("019a5c3e-7b00-7000-8000-000000000001"))] {
            let body = with(json!({"login": "x.y.z", "role": role, "name": "王芳"}), "/organisation_id", organisation);
            manager.post("/api/v1/staff", &body).refused_alone(403, "FORBIDDEN");
        }
        // Others' accounts are not there, whatever is tried on them.
        let officer = Staff::of(&app, "officer").signs_in(&app).user(&app).get("/api/v1/account").expect(200)["id"].clone();
        let why = json!({"reason": "离职"});
        let close = |user: &User<'_>, id: &str| user.post(&format!("/api/v1/staff/{id}/closure"), &why);
        close(&manager, officer.as_str().unwrap()).refused_alone(404, "NOT_FOUND");
        close(&app.officer(), officer.as_str().unwrap()).refused_alone(404, "NOT_FOUND");
        let elsewhere = app.somebody(Role::Retailer, Some(Id::digest(&["elsewhere"])));
        close(&elsewhere, &clerk).refused_alone(404, "NOT_FOUND");
        assert_eq!(elsewhere.get("/api/v1/staff").expect(200)["items"], json!([]));
        close(&manager, &clerk).expect(200);
    }

    fn an_account_says_what_its_role_needs(app) {
        let admin = app.somebody(Role::Admin, None);
        let make = |body: &Value| admin.post("/api/v1/staff", body);
        let base = |role: &str| json!({"login": "some.body", "role": role, "name": "王芳"});
        assert_eq!(make(&base("clerk")).refused_alone(400, "FIELD_MISSING"), "/organisation_id");
        let nowhere = "019a5c3e-7b00-7000-8000-000000000001";
        assert_eq!(make(&with(base("recycler"), "/organisation_id", nowhere)).refused_alone(404, "NOT_FOUND"), "/organisation_id");
        assert_eq!(make(&with(base("auditor"), "/organisation_id", nowhere)).refused_alone(400, "BODY_MALFORMED"), "/organisation_id");
        assert_eq!(make(&base("reader")).refused_alone(400, "BODY_MALFORMED"), "/tasks");
        let of_shop = with(base("clerk"), "/organisation_id", app.retailer_id());
        assert_eq!(make(&with(of_shop.clone(), "/store_id", nowhere)).refused_alone(404, "NOT_FOUND"), "/store_id");
        let key = fresh_key();
        let good = with(of_shop, "/store_id", app.store());
        let made = admin.post_as(&key, "/api/v1/staff", &good).expect(201);
        let again = admin.post_as(&key, "/api/v1/staff", &good);
        assert!(again.replayed());
        assert_eq!(again.body, made);
        assert_eq!(made["name"], "王*");
    }

    fn an_eleventh_session_ends_the_first(app at "2026-06-18T10:00:00+08:00") {
        let (_, clerk) = new_clerk(&app, "zhao.min");
        let sessions: Vec<Session> = (0..11).map(|_| clerk.signs_in(&app)).collect();
        sessions[0].user(&app).get("/api/v1/account").refused_alone(401, "UNAUTHENTICATED");
        sessions[1..].iter().for_each(|session| drop(session.user(&app).get("/api/v1/account").expect(200)));
    }
}

on_both! {
    fn a_clerk_sells_at_the_own_store_alone(app) {
        let clerk = Staff::of(&app, "clerk").signs_in(&app);
        let user = clerk.user(&app);
        let store = json!({"retailer_id": app.retailer_id(), "name": "麻丘店", "address": "麻丘大道 1 号",
            "division_code": "360111", "town": "麻丘镇"});
        let other = app.officer().post("/api/v1/stores", &store).made();
        let body = app.ready(0);
        for path in ["/api/v1/redemptions/quote", "/api/v1/redemptions"] {
            let refused = user.post(path, &with(body.clone(), "/store_id", other.as_str()));
            assert_eq!(refused.refused_alone(422, "STORE_NOT_APPROVED"), "/store_id", "{path}");
            assert!(refused.body["errors"][0]["expected"].as_str().unwrap().contains(app.store()));
        }
        user.post("/api/v1/redemptions", &body).expect(201);
        // The manager sells at any store of the retailer.
        app.retailer().post("/api/v1/redemptions", &with(app.ready(1), "/store_id", other.as_str())).expect(201);
    }
}

/// What one replica ends, the others learn of from the table.
#[test]
fn another_replica_learns_what_was_ended() {
    for database in TestDatabase::each() {
        let clock = Clock::starting_at(Moment::parse(START).unwrap());
        let district = District::open(&mut database.runner(clock), Vec::new());
        let shop = district.sellers[0].0;
        let open = || Division::open(&database.settings(clock)).unwrap();
        let (one, other) = (open(), open());
        let suspend = Act::Suspend { party: Party::Retailer, id: shop, reason: "核查中".into() };
        one.submit_blocking(command(&["suspend"], suspend)).unwrap();
        let issued = one.now().seconds() + 5;
        assert!(one.is_revoked(&[Some(shop)], issued) && !other.is_revoked(&[Some(shop)], issued));
        actix_web::rt::System::new().block_on(other.read_revocations()).unwrap();
        assert!(other.is_revoked(&[Some(shop)], issued));
        assert!(open().is_revoked(&[Some(shop)], issued));
        one.close();
        other.close();
    }
}
