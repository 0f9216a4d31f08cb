//! Webhooks as a retailer asks for them.

use std::collections::BTreeSet;

use serde::Deserialize;
use utoipa::ToSchema;

use super::judge::{ENTRIES, Judge, LINE};
use super::read::shortened;
use super::words::{EventKindWord, Identity};
use crate::domain::command::NewWebhook;
use crate::domain::id::Id;
use crate::domain::refusal::{Code, Refusal, Refusals};
use crate::domain::time::{Day, Moment};
use crate::domain::webhook::EventKind;
use crate::webhooks::Reach;

/// A place where a retailer's system is told.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "url": "https://erp.example.cn/huanxin", "label": "门店系统",
    "events": ["redemption.recorded", "redemption.reversed", "redemption.rejected", "settlement.paid"]
}))]
pub struct CreateWebhookBody {
    /// Where it is: an https address of the public Internet.
    #[schema(min_length = 10, max_length = 500)]
    pub url: String,
    /// What the manager calls it.
    #[schema(min_length = 1, max_length = 200)]
    pub label: String,
    /// What it is told; that it is there it is told in any case.
    #[schema(value_type = Vec<EventKindWord>, min_items = 1, max_items = 100)]
    pub events: Vec<EventKind>,
}

impl CreateWebhookBody {
    /// The webhook, which is told what comes after a record of the trail.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn judged(self, retailer: Id, after: i64, reach: &Reach) -> Result<NewWebhook, Refusals> {
        let mut judge = Judge::new(Day(chrono::NaiveDate::MAX));
        let label = judge.text("/label", &self.label, LINE);
        let url = match reach.judge(&self.url) {
            Ok(()) => Some(self.url),
            Err(expected) => {
                let refusal = Refusal::at(Code::BodyMalformed, "/url").found(shortened(&self.url));
                judge.fail(refusal.expected(expected));
                None
            }
        };
        if self.events.is_empty() || self.events.len() > ENTRIES {
            judge.malformed("/events", "1 to 100 kinds of events");
        }
        let kinds: BTreeSet<EventKind> = self.events.into_iter().collect();
        judge.finish(label.zip(url).map(|(label, url)| NewWebhook { retailer, url, label, kinds, after }))
    }
}

/// From when on a webhook is told again.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"since": "2026-06-18T00:00:00Z"}))]
pub struct ReplayWebhookBody {
    /// Everything from this time on, whether it was taken before or not; without it, from where it stopped.
    #[schema(format = DateTime)]
    pub since: Option<String>,
}

impl ReplayWebhookBody {
    /// The time.
    ///
    /// # Errors
    /// When it is none.
    pub fn judged(self) -> Result<Option<Moment>, Refusals> {
        let mut judge = Judge::new(Day(chrono::NaiveDate::MAX));
        let since = self.since.map(|since| judge.moment("/since", &since));
        judge.finish(Some(since.flatten()))
    }
}

/// Events that a webhook missed.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"event_ids": ["019ed874-e500-7000-8000-000000000001"]}))]
pub struct RedeliverEventsBody {
    /// Which, each once.
    #[schema(value_type = Vec<Identity>, min_items = 1, max_items = 100)]
    pub event_ids: Vec<String>,
}

impl RedeliverEventsBody {
    /// The events.
    ///
    /// # Errors
    /// With everything that is no identity.
    pub fn judged(self) -> Result<Vec<Id>, Refusals> {
        let mut judge = Judge::new(Day(chrono::NaiveDate::MAX));
        if self.event_ids.is_empty() || self.event_ids.len() > ENTRIES {
            judge.malformed("/event_ids", "1 to 100 events");
        }
        let listed = self.event_ids.iter().take(ENTRIES).enumerate();
        let ids: Vec<Id> = listed.filter_map(|(at, id)| judge.id(&format!("/event_ids/{at}"), id)).collect();
        judge.finish(Some(ids))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::body::{example_of, read};

    #[test]
    fn the_examples_can_be_read() {
        let id = Id::digest(&["retailer"]);
        let body: CreateWebhookBody = read(&example_of::<CreateWebhookBody>().to_string().into_bytes()).unwrap();
        assert_eq!(body.judged(id, 7, &Reach::default()).unwrap().kinds.len(), 4);
        let body: ReplayWebhookBody = read(&example_of::<ReplayWebhookBody>().to_string().into_bytes()).unwrap();
        assert!(body.judged().unwrap().is_some());
        let body: RedeliverEventsBody = read(&example_of::<RedeliverEventsBody>().to_string().into_bytes()).unwrap();
        assert_eq!(body.judged().unwrap().len(), 1);
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let body = json!({"url": "http://10.0.0.1/", "label": "", "events": []}).to_string();
        let body: CreateWebhookBody = read(body.as_bytes()).unwrap();
        let refusals = body.judged(Id::NIL, 0, &Reach::default()).unwrap_err();
        let mut pointers: Vec<&str> = refusals.all().iter().map(|refusal| refusal.pointer.as_str()).collect();
        pointers.sort_unstable();
        assert_eq!(pointers, ["/events", "/label", "/url"]);
        let body: RedeliverEventsBody = read(b"{\"event_ids\": [\"x\"]}").unwrap();
        assert_eq!(body.judged().unwrap_err().first().pointer, "/event_ids/0");
        let body: ReplayWebhookBody = read(b"{\"since\": \"yesterday\"}").unwrap();
        assert_eq!(body.judged().unwrap_err().first().pointer, "/since");
    }
}
