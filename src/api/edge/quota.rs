//! How often something may be asked: the rates, of whom each counts, and what the answer tells of them.
//!
//! The counts are this process's own and begin anew with it: of several replicas each has its own.

use std::fmt;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::str::FromStr;

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpMessage as _, dev::ServiceRequest};
use clap::Args;

use super::rate::{NoRate, Rate, Standing, Table};
use crate::api::error::ApiError;
use crate::domain::id::Id;
use crate::domain::refusal::Code;
use crate::domain::time::Moment;

/// How a caller stands, and by which rule (draft-ietf-httpapi-ratelimit-headers-10).
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// Claims of vouchers, for oneself or for somebody who came to a service point.
const CLAIMS: &[&str] = &["claimVoucher", "claimVoucherFor"];
/// Steps on the way to a token, each of which could be tried until it fits.
const LOG_INS: &[&str] = &["signIn", "refreshSession", "changePassword", "startTotpEnrolment", "confirmTotp"];

/// Operations in which the holder of a printed voucher is checked.
const HOLDER_CHECKS: &[&str] = &["quoteRedemption", "redeemVoucher"];

/// Whether the answers of an operation tell of a rate of its own.
#[must_use]
pub fn counts(operation: &str) -> bool {
    Group::of(operation).is_some() || HOLDER_CHECKS.contains(&operation)
}

/// A rate, or that there is none: `300/60` or `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting(pub Option<Rate>);

impl Setting {
    const fn of(quota: u32, seconds: u32) -> Self {
        Self(Some(Rate::of(quota, seconds)))
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(rate) => rate.fmt(f),
            None => f.write_str("off"),
        }
    }
}

impl FromStr for Setting {
    type Err = NoRate;

    fn from_str(text: &str) -> Result<Self, NoRate> {
        if text == "off" { Ok(Self(None)) } else { text.parse().map(|rate| Self(Some(rate))) }
    }
}

/// How often what may be asked: requests/seconds such as `300/60`, or `off`.
#[derive(Args, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Requests of any kind from one address.
    #[arg(id = "rate_requests", long = "rate-requests", env = "HUANXIN_RATE_REQUESTS", value_name = "N/SECONDS",
        default_value_t = Self::USUAL.requests)]
    pub requests: Setting,
    /// Claims from one address.
    #[arg(id = "rate_claims", long = "rate-claims", env = "HUANXIN_RATE_CLAIMS", value_name = "N/SECONDS",
        default_value_t = Self::USUAL.claims)]
    pub claims: Setting,
    /// Claims of one caller.
    #[arg(id = "rate_claims_caller", long = "rate-claims-caller", env = "HUANXIN_RATE_CLAIMS_CALLER",
        value_name = "N/SECONDS", default_value_t = Self::USUAL.claims_of_one)]
    pub claims_of_one: Setting,
    /// Log-ins and one-time codes from one address.
    #[arg(id = "rate_log_ins", long = "rate-log-ins", env = "HUANXIN_RATE_LOG_INS", value_name = "N/SECONDS",
        default_value_t = Self::USUAL.log_ins)]
    pub log_ins: Setting,
    /// Log-ins and one-time codes for one account.
    #[arg(id = "rate_log_ins_account", long = "rate-log-ins-account", env = "HUANXIN_RATE_LOG_INS_ACCOUNT",
        value_name = "N/SECONDS", default_value_t = Self::USUAL.log_ins_of_one)]
    pub log_ins_of_one: Setting,
    /// Wrong checks of the holder of one printed voucher.
    #[arg(id = "rate_holder_checks", long = "rate-holder-checks", env = "HUANXIN_RATE_HOLDER_CHECKS",
        value_name = "N/SECONDS", default_value_t = Self::USUAL.holder_checks)]
    pub holder_checks: Setting,
}

impl Rates {
    /// What holds unless something else is said.
    pub const USUAL: Self = Self {
        requests: Setting::of(30_000, 60),
        claims: Setting::of(300, 60),
        claims_of_one: Setting::of(120, 60),
        log_ins: Setting::of(60, 60),
        log_ins_of_one: Setting::of(10, 300),
        holder_checks: Setting::of(5, 3600),
    };
    /// No limits, for measurements and tests.
    pub const NONE: Self = Self {
        requests: Setting(None),
        claims: Setting(None),
        claims_of_one: Setting(None),
        log_ins: Setting(None),
        log_ins_of_one: Setting(None),
        holder_checks: Setting(None),
    };
}

impl Default for Rates {
    fn default() -> Self {
        Self::USUAL
    }
}

/// A rate under its name, with the counts of those whom it counts.
#[derive(Debug)]
struct Quota {
    name: &'static str,
    table: Table,
}

