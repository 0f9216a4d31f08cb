//! Who calls. Asking for one of these extractors is authenticating the caller and seeing that the role may do what
//! the operation does; each handler names its extractor first, so that nothing else of the request is looked at
//! before.
//!
//! The roles that an extractor admits stand here once. They are what it checks, and what the document and
//! `docs/access.md` say of the operations that ask for it.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderName};
use actix_web::{FromRequest, HttpRequest, web};

use super::body::{self, Stated};
use super::error::ApiError;
use super::request_id::{RequestId, language_of};
use super::server::Service;
use crate::access::{AccessClaims, Role};
use crate::domain::command::{Actor, Party};
use crate::domain::dispute::DisputeParty;
use crate::domain::goods::Category;
use crate::domain::id::Id;
use crate::domain::identifier::judge_person_id;
use crate::domain::refusal::{Code, Language, Refusal};
use crate::domain::task::Sight;
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

/// The header in which an app says on which device it runs.
const DEVICE_ID: HeaderName = HeaderName::from_static("x-device-id");
/// Characters of such a name: so many at least, so that none can be guessed.
const DEVICE_CHARACTERS: std::ops::RangeInclusive<usize> = 16..=128;

/// The device of a request, as it is kept: a keyed digest of what it calls itself.
pub fn device(request: &HttpRequest, vault: &Vault) -> Option<Id> {
    let mut values = request.headers().get_all(DEVICE_ID);
    let (value, None) = (values.next()?, values.next()) else { return None };
    let text = value.to_str().ok()?.trim();
    let good = DEVICE_CHARACTERS.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    good.then(|| vault.lookup("device", text))
}

/// As [`authenticate_any`], but a token that is good for setting the account up alone is refused.
fn authenticate(request: &HttpRequest) -> Result<(Caller, AccessClaims), ApiError> {
    let (caller, claims) = authenticate_any(request)?;
    if claims.setup {
        let expected = "first change the initial password (POST /api/v1/account/password) and set up the second \
                        factor (POST /api/v1/account/totp), then refresh the session";
        return Err(Refusal::of(Code::Forbidden).found("an account that is not set up").expected(expected).into());
    }
    Ok((caller, claims))
}

/// Reads and verifies the bearer token (RFC 6750, 2.1; no other way to send one is taken): its signature and time, that
/// nothing has ended it, and that it comes from its own device.
fn authenticate_any(request: &HttpRequest) -> Result<(Caller, AccessClaims), ApiError> {
    let service = service(request)?;
    let unauthenticated = || ApiError::of(Code::Unauthenticated);
    let token = bearer(request).ok_or_else(unauthenticated)?;
    let claims = service.tokens.verify(token, service.division.now()).map_err(|fault| {
        tracing::debug!(%fault, "token refused");
        unauthenticated()
    })?;
    if service.division.is_revoked(&[claims.sid, claims.org, claims.store, claims.till], claims.iat) {
        tracing::debug!("token ended before its time");
        return Err(unauthenticated());
    }
    if claims.device.is_some() && claims.device != device(request, &service.vault) {
        tracing::debug!("token of another device");
        return Err(unauthenticated());
    }
    // Whoever has an account here is known by it; others by what their issuer calls them.
    let own = claims.sid.is_some() && claims.role != Role::Consumer;
    let account = own.then(|| claims.sub.parse().ok()).flatten();
    let id = account.unwrap_or_else(|| Id::digest(&[&claims.iss, &claims.sub]));
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

/// Who may call an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callers {
    /// Anybody, with a token or without.
    Anybody,
    /// Whoever has one of these roles.
    Roles(&'static [Role]),
}

/// An extractor that says whom it admits, and admits nobody else.
pub trait Admits: FromRequest {
    /// Whom.
    const CALLERS: Callers;
}

fn authorise(request: &HttpRequest, roles: &[Role]) -> Result<(Caller, AccessClaims), ApiError> {
    let (caller, claims) = authenticate(request)?;
    if roles.contains(&claims.role) { Ok((caller, claims)) } else { Err(ApiError::of(Code::Forbidden)) }
}

/// The organisation of a caller: staff without one can do nothing in its name.
fn organisation(claims: &AccessClaims) -> Result<Id, ApiError> {
    claims.org.ok_or_else(|| ApiError::of(Code::Forbidden))
}

/// The organisation to whose own records an organisation's staff is bound; the bureau is bound to none.
fn own_organisation(claims: &AccessClaims) -> Result<Option<Id>, ApiError> {
    let outside = [Role::Recycler, Role::Retailer, Role::Clerk].contains(&claims.role);
    if outside { organisation(claims).map(Some) } else { Ok(None) }
}

/// Makes an extractor of a type: the roles that it admits, and how it is made of a caller who has one of them.
macro_rules! admits {
    ($name:ident: $($role:ident)+, $read:expr) => {
        impl Admits for $name {
            const CALLERS: Callers = Callers::Roles(&[$(Role::$role),+]);
        }

        impl FromRequest for $name {
            type Error = ApiError;
            type Future = Ready<Result<Self, ApiError>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                let read: fn(&HttpRequest, Caller, AccessClaims) -> Result<Self, ApiError> = $read;
                let admitted = authorise(request, &[$(Role::$role),+]);
                ready(admitted.and_then(|(caller, claims)| read(request, caller, claims)))
            }
        }
    };
}

