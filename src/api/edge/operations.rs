//! Which operation of the document a request asks for, before it is routed.

use std::collections::HashMap;
use std::sync::LazyLock;

use actix_web::http::Method;
use utoipa::openapi::path::PathItem;

use crate::api::openapi;

/// Methods and names of the operations of each path.
type Operations = HashMap<String, Vec<(Method, String)>>;

static OPERATIONS: LazyLock<Operations> = LazyLock::new(|| {
    let paths = openapi::document().paths.paths.into_iter();
    paths.map(|(path, item)| (path, of_path(item))).collect()
});

fn of_path(item: PathItem) -> Vec<(Method, String)> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    let all = [
        (Method::GET, get),
        (Method::PUT, put),
        (Method::POST, post),
        (Method::DELETE, delete),
        (Method::PATCH, patch),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation?.operation_id?))).collect()
}

/// The operation of a method and the pattern of a path, such as `/api/v1/vouchers/{id}`.
#[must_use]
pub fn named(method: &Method, pattern: &str) -> Option<&'static str> {
    let of_path = OPERATIONS.get(pattern)?;
    of_path.iter().find(|(known, _)| known == method).map(|(_, name)| name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_known_by_method_and_pattern() {
        assert_eq!(named(&Method::POST, "/api/v1/vouchers"), Some("claimVoucher"));
        assert_eq!(named(&Method::GET, "/api/v1/vouchers"), Some("listVouchers"));
        assert_eq!(named(&Method::DELETE, "/api/v1/vouchers"), None);
        assert_eq!(named(&Method::GET, "/api/v1/vouchers/1"), None);
    }
}
