//! Sessions: signing in, staying in, signing out.

use std::time::Instant;

use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::api::answer::{changed, created, unexpected};
use crate::api::auth::{AccountHolder, Caller, Stranger};
use crate::api::body::{RefreshBody, SignInBody};
use crate::api::entity::JsonBody;
use crate::api::error::ApiError;
use crate::api::idempotency::OptionalKey;
use crate::api::server::Service;
use crate::api::view::{SessionView, SignedOutView};
use crate::domain::account::{Account, Hidden};
use crate::domain::command::{Act, Actor, Command, Outcome, PasswordProof, RefreshSession, SignIn, SignedIn};
use crate::domain::id::Id;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::Moment;
use crate::engine::Answer;
use crate::pii::VaultError;
use crate::totp::SecondFactor;

/// Bytes of a refresh token.
const REFRESH_BYTES: usize = 32;

/// Sign in
///
/// For staff of the bureau, of retailers and of recyclers. Whatever is wrong (login, password, code, a code that was used
/// before) is one and the same answer. After five failures in a row the login is locked for a minute, and twice as long
/// after each further one, up to an hour: `429` with `Retry-After`, for logins that nobody has as well. Before the first
/// password is changed and a second factor set up, the tokens are good for that alone (`setup_required`).
#[utoipa::path(post, path = "/api/v1/sessions", operation_id = "signIn", tag = "identity",
    params(("X-Device-Id" = Option<String>, Header, description = "What an enrolled till calls itself: the tokens are \
        then good on this device alone and sell at its store alone")),
    request_body = SignInBody,
    responses((status = 201, description = "The session and its tokens", body = SessionView)))]
pub async fn sign_in(
    stranger: Stranger,
    body: JsonBody,
    request: HttpRequest,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let begun = Instant::now();
    let (login, password, code) = body.read::<SignInBody>()?.judged()?;
    service.edge.quotas.admit_log_in(&request, &login, service.division.now())?;
    let answered = let_in(&service, &stranger, &login, password, code.as_deref()).await;
    if answered.is_err() {
        service.identity.wait(begun).await;
    }
    answered
}

async fn let_in(
    service: &Service,
    stranger: &Stranger,
    login: &str,
    password: String,
    code: Option<&str>,
) -> Result<HttpResponse, ApiError> {
    let (id, now, identity) = (Account::key(login), service.division.now(), &service.identity);
    let found = service.division.read(move |tx| tx.account(id)).await?;
    let locked = match &found {
        Some(account) => account.locked_until,
        None => identity.strangers.locked_until(id),
    };
    if let Some(until) = locked.filter(|until| now < *until) {
        return Err(wait(now, until));
    }
    let right = identity.passwords.is_right(password, found.as_ref().map(|found| found.password.clone())).await?;
    let Some(account) = found else {
        identity.strangers.failed(id, now, identity.policy);
        return Err(ApiError::of(Code::Unauthenticated));
    };
    let step = code.map(|code| step_of(service, account.totp.as_ref(), &account.login, code, now)).transpose()?;
    let (refresh_token, refresh) = draw()?;
    let proof = PasswordProof { account: id, seen: account.password.clone(), right };
    let device = stranger.device;
    let sign_in = SignIn { proof, step: step.flatten(), refresh, device, policy: identity.policy };
    let answer = service.submit_for(&account, stranger, &refresh, Act::SignIn(Box::new(sign_in))).await?;
    let signed_in = signed_in(&answer)?;
    let place = format!("/sessions/{}", signed_in.session);
    Ok(created(&answer, &place, &view(service, signed_in, refresh_token)?))
}

/// The time step of a code, against a secret that the vault sealed.
pub(super) fn step_of(
    service: &Service,
    sealed: Option<&Hidden>,
    login: &str,
    code: &str,
    now: Moment,
) -> Result<Option<i64>, ApiError> {
    let Some(sealed) = sealed else { return Ok(None) };
    let factor = SecondFactor::of_text(&service.vault.open(&sealed.0)?, login)?;
    Ok(factor.step(code, now))
}

/// Too many failures: how long to wait, rounded up to whole seconds.
pub(super) fn wait(now: Moment, until: Moment) -> ApiError {
    let micros = until.0.saturating_sub(now.0).max(0);
    ApiError::Wait(u32::try_from(micros / 1_000_000 + 1).unwrap_or(u32::MAX))
}

/// Gets new tokens for a session's newest refresh token
///
/// The token is good once: show an older one, and the session ends, because somebody else may have a copy. A request that
/// is repeated with its `Idempotency-Key`, as after a lost answer, gets the same tokens again.
#[utoipa::path(post, path = "/api/v1/sessions/refresh", operation_id = "refreshSession", tag = "identity",
    params(("X-Device-Id" = Option<String>, Header, description = "As at sign-in, where the tokens are bound to a till")),
    request_body = RefreshBody,
    responses((status = 200, description = "The session and its new tokens", body = SessionView)))]