/// Makes extractors of nothing but the caller.
macro_rules! staff {
    ($($(#[$doc:meta])* $name:ident: $($role:ident)+;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(pub Caller);

        admits!($name: $($role)+, |_, caller, _| Ok(Self(caller)));
    )+};
}

staff! {
    /// An officer of the bureau.
    Officer: Officer;
    /// Who keeps the staff's accounts.
    Admin: Admin;
    /// Who pays.
    Finance: Finance;
    /// Who compares the bank's files with what was taken in.
    BankReader: Finance Auditor;
    /// Who reviews settlements first.
    Reviewer: Reviewer;
    /// Who approves settlements.
    Approver: Approver;
    /// Who may give a settlement back.
    SettlementReturner: Reviewer Approver;
    /// Who reads the trail.
    Auditor: Auditor;
    /// Who may have a checkpoint of the trail made.
    CheckpointMaker: Auditor Admin;
    /// Who reads what the bureau keeps, names included.
    BureauReader: Officer Reviewer Approver Finance Auditor;
}

/// Who reads figures without names: the bureau, and the departments of the plan, each those of its tasks.
#[derive(Clone, Debug)]
pub struct FiguresReader {
    /// The caller.
    pub caller: Caller,
    /// The goods whose figures are shown.
    pub sight: Sight,
}

admits!(FiguresReader: Officer Reviewer Approver Finance Auditor Reader, |_, caller, claims| {
    Ok(Self { caller, sight: sight(&claims)? })
});

/// Who reads how appliances grow: the bureau, and the departments that have the task.
#[derive(Clone, Debug)]
pub struct GrowthReader(pub Caller);

admits!(GrowthReader: Officer Reviewer Approver Finance Auditor Reader, |_, caller, claims| {
    let appliances = Category::ALL.iter().copied().filter(|category| category.is_appliance());
    if sight(&claims)?.sees_any(appliances) { Ok(Self(caller)) } else { Err(ApiError::of(Code::Forbidden)) }
});

/// What a reader of figures sees; a department without a task sees nothing.
fn sight(claims: &AccessClaims) -> Result<Sight, ApiError> {
    if claims.role != Role::Reader {
        return Ok(Sight::whole());
    }
    let sight = Sight::of_tasks(&claims.tasks);
    if sight.is_blind() { Err(ApiError::of(Code::Forbidden)) } else { Ok(sight) }
}

/// Who keeps accounts of staff: the administrator, an officer for those of retailers and recyclers, a retailer's manager
/// for its clerks. Which accounts these are is judged with the account.
#[derive(Clone, Debug)]
pub struct AccountKeeper(pub Caller);

admits!(AccountKeeper: Admin Officer Retailer, |_, caller, claims| {
    if claims.role == Role::Retailer {
        organisation(&claims)?;
    }
    Ok(Self(caller))
});

/// The holder of an account, set up or not.
#[derive(Clone, Debug)]
pub struct AccountHolder {
    /// The caller, whose identity is the account's.
    pub caller: Caller,
    /// The session.
    pub session: Id,
}

/// Every role but the consumer's.
const STAFF: &[Role] = &[
    Role::Recycler,
    Role::Clerk,
    Role::Retailer,
    Role::Officer,
    Role::Reviewer,
    Role::Approver,
    Role::Finance,
    Role::Auditor,
    Role::Reader,
    Role::Admin,
    Role::Assistant,
];

impl Admits for AccountHolder {
    const CALLERS: Callers = Callers::Roles(STAFF);
}

impl FromRequest for AccountHolder {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = || {
            let (caller, claims) = authenticate_any(request)?;
            let session = claims.sid.filter(|_| STAFF.contains(&claims.role));
            session.map(|session| Self { caller, session }).ok_or_else(|| ApiError::of(Code::Forbidden))
        };
        ready(read())
    }
}

