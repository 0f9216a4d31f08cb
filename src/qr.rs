//! What a consumer shows and a counter scans: the voucher token (a compact JWS, `EdDSA` over Ed25519, that a till
//! can check with the public key alone), the scan token (HS256, read by this service alone) and their picture.
//!
//! Reading judges signature and form. Whether a token has lapsed is judged by the rules, after a repeated request
//! has been answered.

use std::fmt;
use std::io::Cursor;
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac as _;
use image::{ImageFormat, Luma};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use serde::{Deserialize, Serialize};

use crate::domain::id::Id;
use crate::domain::time::Moment;
use crate::jws::{Kind, NotSigned, TokenFault};
use crate::keys::{KeyRing, PublicKey, SecretKey, SigningPair};

/// How long a live code holds, so that a picture of it cannot be sold.
pub const LIVE_SECONDS: i64 = 90;
/// How long a counter has for a sale after the scan.
pub const SCAN_SECONDS: i64 = 15 * 60;
/// For how long a code holds at most. A printed one that would hold longer is printed anew: so that a key that signs
/// no more can be dropped some day.
pub const LONGEST_SECONDS: i64 = 400 * 24 * 3600;
/// Pixels per module; ISO/IEC 18004 asks for four modules of quiet zone around, which the renderer adds.
const MODULE_PIXELS: u32 = 8;
/// How much of the HMAC stands in a printed code.
const CHECK_BYTES: usize = 16;

const VOUCHER: Kind = Kind { typ: "voucher+jwt", algorithm: Algorithm::EdDSA };
const SCAN: Kind = Kind { typ: "scan+jwt", algorithm: Algorithm::HS256 };

/// How a voucher is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// On a telephone that refreshes it.
    Live,
    /// On paper; the counter checks the holder.
    Printed,
}

/// The check value of a holder: it tells whether four characters are right and, without the key, not which.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct HolderCheck([u8; CHECK_BYTES]);

impl fmt::Debug for HolderCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HolderCheck")
    }
}

/// What a voucher's code says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoucherToken {
    /// The voucher.
    pub voucher: Id,
    /// The programme.
    pub programme: String,
    /// Shown or printed.
    pub form: Form,
    /// When it was made, to the second.
    pub issued: Moment,
    /// The first second at which it holds no more.
    pub expires: Moment,
    /// On a printed code what the holder is checked against.
    pub holder_check: Option<HolderCheck>,
}

/// What a quote gives a counter for the sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanToken {
    /// The voucher.
    pub voucher: Id,
    /// The only store that may use it.
    pub store: Id,
    /// Whether the holder's check was passed.
    pub holder_passed: bool,
    /// The form in which the voucher was shown.
    pub form: Form,
    /// The first second at which it holds no more.
    pub expires: Moment,
}

/// Either of the two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scanned {
    /// The code that the consumer showed.
    Voucher(VoucherToken),
    /// The token that a quote gave.
    Scan(ScanToken),
}

