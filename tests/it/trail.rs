//! The trail as auditors see it.

use serde_json::{Value, json};
use ureq::http::Method;

use crate::app::{TestApp, User};

/// The newest records, of this act alone.
fn newest(app: &TestApp, act: &str) -> Vec<Value> {
    let page = app.auditor().get("/api/v1/audit/records?limit=50").expect(200);
    page["items"].as_array().unwrap().iter().filter(|row| row["act"] == act).cloned().collect()
}

/// Reads the trail under a request id of the caller's choice.
fn read(user: &User<'_>, request: &str) {
    let answer = user.send(Method::GET, "/api/v1/audit/records?limit=2", &[("X-Request-Id", request)], None);
    answer.expect(200);
}

on_both! {
    /// Each read is a record of its own, a repeat under the same request id too.
    fn who_reads_the_trail_stands_in_it(app) {
        read(&app.auditor(), "reading-1");
        read(&app.auditor(), "reading-1");
        let told = newest(&app, "record_disclosure");
        assert_eq!(told.len(), 2, "{told:#?}");
        let (second, first) = (&told[0], &told[1]);
        assert_eq!(second["seq"].as_i64().unwrap(), first["seq"].as_i64().unwrap() + 1);
        // The second saw the record of the first.
        assert_eq!(second["detail"]["shown"]["newest"], first["seq"]);
        for record in &told {
            assert_eq!((&record["role"], &record["request"]), (&json!("auditor"), &json!("reading-1")));
            assert_eq!(record["detail"]["operation"], "listAuditRecords");
            assert_eq!(record["detail"]["reason"], Value::Null);
        }
    }
}
