//! Row 43 of the worked calculations, through the API: the scrapped cars' scheme of 2024 paid 10 000 for a new energy
//! vehicle, then its second version paid 20 000 for every one since April. What was paid stays; the rest is adjusted.

use huanxin::access::Role;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp, fresh_key};
use crate::sale::{new_car, old_car, sale, with};

const CARS: &str = "cn-car-scrap-2024";
const PATH: &str = "/api/v1/programmes/cn-car-scrap-2024/adjustments";
const DAY: i64 = 24 * 3600;

/// The two versions of the scheme as they are shipped, but with a small pool that two payers share, and with vouchers that
/// may still be used when the next version has come.
fn version(raised: bool) -> String {
    let file = if raised { "cn-car-scrap-2024b.toml" } else { "cn-car-scrap-2024a.toml" };
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("programmes");
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    let changes = [
        ("10000000.00", "100000.00"),
        ("\npercent = \"100\"", "\npercent = \"40\""),
        ("[[funding]]", "[[funding]]\nsource = \"central\"\npercent = \"60\"\n\n[[funding]]"),
        (
            "[windows]",
            "[windows]\ninvoice = { from = 2024-04-24, to = 2024-12-31 }\n\
             application = { from = 2024-04-24T00:00:00+08:00, to = 2024-12-31T23:59:59+08:00 }",
        ),
    ];
    changes.iter().fold(text, |text, (shipped, changed)| {
        assert!(text.contains(shipped), "{file} has no {shipped:?}");
        text.replacen(shipped, changed, 1)
    })
}

impl TestApp {
    /// Drafts a version of the scheme and puts it in force.
    fn put_in_force(&self, raised: bool) {
        self.draft_text(&version(raised));
        self.publish_draft(CARS);
    }

    /// A voucher of the `n`th consumer, for an old car that was handed in on this day.
    fn car_voucher(&self, n: usize, day: &str) -> String {
        let turn_in = self.turn_in(&with(old_car(self, n), "/received_on", day));
        self.claim(n, CARS, "car", Some(&turn_in))
    }

    /// The sale of a car of 159 800 under a voucher, on this day; the till says what the consumer pays.
    fn car_sale(&self, n: usize, voucher: &str, day: &str, car: &Value, paid: &str) -> Value {
        let body = with(sale(self, n, car, "159800.00"), "/invoice/issued_on", day);
        // The first two digits are those of the year.
        let number = format!("24{}", &body["invoice"]["number"].as_str().unwrap()[2..]);
        let body = with(body, "/invoice/number", number);
        let body = with(with(body, "/price/paid", paid), "/qr_token", self.code(n, voucher, "live"));
        self.retailer().post("/api/v1/redemptions", &body).expect(201)
    }

    fn due(&self) -> Value {
        self.officer().get(PATH).expect(200)
    }

    fn post_adjustments(&self, redemptions: &[&str], total: &str) -> Answer {
        self.officer().post(PATH, &posting(redemptions, total))
    }

    fn redemption(&self, id: &str) -> Value {
        self.retailer().get(&format!("/api/v1/redemptions/{id}")).expect(200)
    }

    /// The scheme's row of the totals.
    fn totals(&self, days: &str) -> Value {
        let totals = self.auditor().get(&format!("/api/v1/reports/totals?{days}")).expect(200);
        totals["rows"].as_array().unwrap().iter().find(|row| row["key"] == CARS).unwrap().clone()
    }

    /// What the line has left, as a raise of its pool by a fen tells.
    fn available(&self) -> String {
        let body = json!({"category": "car", "delta": "0.01", "reason": "对账"});
        let path = format!("/api/v1/programmes/{CARS}/pool-adjustments");
        self.officer().post(&path, &body).expect(200)["available"].as_str().unwrap().to_owned()
    }
}

fn posting(redemptions: &[&str], total: &str) -> Value {
    json!({"version": 2, "redemption_ids": redemptions, "total": total})
}

fn id(of: &Value) -> String {
    of["id"].as_str().unwrap().to_owned()
}

/// The redemptions of a list of adjustments.
fn listed(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["redemption_id"].as_str().unwrap()).collect()
}

