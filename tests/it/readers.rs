//! Who reads what: other departments the figures of their tasks' goods, and nothing else and nobody's name; the bureau each
//! sale and old item that it judges, masked.

use huanxin::access::Role;
use serde_json::{Value, json};

use crate::app::{TestApp, User};
use crate::sale::old_car;

const TOTALS: &str = "/api/v1/reports/totals";
const GROWTH: &str = "/api/v1/reports/appliance-growth";

fn with_tasks<'a>(app: &'a TestApp, tasks: &[u8]) -> User<'a> {
    app.somebody_with(Role::Reader, |claims| claims.tasks = tasks.to_vec())
}

fn rows(user: &User<'_>, group: &str) -> Vec<Value> {
    user.get(&format!("{TOTALS}?group_by={group}")).expect(200)["rows"].as_array().unwrap().clone()
}

fn keys(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["key"].as_str().unwrap()).collect()
}

/// A refrigerator sold, a car's voucher claimed.
fn both(app: &TestApp) {
    app.retailer().post("/api/v1/redemptions", &app.ready(0)).made();
    let car = app.turn_in(&old_car(app, 1));
    app.claim(1, "nc-car-2026", "car", Some(&car));
}

on_both! {
    fn a_reader_sees_the_figures_of_its_tasks(app) {
        both(&app);
        let (cars, appliances) = (with_tasks(&app, &[12]), with_tasks(&app, &[14]));
        let of_officer = rows(&app.officer(), "category");
        assert_eq!(keys(&of_officer), ["car", "refrigerator"]);
        assert_eq!(rows(&cars, "category"), of_officer[..1]);
        assert_eq!(rows(&appliances, "category"), of_officer[1..]);
        assert_eq!(rows(&with_tasks(&app, &[12, 14]), "category"), of_officer);
        assert_eq!(rows(&with_tasks(&app, &[13]), "category"), Vec::<Value>::new());
        assert_eq!(keys(&rows(&cars, "programme")), ["nc-car-2026"]);
        for group in ["retailer", "store", "town", "day", "month"] {
            let sums = |user: &User<'_>| user.get(&format!("{TOTALS}?group_by={group}")).expect(200)["totals"].clone();
            let (cars, appliances, all) = (sums(&cars), sums(&appliances), sums(&app.officer()));
            let issued = |sums: &Value| sums["vouchers_issued"].as_i64().unwrap();
            assert_eq!((issued(&cars), issued(&appliances), issued(&all)), (1, 1, 2), "{group}");
        }
        // The names that stand there are those of organisations.
        let text = appliances.get(&format!("{TOTALS}?group_by=retailer")).expect(200).to_string();
        assert!(text.contains("南昌高新电器有限公司") && !text.contains(app.name(0)) && !text.contains('*'), "{text}");
    }

    /// A finding, a line or an objection names a sale; whoever decides about it sees what its store and its yard see.
    fn the_bureau_opens_what_it_judges(app) {
        let sale = app.retailer().post("/api/v1/redemptions", &app.ready(0)).made();
        let place = format!("/api/v1/redemptions/{sale}");
        let told = app.retailer().get(&place).expect(200);
        let old_item = format!("/api/v1/turn-ins/{}", told["turn_in_id"].as_str().unwrap());
        let handed_in = app.recycler().get(&old_item).expect(200);
        for role in [Role::Officer, Role::Reviewer, Role::Approver, Role::Finance, Role::Auditor] {
            let user = app.somebody(role, None);
            assert_eq!(user.get(&place).expect(200), told);
            assert_eq!(user.get(&old_item).expect(200), handed_in);
        }
        for role in [Role::Reader, Role::Admin] {
            let user = app.somebody(role, None);
            assert_eq!([user.get(&place).status, user.get(&old_item).status], [403, 403]);
        }
    }

    fn growth_is_of_appliances(app) {
        both(&app);
        for path in [GROWTH.to_owned(), format!("{GROWTH}/baseline"), format!("{GROWTH}/off-system")] {
            assert_eq!(with_tasks(&app, &[14]).get(&path).status, 200, "{path}");
            with_tasks(&app, &[12, 13]).get(&path).refused_alone(403, "FORBIDDEN");
        }
    }

    fn a_reader_sees_the_published_versions_of_its_programmes(app) {
        let car = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/programmes/nc-car-2026.toml")).unwrap();
        app.draft_text(&car);
        let (cars, e_bikes) = (with_tasks(&app, &[12]), with_tasks(&app, &[13]));
        let versions = |user: &User<'_>| user.get("/api/v1/programmes/nc-car-2026/versions");
        let numbers = |list: Value| -> Vec<Value> {
            list["items"].as_array().unwrap().iter().map(|row| row["number"].clone()).collect()
        };
        assert_eq!(numbers(versions(&app.officer()).expect(200)), [json!(2), json!(1)]);
        assert_eq!(numbers(versions(&cars).expect(200)), [json!(1)]);
        versions(&e_bikes).refused_alone(404, "NOT_FOUND");
        let one = |user: &User<'_>, number: u32| user.get(&format!("/api/v1/programmes/nc-car-2026/versions/{number}"));
        assert_eq!(one(&cars, 1).status, 200);
        one(&cars, 2).refused_alone(404, "NOT_FOUND");
        one(&e_bikes, 1).refused_alone(404, "NOT_FOUND");
        assert_eq!(one(&app.officer(), 2).status, 200);
    }

    fn a_reader_without_a_task_sees_nothing(app) {
        both(&app);
        for tasks in [[].as_slice(), &[16], &[0, 255]] {
            let reader = with_tasks(&app, tasks);
            for path in [TOTALS, GROWTH, "/api/v1/programmes/nc-car-2026/versions", "/api/v1/retailers"] {
                reader.get(path).refused_alone(403, "FORBIDDEN");
            }
        }
        // Tasks are a department's: they give nobody else anything, and take nothing away.
        let officer = app.somebody_with(Role::Officer, |claims| claims.tasks = vec![12]);
        assert_eq!(rows(&officer, "category").len(), 2);
        let clerk = app.somebody_with(Role::Clerk, |claims| claims.tasks = vec![12]);
        clerk.get(TOTALS).refused_alone(403, "FORBIDDEN");
    }
}
