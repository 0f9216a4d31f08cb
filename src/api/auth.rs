//! Who calls. Asking for one of these extractors is authenticating the caller and seeing that the role may do what
//! the operation does; each handler names its extractor first, so that nothing else of the request is looked at
//! before.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};

use super::body;
use super::error::ApiError;
use super::request_id::{RequestId, language_of};
use super::server::Service;
use crate::access::{AccessClaims, Role};
use crate::domain::command::{Actor, Party};
use crate::domain::id::Id;
use crate::domain::identifier::judge_person_id;
use crate::domain::records::Person;
use crate::domain::refusal::{Code, Language};
use crate::domain::time::Day;
use crate::pii::{PERSON_ID, Vault};

/// A caller whose role was found to fit.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who, as commands and the trail name it.
    pub actor: Actor,
    /// The request, as it stands in log lines and the trail.
    pub request_id: String,
    /// In which language sentences are wanted.
    pub language: Language,
}

/// The service of a request.
///
/// # Errors
/// Only when the application was put together without one.
pub fn service(request: &HttpRequest) -> Result<&web::Data<Service>, ApiError> {
    request.app_data::<web::Data<Service>>().ok_or_else(|| ApiError::Internal("no service".to_owned()))
}

/// Reads and verifies the bearer token (RFC 6750, 2.1; no other way to send one is taken).
fn authenticate(request: &HttpRequest) -> Result<(Caller, AccessClaims), ApiError> {
    let service = service(request)?;
    let unauthenticated = || ApiError::of(Code::Unauthenticated);
    let token = bearer(request).ok_or_else(unauthenticated)?;
    let claims = service.tokens.verify(token, service.division.now()).map_err(|fault| {
        tracing::debug!(%fault, "token refused");
        unauthenticated()
    })?;
    let id = Id::digest(&[&claims.iss, &claims.sub]);
    let actor = Actor { id, role: claims.role.name().to_owned(), organisation: claims.org };
    let caller = Caller { actor, request_id: RequestId::of(request), language: language_of(request) };
    Ok((caller, claims))
}

fn bearer(request: &HttpRequest) -> Option<&str> {
    let mut values = request.headers().get_all(header::AUTHORIZATION);
    let (value, None) = (values.next()?, values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim_start_matches(' ')).filter(|token| !token.is_empty())
}

fn authorise(request: &HttpRequest, roles: &[Role]) -> Result<(Caller, AccessClaims), ApiError> {
    let (caller, claims) = authenticate(request)?;
    if roles.contains(&claims.role) { Ok((caller, claims)) } else { Err(ApiError::of(Code::Forbidden)) }
}

/// A caller of an organisation: staff without one can do nothing in its name.
fn of_organisation(request: &HttpRequest, roles: &[Role]) -> Result<(Caller, Id, Role), ApiError> {
    let (caller, claims) = authorise(request, roles)?;
    let organisation = claims.org.ok_or_else(|| ApiError::of(Code::Forbidden))?;
    Ok((caller, organisation, claims.role))
}

macro_rules! extract {
    ($name:ident, $read:expr) => {
        impl FromRequest for $name {
            type Error = ApiError;
            type Future = Ready<Result<Self, ApiError>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                let read: fn(&HttpRequest) -> Result<Self, ApiError> = $read;
                ready(read(request))
            }
        }
    };
}

