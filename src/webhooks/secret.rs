//! Secrets of webhooks and what is signed with them, as Standard Webhooks 1.0.0 has it, so that retailers find a library for
//! it in whatever language they have.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::domain::id::Id;
use crate::keys::{KeyRing, SecretKey};

const PURPOSE: &str = "secrets of webhooks";

/// Makes the secret of each webhook out of its identity and the service's own key, so that none need be kept.
#[derive(Clone)]
pub struct WebhookSecrets {
    key: SecretKey,
}

impl fmt::Debug for WebhookSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookSecrets").finish_non_exhaustive()
    }
}

impl WebhookSecrets {
    /// With the one key of the service that never changes.
    #[must_use]
    pub fn new(keys: &KeyRing) -> Self {
        Self { key: keys.lookup_key().derived(PURPOSE) }
    }

    fn secret(&self, webhook: Id, serial: u32) -> [u8; 32] {
        self.key
            .mac()
            .chain_update(webhook.as_bytes())
            .chain_update(serial.to_be_bytes())
            .finalize()
            .into_bytes()
            .into()
    }

    /// A secret as its retailer is shown it.
    #[must_use]
    pub fn text(&self, webhook: Id, serial: u32) -> String {
        format!("whsec_{}", STANDARD.encode(self.secret(webhook, serial)))
    }

    /// What stands in `webhook-signature` of a message: a signature with each of these secrets. `sent_at` is in seconds since
    /// 1970 and goes along as `webhook-timestamp`.
    #[must_use]
    pub fn sign(
        &self,
        webhook: Id,
        serials: impl Iterator<Item = u32>,
        (event, sent_at, message): (Id, i64, &str),
    ) -> String {
        let signed =
            serials.map(|serial| signature(&self.secret(webhook, serial), &event.to_string(), sent_at, message));
        signed.collect::<Vec<_>>().join(" ")
    }
}

/// HMAC-SHA256 over identity, time and message, with full stops between them.
fn signature(secret: &[u8], event: &str, sent_at: i64, message: &str) -> String {
    // A key of any length will do for HMAC.
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret) else { return String::new() };
    let mac = mac.chain_update(format!("{event}.{sent_at}.{message}"));
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the standard's own documentation.
    #[test]
    fn a_signature_is_that_of_the_standard() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let message = "{\"test\": 2432232314}";
        let signed = signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, message);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn each_webhook_and_each_serial_has_a_secret_of_its_own() {
        let ring = KeyRing::generate().unwrap();
        let secrets = WebhookSecrets::new(&ring);
        let (one, other) = (Id::digest(&["one"]), Id::digest(&["other"]));
        assert_eq!(secrets.text(one, 1), WebhookSecrets::new(&ring).text(one, 1));
        assert_ne!(secrets.text(one, 1), secrets.text(one, 2));
        assert_ne!(secrets.text(one, 1), secrets.text(other, 1));
        assert_ne!(secrets.text(one, 1), WebhookSecrets::new(&KeyRing::generate().unwrap()).text(one, 1));
        assert!(!format!("{secrets:?}").contains(&format!("{:?}", ring.lookup_key().bytes())));
    }

    #[test]
    fn while_two_secrets_hold_both_sign() {
        let secrets = WebhookSecrets::new(&KeyRing::generate().unwrap());
        let (hook, event) = (Id::digest(&["hook"]), Id::digest(&["event"]));
        let both = secrets.sign(hook, [2, 1].into_iter(), (event, 5, "{}"));
        let each: Vec<String> = [2, 1].map(|serial| secrets.sign(hook, [serial].into_iter(), (event, 5, "{}"))).into();
        assert_eq!(both, each.join(" "));
        assert_ne!(each[0], each[1]);
    }
}
