//! Evidence files: handed in, judged by their content, found again, fetched by links that expire, gone with their person.

use std::io::Cursor;
use std::path::PathBuf;

use huanxin::access::Role;
use huanxin::blobs::Blobs;
use huanxin::cli::evidence::{EvidenceOptions, check, sweep};
use huanxin::cli::sweep::{Swept, sweep_due};
use huanxin::domain::id::Id;
use huanxin::domain::time::Moment;
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use ureq::http::Method;

use crate::app::{Answer, TestApp, User, fresh_key};
use crate::sale::old_fridge;

pub const PDF: &[u8] = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n";

/// A photo that no other number has.
fn photo(number: u8, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    RgbImage::from_pixel(8, 6, Rgb([number, 120, 60])).write_to(&mut file, format).unwrap();
    file.into_inner()
}

pub fn hand_in(user: &User<'_>, key: &str, about: &str, subject: &str, media: &str, bytes: &[u8]) -> Answer {
    let path = format!("/api/v1/evidence?about={about}&subject_id={subject}&kind=old_item");
    user.send(Method::POST, &path, &[("Content-Type", media), ("Idempotency-Key", key)], Some(bytes))
}

fn of_turn_in(app: &TestApp, turn_in: &str, bytes: &[u8]) -> Answer {
    hand_in(&app.recycler(), &fresh_key(), "turn_in", turn_in, "image/jpeg", bytes)
}

fn files(user: &User<'_>, turn_in: &str) -> Answer {
    user.get(&format!("/api/v1/evidence?about=turn_in&subject_id={turn_in}"))
}

/// The path of a link that somebody makes.
fn link(user: &User<'_>, file: &str) -> String {
    let answer = user.say(&format!("/api/v1/evidence/{file}/links"), &json!({}));
    answer.expect(200)["path"].as_str().unwrap().to_owned()
}

/// What the trail says of downloads, newest first.
fn downloads(app: &TestApp) -> Vec<Value> {
    let page = app.auditor().get("/api/v1/audit/records?limit=100").expect(200);
    let told = page["items"].as_array().unwrap().iter().cloned();
    told.filter(|row| row["detail"]["operation"] == "downloadEvidence").collect()
}

/// Everything in the app's store of files.
fn stored(app: &TestApp) -> Vec<PathBuf> {
    let mut open = vec![app.dir().join("evidence")];
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            found.push(path);
        }
    }
    found
}

/// Something that lies in the store and that no record names.
fn unnamed(app: &TestApp, text: &str) -> PathBuf {
    let blob = hex::encode(Sha256::digest(text));
    let folder = app.dir().join("evidence/360111").join(&blob[..2]);
    std::fs::create_dir_all(&folder).unwrap();
    let place = folder.join(blob);
    std::fs::write(&place, text).unwrap();
    place
}

fn options(app: &TestApp) -> EvidenceOptions {
    EvidenceOptions {
        data_dir: app.dir().to_owned(),
        database_url: app.database_url(),
        schema: None,
        division: "360111".to_owned(),
        evidence_url: None,
    }
}

