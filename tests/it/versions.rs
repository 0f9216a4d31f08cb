//! Versions of a programme: what is published never changes, a new one says what it changes, and a voucher is judged by
//! its own.

use serde_json::{Value, json};

use crate::sale::{USUAL, new_fridge, sale, with};

const VERSIONS: &str = "/api/v1/programmes/district/versions";

fn fields(changes: &Value) -> Vec<String> {
    let said =
        |change: &Value| format!("{}: {} -> {}", change["field"].as_str().unwrap(), change["before"], change["after"]);
    changes.as_array().unwrap().iter().map(said).collect()
}

on_both! {
    fn a_new_version_says_what_it_changes(app) {
        app.publish("district", USUAL, "pool = \"9000.00\"");
        let (officer, auditor) = (app.officer(), app.auditor());
        let first = officer.get(VERSIONS).expect(200);
        assert_eq!(first["items"].as_array().unwrap().len(), 1);
        assert_eq!((&first["items"][0]["status"], &first["items"][0]["changes"]), (&json!("current"), &json!([])));

        let raised = USUAL.replace("reclaims = 1", "reclaims = 2");
        app.draft("district", &format!("retroactive_from = 2026-03-01\n{raised}"), "pool = \"9000.00\"\nper_person = 2");
        let versions = officer.get(VERSIONS).expect(200);
        let draft = &versions["items"][0];
        assert_eq!((&draft["status"], &draft["number"], &draft["published_at"]), (&json!("draft"), &json!(2), &Value::Null));
        assert_eq!(draft["retroactive_from"], "2026-03-01");
        let expected = [
            "retroactive_from: null -> \"2026-03-01\"",
            "voucher.reclaims: \"1\" -> \"2\"",
            "lines[refrigerator].per_person: null -> \"2\"",
        ];
        assert_eq!(fields(&draft["changes"]), expected);
        assert_eq!(draft["changes"][1]["detail"], "补贴资格券 › 可重新领取次数：1 改为 2");
        assert_eq!(versions["items"][1], first["items"][0]);

        // The draft is not in force, and a draft may still be changed.
        assert_eq!(app.nobody().get("/api/v1/programmes/district").expect(200)["version"], 1);
        app.draft("district", &raised, "pool = \"9000.00\"");
        let whole = auditor.get(&format!("{VERSIONS}/2")).expect(200);
        assert_eq!(fields(&whole["changes"]), expected[1..2]);
        assert_eq!(whole["rules"]["voucher"]["reclaims"], 2);
        app.publish_draft("district");
        let published = officer.get(VERSIONS).expect(200);
        let states: Vec<_> = published["items"].as_array().unwrap().iter().map(|item| item["status"].clone()).collect();
        assert_eq!(states, ["current", "superseded"]);
        let trail = auditor.get("/api/v1/audit/records?limit=1").expect(200);
        assert_eq!(trail["items"][0]["detail"]["changes"][0]["field"], "voucher.reclaims");

        for absent in [format!("{VERSIONS}/3"), format!("{VERSIONS}/0"), format!("{VERSIONS}/x"),
            "/api/v1/programmes/unknown/versions".to_owned()] {
            officer.get(&absent).refused(404, "NOT_FOUND");
        }
        let page = officer.get(&format!("{VERSIONS}?limit=1")).expect(200);
        let next = page["next_cursor"].as_str().unwrap();
        assert_eq!(officer.get(&format!("{VERSIONS}?cursor={next}")).expect(200)["items"][0]["number"], 1);
    }

    fn a_voucher_is_judged_by_its_own_version(app) {
        app.publish("district", USUAL, "pool = \"9000.00\"");
        let old = app.claim(0, "district", "refrigerator", None);
        app.draft("district", USUAL, "pool = \"9000.00\"\nunit_price_at_most = \"5000.00\"");
        app.publish_draft("district");
        let new = app.claim(1, "district", "refrigerator", None);
        for (n, voucher, version) in [(0, &old, 1), (1, &new, 2)] {
            let shown = app.consumer(n).get(&format!("/api/v1/vouchers/{voucher}")).expect(200);
            assert_eq!(shown["programme_version"], version);
        }
        let body = |n: usize, voucher: &str| {
            with(sale(&app, n, &new_fridge(), "6000.00"), "/qr_token", app.code(n, voucher, "live"))
        };
        let redeemed = app.retailer().post("/api/v1/redemptions", &body(0, &old)).expect(201);
        assert_eq!(redeemed["subsidy"], "900.00");
        app.retailer().post("/api/v1/redemptions", &body(1, &new)).refused(422, "UNIT_PRICE_ABOVE_LIMIT");
    }
}
