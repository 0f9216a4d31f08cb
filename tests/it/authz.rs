//! Who may do what: every operation of the document refuses a caller without a token and each wrong role.

use huanxin::access::Role::{
    self, Admin, Approver, Auditor, Clerk, Consumer, Finance, Officer, Reader, Recycler, Retailer, Reviewer,
};
use huanxin::domain::id::Id;
use ureq::http::Method;

use crate::app::{TestApp, User};
use crate::contract::operations;

/// Operations that anybody may call. This list may only shrink.
const PUBLIC: [&str; 3] = ["listProgrammes", "getProgramme", "listCollectionPoints"];
/// What machines ask, who have no token. This list may only shrink.
const MACHINES: [&str; 4] = ["checkAlive", "checkReady", "getKeys", "getMetrics"];
/// Who reads the figures, names or not.
const FIGURES: &[Role] = &[Officer, Reviewer, Approver, Finance, Auditor, Reader];

/// The roles of an operation. A new operation needs its line here before the tests pass.
fn allowed(operation: &str) -> &'static [Role] {
    match operation {
        "checkEligibility" | "claimVoucher" | "listVouchers" | "getVoucher" | "cancelVoucher" | "getVoucherQr" => {
            &[Consumer]
        }
        "recordTurnIn" | "listTurnIns" | "voidTurnIn" => &[Recycler, Retailer, Clerk],
        "getTurnIn" => &[Recycler, Retailer, Clerk, Consumer],
        "quoteRedemption" | "redeemVoucher" | "getRedemption" | "listRedemptions" => &[Retailer, Clerk],
        "reverseRedemption" => &[Retailer],
        "createProgramme"
        | "publishProgramme"
        | "pauseProgramme"
        | "closeProgramme"
        | "adjustPool"
        | "postAdjustments"
        | "registerRetailer"
        | "approveRetailer"
        | "suspendRetailer"
        | "addStore"
        | "approveStore"
        | "suspendStore"
        | "registerRecycler"
        | "approveRecycler"
        | "suspendRecycler"
        | "setGrowthBaseline"
        | "recordOffSystemTradeIns" => &[Officer],
        "listRetailers" | "getTotalsReport" | "listProgrammeVersions" | "getProgrammeVersion" | "listAdjustments" => {
            &[Officer, Reviewer, Approver, Finance, Auditor]
        }
        "getGrowthReport" | "listGrowthBaselines" | "listOffSystemTradeIns" => FIGURES,
        "listAuditRecords"
        | "listCheckpoints"
        | "getCheckpoint"
        | "getInclusionProof"
        | "getConsistencyProof"
        | "getVoucherHistory"
        | "getEvidencePackage" => &[Auditor],
        "createCheckpoint" => &[Admin, Auditor],
        other => panic!("who may call {other}? Say so here"),
    }
}

/// The answer to a request with nothing in it but the caller.
fn ask(user: &User<'_>, method: &str, path: &str) -> crate::app::Answer {
    let path = path.replace("{id}", &Id::NIL.to_string()).replace("{number}", "1");
    let body = (method != "GET").then_some(b"{}".as_slice());
    user.send(Method::from_bytes(method.as_bytes()).unwrap(), &path, &[], body)
}

fn each_role(app: &TestApp) -> Vec<(Role, User<'_>)> {
    let staff = |role: Role| (role != Consumer).then(|| Id::digest(&["an organisation"]));
    Role::ALL.iter().map(|role| (*role, app.somebody(*role, staff(*role)))).collect()
}

on_both! {
    fn without_a_token_and_with_each_wrong_role(app) {
        let roles = each_role(&app);
        let mut open = Vec::new();
        for operation in operations() {
            let (name, method, path) = (operation.id.as_str(), &operation.method, &operation.path);
            if operation.says["security"] == serde_json::json!([]) {
                open.push(name);
                continue;
            }
            ask(&app.nobody(), method, path).refused_alone(401, "UNAUTHENTICATED");
            ask(&app.user(Some("a.b.c")), method, path).refused_alone(401, "UNAUTHENTICATED");
            for (role, user) in &roles {
                let answer = ask(user, method, path);
                if allowed(name).contains(role) {
                    assert!(![401, 403].contains(&answer.status), "{role} at {name}: {:#}", answer.body);
                    assert!(answer.status < 500, "{role} at {name}: {:#}", answer.body);
                } else {
                    assert_eq!(answer.status, 403, "{role} at {name}");
                    answer.refused_alone(403, "FORBIDDEN");
                }
            }
        }
        open.sort_unstable();
        let mut public = [PUBLIC.as_slice(), &MACHINES].concat();
        public.sort_unstable();
        assert_eq!(open, public);
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
}
