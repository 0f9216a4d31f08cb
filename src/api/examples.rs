//! The examples of the document: what the service was really sent and what it really answered.
//!
//! `api-spec/examples.json` is recorded by a test (`tests/it/examples.rs`) that asks every operation; `make spec`
//! writes it anew. A file that cannot be read gives a document without examples, so that it can be made again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;
use utoipa::openapi::example::{Example, ExampleBuilder};
use utoipa::openapi::path::{Operation, ParameterBuilder, PathItem};
use utoipa::openapi::{Content, OpenApi, RefOr};

use super::contract::FAULT;
use super::error::PROBLEM_JSON;
use super::view;
use crate::domain::refusal::{Code, Language, Refusals};

static RECORDED: LazyLock<Recorded> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../api-spec/examples.json")).unwrap_or_default());
/// The identity of a request in an example that was not recorded.
const INSTANCE: &str = "5d1c0f5e-8f6b-4f0e-9d6a-2f3b8f6f7c11";

/// What was recorded.
#[derive(Debug, Default, Deserialize)]
struct Recorded {
    /// By operation.
    operations: BTreeMap<String, Exchange>,
    /// Refusals by their code.
    problems: BTreeMap<String, Value>,
}

/// A request and its answer. What is sent and answered stands under its media type.
#[derive(Debug, Default, Deserialize)]
struct Exchange {
    parameters: BTreeMap<String, Value>,
    request: BTreeMap<String, Value>,
    answer: BTreeMap<String, Value>,
}

/// Puts the recorded examples in their places, and an example of each refusal that an operation can give.
pub fn add(document: &mut OpenApi) {
    let mut codes = BTreeSet::new();
    for item in document.paths.paths.values_mut() {
        let PathItem { get, put, post, .. } = item;
        for operation in [get, put, post].into_iter().flatten() {
            if let Some(exchange) = operation.operation_id.as_ref().and_then(|id| RECORDED.operations.get(id)) {
                add_exchange(operation, exchange);
            }
            codes.extend(refusals(operation));
        }
    }
    let components = document.components.get_or_insert_default();
    for code in Code::ALL.iter().filter(|code| codes.contains(code.name())) {
        components.examples.insert(code.name().to_owned(), RefOr::T(of_code(*code)));
    }
    if let Some(RefOr::T(fault)) = components.responses.get_mut(FAULT) {
        let detail = "系统内部错误，请稍后再试；反馈时请附上编号 7c11。";
        let view = view::Fault::of(500, "Internal Server Error", detail, INSTANCE);
        let example = serde_json::to_value(view).unwrap_or_default();
        fault.content.values_mut().for_each(|content| put(content, &example));
    }
}

fn add_exchange(operation: &mut Operation, exchange: &Exchange) {
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        if let Some(value) = exchange.parameters.get(&parameter.name) {
            *parameter = ParameterBuilder::from(parameter.clone()).example(Some(value.clone())).build();
        }
    }
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        for (media, content) in &mut body.content {
            exchange.request.get(media).into_iter().for_each(|example| put(content, example));
        }
    }
    let responses = operation.responses.responses.iter_mut();
    for (_, response) in responses.filter(|(status, _)| status.starts_with('2')) {
        let RefOr::T(response) = response else { continue };
        for (media, content) in &mut response.content {
            exchange.answer.get(media).into_iter().for_each(|example| put(content, example));
        }
    }
}

fn put(content: &mut RefOr<Content>, example: &Value) {
    if let RefOr::T(content) = content {
        content.example = Some(example.clone());
    }
}

/// The codes that an operation says it may refuse with.
fn refusals(operation: &Operation) -> Vec<String> {
    let responses = operation.responses.responses.values();
    let contents = responses.filter_map(|response| match response {
        RefOr::T(response) => response.content.get(PROBLEM_JSON),
        RefOr::Ref(_) => None,
    });
    let names = contents.map(|content| match content {
        RefOr::T(content) => content.examples.keys().cloned().collect(),
        RefOr::Ref(_) => Vec::new(),
    });
    names.flatten().collect()
}

/// A refusal as it was recorded, or else as it is made of its code alone.
fn of_code(code: Code) -> Example {
    let made = || {
        let problem = view::Problem::of(&Refusals::from(code), Language::Chinese, INSTANCE);
        serde_json::to_value(problem).unwrap_or_default()
    };
    let value = RECORDED.problems.get(code.name()).cloned().unwrap_or_else(made);
    ExampleBuilder::new().summary(code.title(Language::English)).value(Some(value)).build()
}
