//! What staff sends to sign in, and who keeps their accounts. None of these bodies has a `Debug`: they hold passwords.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::account::{Account, StaffRole};
use crate::domain::command::NewAccount;
use crate::domain::id::Id;
use crate::domain::refusal::{Code, Refusal, Refusals};
use crate::domain::time::Day;
use crate::password::{LONGEST, SHORTEST, lacks};
use crate::pii::Vault;
use crate::totp::DIGITS;

use super::judge::{ENTRIES, Judge, LINE};
use super::words::{Login, OneTimeCode, RefreshText, StaffRoleWord};

/// Somebody who wants to be let in.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"login": "officer", "password": "k7m2p-x9r4t-…", "totp": "287082"}))]
pub struct SignInBody {
    /// Login, in either case.
    #[schema(value_type = Login)]
    pub login: String,
    /// Password.
    #[schema(min_length = 1, max_length = 128)]
    pub password: String,
    /// The code that the authenticator app shows; absent before a second factor is set up.
    #[serde(default)]
    #[schema(value_type = Option<OneTimeCode>)]
    pub totp: Option<String>,
}

impl SignInBody {
    /// Login in lower case, password and code.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn judged(self) -> Result<(String, String, Option<String>), Refusals> {
        let mut judge = Judge::new(Day(chrono::NaiveDate::MAX));
        let login = login(&mut judge, "/login", &self.login);
        let password = password(&mut judge, "/password", self.password);
        if let Some(code) = &self.totp {
            one_time_code(&mut judge, "/totp", code);
        }
        judge.finish(login.zip(password).map(|(login, password)| (login, password, self.totp)))
    }
}

/// A session's newest refresh token.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshBody {
    /// The token.
    #[schema(value_type = RefreshText)]
    pub refresh_token: String,
}

/// A new password.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"current_password": "k7m2p-x9r4t-…", "new_password": "Kaninchen-2026"}))]
pub struct ChangePasswordBody {
    /// The present one.
    #[schema(min_length = 1, max_length = 128)]
    pub current_password: String,
    /// The new one: at least three of small letters, capital letters, digits and other characters; not the login.
    #[schema(min_length = 12, max_length = 128)]
    pub new_password: String,
}

impl ChangePasswordBody {
    /// The present and the new one. Whether the new one holds the login is judged when the account is known.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn judged(self) -> Result<(String, String), Refusals> {
        let mut judge = Judge::new(Day(chrono::NaiveDate::MAX));
        let current = password(&mut judge, "/current_password", self.current_password);
        if current.as_ref() == Some(&self.new_password) {
            judge.malformed("/new_password", "another password than the present one");
        }
        judge.finish(current.map(|current| (current, self.new_password)))
    }
}

/// What a new password lacks, pointing to it.
///
/// # Errors
/// `BODY_MALFORMED` with what is expected.
pub fn will_do(new_password: &str, login: &str) -> Result<(), Refusal> {
    lacks(new_password, login).map_or(Ok(()), |expected| {
        let place = Refusal::at(Code::BodyMalformed, "/new_password");
        Err(place.found(format!("{} characters", new_password.chars().count())).expected(expected))
    })
}

/// The password again, before something that a stolen token alone shall not do.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordBody {
    /// Password.
    #[schema(min_length = 1, max_length = 128)]
    pub password: String,
}

impl PasswordBody {
    /// The password.
    ///
    /// # Errors
    /// When it cannot be one.
    pub fn judged(self) -> Result<String, Refusals> {
        let mut judge = Judge::new(Day(chrono::NaiveDate::MAX));
        let password = password(&mut judge, "/password", self.password);
        judge.finish(password)
    }
}

/// A code of the authenticator app.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeBody {
    /// The code that the app shows now.
    #[schema(value_type = OneTimeCode)]
    pub code: String,
}

impl CodeBody {
    /// The code.
    ///
    /// # Errors
    /// When it cannot be one.
    pub fn judged(self) -> Result<String, Refusals> {
        let mut judge = Judge::new(Day(chrono::NaiveDate::MAX));
        let code = one_time_code(&mut judge, "/code", &self.code).then_some(self.code);
        judge.finish(code)
    }
}

/// An account to be made.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"login": "wang.fang", "role": "clerk", "name": "王芳",
    "organisation_id": "019a5c3e-7b00-7000-8000-000000000001"}))]
pub struct CreateStaffBody {
    /// What its holder will sign in with; kept in lower case.
    #[schema(value_type = Login)]
    pub login: String,
    /// What its holder is.
    #[schema(value_type = StaffRoleWord)]
    pub role: StaffRole,
    /// The holder's name.
    #[schema(min_length = 1, max_length = 50)]
    pub name: String,
    /// The retailer or recycler for which its holder acts; of a manager's own retailer when a manager does not say.
    #[serde(default)]
    #[schema(format = "uuid")]
    pub organisation_id: Option<String>,
    /// The only store at which a clerk may sell.
    #[serde(default)]
    #[schema(format = "uuid")]
    pub store_id: Option<String>,
    /// The tasks of the plan whose programmes a department reader sees, such as 12, 13, 14.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub tasks: Vec<u8>,
}