pub async fn refresh_session(
    stranger: Stranger,
    key: OptionalKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let unauthenticated = || ApiError::of(Code::Unauthenticated);
    let text = body.read::<RefreshBody>()?.refresh_token;
    let shown = digest_of(&text).ok_or_else(unauthenticated)?;
    let token_id = crate::domain::account::RefreshToken::key(&shown);
    let found = service.division.read(move |tx| tx.account_of_refresh_token(token_id)).await?;
    let account = found.ok_or_else(unauthenticated)?;
    let (refresh_token, refresh) = match &key.0 {
        Some(key) => follow(&service, &text, &key.0),
        None => draw()?,
    };
    let act = RefreshSession { shown, refresh, device: stranger.device, policy: service.identity.policy };
    let answer = service.submit_for(&account, &stranger, &refresh, Act::RefreshSession(Box::new(act))).await?;
    let signed_in = signed_in(&answer)?;
    Ok(changed(&answer, &view(&service, signed_in, refresh_token)?))
}

/// Sign out
///
/// Ends the session: its access token and its refresh token are good no more.
#[utoipa::path(post, path = "/api/v1/sessions/sign-out", operation_id = "signOut", tag = "identity",
    responses((status = 200, description = "The session that was ended", body = SignedOutView)))]
pub async fn sign_out(holder: AccountHolder, service: web::Data<Service>) -> Result<HttpResponse, ApiError> {
    let session = holder.session;
    let id = Id::digest(&["sign out", &session.to_string()]);
    let Caller { actor, request_id, .. } = holder.caller;
    let command = Command { id, fingerprint: id, actor, request_id, act: Act::SignOut { session } };
    let answer = service.division.submit(command).await?;
    let Outcome::SignedOut { session, at } = answer.outcome else { return Err(unexpected()) };
    Ok(HttpResponse::Ok().json(SignedOutView::of(session, at)))
}

impl Service {
    /// Does what somebody wants who is not known yet, in the name of the account that is claimed; the trail says how it
    /// ended. The digest of the token to be given out makes it a command of its own.
    async fn submit_for(
        &self,
        account: &Account,
        stranger: &Stranger,
        refresh: &[u8; 32],
        act: Act,
    ) -> Result<Answer, ApiError> {
        let id = Id::digest(&[act.name(), &hex::encode(refresh)]);
        let actor = Actor { id: account.id, role: account.role.name().to_owned(), organisation: account.organisation };
        let request_id = stranger.request_id.clone();
        let command = Command { id, fingerprint: id, actor, request_id, act };
        Ok(self.division.submit(command).await?)
    }
}

/// The session, or the one answer to everything that can be wrong.
fn signed_in(answer: &Answer) -> Result<&SignedIn, ApiError> {
    match &answer.outcome {
        Outcome::SignedIn(signed_in) => Ok(signed_in),
        Outcome::NotSignedIn { organisation: true } => {
            let found = "a suspended organisation or store, or a till of another one";
            Err(Refusal::of(Code::Forbidden).found(found).into())
        }
        Outcome::NotSignedIn { organisation: false } => Err(ApiError::of(Code::Unauthenticated)),
        _ => Err(unexpected()),
    }
}

fn view(service: &Service, signed_in: &SignedIn, refresh_token: String) -> Result<SessionView, ApiError> {
    let access_token = service.tokens.issue(&service.tokens.claims_of(signed_in))?;
    Ok(SessionView::of(signed_in, access_token, refresh_token))
}

/// A refresh token and its digest.
fn draw() -> Result<(String, [u8; 32]), ApiError> {
    let mut bytes = [0_u8; REFRESH_BYTES];
    getrandom::fill(&mut bytes).map_err(|_| VaultError::NotSealed)?;
    Ok(named(bytes))
}

/// The token that follows from another one and the caller's key, so that a repeat gets it again although only its digest
/// is kept. Nobody can derive it without the service's own key.
fn follow(service: &Service, token: &str, key: &str) -> (String, [u8; 32]) {
    let said = format!("{token} {key}");
    let mut bytes = [0_u8; REFRESH_BYTES];
    let halves = bytes.split_at_mut(REFRESH_BYTES / 2);
    halves.0.copy_from_slice(service.vault.lookup("refresh token", &said).as_bytes());
    halves.1.copy_from_slice(service.vault.lookup("refresh token 2", &said).as_bytes());
    named(bytes)
}

fn named(bytes: [u8; REFRESH_BYTES]) -> (String, [u8; 32]) {
    let text = URL_SAFE_NO_PAD.encode(bytes);
    let digest = Sha256::digest(&text).into();
    (text, digest)
}

fn digest_of(text: &str) -> Option<[u8; 32]> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    (bytes.len() == REFRESH_BYTES).then(|| Sha256::digest(text).into())
}
