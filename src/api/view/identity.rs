//! Accounts of staff and their sessions.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::body::words::{Login, RefreshText, StaffRoleWord, Token};
use crate::domain::account::{Staff, Till};
use crate::domain::command::SignedIn;
use crate::domain::id::Id;
use crate::domain::time::Moment;

use super::time;

/// An account of staff, its holder's name masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct StaffView {
    /// Identity.
    #[schema(format = "uuid")]
    pub id: String,
    /// What its holder signs in with.
    #[schema(value_type = Login)]
    pub login: String,
    /// What its holder is.
    #[schema(value_type = StaffRoleWord)]
    pub role: String,
    /// The retailer or recycler for which its holder acts.
    #[schema(format = "uuid")]
    pub organisation_id: Option<String>,
    /// The only store at which a clerk may sell.
    #[schema(format = "uuid")]
    pub store_id: Option<String>,
    /// The tasks of the plan whose programmes a department reader sees.
    pub tasks: Vec<u8>,
    /// The holder's name, masked.
    pub name: String,
    /// Whether the password is still the one that somebody else gave.
    pub must_change_password: bool,
    /// Whether a second factor is set up.
    pub second_factor: bool,
    /// Until when nobody is let in, after too many failures.
    #[schema(format = DateTime)]
    pub locked_until: Option<String>,
    /// Whether it is closed for good.
    pub disabled: bool,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
}

impl From<&Staff> for StaffView {
    fn from(staff: &Staff) -> Self {
        let text = |id: &Option<Id>| id.map(|id| id.to_string());
        Self {
            id: staff.id.to_string(),
            login: staff.login.clone(),
            role: staff.role.to_string(),
            organisation_id: text(&staff.organisation),
            store_id: text(&staff.store),
            tasks: staff.tasks.clone(),
            name: staff.name.clone(),
            must_change_password: staff.must_change,
            second_factor: staff.second_factor,
            locked_until: staff.locked_until.map(time),
            disabled: staff.disabled,
            created_at: time(staff.created_at),
        }
    }
}

/// An account with its first password, which is shown in answer to this request and kept nowhere.
#[derive(Clone, Serialize, ToSchema)]
pub struct NewStaffView {
    /// The account.
    #[serde(flatten)]
    pub account: StaffView,
    /// Its first password; its holder must change it at once.
    pub initial_password: String,
}

/// A session with its tokens. It has no `Debug`, on purpose.
#[derive(Clone, Serialize, ToSchema)]
pub struct SessionView {
    /// Identity.
    #[schema(format = "uuid")]
    pub id: String,
    /// Goes into `Authorization: Bearer …`.
    #[schema(value_type = Token)]
    pub access_token: String,
    /// `Bearer`.
    pub token_type: &'static str,
    /// When the access token expires.
    #[schema(format = DateTime)]
    pub expires_at: String,
    /// Gives the next two tokens, once.
    #[schema(value_type = RefreshText)]
    pub refresh_token: String,
    /// When the session lapses unless it is refreshed.
    #[schema(format = DateTime)]
    pub refresh_expires_at: String,
    /// Whether the tokens are good for setting the account up and for nothing else.
    pub setup_required: bool,
    /// The till that the device is: the tokens are good on this device and sell at the till's store alone.
    #[schema(format = "uuid")]
    pub till_id: Option<String>,
    /// The account.
    pub account: StaffView,
}

impl SessionView {
    /// With the tokens that were made for it.
    #[must_use]
    pub fn of(signed_in: &SignedIn, access_token: String, refresh_token: String) -> Self {
        Self {
            id: signed_in.session.to_string(),
            access_token,
            token_type: "Bearer",
            expires_at: time(signed_in.access_until),
            refresh_token,
            refresh_expires_at: time(signed_in.refresh_until),
            setup_required: signed_in.setup,
            till_id: signed_in.till.map(|till| till.to_string()),
            account: (&signed_in.staff).into(),
        }
    }
}

/// A session that was ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SignedOutView {
    /// The session.
    #[schema(format = "uuid")]
    pub id: String,
    /// When.
    #[schema(format = DateTime)]
    pub ended_at: String,
}

impl SignedOutView {
    /// Which, and when.
    #[must_use]
    pub fn of(session: Id, at: Moment) -> Self {
        Self { id: session.to_string(), ended_at: time(at) }
    }
}

/// A second factor that is being set up. It has no `Debug`, on purpose.
#[derive(Clone, Serialize, ToSchema)]
pub struct TotpView {
    /// The secret in Base32, for an app without a camera.
    pub secret: String,
    /// What the picture says: `otpauth://totp/…`.
    pub otpauth_uri: String,
    /// The picture that an authenticator app scans, as SVG.
    pub qr_svg: String,
}

/// A till.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TillView {
    /// Identity.
    #[schema(format = "uuid")]
    pub id: String,
    /// The store at whose counter it stands.
    #[schema(format = "uuid")]
    pub store_id: String,
    /// What the manager calls it.
    pub label: String,
    /// When its code was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// From when on its code is good no more.
    #[schema(format = DateTime)]
    pub code_expires_at: String,
    /// When the device was enrolled.
    #[schema(format = DateTime)]
    pub enrolled_at: Option<String>,
    /// When it was taken out of use.
    #[schema(format = DateTime)]
    pub revoked_at: Option<String>,
}

impl TillView {
    /// What may be told of it.
    #[must_use]
    pub fn of(till: &Till) -> Self {
        Self {
            id: till.id.to_string(),
            store_id: till.store.to_string(),
            label: till.label.clone(),
            created_at: time(till.created_at),
            code_expires_at: time(till.code_lapses_at),
            enrolled_at: till.enrolled_at.map(time),
            revoked_at: till.revoked_at.map(time),
        }
    }
}

/// A till with its code, which is shown in answer to this request and kept nowhere. It has no `Debug`, on purpose.
#[derive(Clone, Serialize, ToSchema)]
pub struct NewTillView {
    /// The till.
    #[serde(flatten)]
    pub till: TillView,
    /// The code with which the device enrols, once.
    pub code: String,
    /// The code as a picture, as SVG.
    pub qr_svg: String,
}