impl Quota {
    fn of(name: &'static str, setting: Setting) -> Option<Self> {
        setting.0.map(|rate| Self { name, table: Table::new(rate) })
    }
}

/// What is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    Claims,
    LogIns,
}

impl Group {
    fn of(operation: &str) -> Option<Self> {
        match operation {
            claim if CLAIMS.contains(&claim) => Some(Self::Claims),
            log_in if LOG_INS.contains(&log_in) => Some(Self::LogIns),
            _ => None,
        }
    }
}

/// The rates of a service with their counts.
#[derive(Debug)]
pub struct Quotas {
    requests: Option<Quota>,
    claims: Option<Quota>,
    claims_of_one: Option<Quota>,
    log_ins: Option<Quota>,
    log_ins_of_one: Option<Quota>,
    holder_checks: Option<Quota>,
}

impl Quotas {
    /// With nothing used.
    #[must_use]
    pub fn new(rates: Rates) -> Self {
        Self {
            requests: Quota::of("requests", rates.requests),
            claims: Quota::of("claims", rates.claims),
            claims_of_one: Quota::of("claims-caller", rates.claims_of_one),
            log_ins: Quota::of("log-ins", rates.log_ins),
            log_ins_of_one: Quota::of("log-ins-account", rates.log_ins_of_one),
            holder_checks: Quota::of("holder-checks", rates.holder_checks),
        }
    }

    /// Counts a request from an address, before anything else of it is looked at.
    ///
    /// # Errors
    /// `RATE_LIMITED`.
    pub fn admit_address(
        &self,
        request: &ServiceRequest,
        operation: Option<&str>,
        address: IpAddr,
        now: Moment,
    ) -> Result<(), ApiError> {
        let told = &mut Told::default();
        let admitted = self.of_address(told, operation.and_then(Group::of), address, now);
        if !told.0.is_empty() {
            request.extensions_mut().insert(std::mem::take(told));
        }
        admitted
    }

    fn of_address(&self, told: &mut Told, group: Option<Group>, address: IpAddr, now: Moment) -> Result<(), ApiError> {
        if let Some(quota) = &self.requests {
            let standing = quota.table.take(&address, now);
            // So wide a rate is told of only to those who meet it.
            if standing.wait.is_some() {
                return told.note(quota, standing);
            }
        }
        let quota = match group {
            Some(Group::Claims) => &self.claims,
            Some(Group::LogIns) => &self.log_ins,
            None => &None,
        };
        quota.as_ref().map_or(Ok(()), |quota| told.note(quota, quota.table.take(&address, now)))
    }

    /// Counts a claim of a caller, who is known by now.
    ///
    /// # Errors
    /// `RATE_LIMITED`.
    pub fn admit_claim(&self, request: &HttpRequest, caller: Id, now: Moment) -> Result<(), ApiError> {
        take(self.claims_of_one.as_ref(), request, caller, now)
    }

    /// Counts a log-in to an account, whether there is one of that name or not.
    ///
    /// # Errors
    /// `RATE_LIMITED`.
    pub fn admit_log_in(&self, request: &HttpRequest, account: &str, now: Moment) -> Result<(), ApiError> {
        take(self.log_ins_of_one.as_ref(), request, Id::digest(&[account]), now)
    }

    /// Counts a guess at the holder of a printed voucher before it is known whether it is right, so that many at once are
    /// counted as many in turn; [`Self::holder_found`] takes a right one back.
    ///
    /// # Errors
    /// `RATE_LIMITED`.
    pub fn admit_holder_check(&self, request: &HttpRequest, voucher: Id, now: Moment) -> Result<(), ApiError> {
        take(self.holder_checks.as_ref(), request, voucher, now)
    }

    /// Gives a right guess back.
    pub fn holder_found(&self, voucher: Id) {
        if let Some(quota) = &self.holder_checks {
            quota.table.give_back(&voucher);
        }
    }
}

/// Counts something of a request that is on its way to its handler.
fn take(quota: Option<&Quota>, request: &HttpRequest, key: Id, now: Moment) -> Result<(), ApiError> {
    let Some(quota) = quota else { return Ok(()) };
    let standing = quota.table.take(&key, now);
    let mut extensions = request.extensions_mut();
    let mut told = extensions.remove::<Told>().unwrap_or_default();
    let admitted = told.note(quota, standing);
    extensions.insert(told);
    admitted
}