/// An app on the first day, with the scheme's first version in force and one new energy vehicle sold under it.
fn sold_one(app: &TestApp) -> (String, String) {
    app.put_in_force(false);
    app.approve(&[CARS]);
    let voucher = app.car_voucher(0, "2024-06-03");
    let sold = app.car_sale(0, &voucher, "2024-06-03", &new_car("nev", None), "149800.00");
    assert_eq!((&sold["subsidy"], &sold["consumer_pays"]), (&json!("10000.00"), &json!("149800.00")));
    (id(&sold), voucher)
}

on_both! {
    fn paid_ten_thousand_then_the_rule_was_raised(app at "2024-06-03T10:00:00+08:00") {
        let (sold, voucher) = sold_one(&app);
        let petrol = app.car_voucher(1, "2024-06-03");
        let petrol = id(&app.car_sale(1, &petrol, "2024-06-03", &new_car("petrol", Some("1.5")), "152800.00"));
        let original = app.redemption(&sold);
        assert_eq!(original["adjustments"], json!([]));
        let first = app.due();
        assert_eq!((&first["version"], &first["retroactive_from"], &first["items"]), (&json!(1), &Value::Null, &json!([])));

        // Claimed in the last days of the first version.
        let app = app.later(47 * DAY);
        let held = app.car_voucher(2, "2024-07-20");

        // The second version: what was paid is due a rise, and nothing is posted by itself.
        let app = app.later(4 * DAY);
        app.put_in_force(true);
        let due = app.due();
        assert_eq!((&due["version"], &due["retroactive_from"], &due["total"]), (&json!(2), &json!("2024-04-24"), &json!("18000.00")));
        assert_eq!(listed(&due), [petrol.as_str(), &sold]);
        assert_eq!((&due["items"][0]["before"], &due["items"][0]["amount"]), (&json!("7000.00"), &json!("8000.00")));
        let expected = json!({
            "id": null, "redemption_id": sold, "voucher_id": voucher, "retailer_id": app.retailer_id(),
            "category": "car", "redeemed_at": original["at"], "from_version": 1, "version": 2,
            "before": "10000.00", "after": "20000.00", "amount": "10000.00",
            "funding": [{"source": "central", "amount": "6000.00"}, {"source": "district", "amount": "4000.00"}],
            "status": "due", "posted_at": null,
        });
        assert_eq!(due["items"][1], expected);
        assert_eq!(app.officer().get(&format!("{PATH}?status=posted")).expect(200)["items"], json!([]));
        assert_eq!(app.redemption(&sold), original);

        // The voucher of before is judged by its own version, and is due the rise at once.
        let late = app.car_sale(2, &held, "2024-07-24", &new_car("nev", None), "149800.00");
        assert_eq!(late["subsidy"], "10000.00");
        let late = id(&late);
        assert_eq!(app.redemption(&late)["programme_version"], 1);
        let due = app.due();
        assert_eq!(listed(&due), [late.as_str(), &petrol, &sold]);
        assert_eq!((&due["items"][0]["amount"], &due["total"]), (&json!("10000.00"), &json!("28000.00")));
        // A voucher of the second version gets all of it, and is due nothing.
        let whole = app.car_voucher(3, "2024-07-24");
        let whole = app.car_sale(3, &whole, "2024-07-24", &new_car("nev", None), "139800.00");
        assert_eq!(whole["subsidy"], "20000.00");
        assert_eq!(listed(&app.due()), [late.as_str(), &petrol, &sold]);

        // 100 000 less 10 000, 7 000, 10 000 and 20 000, and the fen.
        assert_eq!(app.available(), "53000.01");
        let key = fresh_key();
        let answer = app.officer().post_as(&key, PATH, &posting(&[&sold], "10000.00"));
        assert_eq!(answer.header("Location"), Some("/api/v1/programmes/cn-car-scrap-2024/adjustments?status=posted"));
        let posted = answer.expect(201);
        assert_eq!((&posted["count"], &posted["total"]), (&json!(1), &json!("10000.00")));
        let one = &posted["items"][0];
        assert_eq!((&one["status"], &one["amount"], &one["before"]), (&json!("posted"), &json!("10000.00"), &json!("10000.00")));
        assert_eq!((&one["redeemed_at"], &one["funding"]), (&original["at"], &expected["funding"]));

        // The original entry is unchanged; beside it stands the adjustment.
        let now = app.redemption(&sold);
        let beside = json!([{"id": one["id"], "version": 2, "amount": "10000.00", "at": one["posted_at"]}]);
        assert_eq!(now["adjustments"], beside);
        assert_eq!(with(now, "/adjustments", json!([])), original);
        let all = app.retailer().get("/api/v1/redemptions").expect(200);
        let shown = all["items"].as_array().unwrap().iter().map(|row| row["adjustments"].as_array().unwrap().len());
        assert_eq!(shown.collect::<Vec<_>>(), [0, 0, 0, 1]);
        assert_eq!(app.available(), "43000.02");
        assert_eq!(app.totals("to=2024-07-23")["amount_redeemed"], "17000.00");
        let today = app.totals("from=2024-07-24");
        assert_eq!((&today["amount_redeemed"], &today["redeemed"]), (&json!("40000.00"), &json!(2)));
        assert_eq!(app.officer().get(&format!("{PATH}?status=posted")).expect(200)["items"], posted["items"]);

        // Once: the key answers as before, any other is refused.
        let again = app.officer().post_as(&key, PATH, &posting(&[&sold], "10000.00"));
        assert!(again.replayed());
        assert_eq!(again.expect(201), posted);
        let other = app.officer().post_as(&key, PATH, &posting(&[&late], "10000.00"));
        other.refused_alone(422, "IDEMPOTENCY_KEY_REUSED");
        let twice = app.post_adjustments(&[&late, &sold], "20000.00");
        assert_eq!(twice.refused(409, "WRONG_STATE")["pointer"], "/redemption_ids/1");
        assert_eq!(listed(&app.due()), [late.as_str(), &petrol]);

        // A return gives back what the sale and the rise brought.
        let back = format!("/api/v1/redemptions/{sold}/reversal");
        app.retailer().post(&back, &json!({"reason": "顾客退货"})).expect(201);
        assert_eq!(app.available(), "63000.03");
        assert_eq!(app.totals("")["amount_reversed"], "20000.00");
        assert_eq!(app.redemption(&sold)["adjustments"], beside);
        let returned = app.post_adjustments(&[&sold], "10000.00");
        assert_eq!(returned.refused(409, "WRONG_STATE")["found"], "reversed");
        app.post_adjustments(&[&petrol, &late], "18000.00").expect(201);
        assert_eq!(app.due()["items"], json!([]));

        // The trail says what was posted, without a name.
        let records = app.auditor().get("/api/v1/audit/records?limit=200").expect(200);
        let record = records["items"].as_array().unwrap().iter().find(|row| row["act"] == "post_adjustments").unwrap();
        assert_eq!((&record["subject"], &record["detail"]["total"]), (&json!(CARS), &json!("18000.00")));
        assert_eq!(record["detail"]["adjustments"][0]["redemption"], petrol.as_str());
        assert!(!record["body"].as_str().unwrap().contains(app.name(1)));
    }

    fn a_page_at_a_time(app at "2024-06-03T10:00:00+08:00") {
        app.put_in_force(false);
        app.approve(&[CARS]);
        let sold: Vec<String> = (0..3)
            .map(|n| {
                let voucher = app.car_voucher(n, "2024-06-03");
                id(&app.car_sale(n, &voucher, "2024-06-03", &new_car("nev", None), "149800.00"))
            })
            .collect();
        app.put_in_force(true);
        let officer = app.officer();
        let first = officer.get(&format!("{PATH}?limit=2")).expect(200);
        assert_eq!((listed(&first), &first["total"]), (vec![sold[2].as_str(), &sold[1]], &json!("20000.00")));
        let cursor = first["next_cursor"].as_str().unwrap();
        // A page that was posted meanwhile does not move the next one.
        app.post_adjustments(&[&sold[2], &sold[1]], "20000.00").expect(201);
        let second = officer.get(&format!("{PATH}?limit=2&cursor={cursor}")).expect(200);
        assert_eq!((listed(&second), &second["next_cursor"]), (vec![sold[0].as_str()], &Value::Null));
        officer.get(&format!("{PATH}?status=posted&cursor={cursor}")).refused_alone(400, "CURSOR_INVALID");
        app.auditor().get(&format!("{PATH}?cursor={cursor}")).refused_alone(400, "CURSOR_INVALID");
        let posted = officer.get(&format!("{PATH}?status=posted&limit=1")).expect(200);
        let cursor = posted["next_cursor"].as_str().unwrap();
        let rest = officer.get(&format!("{PATH}?status=posted&limit=1&cursor={cursor}")).expect(200);
        let mut both = [listed(&posted), listed(&rest)].concat();
        both.sort_unstable();
        assert_eq!((both, &rest["next_cursor"]), (vec![sold[1].as_str(), &sold[2]], &Value::Null));
        assert_eq!((&posted["total"], &posted["version"]), (&json!("10000.00"), &json!(2)));
    }

    fn what_is_wrong_is_told(app at "2024-06-03T10:00:00+08:00") {
        let (sold, _) = sold_one(&app);
        app.put_in_force(true);
        let officer = app.officer();
        let unknown = "019a5c3e-7b00-7000-8000-000000000001";
        let stale = app.post_adjustments(&[&sold], "9999.99").refused(409, "WRONG_STATE");
        assert_eq!((&stale["pointer"], &stale["found"], &stale["expected"]), (&json!("/total"), &json!("9999.99"), &json!("10000.00")));
        assert_eq!(app.post_adjustments(&[unknown], "1.00").refused_alone(404, "NOT_FOUND"), "/redemption_ids/0");
        assert_eq!(app.post_adjustments(&["x"], "1.00").refused_alone(422, "IDENTIFIER_INVALID"), "/redemption_ids/0");
        assert_eq!(app.post_adjustments(&[], "1.00").refused_alone(400, "BODY_MALFORMED"), "/redemption_ids");
        assert_eq!(app.post_adjustments(&[&sold, &sold], "20000.00").refused_alone(400, "BODY_MALFORMED"), "/redemption_ids/1");
        assert_eq!(app.post_adjustments(&[&sold], "1e4").refused_alone(400, "AMOUNT_MALFORMED"), "/total");
        let old = with(posting(&[&sold], "10000.00"), "/version", 1);
        assert_eq!(officer.post(PATH, &old).refused_alone(409, "WRONG_STATE"), "/version");
        officer.post(PATH, &with(posting(&[&sold], "10000.00"), "/note", "x")).refused_alone(400, "FIELD_UNKNOWN");
        officer.post(PATH, &json!({"version": 2, "total": "1.00"})).refused_alone(400, "FIELD_MISSING");
        let text = posting(&[&sold], "10000.00").to_string();
        officer.post_text(&[], PATH, &text).refused_alone(400, "IDEMPOTENCY_KEY_MISSING");
        for query in ["status=all", "limit=0", "limit=201"] {
            officer.get(&format!("{PATH}?{query}")).refused_alone(400, "BODY_MALFORMED");
        }
        officer.get(&format!("{PATH}?colour=red")).refused_alone(400, "FIELD_UNKNOWN");
        for path in ["/api/v1/programmes/no-such/adjustments", "/api/v1/programmes/no-such/adjustments?status=posted"] {
            officer.get(path).refused_alone(404, "NOT_FOUND");
        }
        officer.post("/api/v1/programmes/no-such/adjustments", &posting(&[&sold], "1.00")).refused_alone(404, "NOT_FOUND");
        // Another programme's redemption is not this one's.
        let other = "/api/v1/programmes/nc-car-2026/adjustments";
        officer.post(other, &with(posting(&[&sold], "1.00"), "/version", 1)).refused_alone(409, "WRONG_STATE");
        app.somebody(Role::Reviewer, None).post(PATH, &posting(&[&sold], "10000.00")).refused_alone(403, "FORBIDDEN");
        // None of that was posted.
        assert_eq!(listed(&app.due()), [sold.as_str()]);
    }

    /// A draft shows nothing: what is owed is what the version in force gives. And a first version has none before it.
    fn a_draft_owes_nothing(app at "2024-07-24T10:00:00+08:00") {
        app.draft_text(&version(true));
        let due = app.due();
        assert_eq!((&due["version"], &due["items"]), (&Value::Null, &json!([])));
        let reply = app.officer().post(PATH, &with(posting(&["019a5c3e-7b00-7000-8000-000000000001"], "1.00"), "/version", 0));
        assert_eq!(reply.refused_alone(409, "WRONG_STATE"), "/version");
        app.officer().post(&format!("/api/v1/programmes/{CARS}/publication"), &json!({})).expect(200);
        app.approve(&[CARS]);
        let voucher = app.car_voucher(0, "2024-07-24");
        app.car_sale(0, &voucher, "2024-07-24", &new_car("nev", None), "139800.00");
        let due = app.due();
        assert_eq!((&due["version"], &due["retroactive_from"], &due["items"]), (&json!(1), &json!("2024-04-24"), &json!([])));
        app.draft_text(&version(true));
        assert_eq!(app.due(), due);
    }
}
