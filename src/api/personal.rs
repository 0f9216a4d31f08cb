//! Personal data in the clear, for those who must see it and for the person whose it is; and its erasure. Whatever is shown
//! stands in the trail first.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde_json::json;

use super::answer::{changed, unexpected};
use super::auth::{Caller, Consumer, Officer, PersonalReader};
use super::body::{DisclosureBody, ErasePersonBody, ReasonBody};
use super::entity::JsonBody;
use super::error::ApiError;
use super::idempotency::{IdempotencyKey, Meaning};
use super::masks::Shown;
use super::query::{Asked, Nothing};
use super::server::Service;
use super::view::{
    AccountView, AssistedClaimView, AttemptView, DisclosureView, ErasureView, EvidenceFileView, ExportView, PersonView,
    QuotaView, RedemptionView, TurnInView, VoucherView, moment,
};
use crate::access::Role;
use crate::domain::adjustment::Adjustment;
use crate::domain::command::{Act, ErasePerson, Outcome};
use crate::domain::evidence_file::EvidenceFile;
use crate::domain::id::Id;
use crate::domain::personal::{DataKey, Disclosed, ERASED, Personal};
use crate::domain::records::{AssistedClaim, Delivery, Person, QuotaUse, Redemption, Retailer, TurnIn, Voucher};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::settlement::Progress;
use crate::pii::{MOBILE, NAME, Opener, PERSON_ID, TEXT, VaultError};
use crate::store::{Attempt, Page, StoreError, Tx};

/// More vouchers or turn-ins than any person can have.
const ALL: Page = Page { after: None, limit: 10_000 };
/// Refused requests that an export shows.
const REFUSED: i64 = 1_000;

/// Show personal data of one record in the clear, with a reason, and put that into the trail
///
/// The subject is a voucher, a redemption, a turn-in or a retailer. Of a person whose data is restricted only an auditor
/// sees it; what was erased nobody.
#[utoipa::path(post, path = "/api/v1/personal-data/disclosures", operation_id = "revealPersonalData", tag = "audit",
    request_body = DisclosureBody,
    responses((status = 200, description = "The personal data in the clear", body = DisclosureView)))]
pub async fn reveal_personal_data(
    reader: PersonalReader,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let (subject, id, reason) = body.read::<DisclosureBody>()?.read()?;
    let found = service.division.read(move |tx| Found::read(tx, subject, id)).await?.ok_or_else(ApiError::not_found)?;
    let restricted = found.person.as_ref().filter(|person| person.restricted_at.is_some());
    if let Some(person) = restricted.filter(|_| reader.role != Role::Auditor) {
        return Err(Refusal::of(Code::WrongState).found(&person.name.masked).into());
    }
    let mut view = found.open(&service, subject, id)?;
    let meaning = Meaning::of("revealPersonalData").body(body.value());
    let shown = json!({"subject": subject, "person": found.person.as_ref().map(|person| person.id)});
    let act = Act::RecordDisclosure {
        operation: "revealPersonalData".to_owned(),
        subject: id.to_string(),
        reason: Some(reason),
        detail: shown,
    };
    let answer = service.act(&reader.caller, &key, &meaning, act).await?;
    let Outcome::Disclosed { id } = answer.outcome else { return Err(unexpected()) };
    view.disclosure_id = id.to_string();
    Ok(not_to_be_kept(changed(&answer, &view)))
}

/// A record with what is needed to open its personal data.
#[derive(Default)]
struct Found {
    person: Option<Person>,
    keys: Vec<DataKey>,
    delivery: Option<Delivery>,
    retailer: Option<Retailer>,
}

impl Found {
    fn read(tx: &mut Tx<'_>, subject: Disclosed, id: Id) -> Result<Option<Self>, StoreError> {
        let mut found = Self::default();
        let person = match subject {
            Disclosed::Voucher => tx.voucher(id)?.map(|row| row.person),
            Disclosed::TurnIn => tx.turn_in(id)?.map(|row| row.person),
            Disclosed::Redemption => tx.redemption(id)?.map(|(fact, _)| {
                found.delivery = Some(fact.delivery);
                fact.person
            }),
            Disclosed::Retailer => {
                found.retailer = tx.retailer(id)?;
                return Ok(found.retailer.is_some().then_some(found));
            }
        };
        let Some(person) = person else { return Ok(None) };
        found.person = tx.person(person)?;
        found.keys = tx.data_keys(&[person])?;
        Ok(Some(found))
    }