/// A text that is no code of this service, with the reason for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid voucher code: {0}")]
pub struct QrInvalid(#[from] pub TokenFault);

/// A text for which no picture can be made: longer than a code can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text does not fit a QR code")]
pub struct NotDrawn;

#[derive(Serialize, Deserialize)]
struct VoucherClaims {
    vid: Id,
    prg: String,
    frm: Form,
    iat: i64,
    exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hck: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct ScanClaims {
    vid: Id,
    sid: Id,
    hok: bool,
    frm: Form,
    exp: i64,
}

struct ScanKey {
    kid: String,
    signer: EncodingKey,
    verifier: DecodingKey,
}

/// The keys: of each list the first makes what is new, and all of them read what there is.
struct Keys {
    vouchers: Vec<SigningPair>,
    verifiers: Vec<PublicKey>,
    scans: Vec<ScanKey>,
    holders: Vec<SecretKey>,
}

impl Keys {
    fn of(keys: &KeyRing) -> Self {
        let scan_key = |key: &SecretKey| ScanKey {
            kid: key.kid().to_owned(),
            signer: EncodingKey::from_secret(key.bytes()),
            verifier: DecodingKey::from_secret(key.bytes()),
        };
        Self {
            vouchers: keys.voucher_keys().to_vec(),
            verifiers: keys.voucher_verifiers().cloned().collect(),
            scans: keys.scan_keys().iter().map(scan_key).collect(),
            holders: keys.holder_keys().to_vec(),
        }
    }
}

/// Makes and reads voucher tokens and scan tokens.
pub struct VoucherTokens {
    keys: RwLock<Arc<Keys>>,
}

impl VoucherTokens {
    /// With the service's keys.
    #[must_use]
    pub fn new(keys: &KeyRing) -> Self {
        Self { keys: RwLock::new(Arc::new(Keys::of(keys))) }
    }

    /// Goes on with these keys; what is under way ends with those that it began with.
    pub fn take_keys(&self, keys: &KeyRing) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Keys::of(keys));
    }

    fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A code to show now, for [`LIVE_SECONDS`].
    #[must_use]
    pub fn live(voucher: Id, programme: &str, now: Moment) -> VoucherToken {
        let issued = whole(now);
        VoucherToken {
            voucher,
            programme: programme.to_owned(),
            form: Form::Live,
            issued,
            expires: issued.plus_seconds(LIVE_SECONDS),
            holder_check: None,
        }
    }

    /// A code to print, which holds to the end or, of a voucher that holds longer, for [`LONGEST_SECONDS`]. Of the
    /// holder's identity number only a keyed digest of the voucher and the last four characters goes into it.
    ///
    /// # Errors
    /// When the ring has no holder-check key, which one that was read or generated always has.
    pub fn printed(
        &self,
        voucher: Id,
        programme: &str,
        now: Moment,
        expires: Moment,
        resident_id: &str,
    ) -> Result<VoucherToken, NotSigned> {
        let characters = resident_id.trim();
        let tail = characters.char_indices().rev().nth(3).map_or(characters, |(at, _)| &characters[at..]);
        let keys = self.keys();
        let key = keys.holders.first().ok_or(NotSigned)?;
        let digest = holder_mac(key, voucher, tail).finalize().into_bytes();
        let mut check = [0_u8; CHECK_BYTES];
        check.copy_from_slice(&digest[..CHECK_BYTES]);
        Ok(VoucherToken {
            voucher,
            programme: programme.to_owned(),
            form: Form::Printed,
            issued: whole(now),
            expires: whole(expires.min(now.plus_seconds(LONGEST_SECONDS))),
            holder_check: Some(HolderCheck(check)),
        })
    }

    /// A scan token for a store, for [`SCAN_SECONDS`].
    #[must_use]
    pub fn scan(voucher: Id, store: Id, form: Form, holder_passed: bool, now: Moment) -> ScanToken {
        ScanToken { voucher, store, holder_passed, form, expires: whole(now).plus_seconds(SCAN_SECONDS) }
    }

    /// Signs a voucher token; moments are cut to the second.
    ///
    /// # Errors
    /// When the form does not go with the holder's check, such a token would be refused; one that holds for longer
    /// than [`LONGEST_SECONDS`] might outlive its key.
    pub fn sign(&self, token: &VoucherToken) -> Result<String, NotSigned> {
        let lasts = token.expires.seconds().saturating_sub(token.issued.seconds());
        if !check_fits(token.form, token.holder_check) || lasts > LONGEST_SECONDS {
            return Err(NotSigned);
        }
        let claims = VoucherClaims {
            vid: token.voucher,
            prg: token.programme.clone(),
            frm: token.form,
            iat: token.issued.seconds(),
            exp: token.expires.seconds(),
            hck: token.holder_check.map(|check| URL_SAFE_NO_PAD.encode(check.0)),
        };
        self.sign_as(VOUCHER, &claims)
    }

    /// Signs something else of vouchers, as a token of another kind.
    pub(crate) fn sign_as<T: Serialize>(&self, kind: Kind, claims: &T) -> Result<String, NotSigned> {
        let keys = self.keys();
        let pair = keys.vouchers.first().ok_or(NotSigned)?;
        kind.sign(pair.kid(), pair.signer(), claims)
    }

    /// Reads a voucher token. It may have lapsed: see [`VoucherToken::expires`].
    ///
    /// # Errors
    /// When the text is not a voucher token that this service signed.
    pub fn read(&self, text: &str) -> Result<VoucherToken, QrInvalid> {
        let keys = self.keys();
        let key = |kid: &str| keys.verifiers.iter().find(|key| key.kid() == kid).map(PublicKey::verifier);
        let claims: VoucherClaims = VOUCHER.read(text, key)?;
        let holder_check = claims.hck.as_deref().map(read_check).transpose()?;
        if !check_fits(claims.frm, holder_check) {
            return Err(TokenFault::Claims.into());
        }
        Ok(VoucherToken {
            voucher: claims.vid,
            programme: claims.prg,
            form: claims.frm,
            issued: at_second(claims.iat),
            expires: at_second(claims.exp),
            holder_check,
        })
    }

    /// Signs a scan token; the moment is cut to the second.
    ///
    /// # Errors
    /// When the ring has no scan key, which one that was read or generated always has.
    pub fn sign_scan(&self, token: &ScanToken) -> Result<String, NotSigned> {
        let keys = self.keys();
        let key = keys.scans.first().ok_or(NotSigned)?;
        let claims = ScanClaims {
            vid: token.voucher,
            sid: token.store,
            hok: token.holder_passed,
            frm: token.form,
            exp: token.expires.seconds(),
        };
        SCAN.sign(&key.kid, &key.signer, &claims)
    }

    /// Reads a scan token. It may have lapsed: see [`ScanToken::expires`].
    ///
    /// # Errors
    /// When the text is not a scan token that this service signed.
    pub fn read_scan(&self, text: &str) -> Result<ScanToken, QrInvalid> {
        let keys = self.keys();
        let key = |kid: &str| keys.scans.iter().find(|key| key.kid == kid).map(|key| &key.verifier);
        let claims: ScanClaims = SCAN.read(text, key)?;
        Ok(ScanToken {
            voucher: claims.vid,
            store: claims.sid,
            holder_passed: claims.hok,
            form: claims.frm,
            expires: at_second(claims.exp),
        })
    }

    /// Reads whichever of the two a text says that it is.
    ///
    /// # Errors
    /// As [`Self::read`] and [`Self::read_scan`].
    pub fn read_either(&self, text: &str) -> Result<Scanned, QrInvalid> {
        if SCAN.claimed_by(text) {
            self.read_scan(text).map(Scanned::Scan)
        } else {
            self.read(text).map(Scanned::Voucher)
        }
    }

    /// Whether what the counter typed are the last four characters of the holder's identity number, X in either
    /// case; compared in constant time. A live code asks for no check and passes whatever was typed.
    #[must_use]
    pub fn holder_passes(&self, token: &VoucherToken, given: &str) -> bool {
        match (token.form, token.holder_check) {
            (Form::Live, _) => true,
            (Form::Printed, None) => false,
            (Form::Printed, Some(check)) => self
                .keys()
                .holders
                .iter()
                .any(|key| holder_mac(key, token.voucher, given.trim()).verify_truncated_left(&check.0).is_ok()),
        }
    }
}

