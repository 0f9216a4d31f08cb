//! The first administrator is made on the command line, also while the service runs, and no second one.

use std::path::Path;
use std::process::{Command, Output};

use huanxin::access::Role;
use huanxin::cli::create_admin::{self, CreateAdminOptions};
use huanxin::config::DivisionOptions;
use huanxin::domain::time::Moment;
use huanxin::engine::Clock;
use huanxin::totp::SecondFactor;
use serde_json::json;

use crate::app::{START, TestApp};
use crate::database::Place;

/// A password that will do.
const CHOSEN: &str = "Kaninchen-2026";

fn options(place: &Place, login: &str) -> CreateAdminOptions {
    at(place.dir.path(), place.database_url(), login)
}

fn at(directory: &Path, database_url: Option<String>, login: &str) -> CreateAdminOptions {
    CreateAdminOptions {
        login: login.to_owned(),
        name: "熊建华".to_owned(),
        place: DivisionOptions {
            data_dir: directory.to_owned(),
            database_url,
            schema: None,
            division: "360111".to_owned(),
            key_file: None,
            master_key: None,
        },
    }
}

/// The first password, which is told in a sentence.
fn first_password(said: &str) -> String {
    let (_, rest) = said.split_once("first password ").unwrap();
    rest.split_whitespace().next().unwrap().to_owned()
}

/// Runs the service's own program.
fn huanxin(app: &TestApp, login: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_huanxin"));
    command.args(["create-admin", "--login", login, "--name", "熊建华", "--data-dir"]).arg(app.directory());
    command.env_clear().env("PATH", "/usr/bin:/bin");
    if let Some(url) = app.database_url() {
        command.args(["--database-url", &url]);
    }
    command.output().unwrap()
}

/// Signs in, chooses a password, sets the second factor up, and makes an account.
fn takes_office(app: &TestApp, login: &str, first: &str) {
    let says = json!({"login": login, "password": first});
    let session = app.nobody().say("/api/v1/sessions", &says).expect(201);
    assert_eq!(session["setup_required"], true);
    let user = app.user(session["access_token"].as_str());
    let officer = json!({"login": "gan.jing", "role": "officer", "name": "甘静"});
    user.post("/api/v1/staff", &officer).refused_alone(403, "FORBIDDEN");
    let change = json!({"current_password": first, "new_password": CHOSEN});
    user.post("/api/v1/account/password", &change).expect(200);
    let told = user.post("/api/v1/account/totp", &json!({"password": CHOSEN})).expect(200);
    let factor = SecondFactor::of_text(told["secret"].as_str().unwrap(), login).unwrap();
    user.post("/api/v1/account/totp/confirmation", &json!({"code": factor.code(app.now())})).expect(200);
    let next = factor.code(app.now().plus_seconds(30));
    let says = json!({"login": login, "password": CHOSEN, "totp": next});
    let session = app.nobody().say("/api/v1/sessions", &says).expect(201);
    assert_eq!(session["setup_required"], false);
    app.user(session["access_token"].as_str()).post("/api/v1/staff", &officer).expect(201);
    // It stands in the trail, as the system's, without the password.
    let bodies: Vec<String> =
        app.database().rows_of("audit_record").iter().map(|row| row["body"].as_str().unwrap().to_owned()).collect();
    let made: Vec<&String> = bodies.iter().filter(|body| body.contains(r#""request":"create-admin""#)).collect();
    assert_eq!(made.len(), 1);
    assert!(made[0].contains(r#""act":"create_account""#) && made[0].contains(r#""role":"system""#), "{}", made[0]);
    assert!(bodies.iter().all(|body| !body.contains(first) && !body.contains(CHOSEN)));
}

/// On a database that has nothing yet.
fn the_first_one(place: Place) {
    let start = Moment::parse(START).unwrap();
    let clock = || Clock::starting_at(start.plus_seconds(-60));
    for bad in ["x", "with space", "熊建华"] {
        let why = create_admin::run(&options(&place, bad), clock()).unwrap_err().to_string();
        assert!(why.contains("--login"), "{why}");
    }
    let why =
        create_admin::run(&CreateAdminOptions { name: " ".to_owned(), ..options(&place, "xiong.jianhua") }, clock());
    assert!(why.unwrap_err().to_string().contains("--name"));
    let said = create_admin::run(&options(&place, "Xiong.Jianhua"), clock()).unwrap();
    assert!(said.contains("the administrator xiong.jianhua has"), "{said}");
    let why = create_admin::run(&options(&place, "somebody.else"), clock()).unwrap_err().to_string();
    assert!(why.contains("there is an administrator already, xiong.jianhua"), "{why}");
    takes_office(&TestApp::start(place, START), "xiong.jianhua", &first_password(&said));
}

#[test]
fn the_first_one_of_a_fresh_database_sqlite() {
    the_first_one(Place::sqlite());
}

#[test]
fn the_first_one_of_a_fresh_database_postgres() {
    if let Some(place) = Place::postgres() {
        the_first_one(place);
    }
}

/// Of two that are made at the same moment, one is.
fn two_at_once(place: &Place) {
    let made: Vec<bool> = std::thread::scope(|scope| {
        let runs = ["one.admin", "two.admin", "three.admin"]
            .map(|login| scope.spawn(move || create_admin::run(&options(place, login), Clock::default()).is_ok()));
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert_eq!(made.iter().filter(|made| **made).count(), 1, "{made:?}");
}

#[test]
fn two_at_once_are_one_sqlite() {
    two_at_once(&Place::sqlite());
}

#[test]
fn two_at_once_are_one_postgres() {
    if let Some(place) = Place::postgres() {
        two_at_once(&place);
    }
}

on_both! {
    fn none_while_there_is_one_and_another_when_it_was_closed(app) {
        let refused = huanxin(&app, "xiong.jianhua");
        let why = String::from_utf8(refused.stderr).unwrap();
        assert_eq!((refused.status.code(), refused.stdout.len()), (Some(2), 0), "{why}");
        assert!(why.contains("there is an administrator already, admin"), "{why}");
        let staff = app.admin().get("/api/v1/staff?limit=200").expect(200);
        let admin = staff["items"].as_array().unwrap().iter().find(|row| row["role"] == "admin").unwrap();
        let path = format!("/api/v1/staff/{}/closure", admin["id"].as_str().unwrap());
        app.somebody(Role::Admin, None).post(&path, &json!({"reason": "离职"})).expect(200);
        // While the service runs.
        let run = |login: &str| {
            let options = at(app.directory(), app.database_url(), login);
            create_admin::run(&options, Clock::starting_at(app.now()))
        };
        let why = run("admin").unwrap_err().to_string();
        assert!(why.contains("the login admin is taken"), "{why}");
        let said = run("xiong.jianhua").unwrap();
        takes_office(&app, "xiong.jianhua", &first_password(&said));
    }
}