    fn open(&self, service: &Service, subject: Disclosed, id: Id) -> Result<DisclosureView, ApiError> {
        let opener = service.vault.opener(&self.keys);
        let clear = |kind, personal: Option<&Personal>| personal.map(|text| opened(&opener, kind, text)).transpose();
        let delivery = self.delivery.clone().unwrap_or_default();
        let of_retailer = |personal: &Personal| service.vault.open(&personal.sealed);
        let account = |retailer: &Retailer| {
            let account = &retailer.account;
            let number = of_retailer(&account.number)?;
            Ok::<_, VaultError>(AccountView { bank: account.bank.clone(), number, name: account.name.clone() })
        };
        let retailer = self.retailer.as_ref();
        Ok(DisclosureView {
            disclosure_id: String::new(),
            subject,
            id: id.to_string(),
            person: self.person.as_ref().map(|person| named(&opener, person)).transpose()?,
            delivery_address: clear(TEXT, delivery.address.as_ref())?,
            delivery_phone: clear(MOBILE, delivery.phone.as_ref())?,
            contact: retailer.and_then(|retailer| retailer.contact.as_ref()).map(of_retailer).transpose()?,
            account: retailer.map(account).transpose()?,
        })
    }
}

fn named(opener: &Opener<'_>, person: &Person) -> Result<PersonView, ApiError> {
    Ok(PersonView {
        name: opened(opener, NAME, &person.name)?,
        resident_id: opened(opener, PERSON_ID, &person.number)?,
    })
}

/// What was erased is a state of the record, not a fault.
fn opened(opener: &Opener<'_>, kind: &str, personal: &Personal) -> Result<String, ApiError> {
    opener.open(kind, personal).map_err(|why| match why {
        VaultError::Erased => Refusal::of(Code::WrongState).found(ERASED).into(),
        other => other.into(),
    })
}

fn not_to_be_kept(mut response: HttpResponse) -> HttpResponse {
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}

/// Everything that is kept about the caller, in the clear (PIPL 45)
///
/// That it was asked for is put into the trail. The trail itself names persons by a keyed digest alone and is not part
/// of it.
#[utoipa::path(get, path = "/api/v1/me/personal-data", operation_id = "exportMyData", tag = "consumer",
    responses((status = 200, description = "Everything that is kept", body = ExportView)))]
pub async fn export_my_data(
    consumer: Consumer,
    _: Asked<Nothing>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let (person, actor) = (consumer.id, consumer.caller.actor.id);
    let kept = service.division.read(move |tx| Kept::read(tx, person, actor)).await?;
    let view = kept.view(&service);
    let shown = json!({"vouchers": view.vouchers.len(), "assisted_claims": view.assisted_claims.len(),
        "turn_ins": view.turn_ins.len(), "redemptions": view.redemptions.len()});
    service.disclose(&consumer.caller, "exportMyData", &person.to_string(), None, shown).await?;
    Ok(not_to_be_kept(HttpResponse::Ok().json(view)))
}

/// Everything that is kept about a person.
struct Kept {
    person: Option<Person>,
    keys: Vec<DataKey>,
    vouchers: Vec<Voucher>,
    assisted_claims: Vec<AssistedClaim>,
    turn_ins: Vec<TurnIn>,
    redemptions: Vec<(Redemption, Progress)>,
    adjustments: Vec<Adjustment>,
    quotas: Vec<QuotaUse>,
    refused: Vec<Attempt>,
    evidence: Vec<EvidenceFile>,
}

impl Kept {
    fn read(tx: &mut Tx<'_>, person: Id, actor: Id) -> Result<Self, StoreError> {
        let vouchers = tx.vouchers_of(person, ALL)?;
        let all: Vec<Id> = vouchers.iter().map(|voucher| voucher.id).collect();
        let ids: Vec<Id> = vouchers.iter().filter_map(|voucher| voucher.redemption).collect();
        // What others were refused about the person: a till with her voucher, a collection point with her old item.
        let about: Vec<Id> = all.iter().copied().chain([person]).collect();
        let mut redemptions = Vec::new();
        for id in &ids {
            redemptions.extend(tx.redemption(*id)?);
        }
        Ok(Self {
            person: tx.person(person)?,
            keys: tx.data_keys(&[person])?,
            assisted_claims: tx.assisted_claims(&all)?,
            turn_ins: tx.turn_ins(None, Some(person), ALL)?,
            adjustments: tx.adjustments_of(&ids)?,
            quotas: tx.quotas_of(person)?,
            refused: tx.attempts_of(actor, &about, REFUSED)?,
            evidence: tx.evidence_of_person(person, ALL)?,
            vouchers,
            redemptions,
        })
    }

