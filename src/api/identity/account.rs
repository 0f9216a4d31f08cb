//! What the holder of an account does with it.

use actix_web::{HttpResponse, web};

use super::session::{step_of, wait};
use crate::api::answer::{changed, unexpected};
use crate::api::auth::AccountHolder;
use crate::api::body::{ChangePasswordBody, CodeBody, PasswordBody, will_do};
use crate::api::entity::JsonBody;
use crate::api::error::ApiError;
use crate::api::idempotency::{IdempotencyKey, Meaning};
use crate::api::query::{Asked, Nothing};
use crate::api::server::Service;
use crate::api::view::{StaffView, TotpView};
use crate::domain::account::{Account, Hidden};
use crate::domain::command::{Act, ChangePassword, Outcome, PasswordProof};
use crate::domain::refusal::{Code, Refusal};
use crate::engine::Answer;
use crate::qr;
use crate::totp::SecondFactor;

/// The caller's own account
#[utoipa::path(get, path = "/api/v1/account", operation_id = "getAccount", tag = "identity",
    responses((status = 200, description = "The account", body = StaffView)))]
pub async fn get_account(
    holder: AccountHolder,
    _: Asked<Nothing>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let account = own(&service, &holder).await?;
    Ok(HttpResponse::Ok().json(StaffView::from(&account.staff())))
}

/// Change the own password
///
/// Every other session of the account ends. A wrong present password counts like a failed sign-in.
#[utoipa::path(post, path = "/api/v1/account/password", operation_id = "changePassword", tag = "identity",
    request_body = ChangePasswordBody,
    responses((status = 200, description = "The account", body = StaffView)))]
pub async fn change_password(
    holder: AccountHolder,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let (current, new) = body.read::<ChangePasswordBody>()?.judged()?;
    let account = own(&service, &holder).await?;
    will_do(&new, &account.login)?;
    // A repeat finds the password changed already; the engine answers it all the same.
    let proof = prove(&service, &account, current).await?;
    let password = service.identity.passwords.hash(new).await?;
    let policy = service.identity.policy;
    let act = Act::ChangePassword(Box::new(ChangePassword { proof, session: holder.session, password, policy }));
    let meaning = Meaning::of("changePassword").body(body.value());
    let answer = service.act(&holder.caller, &key, &meaning, act).await?;
    Ok(changed(&answer, &StaffView::from(staff(&answer, "/current_password")?)))
}

/// Begin to set up a second factor
///
/// The answer is a secret for an authenticator app, as text and as a QR code; it counts once `confirmTotp` has shown that
/// the app gives the right codes. The password is asked again, so that a stolen token cannot do it.
#[utoipa::path(post, path = "/api/v1/account/totp", operation_id = "startTotpEnrolment", tag = "identity",
    request_body = PasswordBody,
    responses((status = 200, description = "The secret", body = TotpView)))]
pub async fn start_totp_enrolment(
    holder: AccountHolder,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let password = body.read::<PasswordBody>()?.judged()?;
    let account = own(&service, &holder).await?;
    let proof = prove(&service, &account, password).await?;
    let secret = Hidden(service.vault.seal(&SecondFactor::generate(&account.login)?.secret())?);
    let act = Act::StartTotp { proof, secret, policy: service.identity.policy };
    let meaning = Meaning::of("startTotpEnrolment").body(body.value());
    let answer = service.act(&holder.caller, &key, &meaning, act).await?;
    staff(&answer, "/password")?;
    // Not the one that was drawn above: a repeat shows the one that is there.
    let pending = own(&service, &holder).await?.pending_totp.ok_or_else(|| ApiError::of(Code::WrongState))?;
    let factor = SecondFactor::of_text(&service.vault.open(&pending.0)?, &account.login)?;
    let otpauth_uri = factor.uri()?;
    let qr_svg = qr::svg(&otpauth_uri)?;
    Ok(changed(&answer, &TotpView { secret: factor.secret(), otpauth_uri, qr_svg }))
}

/// Finish setting up a second factor
///
/// From then on signing in takes a code. Every other session of the account ends. Refresh the session to get tokens for
/// everything that the account may do.
#[utoipa::path(post, path = "/api/v1/account/totp/confirmation", operation_id = "confirmTotp", tag = "identity",
    request_body = CodeBody,
    responses((status = 200, description = "The account", body = StaffView)))]
pub async fn confirm_totp(
    holder: AccountHolder,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let code = body.read::<CodeBody>()?.judged()?;
    let account = own(&service, &holder).await?;
    // After the confirmation the secret has moved on; what is compared then is of no effect but for a repeat.
    let sealed = account.pending_totp.as_ref().or(account.totp.as_ref());
    let step = step_of(&service, sealed, &account.login, &code, service.division.now())?;
    let seen = account.pending_totp.clone().unwrap_or_else(|| Hidden(String::new()));
    let act = Act::ConfirmTotp { account: account.id, session: holder.session, seen, step };
    let meaning = Meaning::of("confirmTotp").body(body.value());
    let answer = service.act(&holder.caller, &key, &meaning, act).await?;
    Ok(changed(&answer, &StaffView::from(staff(&answer, "/code")?)))
}

/// The caller's account.
async fn own(service: &Service, holder: &AccountHolder) -> Result<Account, ApiError> {
    let id = holder.caller.actor.id;
    let found = service.division.read(move |tx| tx.account(id)).await?;
    found.filter(|account| !account.disabled).ok_or_else(ApiError::not_found)
}

/// Compares a password with the account's; while the account is locked nothing is compared.
async fn prove(service: &Service, account: &Account, password: String) -> Result<PasswordProof, ApiError> {
    let now = service.division.now();
    if let Some(until) = account.locked_until.filter(|until| now < *until) {
        return Err(wait(now, until));
    }
    let seen = account.password.clone();
    let right = service.identity.passwords.is_right(password, Some(seen.clone())).await?;
    Ok(PasswordProof { account: account.id, seen, right })
}

/// The account as it is now; a password that was not right has been counted.
fn staff<'a>(answer: &'a Answer, pointer: &str) -> Result<&'a crate::domain::account::Staff, ApiError> {
    match &answer.outcome {
        Outcome::Staff(staff) => Ok(staff),
        Outcome::NotSignedIn { .. } => {
            Err(Refusal::at(Code::Unauthenticated, pointer).expected("the present password").into())
        }
        _ => Err(unexpected()),
    }
}
