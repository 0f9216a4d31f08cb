//! What each operation may refuse and whether it takes a key: the part of the document that is the same for many
//! operations and stands here once. Who may call it is said by its handler's extractor and comes from the routes.

use std::collections::BTreeMap;

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ContentBuilder, ObjectBuilder, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder, Type};

use super::answer::{BASE, IDEMPOTENT_REPLAYED as REPLAYED};
use super::auth::Callers;
use super::edge;
use super::error::PROBLEM_JSON;
use super::route::Rule;
use crate::domain::refusal::{Code, Language};

/// The name of the security scheme.
pub const BEARER: &str = "bearer";
/// The name of the answer that has no code.
pub const FAULT: &str = "Fault";

/// The roles that may call an operation; of an operation that anybody may call there are none.
pub const ROLES: &str = "x-roles";

/// What is asked again and again, and answered in full when it has changed.
const TAGGED: &[&str] = &["getKeys", "listRevokedVouchers"];
/// POSTs that change nothing.
const QUESTIONS: &[&str] = &[
    "checkEligibility",
    "quoteRedemption",
    "checkEligibilityFor",
    "listVouchersFor",
    "getVoucherQrFor",
    "createEvidenceLink",
];
/// POSTs that take no key: each sign-in is a session of its own, a second sign-out finds nothing to do, a code is good
/// once, and a file is its own key.
const WITHOUT_KEY: &[&str] = &["signIn", "signOut", "enrolTill", "importTable"];
/// Operations whose key may be left out.
const KEY_OPTIONAL: &[&str] = &["setGrowthBaseline", "refreshSession"];

/// The operation whose body may be an empty object.
const NOTHING_NEEDED: &str = "replayWebhook";

/// Operations to which a file is sent.
const FILES: &[&str] = &["createProgramme", "recordBankReturn"];

/// Operations whose one rule is that the record must be in the right state.
const OF_A_STATE: &[&str] = &[
    "voidTurnIn",
    "createEvidenceLink",
    "getPaymentFile",
    "resubmitRedemption",
    "cancelPickup",
    "setAnomalyRules",
    "resolveAnomaly",
    "answerDispute",
    "withdrawDispute",
    "createCheckpoint",
    "publishProgramme",
    "pauseProgramme",
    "closeProgramme",
    "createProgramme",
    "revokeTill",
    "disableStaff",
    "createWebhook",
    "stopWebhook",
    "resetStaffCredentials",
];

const CLAIM: &[Code] = &[
    Code::ProgrammeNotOpen,
    Code::ReleaseSoldOut,
    Code::PoolExhausted,
    Code::RegionNotEligible,
    Code::MutuallyExclusiveProgramme,
    Code::CategoryLimitReached,
    Code::YearlyLimitReached,
    Code::ReclaimLimitReached,
    Code::CategoryNotEligible,
];
const OLD_ITEM: &[Code] = &[
    Code::OldItemMissing,
    Code::OldItemCategoryMismatch,
    Code::OldItemOwnerMismatch,
    Code::OldItemTooNew,
    Code::OldItemNotRegistered,
    Code::OldItemIncomplete,
    Code::OwnedTooLate,
    Code::OldNewCombinationNotEligible,
    Code::OldItemAlreadyUsed,
    Code::EvidenceMissing,
];
const PRESENTED: &[Code] = &[
    Code::QrInvalid,
    Code::QrExpired,
    Code::HolderCheckFailed,
    Code::VoucherAlreadyRedeemed,
    Code::VoucherNotLive,
    Code::VoucherExpired,
    Code::RetailerNotApproved,
    Code::StoreNotApproved,
];
const SALE: &[Code] = &[
    Code::RegionNotEligible,
    Code::BuyerMismatch,
    Code::CategoryNotEligible,
    Code::EnergyLevelNotEligible,
    Code::DisplacementAboveLimit,
    Code::NewItemNotCertified,
    Code::UnitPriceAboveLimit,
    Code::PriceBelowMinimum,
    Code::SubsidyBelowOneFen,
    Code::SnAlreadyUsed,
    Code::NewItemAlreadySubsidised,
    Code::InvoiceAmountMismatch,
    Code::InvoiceOutsideWindow,
    Code::InvoiceAlreadyUsed,
];