    fn view(&self, service: &Service) -> ExportView {
        let (now, opener) = (service.division.now(), service.vault.opener(&self.keys));
        // What cannot be opened is told as what it is, beside everything else that can.
        let clear = |kind, personal: &Personal| opener.open(kind, personal).unwrap_or_else(|_| ERASED.to_owned());
        let person = self.person.as_ref().filter(|person| person.erased_at.is_none());
        let redemption = |(fact, progress): &(Redemption, Progress)| {
            let shown = Shown {
                buyer: clear(NAME, &fact.invoice.buyer),
                address: fact.delivery.address.as_ref().map(|address| clear(TEXT, address)),
                phone: fact.delivery.phone.as_ref().map(|phone| clear(MOBILE, phone)),
            };
            RedemptionView::of(fact, progress, &self.adjustments, shown)
        };
        let assisted =
            |claim: &AssistedClaim| AssistedClaimView::of(claim, claim.note.as_ref().map(|note| clear(TEXT, note)));
        let quota = |quota: &QuotaUse| QuotaView {
            scope: quota.scope.clone(),
            year: Some(quota.period).filter(|year| *year != 0),
            live: quota.live.len(),
            issued: quota.issued,
        };
        ExportView {
            as_known_at: moment(now),
            person: person.map(|person| PersonView {
                name: clear(NAME, &person.name),
                resident_id: clear(PERSON_ID, &person.number),
            }),
            restricted_at: self.person.as_ref().and_then(|person| person.restricted_at).map(moment),
            erased_at: self.person.as_ref().and_then(|person| person.erased_at).map(moment),
            vouchers: self.vouchers.iter().map(|voucher| VoucherView::of(voucher, now)).collect(),
            assisted_claims: self.assisted_claims.iter().map(assisted).collect(),
            turn_ins: self.turn_ins.iter().map(TurnInView::from).collect(),
            redemptions: self.redemptions.iter().map(redemption).collect(),
            quotas: self.quotas.iter().map(quota).collect(),
            refused: self.refused.iter().map(AttemptView::from).collect(),
            evidence: self.evidence.iter().map(EvidenceFileView::own).collect(),
        }
    }
}

/// Destroy what is known of the caller (PIPL 47)
///
/// Refused while a voucher is live: give it back or use it first. Where the papers of a redemption must still be kept, the
/// data is taken out of use until then (`restricted`) and destroyed afterwards. What counts once still does: an old item,
/// a limit per person. Who claims again is known again.
#[utoipa::path(post, path = "/api/v1/me/erasure", operation_id = "eraseMyData", tag = "consumer",
    request_body = ReasonBody,
    responses((status = 200, description = "What became of it", body = ErasureView)))]
pub async fn erase_my_data(
    consumer: Consumer,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reason = body.read::<ReasonBody>()?.into_reason()?;
    let meaning = Meaning::of("eraseMyData").body(body.value());
    erase(&service, &consumer.caller, &key, &meaning, consumer.id, reason).await
}

/// Destroy what is known of a person who has asked for it on paper (PIPL 47)
///
/// As `eraseMyData`, by the person's identity number.
#[utoipa::path(post, path = "/api/v1/personal-data/erasures", operation_id = "erasePerson", tag = "bureau",
    request_body = ErasePersonBody,
    responses((status = 200, description = "What became of it", body = ErasureView)))]
pub async fn erase_person(
    Officer(caller): Officer,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let today = service.division.now().day();
    let (person, reason) = body.read::<ErasePersonBody>()?.read(&service.vault, today)?;
    let meaning = Meaning::of("erasePerson").body(body.value());
    erase(&service, &caller, &key, &meaning, person, reason).await
}

async fn erase(
    service: &Service,
    caller: &Caller,
    key: &IdempotencyKey,
    meaning: &Meaning,
    person: Id,
    reason: String,
) -> Result<HttpResponse, ApiError> {
    let keeps_since = service.retention.persons_since(service.division.now());
    let act = Act::ErasePerson(ErasePerson { person, keeps_since, or_restrict: true, reason });
    let answer = service.act(caller, key, meaning, act).await?;
    let Outcome::Erased { what, kept_for, .. } = &answer.outcome else { return Err(unexpected()) };
    let kept_until = kept_for.map(|redeemed| service.retention.kept_until(redeemed).day());
    Ok(changed(&answer, &ErasureView::of(*what, kept_until)))
}