/// Somebody of whom nothing is known yet: the caller of a public operation that leaves a trace.
#[derive(Clone, Debug)]
pub struct Stranger {
    /// The request, as it stands in log lines and the trail.
    pub request_id: String,
    /// In which language sentences are wanted.
    pub language: Language,
    /// The device, where it says so.
    pub device: Option<Id>,
}

impl Admits for Stranger {
    const CALLERS: Callers = Callers::Anybody;
}

impl FromRequest for Stranger {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = || {
            let device = device(request, &service(request)?.vault);
            Ok(Self { request_id: RequestId::of(request), language: language_of(request), device })
        };
        ready(read())
    }
}

/// Who may see personal data in the clear, with a reason.
#[derive(Clone, Debug)]
pub struct PersonalReader {
    /// The caller.
    pub caller: Caller,
    /// In which role.
    pub role: Role,
}

admits!(PersonalReader: Officer Auditor, |_, caller, claims| Ok(Self { caller, role: claims.role }));

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
    pub fn person(&self, vault: &Vault) -> Result<Stated, ApiError> {
        body::person(vault, &self.name, &self.number, self.today).map_err(|_| ApiError::of(Code::Forbidden))
    }

    /// The identity number in the clear, for the check value of a printed code and nothing else.
    #[must_use]
    pub fn number(&self) -> &str {
        &self.number
    }

    fn read(request: &HttpRequest, caller: Caller, claims: AccessClaims) -> Result<Self, ApiError> {
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

admits!(Consumer: Consumer, Self::read);

/// A retailer's staff: a clerk or a manager.
#[derive(Clone, Debug)]
pub struct RetailerStaff {
    /// The caller.
    pub caller: Caller,
    /// The retailer.
    pub retailer: Id,
    /// The only store at which the caller may sell, where the token is bound to one.
    pub store: Option<Id>,
}

admits!(RetailerStaff: Retailer Clerk, |_, caller, claims| {
    Ok(Self { caller, retailer: organisation(&claims)?, store: claims.store })
});

/// Who may look at a redemption: a retailer's staff at its own, the bureau at any, since it judges and pays them.
#[derive(Clone, Copy, Debug)]
pub struct RedemptionViewer {
    /// The retailer of its staff; the bureau has none.
    pub own: Option<Id>,
}

admits!(RedemptionViewer: Retailer Clerk Officer Reviewer Approver Finance Auditor, |_, _, claims| {
    Ok(Self { own: own_organisation(&claims)? })
});

/// A retailer's manager, who may also take a redemption back.
#[derive(Clone, Debug)]
pub struct RetailerManager {
    /// The caller.
    pub caller: Caller,
    /// The retailer.
    pub retailer: Id,
}

admits!(RetailerManager: Retailer, |_, caller, claims| Ok(Self { caller, retailer: organisation(&claims)? }));

/// Who may propose another bank account of a retailer: its manager, and an officer for any.
#[derive(Clone, Debug)]
pub struct AccountProposer {
    /// The caller.
    pub caller: Caller,
    /// The manager's retailer; an officer has none.
    pub own: Option<Id>,
}

admits!(AccountProposer: Retailer Officer, |_, caller, claims| Ok(Self { caller, own: own_organisation(&claims)? }));

/// Who may see the bank accounts that were proposed: a manager her retailer's, the bureau all.
#[derive(Clone, Debug)]
pub struct AccountReader {
    /// The caller.
    pub caller: Caller,
    /// The manager's retailer; the bureau has none.
    pub own: Option<Id>,
}

admits!(AccountReader: Retailer Officer Reviewer Approver Finance Auditor, |_, caller, claims| {
    Ok(Self { caller, own: own_organisation(&claims)? })
});

/// Who may submit a retailer's settlement: its manager, and an officer for any.
#[derive(Clone, Debug)]
pub struct SettlementSubmitter {
    /// The caller.
    pub caller: Caller,
    /// The manager's retailer; an officer has none.
    pub own: Option<Id>,
}

admits!(SettlementSubmitter: Retailer Officer, |_, caller, claims| Ok(Self { caller, own: own_organisation(&claims)? }));

/// Who may see settlements: a manager her retailer's, the bureau all.
#[derive(Clone, Debug)]
pub struct SettlementReader {
    /// The caller.
    pub caller: Caller,
    /// The manager's retailer; the bureau has none.
    pub own: Option<Id>,
}

admits!(SettlementReader: Retailer Officer Reviewer Approver Finance Auditor, |_, caller, claims| {
    Ok(Self { caller, own: own_organisation(&claims)? })
});

/// Who may object to something: a consumer, and a retailer's manager.
#[derive(Clone, Debug)]
pub struct Disputant {
    /// The caller.
    pub caller: Caller,
    /// Which of the two.
    pub party: DisputeParty,
    /// The person or the retailer.
    pub opener: Id,
}

admits!(Disputant: Consumer Retailer, |request, caller, claims| match claims.role {
    Role::Consumer => {
        let Consumer { caller, id, .. } = Consumer::read(request, caller, claims)?;
        Ok(Self { caller, party: DisputeParty::Consumer, opener: id })
    }
    _ => Ok(Self { caller, party: DisputeParty::Retailer, opener: organisation(&claims)? }),
});

/// Who may answer an objection: a retailer's manager those of consumers against it, an officer any.
#[derive(Clone, Debug)]
pub struct DisputeAnswerer {
    /// The caller.
    pub caller: Caller,
    /// The manager's retailer; an officer has none.
    pub own: Option<Id>,
}

admits!(DisputeAnswerer: Retailer Officer, |_, caller, claims| Ok(Self { caller, own: own_organisation(&claims)? }));

/// Who may see disputes: a consumer her own, a manager those about her retailer's redemptions, the bureau all.
#[derive(Clone, Debug)]
pub struct DisputeReader {
    /// The caller.
    pub caller: Caller,
    /// Whose objections, of a consumer.
    pub opener: Option<Id>,
    /// About whose redemptions, of a manager.
    pub retailer: Option<Id>,
}

admits!(DisputeReader: Consumer Retailer Officer Reviewer Approver Finance Auditor, |request, caller, claims| {
    if claims.role == Role::Consumer {
        let Consumer { caller, id, .. } = Consumer::read(request, caller, claims)?;
        return Ok(Self { caller, opener: Some(id), retailer: None });
    }
    Ok(Self { caller, opener: None, retailer: own_organisation(&claims)? })
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

admits!(RecyclerStaff: Recycler Retailer Clerk, |_, caller, claims| {
    let recorder_is = if claims.role == Role::Recycler { Party::Recycler } else { Party::Retailer };
    Ok(Self { caller, recorder: organisation(&claims)?, recorder_is })
});

/// Who may look at a turn-in: who recorded it, the owner, and the bureau.
#[derive(Clone, Debug)]
pub enum TurnInReader {
    /// Staff of the recorder.
    Recorder(Id),
    /// The owner.
    Owner(Id),
    /// The bureau.
    Bureau,
}

admits!(TurnInReader: Recycler Retailer Clerk Consumer Officer Reviewer Approver Finance Auditor,
    |request, caller, claims| match claims.role {
        Role::Consumer => Consumer::read(request, caller, claims).map(|consumer| Self::Owner(consumer.id)),
        Role::Recycler | Role::Retailer | Role::Clerk => organisation(&claims).map(Self::Recorder),
        _ => Ok(Self::Bureau),
    }
);

/// Who may see evidence files: organisations those about their own records, the bureau all.
#[derive(Clone, Debug)]
pub struct EvidenceReader {
    /// The caller.
    pub caller: Caller,
    /// In which role.
    pub role: Role,
    /// Whose records; all where it is not said.
    pub own: Option<Id>,
    /// What ends the caller's token before it expires: the same as every request is held against.
    pub ends: [Option<Id>; 4],
}

admits!(EvidenceReader: Recycler Retailer Clerk Officer Reviewer Approver Finance Auditor, |_, caller, claims| {
    let own = own_organisation(&claims)?;
    Ok(Self { caller, role: claims.role, own, ends: [claims.sid, claims.org, claims.store, claims.till] })
});

/// Staff of a recycler.
#[derive(Clone, Debug)]
pub struct YardStaff {
    /// The caller.
    pub caller: Caller,
    /// The recycler.
    pub recycler: Id,
}

admits!(YardStaff: Recycler, |_, caller, claims| Ok(Self { caller, recycler: organisation(&claims)? }));

/// Who may see what became of an old item: its owner, the organisations that have to do with it, and the bureau.
#[derive(Clone, Debug)]
pub enum EndReader {
    /// The owner.
    Owner(Id),
    /// An organisation.
    Organisation(Id),
    /// The bureau.
    Bureau,
}

admits!(EndReader: Consumer Recycler Retailer Clerk Officer Reviewer Approver Finance Auditor,
|request, caller, claims| match claims.role {
    Role::Consumer => Consumer::read(request, caller, claims).map(|consumer| Self::Owner(consumer.id)),
    Role::Recycler | Role::Retailer | Role::Clerk => organisation(&claims).map(Self::Organisation),
    _ => Ok(Self::Bureau),
});

/// Who has to do with pick-ups at home.
#[derive(Clone, Debug)]
pub enum PickupCaller {
    /// Who asks for them.
    Consumer(Box<Consumer>),
    /// Who comes.
    Recycler(YardStaff),
    /// Who looks whether anybody does.
    Bureau(Caller),
}

impl PickupCaller {
    /// The caller.
    #[must_use]
    pub const fn caller(&self) -> &Caller {
        match self {
            Self::Consumer(consumer) => &consumer.caller,
            Self::Recycler(staff) => &staff.caller,
            Self::Bureau(caller) => caller,
        }
    }
}

admits!(PickupCaller: Consumer Recycler Officer, |request, caller, claims| match claims.role {
    Role::Consumer => Consumer::read(request, caller, claims).map(|consumer| Self::Consumer(Box::new(consumer))),
    Role::Recycler => organisation(&claims).map(|recycler| Self::Recycler(YardStaff { caller, recycler })),
    _ => Ok(Self::Bureau(caller)),
});

/// Who calls a pick-up off: who asked for it, or who was to come.
#[derive(Clone, Debug)]
pub struct PickupParty {
    /// The caller.
    pub caller: Caller,
    /// The person who asked.
    pub person: Option<Id>,
    /// The collection point.
    pub recycler: Option<Id>,
}

admits!(PickupParty: Consumer Recycler, |request, caller, claims| match claims.role {
    Role::Consumer => Consumer::read(request, caller, claims)
        .map(|consumer| Self { caller: consumer.caller, person: Some(consumer.id), recycler: None }),
    _ => Ok(Self { recycler: Some(organisation(&claims)?), caller, person: None }),
});

/// Who helps people at a service point.
#[derive(Clone, Debug)]
pub struct Assistant {
    /// The caller.
    pub caller: Caller,
    /// The service point.
    pub service_point: Id,
}

admits!(Assistant: Assistant, |_, caller, claims| Ok(Self { caller, service_point: organisation(&claims)? }));

/// Who may take a list of redemptions along: a retailer's manager its own, the bureau all.
#[derive(Clone, Debug)]
pub struct RedemptionsReader {
    /// The caller.
    pub caller: Caller,
    /// Whose redemptions; all where it is not said.
    pub of: Option<Id>,
}

admits!(RedemptionsReader: Retailer Officer Reviewer Approver Finance Auditor, |_, caller, claims| {
    Ok(Self { caller, of: own_organisation(&claims)? })
});

staff! {
    /// Who looks products up: the bureau, and retailers' staff at the till.
    ProductReader: Clerk Retailer Officer Reviewer Approver Finance Auditor;
}

/// Anybody: the first argument of an operation that everybody may call. No token is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anybody;

impl Admits for Anybody {
    const CALLERS: Callers = Callers::Anybody;
}

impl FromRequest for Anybody {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(_: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self))
    }
}

/// Whether anybody who asks happens to be an officer; a public operation shows an officer its drafts too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerhapsOfficer(pub bool);

impl Admits for PerhapsOfficer {
    const CALLERS: Callers = Callers::Anybody;
}

impl FromRequest for PerhapsOfficer {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(bearer(request).is_some() && authorise(request, &[Role::Officer]).is_ok())))
    }
}