/// What an operation refuses by its own rules, beside what follows from its form.
fn own_refusals(operation: &str) -> Vec<Code> {
    let parts: &[&[Code]] = match operation {
        "claimVoucherFor" => {
            &[&[Code::NotFound, Code::IdentifierInvalid, Code::RateLimited, Code::EvidenceMissing], CLAIM, OLD_ITEM]
        }
        "getVoucherQrFor" => {
            &[&[Code::IdentifierInvalid, Code::VoucherAlreadyRedeemed, Code::VoucherNotLive, Code::VoucherExpired]]
        }
        "checkEligibility" | "checkEligibilityFor" => &[&[Code::NotFound, Code::IdentifierInvalid]],
        "claimVoucher" => &[&[Code::NotFound, Code::IdentifierInvalid], CLAIM, OLD_ITEM],
        "getVoucherQr" | "cancelVoucher" => {
            &[&[Code::VoucherAlreadyRedeemed, Code::VoucherNotLive, Code::VoucherExpired]]
        }
        _ if OF_A_STATE.contains(&operation) => &[&[Code::WrongState]],
        "recordTurnIn" => &[&[
            Code::AmountMalformed,
            Code::NotFound,
            Code::IdentifierInvalid,
            Code::WrongState,
            Code::RetailerNotApproved,
            Code::CategoryNotEligible,
        ]],
        "quoteRedemption" => &[&[Code::AmountMalformed, Code::IdentifierInvalid, Code::NotFound], PRESENTED],
        "redeemVoucher" => &[
            &[Code::AmountMalformed, Code::NotFound, Code::IdentifierInvalid, Code::ProgrammeNotOpen],
            PRESENTED,
            SALE,
            OLD_ITEM,
        ],
        "reverseRedemption" | "clawBackRedemption" => &[&[Code::WrongState, Code::AlreadyInSettlement]],
        "adjustPool" => &[&[Code::AmountMalformed, Code::PoolExhausted]],
        "postAdjustments" => {
            &[&[Code::AmountMalformed, Code::IdentifierInvalid, Code::WrongState, Code::PoolExhausted]]
        }
        "registerRecycler" | "listVouchersFor" => &[&[Code::IdentifierInvalid]],
        "registerRetailer" | "proposeBankAccount" | "requestPickup" => &[&[Code::IdentifierInvalid, Code::WrongState]],
        "approveBankAccount"
        | "rejectBankAccount"
        | "decideDispute"
        | "answerReconciliationRow"
        | "releaseHold"
        | "dissolvePaymentBatch" => &[&[Code::WrongState, Code::SameOfficer]],
        "addStore" | "createTill" => &[&[Code::IdentifierInvalid, Code::NotFound]],
        "approveRetailer" | "signOut" | "getAccount" | "getCheckpoint" | "getProduct" => &[&[Code::NotFound]],
        "signIn" => &[&[Code::Unauthenticated, Code::Forbidden, Code::RateLimited]],
        "enrolTill" => &[&[Code::NotFound, Code::WrongState, Code::Forbidden]],
        "refreshSession" => &[&[Code::Unauthenticated, Code::Forbidden]],
        "changePassword" | "startTotpEnrolment" => &[&[Code::NotFound, Code::RateLimited, Code::WrongState]],
        "confirmTotp" | "createStaff" => &[&[Code::NotFound, Code::IdentifierInvalid, Code::WrongState]],
        "getInclusionProof" | "getConsistencyProof" | "getEvidencePackage" => {
            &[&[Code::FieldMissing, Code::NotFound, Code::WrongState]]
        }
        "importTable" => {
            &[&[Code::AmountMalformed, Code::IdentifierInvalid, Code::NotFound, Code::WrongState, Code::FieldMissing]]
        }
        "exportNationalUpload" => &[&[Code::FieldMissing]],
        "withdrawSettlementApproval" => &[&[Code::AmountMalformed, Code::WrongState, Code::PoolExhausted]],
        "revealPersonalData" | "erasePerson" | "openDispute" => {
            &[&[Code::IdentifierInvalid, Code::NotFound, Code::WrongState]]
        }
        "eraseMyData" | "uploadEvidence" => &[&[Code::NotFound, Code::WrongState]],
        "getStatement" | "listEvidence" | "exportPublication" => &[&[Code::FieldMissing, Code::NotFound]],
        "submitSettlement" => &[&[
            Code::AmountMalformed,
            Code::IdentifierInvalid,
            Code::NotFound,
            Code::WrongState,
            Code::AlreadyInSettlement,
        ]],
        "resubmitSettlement" | "recordCompensation" | "recordBankReturn" | "recordRepayment" => {
            &[&[Code::AmountMalformed, Code::WrongState]]
        }
        "acceptSettlement" | "reviewSettlement" | "returnSettlement" | "approveSettlement" | "markSettlementPaid" => {
            &[&[Code::AmountMalformed, Code::WrongState, Code::SameOfficer]]
        }
        "rejectSettlementLine" => &[&[Code::IdentifierInvalid, Code::WrongState, Code::SameOfficer]],
        "redeliverEvents" => &[&[Code::IdentifierInvalid, Code::NotFound, Code::WrongState]],
        "createPaymentBatch" => &[&[Code::AmountMalformed, Code::IdentifierInvalid, Code::NotFound, Code::WrongState]],
        "checkReady" => &[&[Code::Unavailable]],
        "listRevokedVouchers" => &[&[Code::CursorInvalid]],
        "receiveTurnIn" => &[&[Code::NotFound, Code::WrongState, Code::CategoryNotEligible]],
        "recordDismantling" => &[&[Code::NotFound, Code::IdentifierInvalid, Code::WrongState, Code::EvidenceMissing]],
        "acceptPickup" => &[&[Code::WrongState, Code::CategoryNotEligible]],
        "collectPickup" => {
            &[&[Code::IdentifierInvalid, Code::WrongState, Code::OldItemOwnerMismatch, Code::OldItemCategoryMismatch]]
        }
        "downloadEvidence" => &[&[Code::Unauthenticated, Code::FieldMissing, Code::WrongState]],
        _ => &[],
    };
    parts.concat()
}