/// What the answer to a request tells of the rates under which it was counted.
#[derive(Debug, Default)]
pub struct Told(Vec<(&'static str, Rate, Standing)>);

impl Told {
    fn note(&mut self, quota: &Quota, standing: Standing) -> Result<(), ApiError> {
        self.0.push((quota.name, quota.table.rate(), standing));
        if standing.wait.is_none() { Ok(()) } else { Err(ApiError::of(Code::RateLimited)) }
    }

    /// Writes the headers: the rules, how the caller stands with each and, of a refused request, when to come back.
    pub fn write(&self, headers: &mut HeaderMap) {
        let (mut policy, mut limit) = (String::new(), String::new());
        for (name, rate, standing) in &self.0 {
            let comma = if policy.is_empty() { "" } else { ", " };
            // Writing to a text does not fail.
            let _ = write!(policy, "{comma}\"{name}\";q={};w={}", rate.quota(), rate.seconds());
            let seconds = standing.wait.unwrap_or(standing.whole_in);
            let _ = write!(limit, "{comma}\"{name}\";r={};t={seconds}", standing.remaining);
        }
        for (name, text) in [(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, limit)] {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(name, value);
            }
        }
        if let Some(wait) = self.0.iter().filter_map(|(_, _, standing)| standing.wait).max() {
            headers.insert(header::RETRY_AFTER, wait.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    const NOW: Moment = Moment(1_781_800_000_000_000);

    fn quotas() -> Quotas {
        Quotas::new(Rates { requests: Setting::of(5, 1), claims: Setting::of(3, 60), ..Rates::USUAL })
    }

    /// The status and the headers of a request that is counted for its address.
    fn asked(quotas: &Quotas, operation: &str, address: &str) -> (bool, Vec<String>) {
        let request = TestRequest::default().to_srv_request();
        let admitted = quotas.admit_address(&request, Some(operation), address.parse().unwrap(), NOW).is_ok();
        let mut headers = HeaderMap::new();
        if let Some(told) = request.extensions().get::<Told>() {
            told.write(&mut headers);
        }
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        (admitted, ["ratelimit-policy", "ratelimit", "retry-after"].iter().filter_map(|name| text(name)).collect())
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn a_setting_is_a_rate_or_off() {
        assert_eq!("off".parse(), Ok(Setting(None)));
        assert_eq!("10/60".parse::<Setting>().unwrap().to_string(), "10/60");
        assert_eq!(Setting(None).to_string(), "off");
        assert!("Off".parse::<Setting>().is_err());
    }

    #[test]
    fn claims_are_counted_by_address_and_told_of() {
        let quotas = quotas();
        let policy = r#""claims";q=3;w=60"#;
        assert_eq!(asked(&quotas, "claimVoucher", "192.0.2.1"), (true, texts(&[policy, r#""claims";r=2;t=20"#])));
        assert_eq!(asked(&quotas, "claimVoucher", "192.0.2.1"), (true, texts(&[policy, r#""claims";r=1;t=40"#])));
        assert_eq!(asked(&quotas, "claimVoucher", "192.0.2.1"), (true, texts(&[policy, r#""claims";r=0;t=60"#])));
        let refused = texts(&[policy, r#""claims";r=0;t=20"#, "20"]);
        assert_eq!(asked(&quotas, "claimVoucher", "192.0.2.1"), (false, refused));
        assert!(asked(&quotas, "claimVoucher", "192.0.2.2").0);
        assert_eq!(asked(&quotas, "getVoucher", "192.0.2.1"), (true, Vec::new()));
        let requests = texts(&[r#""requests";q=5;w=1"#, r#""requests";r=0;t=1"#, "1"]);
        assert_eq!(asked(&quotas, "getVoucher", "192.0.2.1"), (false, requests));
    }

    #[test]
    fn claims_for_others_are_counted_with_them() {
        let quotas = quotas();
        let admitted = ["claimVoucher", "claimVoucherFor", "claimVoucherFor", "claimVoucherFor", "claimVoucher"]
            .map(|operation| asked(&quotas, operation, "192.0.2.1").0);
        assert_eq!(admitted, [true, true, true, false, false]);
        assert!(asked(&quotas, "checkEligibilityFor", "192.0.2.2").0);
        assert!(counts("claimVoucherFor") && !counts("checkEligibilityFor"));
    }

    #[test]
    fn guesses_are_counted_by_voucher_and_right_ones_given_back() {
        let quotas = quotas();
        let voucher = Id::digest(&["voucher"]);
        let guess = || {
            let request = TestRequest::default().to_http_request();
            quotas.admit_holder_check(&request, voucher, NOW).is_ok()
        };
        for _ in 0..100 {
            assert!(guess());
            quotas.holder_found(voucher);
        }
        assert_eq!((0..100).filter(|_| guess()).count(), 5);
        let request = TestRequest::default().to_http_request();
        assert!(quotas.admit_holder_check(&request, Id::digest(&["another"]), NOW).is_ok());
    }

    #[test]
    fn without_rates_nothing_is_counted() {
        let quotas = Quotas::new(Rates::NONE);
        assert!((0..1000).all(|_| asked(&quotas, "claimVoucher", "192.0.2.1") == (true, Vec::new())));
    }
}
