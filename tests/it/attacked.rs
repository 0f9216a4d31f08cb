//! What the attacks of `attack` once found: the request, as small as it can be.

use serde_json::json;

on_both! {
    /// The pointer of an unknown member was the member's name as it came.
    fn a_pointer_into_a_programme_is_escaped(app) {
        for (name, pointer) in [("~", "/~0"), ("a/b", "/a~1b"), ("~1", "/~01")] {
            let told = app.officer().post("/api/v1/programmes", &json!({"id": "x", name: 1})).expect(400);
            let pointers: Vec<&str> = told["errors"].as_array().unwrap().iter().filter_map(|error| error["pointer"].as_str()).collect();
            assert!(pointers.contains(&pointer), "{pointers:?}");
        }
    }
}