/// Completes every operation: who may call it, headers, and an answer for each status that it can refuse with.
pub fn complete(document: &mut OpenApi, rules: &[Rule]) {
    let fault = ContentBuilder::new().schema(Some(Ref::from_schema_name("Fault"))).build();
    let description = "A fault of the service (500), or a method that the path does not have (405)";
    let fault = ResponseBuilder::new().description(description).content(PROBLEM_JSON, fault).build();
    document.components.get_or_insert_default().responses.insert(FAULT.to_owned(), RefOr::T(fault));
    for (path, item) in &mut document.paths.paths {
        let PathItem { get, put, post, .. } = item;
        for (method, operation) in [("GET", get), ("PUT", put), ("POST", post)] {
            let callers = rules.iter().find(|rule| rule.method == method && rule.path == *path);
            let Some(operation) = operation else { continue };
            let callers = callers.map(|rule| rule.callers);
            add_callers(operation, callers);
            // What machines ask: any query is overlooked.
            let machine = !path.starts_with(BASE);
            finish(operation, method != "GET", machine, callers == Some(Callers::Anybody));
        }
    }
}

/// Says who may call. An operation without a rule is nobody's: it is not routed, and `route::misfits` tells of it.
fn add_callers(operation: &mut Operation, callers: Option<Callers>) {
    let roles = match callers {
        Some(Callers::Roles(roles)) => roles,
        Some(Callers::Anybody) | None => &[],
    };
    let words: Vec<&str> = roles.iter().map(|role| role.name()).collect();
    let public = callers == Some(Callers::Anybody);
    let sentence = if public {
        "Anybody may call it, without a token.".to_owned()
    } else {
        format!(
            "Roles that may call it: {}.",
            words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
        )
    };
    let said = operation.description.take().filter(|said| !said.is_empty());
    operation.description = Some(said.map_or_else(|| sentence.clone(), |said| format!("{said}\n\n{sentence}")));
    operation.extensions.get_or_insert_default().insert(ROLES.to_owned(), words.into());
    operation.security =
        Some(if public { Vec::new() } else { vec![SecurityRequirement::new(BEARER, Vec::<String>::new())] });
}