impl fmt::Debug for VoucherTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VoucherTokens").finish_non_exhaustive()
    }
}

/// The voucher stands in it too, so that equal endings of two numbers do not look equal on two codes.
fn holder_mac(key: &SecretKey, voucher: Id, tail: &str) -> hmac::Hmac<sha2::Sha256> {
    key.mac().chain_update(voucher.as_bytes()).chain_update(tail.to_ascii_uppercase())
}

fn check_fits(form: Form, check: Option<HolderCheck>) -> bool {
    (form == Form::Printed) == check.is_some()
}

fn read_check(text: &str) -> Result<HolderCheck, TokenFault> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenFault::Claims)?;
    bytes.try_into().map(HolderCheck).map_err(|_| TokenFault::Claims)
}

fn at_second(seconds: i64) -> Moment {
    Moment(0).plus_seconds(seconds)
}

fn whole(moment: Moment) -> Moment {
    at_second(moment.seconds())
}

/// The text as a QR code (ISO/IEC 18004, error correction M) in SVG, black on white.
///
/// # Errors
/// When the text is longer than a code can hold.
pub fn svg(text: &str) -> Result<String, NotDrawn> {
    Ok(code(text)?.render::<svg::Color>().module_dimensions(MODULE_PIXELS, MODULE_PIXELS).build())
}