impl CreateStaffBody {
    /// The account but for its password; `own` is the organisation of a manager who makes it.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn judged(self, vault: &Vault, own: Option<Id>) -> Result<NewAccount, Refusals> {
        let mut judge = Judge::new(Day(chrono::NaiveDate::MAX));
        let login = login(&mut judge, "/login", &self.login);
        let name = judge.name("/name", &self.name).and_then(|name| judge.sealed(vault.staff_name(&name)));
        let mut id = |at: &str, text: Option<String>| text.map(|text| judge.id(at, &text));
        let (organisation, store) = (id("/organisation_id", self.organisation_id), id("/store_id", self.store_id));
        let mut tasks = self.tasks;
        if tasks.len() > ENTRIES {
            judge.malformed("/tasks", format!("at most {ENTRIES} tasks"));
        }
        tasks.sort_unstable();
        tasks.dedup();
        let (organisation, store) = (organisation.map_or(own, |id| id), store.flatten());
        let made = login.zip(name).map(|(login, name)| NewAccount {
            login,
            role: self.role,
            organisation,
            store,
            tasks,
            name,
            password: crate::domain::account::Hidden(String::new()),
            totp: None,
        });
        judge.finish(made)
    }
}

/// A till to be made.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"store_id": "019a5c3e-7b00-7000-8000-000000000001", "label": "一号收银台"}))]
pub struct CreateTillBody {
    /// The store at whose counter the device stands.
    #[schema(format = "uuid")]
    pub store_id: String,
    /// What the manager calls it.
    #[schema(min_length = 1, max_length = 200)]
    pub label: String,
}

impl CreateTillBody {
    /// Store and label.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn judged(self) -> Result<(Id, String), Refusals> {
        let mut judge = Judge::new(Day(chrono::NaiveDate::MAX));
        let (store, label) = (judge.id("/store_id", &self.store_id), judge.text("/label", &self.label, LINE));
        judge.finish(store.zip(label))
    }
}

/// A device that wants to be a till.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "7K2MP-X9R4T-0H3W8-CN5V6"}))]
pub struct EnrolTillBody {
    /// The code that the manager was shown.
    #[schema(min_length = 1, max_length = 64)]
    pub code: String,
}

impl EnrolTillBody {
    /// The code.
    ///
    /// # Errors
    /// When it cannot be one.
    pub fn judged(self) -> Result<String, Refusals> {
        let mut judge = Judge::new(Day(chrono::NaiveDate::MAX));
        let code = judge.text("/code", &self.code, 64);
        judge.finish(code)
    }
}

fn login(judge: &mut Judge, pointer: &str, value: &str) -> Option<String> {
    let login = Account::login(value);
    if login.is_none() {
        judge.malformed(pointer, Account::LOGIN);
    }
    login
}

fn password(judge: &mut Judge, pointer: &str, value: String) -> Option<String> {
    let good = (1..=LONGEST).contains(&value.chars().count());
    if !good {
        judge.malformed(pointer, format!("1 to {LONGEST} characters, {SHORTEST} at least of a new one"));
    }
    good.then_some(value)
}

fn one_time_code(judge: &mut Judge, pointer: &str, code: &str) -> bool {
    let good = code.len() == DIGITS && code.bytes().all(|byte| byte.is_ascii_digit());
    if !good {
        judge.malformed(pointer, format!("{DIGITS} digits"));
    }
    good
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::body::read;

    fn pointers<T>(judged: Result<T, Refusals>) -> Vec<String> {
        judged.err().map(|refusals| refusals.all().iter().map(|one| one.pointer.clone()).collect()).unwrap_or_default()
    }

    #[test]
    fn a_login_is_in_lower_case_and_of_plain_characters() {
        let sent = |login: &str| SignInBody { login: login.into(), password: "x".into(), totp: None }.judged();
        assert_eq!(sent(" Wang.Fang@shop ").unwrap().0, "wang.fang@shop");
        for bad in ["", "ab", "王芳", "a b c", "a\u{0}bc", "ｗａｎｇ", &"a".repeat(65)] {
            assert_eq!(pointers(sent(bad)), ["/login"], "{bad}");
        }
        let all =
            SignInBody { login: String::new(), password: "x".repeat(129), totp: Some("１２３４５６".into()) };
        assert_eq!(pointers(all.judged()), ["/login", "/password", "/totp"]);
    }

    #[test]
    fn a_new_password_is_another_one_that_will_do() {
        let sent = |current: &str, new: &str| ChangePasswordBody {
            current_password: current.into(),
            new_password: new.into(),
        };
        assert_eq!(pointers(sent("Kaninchen-2026", "Kaninchen-2026").judged()), ["/new_password"]);
        assert!(sent("a", "Kaninchen-2026").judged().is_ok());
        assert!(will_do("Kaninchen-2026", "wang").is_ok());
        let told = will_do("kaninchen", "wang").unwrap_err();
        assert_eq!(told.found.as_deref(), Some("9 characters"));
    }

    #[test]
    fn the_examples_are_read() {
        let example = super::super::example_of::<SignInBody>();
        assert!(read::<SignInBody>(example.to_string().as_bytes()).unwrap().judged().is_ok());
        let example = super::super::example_of::<CreateStaffBody>();
        assert!(read::<CreateStaffBody>(example.to_string().as_bytes()).is_ok());
    }
}
