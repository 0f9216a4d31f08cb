//! What is the same for many schemas of the document and stands here once.

use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{OpenApi, RefOr, Schema, Type};

/// Answers from which a member is left out when nothing is known; in every other answer each member is there, `null`
/// when nothing is known.
const LEAVE_OUT: &[&str] = &["EvidenceView", "NewItemView", "OldItemView"];

/// Says of each answer that its members are there, and of each parameter that it is no `null`.
pub fn complete(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    for (name, schema) in &mut components.schemas {
        let answer = !name.ends_with("Body") && !LEAVE_OUT.contains(&name.as_str());
        if let RefOr::T(schema) = schema
            && answer
        {
            require_all(schema);
        }
    }
    for item in document.paths.paths.values_mut() {
        let PathItem { get, put, post, .. } = item;
        for operation in [get, put, post].into_iter().flatten() {
            without_null(operation);
        }
    }
}

fn require_all(schema: &mut Schema) {
    match schema {
        Schema::Object(object) => object.required = object.properties.keys().cloned().collect(),
        Schema::AllOf(all) => {
            for part in &mut all.items {
                if let RefOr::T(part) = part {
                    require_all(part);
                }
            }
        }
        _ => {}
    }
}

/// An optional parameter may be absent; `null` it cannot be.
fn without_null(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        if let Some(RefOr::T(Schema::OneOf(either))) = &mut parameter.schema {
            either.items.retain(|item| !is_null(item));
            let [only] = either.items.as_slice() else { continue };
            parameter.schema = Some(only.clone());
        }
    }
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null))
}