/// The text as a QR code (ISO/IEC 18004, error correction M) in PNG, black on white, eight pixels a module.
///
/// # Errors
/// When the text is longer than a code can hold.
pub fn png(text: &str) -> Result<Vec<u8>, NotDrawn> {
    let picture = code(text)?.render::<Luma<u8>>().module_dimensions(MODULE_PIXELS, MODULE_PIXELS).build();
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, ImageFormat::Png).map_err(|_| NotDrawn)?;
    Ok(file.into_inner())
}

fn code(text: &str) -> Result<QrCode, NotDrawn> {
    QrCode::with_error_correction_level(text, EcLevel::M).map_err(|_| NotDrawn)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::access::{AccessTokens, Role};
    use crate::jws::forge;

    const NOW: Moment = Moment(1_780_000_000_123_456);
    const RESIDENT: &str = "11010119900307012X";

    fn fixture() -> (KeyRing, VoucherTokens) {
        let ring = KeyRing::generate().unwrap();
        let tokens = VoucherTokens::new(&ring);
        (ring, tokens)
    }

    fn live() -> VoucherToken {
        VoucherTokens::live(Id::digest(&["voucher"]), "nc-appl-2026", NOW)
    }

    fn printed(tokens: &VoucherTokens) -> VoucherToken {
        let expires = NOW.plus_seconds(30 * 86_400);
        tokens.printed(Id::digest(&["voucher"]), "nc-appl-2026", NOW, expires, RESIDENT).unwrap()
    }

    fn scan() -> ScanToken {
        VoucherTokens::scan(Id::digest(&["voucher"]), Id::digest(&["store"]), Form::Printed, true, NOW)
    }

    fn access_token(ring: &KeyRing) -> String {
        let access = AccessTokens::new(ring, "https://huanxin.example").unwrap();
        access.issue(&access.claims("a", Role::Clerk, NOW, 600)).unwrap()
    }

    /// A voucher token of the service's own key over any header and claims.
    fn forged(ring: &KeyRing, header: &Value, claims: &Value) -> String {
        forge::token(header, claims, ring.voucher_keys()[0].signer(), Algorithm::EdDSA)
    }

    #[test]
    fn live_and_printed_codes_are_read_back_however_late() {
        let (ring, tokens) = fixture();
        for token in [live(), printed(&tokens)] {
            let text = tokens.sign(&token).unwrap();
            assert_eq!(tokens.read(&text).unwrap(), token);
            assert_eq!(tokens.read_either(&text).unwrap(), Scanned::Voucher(token.clone()));
            let header = json!({ "typ": "voucher+jwt", "alg": "EdDSA", "kid": ring.voucher_keys()[0].kid() });
            assert_eq!(forge::part(&text, 0), header);
        }
        assert_eq!(live().expires.seconds() - NOW.seconds(), LIVE_SECONDS);
        let claims = json!({
            "vid": Id::digest(&["voucher"]), "prg": "nc-appl-2026", "frm": "live",
            "iat": 1_780_000_000, "exp": 1_780_000_090,
        });
        assert_eq!(forge::part(&tokens.sign(&live()).unwrap(), 1), claims);
    }

    #[test]
    fn scan_tokens_are_read_back() {
        let (_, tokens) = fixture();
        let text = tokens.sign_scan(&scan()).unwrap();
        assert_eq!(tokens.read_scan(&text).unwrap(), scan());
        assert_eq!(tokens.read_either(&text).unwrap(), Scanned::Scan(scan()));
        assert_eq!(forge::part(&text, 0), json!({ "typ": "scan+jwt", "alg": "HS256", "kid": "s1" }));
        let claims = json!({
            "vid": Id::digest(&["voucher"]), "sid": Id::digest(&["store"]), "hok": true, "frm": "printed",
            "exp": 1_780_000_900,
        });
        assert_eq!(forge::part(&text, 1), claims);
    }

    #[test]
    fn no_character_of_a_code_can_be_changed() {
        let (_, tokens) = fixture();
        for changed in forge::each_character_changed(&tokens.sign(&live()).unwrap()) {
            assert!(tokens.read(&changed).is_err(), "{changed}");
        }
        for changed in forge::each_character_changed(&tokens.sign_scan(&scan()).unwrap()) {
            assert!(tokens.read_scan(&changed).is_err(), "{changed}");
        }
    }

    #[test]
    fn the_three_kinds_of_tokens_do_not_pass_for_each_other() {
        let (ring, tokens) = fixture();
        let access = access_token(&ring);
        let (voucher, scan) = (tokens.sign(&live()).unwrap(), tokens.sign_scan(&scan()).unwrap());
        for text in [&scan, &access] {
            assert_eq!(tokens.read(text), Err(QrInvalid(TokenFault::Type)));
        }
        for text in [&voucher, &access] {
            assert_eq!(tokens.read_scan(text), Err(QrInvalid(TokenFault::Type)));
        }
        assert!(tokens.read_either(&access).is_err());
        let verifier = AccessTokens::new(&ring, "https://huanxin.example").unwrap();
        for text in [&voucher, &scan] {
            assert_eq!(verifier.verify(text, NOW), Err(TokenFault::Type.into()));
        }
    }

    #[test]
    fn a_wrong_header_is_refused_whatever_signed_it() {
        let (ring, tokens) = fixture();
        let claims = forge::part(&tokens.sign(&live()).unwrap(), 1);
        let kid = ring.voucher_keys()[0].kid();
        let header = |typ: &str, alg: &str, kid: &str| json!({ "typ": typ, "alg": alg, "kid": kid });
        let fault = |text: &str| tokens.read(text).unwrap_err().0;
        let good = forged(&ring, &header("voucher+jwt", "EdDSA", kid), &claims);
        assert!(tokens.read(&good).is_ok());
        assert_eq!(fault(&forged(&ring, &header("JWT", "EdDSA", kid), &claims)), TokenFault::Type);
        assert_eq!(fault(&forged(&ring, &header("voucher+jwt", "EdDSA", "x"), &claims)), TokenFault::UnknownKey);
        let access_kid = ring.access_keys()[0].kid();
        assert_eq!(fault(&forged(&ring, &header("voucher+jwt", "EdDSA", access_kid), &claims)), TokenFault::UnknownKey);
        let none = forge::unsigned(&header("voucher+jwt", "none", kid), &claims);
        assert_eq!(fault(&format!("{none}.")), TokenFault::Malformed);
        let public = EncodingKey::from_secret(ring.voucher_keys()[0].public());
        let confused = forge::token(&header("voucher+jwt", "HS256", kid), &claims, &public, Algorithm::HS256);
        assert_eq!(fault(&confused), TokenFault::Algorithm);
        let other = KeyRing::generate().unwrap();
        let stranger = forged(&other, &header("voucher+jwt", "EdDSA", kid), &claims);
        assert_eq!(fault(&stranger), TokenFault::Signature);
        let scan_header = header("scan+jwt", "HS256", "s1");
        let scan_claims = forge::part(&tokens.sign_scan(&scan()).unwrap(), 1);
        let own = EncodingKey::from_secret(other.scan_keys()[0].bytes());
        let stranger = forge::token(&scan_header, &scan_claims, &own, Algorithm::HS256);
        assert_eq!(tokens.read_scan(&stranger), Err(QrInvalid(TokenFault::Signature)));
    }

    #[test]
    fn claims_that_do_not_go_together_are_refused() {
        let (ring, tokens) = fixture();
        let good = tokens.sign(&printed(&tokens)).unwrap();
        let header = forge::part(&good, 0);
        let mut cases = Vec::new();
        for (member, value) in [
            ("hck", json!("c2hvcnQ")),
            ("hck", json!("*")),
            ("frm", json!("live")),
            ("frm", json!("x")),
            ("vid", json!(1)),
        ] {
            let mut claims = forge::part(&good, 1);
            claims[member] = value;
            cases.push(claims);
        }
        let mut unchecked = forge::part(&good, 1);
        unchecked.as_object_mut().unwrap().remove("hck");
        cases.push(unchecked);
        for claims in cases {
            assert_eq!(tokens.read(&forged(&ring, &header, &claims)), Err(QrInvalid(TokenFault::Claims)), "{claims}");
        }
        assert_eq!(tokens.sign(&VoucherToken { holder_check: None, ..printed(&tokens) }), Err(NotSigned));
    }

    #[test]
    fn the_last_four_characters_open_a_printed_code() {
        let (_, tokens) = fixture();
        let token = tokens.read(&tokens.sign(&printed(&tokens)).unwrap()).unwrap();
        for right in ["012X", "012x", " 012x "] {
            assert!(tokens.holder_passes(&token, right), "{right}");
        }
        for wrong in ["", "X", "12X", "0120", "7012X", RESIDENT, "零一二X"] {
            assert!(!tokens.holder_passes(&token, wrong), "{wrong}");
        }
        let elsewhere = VoucherToken { voucher: Id::digest(&["another"]), ..token.clone() };
        assert!(!tokens.holder_passes(&elsewhere, "012X"));
        assert!(!tokens.holder_passes(&VoucherToken { holder_check: None, ..token }, "012X"));
        assert!(tokens.holder_passes(&live(), ""));
    }

    #[test]
    fn a_printed_code_does_not_tell_the_number() {
        let (_, tokens) = fixture();
        let token = printed(&tokens);
        let payload = forge::part(&tokens.sign(&token).unwrap(), 1).to_string();
        let hex_check = format!("{:?}", token.holder_check.unwrap().0);
        for shown in [payload, format!("{token:?}"), format!("{tokens:?}")] {
            assert!(!shown.contains("012X") && !shown.contains(&hex_check));
        }
    }

    #[test]
    fn the_picture_reads_as_the_token() {
        let (_, tokens) = fixture();
        for text in [tokens.sign(&live()).unwrap(), tokens.sign(&printed(&tokens)).unwrap()] {
            let file = png(&text).unwrap();
            let picture = image::load_from_memory(&file).unwrap().to_luma8();
            assert!(picture.pixels().all(|pixel| pixel.0 == [0] || pixel.0 == [255]));
            let quiet = 4 * MODULE_PIXELS;
            assert_eq!(picture.get_pixel(quiet, quiet).0, [0], "the finder begins after four quiet modules");
            assert!((0..picture.width()).all(|x| (0..quiet).all(|y| picture.get_pixel(x, y).0 == [255])));
            let mut prepared = rqrr::PreparedImage::prepare(picture);
            let grids = prepared.detect_grids();
            assert_eq!(grids.len(), 1);
            let (meta, content) = grids[0].decode().unwrap();
            assert_eq!(content, text);
            // 0 is how the standard writes level M.
            assert_eq!(meta.ecc_level, 0);
        }
    }

    /// Modules at an edge of the code for a text.
    fn modules(text: &str) -> usize {
        code(text).unwrap().width()
    }

    /// Rows of ISO/IEC 18004: version, modules at an edge, then what fits for L, M, Q, H: letters of its alphabet, bytes.
    fn capacities() -> Vec<[usize; 10]> {
        serde_json::from_str(include_str!("../tests/data/qr_capacity.json")).unwrap()
    }

    #[test]
    fn a_text_gets_the_smallest_code_that_holds_it() {
        let table = capacities();
        assert_eq!(table.len(), 25);
        for [version, edge, _, _, letters, bytes, ..] in table {
            for (letter, most) in [("A", letters), ("a", bytes)] {
                assert_eq!(modules(&letter.repeat(most)), edge, "version {version}");
                // Every version has four modules more than the one before.
                assert_eq!(modules(&letter.repeat(most + 1)), edge + 4, "version {version}");
            }
        }
    }

    #[test]
    fn a_voucher_gets_the_smallest_code_that_holds_its_bytes() {
        let (_, tokens) = fixture();
        for token in [live(), printed(&tokens)] {
            let text = tokens.sign(&token).unwrap();
            let table = capacities();
            let row = table.iter().find(|row| text.len() <= row[5]).unwrap();
            assert_eq!(modules(&text), row[1], "{} bytes", text.len());
        }
    }

    #[test]
    fn the_vector_picture_is_black_on_white() {
        let picture = svg("huanxin").unwrap();
        assert!(picture.contains("<svg") && picture.contains("fill=\"#fff\"") && picture.contains("fill=\"#000\""));
        // Version 1 has 21 modules; with the quiet zone 29.
        assert!(picture.contains(&format!("width=\"{}\"", 29 * MODULE_PIXELS)));
        assert_eq!(svg(&"x".repeat(3000)), Err(NotDrawn));
        assert_eq!(png(&"x".repeat(3000)), Err(NotDrawn));
    }
}