on_both! {
    fn a_photo_is_handed_in_listed_and_fetched(app) {
        let turn_in = app.turn_in(&old_fridge(&app, 0));
        let (bytes, key) = (photo(1, ImageFormat::Jpeg), fresh_key());
        let send = || hand_in(&app.recycler(), &key, "turn_in", &turn_in, "image/jpeg", &bytes);
        let (first, again) = (send(), send());
        assert!(again.replayed());
        let location = first.header("Location").unwrap().to_owned();
        let file = first.expect(201);
        assert_eq!(again.expect(201), file);
        assert_eq!((&file["sha256"], &file["bytes"]), (&json!(hex::encode(Sha256::digest(&bytes))), &json!(bytes.len())));
        assert_eq!((&file["kind"], &file["media_type"]), (&json!("old_item"), &json!("image/jpeg")));
        assert_eq!(app.recycler().get(&location).expect(200), file);
        assert_eq!(files(&app.recycler(), &turn_in).expect(200)["items"], json!([file]));
        let seen = files(&app.officer(), &turn_in).expect(200)["items"][0].clone();
        assert_eq!((&seen["also_used_by"], &file["also_used_by"]), (&json!(0), &Value::Null));

        let id = file["id"].as_str().unwrap();
        for (user, told) in [(app.recycler(), 0), (app.officer(), 1), (app.auditor(), 2)] {
            let fetched = app.nobody().get(&link(&user, id));
            assert_eq!((fetched.status, &fetched.bytes), (200, &bytes));
            assert_eq!(fetched.header("Content-Type"), Some("image/jpeg"));
            assert_eq!(fetched.header("Cache-Control"), Some("no-store"));
            assert!(fetched.header("Content-Disposition").unwrap().starts_with("attachment"));
            assert_eq!(downloads(&app).len(), told);
        }
        let record = &downloads(&app)[0];
        assert_eq!((&record["role"], &record["subject"]), (&json!("auditor"), &json!(turn_in)));
        assert_eq!(record["detail"]["shown"]["file"], *id);
        // What lies in the store is not the photo; its repeat was not written.
        let places = stored(&app);
        assert_eq!(places.len(), 1);
        for place in places {
            let lying = std::fs::read(&place).unwrap();
            assert!(!lying.windows(4).any(|window| window == &bytes[..4]));
            assert_eq!(place.file_name().unwrap().to_str().unwrap(), hex::encode(Sha256::digest(&lying)));
        }
    }

    fn a_file_is_what_its_content_says(app) {
        let turn_in = app.turn_in(&old_fridge(&app, 0));
        let (jpeg, png) = (photo(1, ImageFormat::Jpeg), photo(1, ImageFormat::Png));
        let send = |media: &str, bytes: &[u8]| hand_in(&app.recycler(), &fresh_key(), "turn_in", &turn_in, media, bytes);
        let mut long = PDF.to_vec();
        long.splice(9..9, std::iter::repeat_n(b' ', 10 * 1024 * 1024 - PDF.len()));
        for (media, bytes) in [("image/jpeg", &jpeg[..]), ("image/png", &png), ("application/pdf", &long)] {
            send(media, bytes).expect(201);
        }
        long.insert(9, b' ');
        let html: &[u8] = b"<html><script>alert(1)</script></html>";
        for (media, bytes) in [("image/png", &jpeg[..]), ("image/jpeg", &png), ("image/jpeg", PDF), ("application/pdf", html),
            ("image/svg+xml", html), ("image/gif", b"GIF89a"), ("image/jpeg", b""), ("image/jpeg", &jpeg[..20]),
            ("application/pdf", &long)] {
            send(media, bytes).refused_alone(400, "BODY_MALFORMED");
        }
        send("image/png", &png).refused_alone(409, "WRONG_STATE");
        assert_eq!(files(&app.officer(), &turn_in).expect(200)["items"].as_array().unwrap().len(), 3);
        let path = |query: &str| format!("/api/v1/evidence?about=turn_in&subject_id={turn_in}{query}");
        let key = fresh_key();
        let headers = [("Content-Type", "image/jpeg"), ("Idempotency-Key", key.as_str())];
        for (query, code) in [("", "FIELD_MISSING"), ("&kind=lamp", "BODY_MALFORMED"), ("&kind=label&x=1", "FIELD_UNKNOWN")] {
            app.recycler().send(Method::POST, &path(query), &headers, Some(&jpeg)).refused(400, code);
        }
        let packed = [headers[0], headers[1], ("Content-Encoding", "gzip")];
        app.recycler().send(Method::POST, &path("&kind=label"), &packed, Some(&jpeg)).refused(400, "BODY_MALFORMED");
    }

    /// A record has so many files and no more.
    fn there_is_an_end_of_files(app) {
        let turn_in = app.turn_in(&old_fridge(&app, 0));
        for number in 0..40 {
            of_turn_in(&app, &turn_in, &photo(number * 6, ImageFormat::Jpeg)).expect(201);
        }
        of_turn_in(&app, &turn_in, &photo(255, ImageFormat::Jpeg)).refused_alone(409, "WRONG_STATE");
        of_turn_in(&app, &turn_in, &photo(0, ImageFormat::Jpeg)).refused_alone(409, "WRONG_STATE");
        assert_eq!(stored(&app).len(), 40, "what is refused is not written");
    }

    /// The frequent fraud: one photo for many old items.
    fn the_same_photo_for_two_records_is_found(app) {
        let turn_ins = [0, 1, 2].map(|n| app.turn_in(&old_fridge(&app, n)));
        let (same, other) = (photo(7, ImageFormat::Jpeg), photo(90, ImageFormat::Jpeg));
        for (turn_in, bytes) in [(0, &same), (0, &other), (1, &same), (2, &same)] {
            of_turn_in(&app, &turn_ins[turn_in], bytes).expect(201);
        }
        let seen = files(&app.officer(), &turn_ins[0]).expect(200);
        let used: Vec<&Value> = seen["items"].as_array().unwrap().iter().map(|file| &file["also_used_by"]).collect();
        assert_eq!(used, [&json!(0), &json!(2)]);
        let id = seen["items"][1]["id"].as_str().unwrap();
        assert_eq!(app.officer().get(&format!("/api/v1/evidence/{id}")).expect(200)["also_used_by"], 2);
        // A recycler learns nothing of other records.
        assert_eq!(app.recycler().get(&format!("/api/v1/evidence/{id}")).expect(200)["also_used_by"], Value::Null);
    }

    fn a_link_ends(app) {
        let turn_in = app.turn_in(&old_fridge(&app, 0));
        let file = |number| of_turn_in(&app, &turn_in, &photo(number, ImageFormat::Jpeg)).made();
        let (one, other) = (file(1), file(90));
        let path = link(&app.officer(), &one);
        app.nobody().get(&path.replace(&one, &other)).refused_alone(404, "NOT_FOUND");
        let (before, text) = path.split_once("link=").unwrap();
        for wrong in ["a.b.c", &text[..text.len() - 2], app.officer().token().unwrap().as_str()] {
            let answer = app.nobody().get(&format!("{before}link={wrong}"));
            assert_eq!(answer.refused_alone(401, "UNAUTHENTICATED"), "/link");
            assert!(answer.body["errors"][0]["expected"].as_str().unwrap().contains("createEvidenceLink"));
        }
        // The recycler's tokens end with it, and so do its links.
        let of_recycler = link(&app.recycler(), &one);
        let shown = app.recycler().get(&format!("/api/v1/evidence/{one}")).expect(200);
        let suspend = format!("/api/v1/recyclers/{}/suspension", shown["organisation_id"].as_str().unwrap());
        app.officer().post(&suspend, &json!({"reason": "核查中"})).expect(200);
        app.nobody().get(&of_recycler).refused_alone(401, "UNAUTHENTICATED");
        assert_eq!(app.nobody().get(&path).status, 200);
        // More than five minutes, however long the test has taken.
        let app = app.later(3600);
        app.nobody().get(&path).refused_alone(401, "UNAUTHENTICATED");
    }

    fn what_was_erased_nobody_sees(app) {
        let turn_in = app.turn_in(&old_fridge(&app, 0));
        let file = of_turn_in(&app, &turn_in, &photo(1, ImageFormat::Jpeg)).made();
        let path = link(&app.auditor(), &file);
        let told = app.consumer(0).get("/api/v1/me/personal-data").expect(200);
        assert_eq!(told["evidence"][0]["id"], *file);
        app.consumer(0).post("/api/v1/me/erasure", &json!({"reason": "不再需要"})).expect(200);
        app.nobody().get(&path).refused_alone(409, "WRONG_STATE");
        for user in [app.auditor(), app.recycler()] {
            user.say(&format!("/api/v1/evidence/{file}/links"), &json!({})).refused_alone(409, "WRONG_STATE");
        }
        of_turn_in(&app, &turn_in, &photo(90, ImageFormat::Jpeg)).refused_alone(409, "WRONG_STATE");
    }

    /// What no record names is swept; what one names stays, and is found when it was changed or is gone.
    fn the_store_agrees_with_the_records(app) {
        let turn_in = app.turn_in(&old_fridge(&app, 0));
        let (bytes, key) = (photo(1, ImageFormat::Jpeg), fresh_key());
        let send = || hand_in(&app.recycler(), &key, "turn_in", &turn_in, "image/jpeg", &bytes);
        let file = send().made();
        assert!(send().replayed());
        unnamed(&app, "left behind");
        assert_eq!(stored(&app).len(), 2);
        let (place, later) = (options(&app), Moment(i64::MAX));
        assert!(sweep(&place, Moment(0), false).unwrap().starts_with("0 of 0 files"));
        assert!(sweep(&place, later, true).unwrap().starts_with("1 of 2 files"));
        assert_eq!(stored(&app).len(), 2);
        assert!(sweep(&place, later, false).unwrap().starts_with("1 of 2 files"));
        let [kept] = stored(&app).try_into().unwrap();
        let (code, line) = check(&place).unwrap();
        assert_eq!((code, line), (0, format!("ok: 1 evidence files of {} bytes lie where they were put", bytes.len())));
        let path = link(&app.officer(), &file);
        assert_eq!(app.nobody().get(&path).status, 200);
        let mut changed = std::fs::read(&kept).unwrap();
        changed[20] ^= 1;
        std::fs::write(&kept, changed).unwrap();
        let answer = app.nobody().get(&path);
        assert_eq!((answer.status, &answer.body["code"]), (500, &Value::Null));
        let (code, line) = check(&place).unwrap();
        assert!(code == 1 && line.contains(&file) && line.contains("was changed"), "{line}");
        std::fs::remove_file(&kept).unwrap();
        let (code, line) = check(&place).unwrap();
        assert!(code == 1 && line.contains("nothing lies at"), "{line}");
    }

    /// The job takes what lies there for more than a day by the machine's clock, whatever the service's clock shows.
    fn the_job_sweeps_what_no_record_names(app) {
        let turn_in = app.turn_in(&old_fridge(&app, 0));
        of_turn_in(&app, &turn_in, &photo(1, ImageFormat::Jpeg)).made();
        let [named] = stored(&app).try_into().unwrap();
        let (old, young) = (unnamed(&app, "old"), unnamed(&app, "on its way"));
        for place in [&old, &named] {
            let file = std::fs::File::options().write(true).open(place).unwrap();
            file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_hours(24)).unwrap();
        }
        let app = app.later(30 * 24 * 3600);
        let blobs = Blobs::directory(&app.dir().join("evidence"), "360111").unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let sweep = || runtime.block_on(sweep_due(app.division(), &blobs)).unwrap();
        assert_eq!(sweep(), Swept { lying: 2, removed: 1 });
        assert!(!old.exists() && young.exists() && named.exists());
        assert_eq!(sweep(), Swept { lying: 1, removed: 0 });
    }

    fn another_organisations_file(app) {
        let turn_in = app.turn_in(&old_fridge(&app, 0));
        let bytes = photo(1, ImageFormat::Jpeg);
        let file = of_turn_in(&app, &turn_in, &bytes).made();
        let redemption = app.retailer().post("/api/v1/redemptions", &app.ready(1)).made();
        let nothing = Id::digest(&["nothing"]).to_string();
        let elsewhere = Some(Id::digest(&["another organisation"]));
        for user in [app.somebody(Role::Recycler, elsewhere), app.somebody(Role::Clerk, elsewhere), app.retailer()] {
            for (about, subject) in [("turn_in", &turn_in), ("turn_in", &nothing), ("redemption", &nothing)] {
                hand_in(&user, &fresh_key(), about, subject, "image/jpeg", &bytes).refused_alone(404, "NOT_FOUND");
                let path = format!("/api/v1/evidence?about={about}&subject_id={subject}");
                user.get(&path).refused_alone(404, "NOT_FOUND");
            }
            user.get(&format!("/api/v1/evidence/{file}")).refused_alone(404, "NOT_FOUND");
            user.say(&format!("/api/v1/evidence/{file}/links"), &json!({})).refused_alone(404, "NOT_FOUND");
        }
        hand_in(&app.recycler(), &fresh_key(), "redemption", &redemption, "image/jpeg", &bytes)
            .refused_alone(404, "NOT_FOUND");
        // A turn-in is no redemption.
        hand_in(&app.recycler(), &fresh_key(), "redemption", &turn_in, "image/jpeg", &bytes)
            .refused_alone(404, "NOT_FOUND");
        hand_in(&app.retailer(), &fresh_key(), "redemption", &redemption, "image/jpeg", &bytes).expect(201);
        assert_eq!(stored(&app).len(), 2, "what is refused at first sight is not written");
    }
}