macro_rules! staff {
    ($($(#[$doc:meta])* $name:ident of $($role:ident)+;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(pub Caller);

        extract!($name, |request| authorise(request, &[$(Role::$role),+]).map(|(caller, _)| Self(caller)));
    )+};
}

staff! {
    /// An officer of the bureau.
    Officer of Officer;
    /// Who keeps the staff's accounts.
    Admin of Admin;
    /// Who pays.
    Finance of Finance;
    /// Who reads the trail.
    Auditor of Auditor;
    /// Who may have a checkpoint of the trail made.
    CheckpointMaker of Auditor Admin;
    /// Who reads what the bureau keeps, names included.
    BureauReader of Officer Reviewer Approver Finance Auditor;
    /// Who reads figures without names: the bureau and the other departments of the plan.
    FiguresReader of Officer Reviewer Approver Finance Auditor Reader;
}

/// A consumer, known by name and identity number from the identity provider.
#[derive(Clone, Debug)]
pub struct Consumer {
    /// The caller.
    pub caller: Caller,
    /// Who it is to the records.
    pub id: Id,
    number: String,
    name: String,
    today: Day,
}

impl Consumer {
    /// The person, sealed for the records.
    ///
    /// # Errors
    /// `FORBIDDEN` when the identity provider gave a name that is none.
    pub fn person(&self, vault: &Vault) -> Result<Person, ApiError> {
        body::person(vault, &self.name, &self.number, self.today).map_err(|_| ApiError::of(Code::Forbidden))
    }

    /// The identity number in the clear, for the check value of a printed code and nothing else.
    #[must_use]
    pub fn number(&self) -> &str {
        &self.number
    }

    fn read(request: &HttpRequest) -> Result<Self, ApiError> {
        let (caller, claims) = authorise(request, &[Role::Consumer])?;
        let service = service(request)?;
        let forbidden = || ApiError::of(Code::Forbidden);
        let (name, number) = claims.name.zip(claims.resident_id).ok_or_else(forbidden)?;
        let today = service.division.now().day();
        let judged = judge_person_id(&number, today.0);
        if !judged.is_taken() {
            return Err(forbidden());
        }
        let id = service.vault.lookup(PERSON_ID, &judged.canonical);
        Ok(Self { caller, id, number: judged.canonical, name, today })
    }
}

extract!(Consumer, Self::read);

/// A retailer's staff: a clerk or a manager.
#[derive(Clone, Debug)]
pub struct RetailerStaff {
    /// The caller.
    pub caller: Caller,
    /// The retailer.
    pub retailer: Id,
}

extract!(RetailerStaff, |request| {
    let (caller, retailer, _) = of_organisation(request, &[Role::Retailer, Role::Clerk])?;
    Ok(Self { caller, retailer })
});

/// A retailer's manager, who may also take a redemption back.
#[derive(Clone, Debug)]
pub struct RetailerManager {
    /// The caller.
    pub caller: Caller,
    /// The retailer.
    pub retailer: Id,
}

extract!(RetailerManager, |request| {
    let (caller, retailer, _) = of_organisation(request, &[Role::Retailer])?;
    Ok(Self { caller, retailer })
});

/// Who takes old items in: a recycler's staff, or a retailer's that takes the old item along.
#[derive(Clone, Debug)]
pub struct RecyclerStaff {
    /// The caller.
    pub caller: Caller,
    /// The recycler or retailer.
    pub recorder: Id,
    /// Which of the two.
    pub recorder_is: Party,
}

extract!(RecyclerStaff, |request| {
    let (caller, recorder, role) = of_organisation(request, &[Role::Recycler, Role::Retailer, Role::Clerk])?;
    let recorder_is = if role == Role::Recycler { Party::Recycler } else { Party::Retailer };
    Ok(Self { caller, recorder, recorder_is })
});

/// Who may look at a turn-in: who recorded it, and the owner.
#[derive(Clone, Debug)]
pub enum TurnInReader {
    /// Staff of the recorder.
    Recorder(Id),
    /// The owner.
    Owner(Id),
}

extract!(TurnInReader, |request| {
    let roles = [Role::Recycler, Role::Retailer, Role::Clerk, Role::Consumer];
    match authorise(request, &roles)?.1.role {
        Role::Consumer => Consumer::read(request).map(|consumer| Self::Owner(consumer.id)),
        _ => of_organisation(request, &roles).map(|(_, recorder, _)| Self::Recorder(recorder)),
    }
});

/// Whether anybody who asks happens to be an officer; a public operation shows an officer its drafts too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerhapsOfficer(pub bool);

extract!(PerhapsOfficer, |request| Ok(Self(bearer(request).is_some() && authorise(request, &[Role::Officer]).is_ok())));
