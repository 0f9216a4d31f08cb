//! Refusals as RFC 9457 has them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::body::words::RefusalCode;
use crate::domain::refusal::{Language, Refusal, Refusals};

/// Where the codes are described; a code is put after it to name the problem's type.
pub const PROBLEM_TYPES: &str = "https://huanxin.example/errors/";

/// Why a request was refused (RFC 9457, `application/problem+json`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// Absolute, one per code.
    #[serde(rename = "type")]
    #[schema(format = "uri")]
    pub kind: String,
    /// What is wrong, in a few words.
    pub title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What is wrong and what the caller can do now.
    pub detail: String,
    /// Identity of the request.
    pub instance: String,
    /// The code of the failure with the lowest rank.
    #[schema(value_type = RefusalCode)]
    pub code: String,
    /// Everything that failed, the most urgent first.
    pub errors: Vec<ProblemItem>,
}

/// One failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProblemItem {
    /// Its code.
    #[schema(value_type = RefusalCode)]
    pub code: String,
    /// Where in the request (RFC 6901); empty for the request as a whole.
    #[schema(pattern = "^(/([^~/]|~[01])*)*$")]
    pub pointer: String,
    /// What is wrong and what the caller can do now.
    pub detail: String,
    /// What was found.
    pub found: Option<String>,
    /// What would have been accepted.
    pub expected: Option<String>,
}

impl ProblemItem {
    /// A refusal in a language.
    #[must_use]
    pub fn of(refusal: &Refusal, language: Language) -> Self {
        Self {
            code: refusal.code.name().to_owned(),
            pointer: refusal.pointer.clone(),
            detail: refusal.sentence(language),
            found: refusal.found.clone(),
            expected: refusal.expected.clone(),
        }
    }
}

impl Problem {
    /// Refusals in a language; `instance` is the request's identity.
    #[must_use]
    pub fn of(refusals: &Refusals, language: Language, instance: &str) -> Self {
        let first = refusals.first();
        Self {
            kind: format!("{PROBLEM_TYPES}{}", first.code),
            title: first.code.title(language).to_owned(),
            status: first.code.status(),
            detail: first.sentence(language),
            instance: instance.to_owned(),
            code: first.code.name().to_owned(),
            errors: refusals.all().iter().map(|refusal| ProblemItem::of(refusal, language)).collect(),
        }
    }
}

/// An error without a code: a fault of the service (500), or a method that the path does not have (405).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// `about:blank`: the status says all.
    #[serde(rename = "type")]
    #[schema(format = "uri")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What to do; of a fault, the reference to quote.
    pub detail: String,
    /// Identity of the request.
    pub instance: String,
    /// Nothing.
    #[schema(max_items = 0)]
    pub errors: Vec<ProblemItem>,
}

impl Fault {
    /// A fault with its status in words; `instance` is the request's identity.
    #[must_use]
    pub fn of(status: u16, title: &str, detail: &str, instance: &str) -> Self {
        let (kind, title) = ("about:blank".to_owned(), title.to_owned());
        Self { kind, title, status, detail: detail.to_owned(), instance: instance.to_owned(), errors: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::refusal::Code;

    #[test]
    fn the_most_urgent_gives_code_and_status() {
        let failed = vec![Refusal::at(Code::InvoiceAlreadyUsed, "/invoice/number"), Refusal::of(Code::VoucherExpired)];
        let problem = Problem::of(&Refusals::from_failed(failed).unwrap(), Language::English, "r-1");
        assert_eq!((problem.status, problem.code.as_str()), (422, "VOUCHER_EXPIRED"));
        assert_eq!(problem.kind, "https://huanxin.example/errors/VOUCHER_EXPIRED");
        let written = serde_json::to_value(&problem).unwrap();
        assert!(written["type"].is_string() && written["errors"][1]["pointer"] == "/invoice/number");
        assert!(written["errors"][0]["found"].is_null());
    }
}
