//! Who may do what: every operation of the document refuses a caller without a token that holds, and each role that
//! the document does not name. Whose record it is, is asked in `idor`.

use std::collections::BTreeSet;

use huanxin::access::Role::{self, Clerk, Consumer, Recycler, Retailer};
use huanxin::domain::id::Id;
use serde_json::json;
use ureq::http::Method;

use crate::app::{Answer, TestApp, User};
use crate::contract::{Operation, operations};

/// Operations that anybody may call, and why there can be no token. This list may only shrink: who makes it longer
/// changes its length here and says why, and `docs/access.md` shows one more.
const OPEN: [(&str, &str); 13] = [
    ("listProgrammes", "what is subsidised is published"),
    ("getProgramme", "what is subsidised is published"),
    ("getOpenData", "figures for everybody: months that are over, and no small number among them"),
    ("listCollectionPoints", "where old items are taken is published"),
    ("signIn", "gives the token"),
    ("refreshSession", "gives the next token, for a refresh token in the body"),
    ("enrolTill", "lets a device in, for a code in the body"),
    ("checkAlive", "a supervisor has no token"),
    ("checkReady", "a balancer has no token"),
    ("getMetrics", "a collector has no token; it counts, and names nobody"),
    ("getKeys", "public keys, for tills without a network"),
    ("downloadEvidence", "the link in the query is the credential: a page that shows a picture sends no other"),
    ("listRevokedVouchers", "what such a till keeps beside the keys; it names vouchers, and nobody"),
];

/// The answer to a request with nothing in it but the caller.
pub fn ask(user: &User<'_>, operation: &Operation) -> Answer {
    let path = operation
        .path
        .replace("{id}", &Id::NIL.to_string())
        .replace("{number}", "1")
        .replace("{gtin}", "6909794246738");
    let body = (operation.method != "GET").then_some(b"{}".as_slice());
    user.send(Method::from_bytes(operation.method.as_bytes()).unwrap(), &path, &[], body)
}

fn each_role(app: &TestApp) -> Vec<(Role, User<'_>)> {
    let staff = |role: Role| (role != Consumer).then(|| Id::digest(&["an organisation"]));
    Role::ALL.iter().map(|role| (*role, app.somebody(*role, staff(*role)))).collect()
}

#[test]
fn what_needs_no_token_is_listed() {
    let open: BTreeSet<&str> = operations().iter().filter(|one| one.is_open()).map(|one| one.id.as_str()).collect();
    assert_eq!(open, OPEN.iter().map(|(id, _)| *id).collect());
}

/// What must hold of the roles whatever operations there are.
#[test]
fn roles_keep_to_their_places() {
    for operation in operations() {
        let (id, tag, roles) = (&operation.id, &operation.says["tags"][0], operation.roles());
        let reads = operation.method == "GET";
        // But the own account.
        let own = id == "signOut" || operation.path.starts_with("/api/v1/account");
        assert!(reads || own || !roles.contains(&"reader"), "{id}: another department reads, and changes nothing");
        for outside in ["consumer", "recycler", "clerk", "retailer", "assistant"] {
            let inside = ["bureau", "reports", "audit"].contains(&tag.as_str().unwrap());
            assert!(!inside || !roles.contains(&outside), "{id}: {outside} does what the bureau does");
        }
        let clerk = roles.contains(&"clerk");
        assert!(!clerk || roles.contains(&"retailer"), "{id}: a manager may do what a clerk may");
    }
}

on_both! {
    fn without_a_token_and_with_each_wrong_role(app) {
        let roles = each_role(&app);
        let expired = |claims: &mut huanxin::access::AccessClaims| claims.exp = claims.iat;
        for operation in operations().iter().filter(|one| !one.is_open()) {
            let name = operation.id.as_str();
            let right = |role: &Role| operation.roles().contains(&role.name());
            let admitted = *Role::ALL.iter().find(|role| right(role)).unwrap();
            let worthless = [
                app.nobody(),
                app.user(Some("a.b.c")),
                app.somebody_with(admitted, expired),
                app.stranger(admitted),
            ];
            for user in &worthless {
                ask(user, operation).refused_alone(401, "UNAUTHENTICATED");
            }
            for (role, user) in &roles {
                let answer = ask(user, operation);
                if right(role) {
                    assert!(![401, 403].contains(&answer.status), "{role} at {name}: {:#}", answer.body);
                    assert!(answer.status < 500, "{role} at {name}: {:#}", answer.body);
                } else {
                    assert_eq!(answer.status, 403, "{role} at {name}");
                    answer.refused_alone(403, "FORBIDDEN");
                }
            }
        }
    }

    /// A token holds until its last second and no longer, also when the service has verified it before.
    fn a_token_ends(app) {
        let first = app.somebody_with(Role::Officer, |claims| claims.exp = claims.iat + 60);
        assert_eq!(first.get("/api/v1/retailers").status, 200);
        let token = first.token();
        let app = app.later(60);
        app.user(token.as_deref()).get("/api/v1/retailers").refused_alone(401, "UNAUTHENTICATED");
    }

    fn staff_without_an_organisation_can_do_nothing_in_its_name(app) {
        for role in [Recycler, Retailer, Clerk] {
            app.somebody(role, None).get("/api/v1/turn-ins").refused_alone(403, "FORBIDDEN");
        }
    }

    fn anybody_may_see_what_is_public(app) {
        let nobody = app.nobody();
        for path in ["/healthz", "/readyz", "/metrics", "/.well-known/jwks.json", "/api/openapi.json", "/docs/",
            "/api/v1/programmes", "/api/v1/programmes/nc-car-2026", "/api/v1/collection-points"] {
            assert_eq!(nobody.get(path).status, 200, "{path}");
        }
    }

    /// Methods that no operation has are refused at every path, with or without a token.
    fn other_methods_are_refused(app) {
        let paths: BTreeSet<&str> = operations().iter().map(|one| one.path.as_str()).collect();
        for path in paths {
            for method in ["GET", "PUT", "POST", "DELETE", "PATCH"] {
                if operations().iter().any(|one| one.path == path && one.method == method) {
                    continue;
                }
                let asked = path.replace("{id}", &Id::NIL.to_string()).replace("{number}", "1").replace("{gtin}", "6909794246738");
                let body = (method != "GET").then_some(b"{}".as_slice());
                let answer = app.officer().send(Method::from_bytes(method.as_bytes()).unwrap(), &asked, &[], body);
                assert_eq!((answer.status, &answer.body["code"]), (405, &json!(null)), "{method} {path}");
            }
        }
    }
}
