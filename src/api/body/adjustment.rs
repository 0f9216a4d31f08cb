//! What an officer sends to post adjustments.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::command::{Act, PostAdjustments};
use crate::domain::refusal::Refusals;
use crate::domain::time::Day;

use super::judge::Judge;
use super::words::{Amount, Identity};

/// The most redemptions that one request raises: a page of the list at its longest.
const MOST: usize = 200;

/// Adjustments that were listed as due and are to be posted, all of them or none.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostAdjustmentsBody {
    /// The version that raises, as it stands in the list; the one in force.
    #[schema(minimum = 1)]
    pub version: u32,
    /// The redemptions, each once.
    #[schema(min_items = 1, max_items = 200, value_type = Vec<Identity>)]
    pub redemption_ids: Vec<String>,
    /// What they sum to in the list: when it is no longer so, nothing is posted.
    pub total: Amount,
}

impl PostAdjustmentsBody {
    /// The command.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn into_act(self, programme: String) -> Result<Act, Refusals> {
        let mut judge = Judge::new(Day(chrono::NaiveDate::MAX));
        if !(1..=MOST).contains(&self.redemption_ids.len()) {
            judge.malformed("/redemption_ids", format!("1 to {MOST} redemptions"));
        }
        let listed = self.redemption_ids.iter().take(MOST).enumerate();
        let redemptions = listed.filter_map(|(index, id)| judge.id(&format!("/redemption_ids/{index}"), id)).collect();
        let total = judge.amount("/total", &self.total);
        let version = self.version;
        let made = total.map(|total| PostAdjustments { programme, version, redemptions, total });
        judge.finish(made.map(Act::PostAdjustments))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::body::read;
    use crate::domain::money::Fen;
    use crate::domain::refusal::Code;

    fn post(body: &Value) -> Result<Act, Refusals> {
        read::<PostAdjustmentsBody>(body.to_string().as_bytes())?.into_act("nc-car".into())
    }

    fn told(body: &Value) -> Vec<(Code, String)> {
        let refusals = post(body).unwrap_err();
        refusals.all().iter().map(|refusal| (refusal.code, refusal.pointer.clone())).collect()
    }

    #[test]
    fn what_was_listed_is_posted() {
        let listed =
            json!({"version": 2, "redemption_ids": ["019a5c3e-7b00-7000-8000-000000000006"], "total": "10000.00"});
        let Act::PostAdjustments(post) = post(&listed).unwrap() else { panic!() };
        assert_eq!((post.version, post.redemptions.len(), post.total), (2, 1, Fen(1_000_000)));
        assert_eq!(post.programme, "nc-car");
    }

    #[test]
    fn what_cannot_stand_is_told_at_once() {
        let id = "019a5c3e-7b00-7000-8000-000000000006";
        let body = |ids: Value, total: Value| json!({"version": 2, "redemption_ids": ids, "total": total});
        let wrong = told(&body(json!([id, "x"]), json!(10000)));
        assert_eq!(
            wrong,
            [(Code::AmountMalformed, "/total".into()), (Code::IdentifierInvalid, "/redemption_ids/1".into())]
        );
        let list = |count: usize| json!(vec![id; count]);
        for count in [0, 201] {
            let expected = [(Code::BodyMalformed, "/redemption_ids".to_owned())];
            assert_eq!(told(&body(list(count), json!("1.00"))), expected, "{count}");
        }
        assert!(post(&body(list(200), json!("1.00"))).is_ok());
        assert_eq!(told(&body(list(1), json!("-1.00"))), [(Code::AmountMalformed, "/total".to_owned())]);
        let negative = json!({"version": -1, "redemption_ids": [id], "total": "1.00"});
        assert_eq!(told(&negative), [(Code::BodyMalformed, "/version".to_owned())]);
    }
}
