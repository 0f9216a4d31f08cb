//! Pick-ups at home, where old items are taken, and which town has no place for them.

use huanxin::access::Role;
use huanxin::domain::id::Id;
use huanxin::domain::identifier::synthetic;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp, User};
use crate::sale::{old_car, old_fridge, with};

const ADDRESS: &str = "昌东大道99号3栋201室";

fn wish() -> Value {
    json!({"category": "refrigerator", "division_code": "360111", "town": "昌东镇", "address": ADDRESS,
        "from": "2026-06-20T01:00:00Z", "until": "2026-06-20T04:00:00Z"})
}

fn step(user: &User<'_>, pickup: &str, word: &str, body: &Value) -> Answer {
    user.post(&format!("/api/v1/pickups/{pickup}/{word}"), body)
}

fn get(user: &User<'_>, pickup: &str) -> Answer {
    user.get(&format!("/api/v1/pickups/{pickup}"))
}

fn listed(user: &User<'_>, query: &str) -> Vec<String> {
    let page = user.get(&format!("/api/v1/pickups{query}")).expect(200);
    assert!(page["items"].as_array().unwrap().iter().all(|row| row["address"].is_null()));
    page["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

/// The collection points, by their towns.
fn point(app: &TestApp, town: &str) -> Id {
    let points = app.nobody().get("/api/v1/collection-points").expect(200);
    let found = points["items"].as_array().unwrap().iter().find(|point| point["town"] == town).unwrap();
    found["id"].as_str().unwrap().parse().unwrap()
}

on_both! {
    /// Nobody would ever see it, and it would take one of five places.
    fn where_nobody_comes_nothing_is_asked_for(app) {
        let consumer = app.consumer(0);
        let ask = |pointer: &str, value: &str| consumer.post("/api/v1/pickups", &with(wish(), pointer, json!(value)));
        assert_eq!(ask("/division_code", "110101").refused_alone(409, "WRONG_STATE"), "/division_code");
        let strange = ask("/town", "火星镇");
        assert_eq!(strange.refused_alone(400, "BODY_MALFORMED"), "/town");
        let first = strange.refused(400, "BODY_MALFORMED");
        assert!(first["expected"].as_str().unwrap().contains("昌东镇"), "{first}");
        assert_eq!(listed(&consumer, ""), Vec::<String>::new());
        ask("/town", "麻丘镇").expect(201);
    }

    fn an_old_item_is_fetched_at_home(app) {
        let pickup = app.consumer(0).post("/api/v1/pickups", &wish()).expect(201);
        assert_eq!((&pickup["status"], &pickup["address"]), (&json!("requested"), &json!(ADDRESS)));
        let id = pickup["id"].as_str().unwrap();
        let (yard, other) = (app.recycler(), app.somebody(Role::Recycler, Some(point(&app, "麻丘镇"))));
        // Who might come sees what and in which town, and nothing more.
        for user in [&yard, &other, &app.officer()] {
            assert_eq!(listed(user, "?status=requested"), [id]);
            assert_eq!(get(user, id).expect(200)["address"], Value::Null);
        }
        assert_eq!(listed(&yard, ""), Vec::<String>::new());
        step(&yard, id, "collection", &json!({"turn_in_id": Id::NIL.to_string()})).refused_alone(404, "NOT_FOUND");
        assert_eq!(step(&yard, id, "acceptance", &json!({})).expect(200)["status"], "accepted");
        step(&yard, id, "acceptance", &json!({})).refused_alone(409, "WRONG_STATE");
        // From now on it is nobody else's; who comes is shown the address, and the trail knows.
        assert_eq!(get(&yard, id).expect(200)["address"], ADDRESS);
        assert_eq!(get(&app.consumer(0), id).expect(200)["address"], ADDRESS);
        assert_eq!(get(&app.officer(), id).expect(200)["address"], Value::Null);
        get(&other, id).refused_alone(404, "NOT_FOUND");
        step(&other, id, "acceptance", &json!({})).refused_alone(404, "NOT_FOUND");
        let newest = app.auditor().get("/api/v1/audit/records?limit=2").expect(200)["items"].clone();
        let told = newest.as_array().unwrap().iter().find(|row| row["act"] == "record_disclosure").unwrap();
        assert_eq!((&told["detail"]["operation"], &told["role"]), (&json!("getPickup"), &json!("recycler")));
        assert!(!newest.to_string().contains(ADDRESS));

        // What was fetched is this person's, and what was asked for.
        let collect = |turn_in: &str| step(&yard, id, "collection", &json!({"turn_in_id": turn_in}));
        collect(&app.turn_in(&old_fridge(&app, 1))).refused_alone(422, "OLD_ITEM_OWNER_MISMATCH");
        collect(&app.turn_in(&old_car(&app, 0))).refused_alone(422, "OLD_ITEM_CATEGORY_MISMATCH");
        let void = app.turn_in(&old_fridge(&app, 0));
        yard.post(&format!("/api/v1/turn-ins/{void}/void"), &json!({"reason": "登记错误"})).expect(200);
        assert_eq!(collect(&void).refused_alone(409, "WRONG_STATE"), "/turn_in_id");
        let turn_in = app.turn_in(&old_fridge(&app, 0));
        let collected = collect(&turn_in).expect(200);
        assert_eq!((&collected["status"], &collected["turn_in_id"]), (&json!("collected"), &json!(turn_in)));
        collect(&turn_in).refused_alone(409, "WRONG_STATE");
        step(&app.consumer(0), id, "cancellation", &json!({"reason": "晚了"})).refused_alone(409, "WRONG_STATE");
        assert_eq!(get(&yard, id).expect(200)["address"], Value::Null, "nobody has to come any more");
        assert_eq!(listed(&yard, ""), [id]);
        assert_eq!(listed(&app.consumer(0), "?status=collected"), [id]);
    }

    fn either_may_call_it_off(app) {
        let ask = |n: usize| app.consumer(n).post("/api/v1/pickups", &wish()).made();
        let why = json!({"reason": "改天"});
        let (one, two) = (ask(0), ask(0));
        step(&app.recycler(), &one, "cancellation", &why).refused_alone(404, "NOT_FOUND");
        step(&app.consumer(1), &one, "cancellation", &why).refused_alone(404, "NOT_FOUND");
        let cancelled = step(&app.consumer(0), &one, "cancellation", &why).expect(200);
        assert_eq!((&cancelled["status"], &cancelled["reason"]), (&json!("cancelled"), &json!("改天")));
        step(&app.recycler(), &one, "acceptance", &json!({})).refused_alone(409, "WRONG_STATE");
        step(&app.recycler(), &two, "acceptance", &json!({})).expect(200);
        assert_eq!(step(&app.recycler(), &two, "cancellation", &why).expect(200)["status"], "cancelled");
        // Five may be open, and those that were called off are not.
        let open: Vec<String> = (0..5).map(|_| ask(0)).collect();
        app.consumer(0).post("/api/v1/pickups", &wish()).refused_alone(409, "WRONG_STATE");
        step(&app.consumer(0), &open[2], "cancellation", &why).expect(200);
        ask(0);
        get(&app.consumer(1), &open[0]).refused_alone(404, "NOT_FOUND");
        assert_eq!(listed(&app.consumer(1), ""), Vec::<String>::new());
    }

    /// Who does not take such items, is elsewhere, or may not take part does not come.
    fn not_everybody_may_come(app) {
        let officer = app.officer();
        let new = json!({"name": "家电回收站", "uscc": synthetic::uscc(88), "address": "火炬大街9号", "division_code": "360111",
            "town": "昌东镇", "categories": ["television"]});
        let narrow = officer.post("/api/v1/recyclers", &new).made();
        let far = with(with(new, "/division_code", "360102"), "/uscc", synthetic::uscc(89));
        let far = officer.post("/api/v1/recyclers", &with(far, "/categories", json!([]))).made();
        let staff = |id: &str| app.somebody(Role::Recycler, Some(id.parse().unwrap()));
        let pickup = app.consumer(0).post("/api/v1/pickups", &wish()).made();
        assert_eq!(listed(&staff(&narrow), "?status=requested"), Vec::<String>::new());
        step(&staff(&narrow), &pickup, "acceptance", &json!({})).refused_alone(422, "CATEGORY_NOT_ELIGIBLE");
        assert_eq!(listed(&staff(&far), "?status=requested"), Vec::<String>::new());
        step(&staff(&far), &pickup, "acceptance", &json!({})).refused_alone(404, "NOT_FOUND");
        get(&staff(&far), &pickup).refused_alone(404, "NOT_FOUND");
    }

    /// An address goes with its person.
    fn an_address_is_erased(app) {
        let pickup = app.consumer(0).post("/api/v1/pickups", &wish()).made();
        step(&app.recycler(), &pickup, "acceptance", &json!({})).expect(200);
        app.consumer(0).post("/api/v1/me/erasure", &json!({"reason": "不再需要"})).expect(200);
        assert_eq!(get(&app.recycler(), &pickup).expect(200)["address"], "已删除");
    }

    fn the_nearest_place_and_the_towns_without_one(app) {
        let near = |query: &str| app.nobody().get(&format!("/api/v1/collection-points{query}")).expect(200)["items"].clone();
        let here = "latitude=28.735&longitude=116.06";
        let all = near(&format!("?{here}"));
        let shown = |points: &Value| -> Vec<(String, Option<u64>)> {
            let rows = points.as_array().unwrap().iter();
            rows.map(|row| (row["town"].as_str().unwrap().to_owned(), row["distance_metres"].as_u64())).collect()
        };
        let towns = |points: &Value| shown(points).into_iter().map(|(town, _)| town).collect::<Vec<_>>();
        // By the haversine formula on the mean sphere: 0, 8464, 9207 and 25804 metres.
        let by_distance = shown(&all);
        assert_eq!(towns(&all), ["昌东镇", "艾溪湖管理处", "麻丘镇", "鲤鱼洲管理处"]);
        for ((_, metres), true_metres) in by_distance.iter().zip([0, 8464, 9207, 25804_u64]) {
            assert!(metres.unwrap().abs_diff(true_metres) <= true_metres / 1000 + 1, "{metres:?} {true_metres}");
        }
        assert_eq!(towns(&near(&format!("?{here}&within_metres=9000"))), ["昌东镇", "艾溪湖管理处"]);
        assert_eq!(shown(&near("?town=360111490")), [("艾溪湖管理处".to_owned(), None)], "by its code too");
        assert_eq!(near("?town=%E5%A1%98%E5%B1%B1%E9%95%87"), json!([]));
        app.nobody().get("/api/v1/collection-points?within_metres=5").refused_alone(400, "BODY_MALFORMED");
        app.nobody().get(&format!("/api/v1/collection-points?{here}&within_metres=0")).refused_alone(400, "BODY_MALFORMED");

        let coverage = || app.officer().get("/api/v1/reports/collection-coverage").expect(200);
        let whole = coverage();
        assert_eq!((&whole["listed"], &whole["covered"], &whole["lacking"]), (&json!(true), &json!(4), &json!([])));
        let suspend = format!("/api/v1/recyclers/{}/suspension", point(&app, "麻丘镇"));
        app.officer().post(&suspend, &json!({"reason": "装修停业"})).expect(200);
        let now = coverage();
        assert_eq!((&now["covered"], &now["lacking"]), (&json!(3), &json!(["麻丘镇"])));
        assert_eq!((&now["towns"][2]["approved"], &now["towns"][2]["others"]), (&json!(0), &json!(1)));
        assert_eq!(towns(&near(&format!("?{here}"))).len(), 3);
    }
}
