//! Whether each town and office of the district has a collection point (task 16 of the action plan).

use std::collections::BTreeSet;

use actix_web::{HttpResponse, web};

use super::auth::BureauReader;
use super::error::ApiError;
use super::query::{Asked, Nothing};
use super::server::Service;
use super::view::{CoverageView, TownCoverageView};
use crate::domain::records::{Recycler, Standing};
use crate::domain::towns::{Town, Towns};
use crate::store::Page;

/// More collection points than a district has.
const ALL: Page = Page { after: None, limit: 20_000 };

/// The towns and offices of the district with their collection points, and which lack one
///
/// Towns are those of the division's list (`--towns`). A division without a list shows the towns in which it has stores or
/// collection points, says so in `listed`, and cannot know of others.
#[utoipa::path(get, path = "/api/v1/reports/collection-coverage", operation_id = "getCollectionCoverage",
    tag = "reports",
    responses((status = 200, description = "Town by town", body = CoverageView)))]
pub async fn get_collection_coverage(
    _: BureauReader,
    _: Asked<Nothing>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let division = service.division.code().to_owned();
    let read = service
        .division
        .read(move |tx| Ok((tx.recyclers(Some(&division), false, ALL)?, tx.towns_of_stores(&division)?)));
    let (points, stores) = read.await?;
    Ok(HttpResponse::Ok().json(coverage(&service.towns, &points, &stores)))
}

fn coverage(list: &Towns, points: &[Recycler], stores: &[String]) -> CoverageView {
    let listed = !list.towns.is_empty();
    let towns = if listed { list.towns.clone() } else { known(points, stores) };
    let approved = |point: &&Recycler| point.standing == Standing::Approved;
    let rows: Vec<TownCoverageView> = towns
        .iter()
        .map(|town| {
            let here = || points.iter().filter(|point| town.is_named(&point.town));
            let approved = here().filter(approved).count();
            TownCoverageView {
                town: town.name.clone(),
                code: town.code.clone(),
                approved: count(approved),
                others: count(here().count() - approved),
            }
        })
        .collect();
    let elsewhere = |point: &&Recycler| !towns.iter().any(|town| town.is_named(&point.town));
    CoverageView {
        division_code: list.division_code.clone(),
        listed,
        covered: count(rows.iter().filter(|row| row.approved > 0).count()),
        lacking: rows.iter().filter(|row| row.approved == 0).map(|row| row.town.clone()).collect(),
        elsewhere: count(points.iter().filter(approved).filter(elsewhere).count()),
        towns: rows,
    }
}

/// The towns that records name, by their names.
fn known(points: &[Recycler], stores: &[String]) -> Vec<Town> {
    let names: BTreeSet<&str> = points.iter().map(|point| &point.town).chain(stores).map(|town| town.trim()).collect();
    names.into_iter().map(|name| Town { name: name.to_owned(), code: None }).collect()
}

fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::Id;

    fn point(town: &str, standing: Standing) -> Recycler {
        Recycler {
            id: Id::digest(&[town, standing.name()]),
            name: town.to_owned(),
            uscc: String::new(),
            address: String::new(),
            division_code: "360111".to_owned(),
            town: town.to_owned(),
            opening_hours: None,
            latitude_micro: None,
            longitude_micro: None,
            categories: Vec::new(),
            standing,
        }
    }

    #[test]
    fn a_town_whose_point_is_suspended_lacks_one() {
        let points = [
            point("360111490", Standing::Approved),
            point("昌东镇", Standing::Suspended),
            point("鲤鱼洲管理处", Standing::Approved),
            point("塘山镇", Standing::Approved),
        ];
        let list = Towns::known("360111").unwrap();
        let found = coverage(&list, &points, &["昌东镇".to_owned()]);
        assert_eq!((found.listed, found.covered, found.elsewhere), (true, 2, 1));
        assert_eq!(found.lacking, ["昌东镇", "麻丘镇"]);
        assert_eq!((found.towns[1].approved, found.towns[1].others), (0, 1));
    }

    /// A town in which nobody has anything to do with the service is not known without a list.
    #[test]
    fn without_a_list_the_records_say_which_towns_there_are() {
        let points = [point("昌东镇", Standing::Approved)];
        let found = coverage(&Towns::unknown("360111"), &points, &["麻丘镇".to_owned(), "昌东镇".to_owned()]);
        assert_eq!(
            (found.listed, found.covered, found.elsewhere, found.lacking),
            (false, 1, 0, vec!["麻丘镇".to_owned()])
        );
    }
}