fn finish(operation: &mut Operation, writes: bool, machine: bool, public: bool) {
    let id = operation.operation_id.clone().unwrap_or_default();
    let keyed = writes && !QUESTIONS.contains(&id.as_str()) && !WITHOUT_KEY.contains(&id.as_str());
    let optional = KEY_OPTIONAL.contains(&id.as_str());
    let mut codes = own_refusals(&id);
    // What the edge refuses: a head that is too large, a caller who asks too often.
    codes.extend([Code::BodyMalformed, Code::RateLimited]);
    if !machine {
        codes.extend([Code::Busy, Code::Unavailable]);
    }
    if !public {
        codes.extend([Code::Unauthenticated, Code::Forbidden]);
    }
    let named = |name: &str| {
        operation.parameters.iter().flatten().any(|parameter| matches!(parameter, RefOr::T(one) if one.name == name))
    };
    if named("id") {
        codes.push(Code::NotFound);
    }
    if named("cursor") {
        codes.push(Code::CursorInvalid);
    }
    if !writes && !machine {
        codes.push(Code::FieldUnknown);
    }
    if operation.request_body.is_some() {
        // Every fault of a file's form has that one code.
        if !FILES.contains(&id.as_str()) {
            codes.push(Code::FieldUnknown);
            codes.extend((id != NOTHING_NEEDED).then_some(Code::FieldMissing));
        }
    }
    if keyed {
        codes.push(Code::IdempotencyKeyReused);
        codes.extend((!optional).then_some(Code::IdempotencyKeyMissing));
        add_key(operation, !optional);
        add_answer_header(
            operation,
            REPLAYED,
            "`true` when this is the answer to an earlier request with the same key",
        );
    }
    if id == "importTable" {
        add_answer_header(operation, REPLAYED, "`true` when the file had been taken before");
    }
    if matches!(id.as_str(), "publishProgramme" | "pauseProgramme" | "closeProgramme") {
        codes.push(Code::PreconditionFailed);
        add_header(operation, "If-Match", "`ETag` of the programme as it was read; checked when sent", false);
    }
    if TAGGED.contains(&id.as_str()) {
        add_header(operation, "If-None-Match", "`ETag` of an answer that the caller has", false);
    }
    add_answer_headers(operation, &id);
    add_refusals(operation, codes);
    add_rate_headers(operation, edge::counts(&id));
    let fault = Ref::from_response_name(FAULT);
    operation.responses.responses.insert("default".to_owned(), RefOr::Ref(fault));
}

