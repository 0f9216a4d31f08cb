//! Sends messages by HTTP. Nothing of an answer counts but its status, and no redirection is followed: whom a retailer names
//! is called, and nobody else.

use std::time::Duration;

use ureq::Agent;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::http::uri::Scheme;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use super::{Reach, WebhookSecrets};
use crate::domain::time::Moment;
use crate::domain::webhook::{Event, Receipt, Webhook};
use crate::engine::{Clock, Courier};

/// How long a system may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Connections that are kept for the next message.
const IDLE: usize = 64;

/// The service's way to retailers' systems.
pub struct HttpCourier {
    agent: Agent,
    secrets: WebhookSecrets,
    /// The machine's clock: whoever gets a message compares its time with the real one.
    clock: Clock,
}

impl HttpCourier {
    /// With these secrets, to whatever can be reached.
    #[must_use]
    pub fn new(secrets: WebhookSecrets, reach: Reach) -> Self {
        // A proxy of the environment would look names up itself, and nobody would judge what they stand for.
        let config = Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .max_idle_connections(IDLE)
            .user_agent(concat!("huanxin/", env!("CARGO_PKG_VERSION")))
            .build();
        let agent =
            Agent::with_parts(config, DefaultConnector::new(), Judged { reach, names: DefaultResolver::default() });
        Self { agent, secrets, clock: Clock::default() }
    }
}

impl Courier for HttpCourier {
    fn carry(&self, webhook: &Webhook, event: &Event, now: Moment) -> Receipt {
        let (message, sent_at) = (event.message(), self.clock.now().seconds());
        let signature = self.secrets.sign(webhook.id, webhook.signing(now), (event.id, sent_at, &message));
        let request = self
            .agent
            .post(&webhook.url)
            .header("content-type", "application/json")
            .header("webhook-id", event.id.to_string())
            .header("webhook-timestamp", sent_at.to_string())
            .header("webhook-signature", signature);
        match request.send(&message) {
            Ok(answer) => receipt(answer.status().as_u16()),
            Err(fault) => Receipt::Down(word(&fault).to_owned()),
        }
    }
}

/// What a status means: a fault of this one message, or of the system.
fn receipt(status: u16) -> Receipt {
    let said = format!("HTTP {status}");
    match status {
        200..=299 => Receipt::Taken,
        410 => Receipt::Gone(said),
        400 | 409 | 413 | 415 | 422 => Receipt::Refused(said),
        _ => Receipt::Down(said),
    }
}

/// What went wrong, in words that tell nothing of the network inside.
fn word(fault: &ureq::Error) -> &'static str {
    match fault {
        ureq::Error::Timeout(_) => "no answer within 10 seconds",
        ureq::Error::HostNotFound => "no such host",
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => "no TLS",
        ureq::Error::Other(why) if why.is::<NotReached>() => "no address that may be called",
        _ => "no connection",
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the name stands for no address that may be called")]
struct NotReached;

/// Looks names up and keeps what may be called. The address that is judged is the one that is connected to.
#[derive(Debug)]
struct Judged {
    reach: Reach,
    names: DefaultResolver,
}

impl Resolver for Judged {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let secure = uri.scheme() == Some(&Scheme::HTTPS);
        let mut admitted = self.empty();
        for address in &*self.names.resolve(uri, config, timeout)? {
            if self.reach.admits(secure, address.ip()) {
                admitted.push(*address);
            }
        }
        if admitted.is_empty() { Err(ureq::Error::Other(Box::new(NotReached))) } else { Ok(admitted) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::net::TcpListener;

    use serde_json::json;

    use super::*;
    use crate::domain::id::Id;
    use crate::domain::webhook::{EventKind, WebhookStatus};
    use crate::keys::KeyRing;

    fn webhook(url: &str) -> Webhook {
        Webhook {
            id: Id::digest(&["webhook"]),
            retailer: Id::digest(&["retailer"]),
            url: url.into(),
            label: "ERP".into(),
            kinds: BTreeSet::new(),
            serial: 1,
            overlap_until: None,
            status: WebhookStatus::Active,
            cursor: 0,
            tries: 0,
            retry_at: None,
            failing_since: None,
            failure: None,
            delivered_at: None,
            created_at: Moment(0),
            stopped_at: None,
            reason: None,
        }
    }

    fn event() -> Event {
        Event {
            id: Id::digest(&["event"]),
            seq: 1,
            kind: EventKind::WebhookCreated,
            retailer: Id::digest(&["retailer"]),
            subject: Id::digest(&["webhook"]),
            at: Moment(0),
            data: json!({}),
        }
    }

    fn courier(reach: Reach) -> HttpCourier {
        HttpCourier::new(WebhookSecrets::new(&KeyRing::generate().unwrap()), reach)
    }

    /// However the machine itself is named, nothing is sent to it: the listener would take the connection.
    #[test]
    fn a_name_that_stands_for_an_address_inside_is_not_called() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        listener.set_nonblocking(true).unwrap();
        for host in ["localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0"] {
            for scheme in ["http", "https"] {
                let receipt = courier(Reach::default()).carry(
                    &webhook(&format!("{scheme}://{host}:{port}/")),
                    &event(),
                    Moment(0),
                );
                let Receipt::Down(why) = receipt else { panic!("{host}: {receipt:?}") };
                assert!(
                    ["no address that may be called", "no such host", "no connection"].contains(&why.as_str()),
                    "{why}"
                );
                assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "{host}");
            }
        }
    }

    #[test]
    fn nobody_there_is_a_system_that_is_down() {
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let own = Reach::new(vec!["127.0.0.0/8".parse().unwrap()]);
        let receipt = courier(own).carry(&webhook(&format!("http://{closed}/")), &event(), Moment(0));
        assert_eq!(receipt, Receipt::Down("no connection".into()));
    }

    #[test]
    fn a_status_says_whose_fault_it_is() {
        for taken in [200, 202, 204, 299] {
            assert_eq!(receipt(taken), Receipt::Taken);
        }
        for refused in [400, 409, 413, 415, 422] {
            assert!(matches!(receipt(refused), Receipt::Refused(_)), "{refused}");
        }
        for down in [301, 302, 307, 401, 403, 404, 405, 408, 425, 429, 500, 502, 503] {
            assert!(matches!(receipt(down), Receipt::Down(_)), "{down}");
        }
        assert_eq!(receipt(410), Receipt::Gone("HTTP 410".into()));
    }
}
