//! Where an operation is found, and who may call it: a handler is routed only if its first argument says so.
//!
//! The roles of an operation stand in one place, with the extractor of its caller in `auth`. From there they are
//! enforced, and from there they come into the document (`x-roles`) and onto the page of `docs/access.md`.

use actix_web::dev::HttpServiceFactory;
use actix_web::{FromRequest, Handler, Resource, Responder, Route, web};
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::{Operation, PathItem};

use super::answer::BASE;
use super::auth::{Admits, Callers};

/// The document itself, which does not describe itself. This list may only shrink.
pub const NOT_IN_THE_DOCUMENT: &[&str] = &["/api/openapi.json"];

/// The arguments of a handler of which the first says who may call. Nothing else can be routed:
///
/// ```compile_fail
/// use actix_web::HttpResponse;
/// use huanxin::api::query::PathId;
/// use huanxin::api::route::at;
///
/// async fn open(PathId(_): PathId) -> HttpResponse {
///     HttpResponse::Ok().finish()
/// }
/// at("/back-door/{id}").get(open);
/// ```
///
/// With a caller before it, the same is a route:
///
/// ```
/// use actix_web::HttpResponse;
/// use huanxin::api::auth::Officer;
/// use huanxin::api::query::PathId;
/// use huanxin::api::route::at;
///
/// async fn guarded(_: Officer, PathId(_): PathId) -> HttpResponse {
///     HttpResponse::Ok().finish()
/// }
/// at("/front-door/{id}").get(guarded);
/// ```
#[diagnostic::on_unimplemented(
    message = "this handler does not say who may call it",
    note = "its first argument must be an extractor of `api::auth`: a caller, or `Anybody`"
)]
pub trait CallerFirst {
    /// Who may call.
    const CALLERS: Callers;
}

macro_rules! arguments {
    ($($($rest:ident)*;)+) => {$(
        impl<C: Admits, $($rest),*> CallerFirst for (C, $($rest,)*) {
            const CALLERS: Callers = C::CALLERS;
        }
    )+};
}

arguments! {
    ;
    A1;
    A1 A2;
    A1 A2 A3;
    A1 A2 A3 A4;
    A1 A2 A3 A4 A5;
    A1 A2 A3 A4 A5 A6;
    A1 A2 A3 A4 A5 A6 A7;
}

/// Who may take a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The method.
    pub method: &'static str,
    /// The whole path, with `{id}` where an identity stands.
    pub path: String,
    /// Who may call.
    pub callers: Callers,
}

/// A path with what can be asked there.
pub struct Place {
    path: String,
    resource: Resource,
    rules: Vec<Rule>,
}

/// A path below [`BASE`].
#[must_use]
pub fn at(path: &str) -> Place {
    let whole = format!("{BASE}{path}");
    Place { path: whole, resource: web::resource(path), rules: Vec::new() }
}

/// A path beside [`BASE`], for machines.
#[must_use]
pub fn beside(path: &str) -> Place {
    Place { path: path.to_owned(), resource: web::resource(path), rules: Vec::new() }
}

impl Place {
    /// What GET does.
    #[must_use]
    pub fn get<F, A>(self, handler: F) -> Self
    where
        F: Handler<A>,
        A: FromRequest + CallerFirst + 'static,
        F::Output: Responder + 'static,
    {
        self.routed("GET", web::get(), handler)
    }

    /// What POST does.
    #[must_use]
    pub fn post<F, A>(self, handler: F) -> Self
    where
        F: Handler<A>,
        A: FromRequest + CallerFirst + 'static,
        F::Output: Responder + 'static,
    {
        self.routed("POST", web::post(), handler)
    }

    /// What PUT does.
    #[must_use]
    pub fn put<F, A>(self, handler: F) -> Self
    where
        F: Handler<A>,
        A: FromRequest + CallerFirst + 'static,
        F::Output: Responder + 'static,
    {
        self.routed("PUT", web::put(), handler)
    }

    fn routed<F, A>(mut self, method: &'static str, route: Route, handler: F) -> Self
    where
        F: Handler<A>,
        A: FromRequest + CallerFirst + 'static,
        F::Output: Responder + 'static,
    {
        self.rules.push(Rule { method, path: self.path.clone(), callers: A::CALLERS });
        Self { resource: self.resource.route(route.to(handler)), ..self }
    }

    /// The rules alone.
    #[must_use]
    pub fn into_rules(self) -> Vec<Rule> {
        self.rules
    }

    /// What the framework is given.
    #[must_use]
    pub fn into_resource(self) -> impl HttpServiceFactory + 'static {
        self.resource
    }
}

/// The operations of a path with their methods.
#[must_use]
pub fn methods(item: &PathItem) -> Vec<(&'static str, &Operation)> {
    let PathItem { get, put, post, delete, options, head, patch, trace, .. } = item;
    let all = [
        ("GET", get),
        ("PUT", put),
        ("POST", post),
        ("DELETE", delete),
        ("OPTIONS", options),
        ("HEAD", head),
        ("PATCH", patch),
        ("TRACE", trace),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_ref()?))).collect()
}

/// What does not fit between the routes and the document, a sentence for each: an operation without a route has no
/// rule, a route without an operation is a rule of nothing.
#[must_use]
pub fn misfits(rules: &[Rule], document: &OpenApi) -> Vec<String> {
    let mut faults = Vec::new();
    let mut described = Vec::new();
    for (path, item) in &document.paths.paths {
        for (method, operation) in methods(item) {
            described.push((method, path.as_str()));
            if !rules.iter().any(|rule| rule.method == method && rule.path == *path) {
                let id = operation.operation_id.as_deref().unwrap_or("an operation without a name");
                faults.push(format!(
                    "{id} ({method} {path}) stands in the document and has no rule: route it in src/api/server.rs"
                ));
            }
        }
    }
    for (at, rule) in rules.iter().enumerate() {
        let Rule { method, path, .. } = rule;
        if !described.contains(&(method, path)) && !NOT_IN_THE_DOCUMENT.contains(&path.as_str()) {
            faults.push(format!(
                "{method} {path} is routed and not in the document: name its handler in src/api/openapi.rs"
            ));
        }
        if rules[..at].iter().any(|other| other.method == *method && other.path == *path) {
            faults.push(format!("{method} {path} is routed twice"));
        }
    }
    faults
}