/// Says of the answer which headers it has.
fn add_answer_headers(operation: &mut Operation, id: &str) {
    if operation.responses.responses.contains_key("201") {
        add_answer_header(operation, "Location", "The path of the record");
    }
    let files = [
        "exportRetailers",
        "exportRedemptions",
        "getTotalsReport",
        "getGrowthReport",
        "getBurnDown",
        "getRetailerRanking",
        "getRefusalReport",
        "getTaskReport",
        "getPaymentTimes",
        "exportPublication",
        "exportNationalUpload",
        "getCheckpoint",
        "getEvidencePackage",
        "downloadEvidence",
        "getPaymentFile",
    ];
    if files.contains(&id) {
        add_answer_header(operation, "Content-Disposition", "What to call the file; there where the answer is one");
    }
    if matches!(id, "getProgramme" | "publishProgramme" | "pauseProgramme" | "closeProgramme") {
        add_answer_header(operation, "ETag", "The state and the versions of the programme, for `If-Match`");
    }
    if TAGGED.contains(&id) {
        let same = ResponseBuilder::new().description("What the caller has is what there is").build();
        operation.responses.responses.insert("304".to_owned(), RefOr::T(same));
        add_answer_header(operation, "ETag", "Stands for the answer, for `If-None-Match`");
        add_answer_header(operation, "Cache-Control", "For how many seconds the answer may be kept");
    }
}

/// Adds a header to the answers that are there already, which are those of success.
fn add_answer_header(operation: &mut Operation, name: &str, description: &str) {
    for response in operation.responses.responses.values_mut() {
        let RefOr::T(response) = response else { continue };
        let text = ObjectBuilder::new().schema_type(Type::String);
        let header = HeaderBuilder::new().schema(Some(text)).description(Some(description)).build();
        response.headers.insert(name.to_owned(), RefOr::T(header));
    }
}

/// Says of every answer of an operation that is counted by itself, and of every refusal for coming too often, how the caller
/// stands.
fn add_rate_headers(operation: &mut Operation, counted: bool) {
    let rule = "The rate, `\"name\";q=requests;w=seconds`; several with a comma between them";
    let standing = "How the caller stands with it, `\"name\";r=requests left;t=seconds until there are more`";
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        if !counted && status != "429" {
            continue;
        }
        for (name, description) in [("RateLimit-Policy", rule), ("RateLimit", standing)] {
            let text = ObjectBuilder::new().schema_type(Type::String);
            let header = HeaderBuilder::new().schema(Some(text)).description(Some(description)).build();
            response.headers.insert(name.to_owned(), RefOr::T(header));
        }
    }
}

fn add_key(operation: &mut Operation, required: bool) {
    let text = "A fresh key for each intention: a quoted string of 1 to 255 characters, or a bare UUID. \
                Kept 72 hours for each caller.";
    add_header(operation, "Idempotency-Key", text, required);
}

fn add_header(operation: &mut Operation, name: &str, description: &str, required: bool) {
    let parameter = ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .description(Some(description))
        .required(if required { Required::True } else { Required::False })
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build();
    operation.parameters.get_or_insert_default().push(RefOr::T(parameter));
}

fn add_refusals(operation: &mut Operation, mut codes: Vec<Code>) {
    codes.sort_unstable();
    codes.dedup();
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes {
        by_status.entry(code.status()).or_default().push(code);
    }
    for (status, codes) in by_status {
        operation.responses.responses.insert(status.to_string(), RefOr::T(refused(status, &codes)));
    }
}

fn refused(status: u16, codes: &[Code]) -> Response {
    let lines: Vec<String> =
        codes.iter().map(|code| format!("- `{}`: {}", code.name(), code.title(Language::English))).collect();
    let example = |code: &Code| (code.name(), RefOr::Ref(Ref::new(format!("#/components/examples/{code}"))));
    let problem = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .examples_from_iter(codes.iter().map(example))
        .build();
    let mut response = ResponseBuilder::new().description(lines.join("\n")).content(PROBLEM_JSON, problem);
    if [429, 503].contains(&status) {
        let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).build();
        let header = HeaderBuilder::new().schema(Some(seconds)).description(Some("Seconds to wait")).build();
        response = response.header("Retry-After", header);
    }
    if status == 401 {
        let scheme = ObjectBuilder::new().schema_type(Type::String).build();
        let header = HeaderBuilder::new().schema(Some(scheme)).description(Some("`Bearer`")).build();
        response = response.header("WWW-Authenticate", header);
    }
    response.build()
}
