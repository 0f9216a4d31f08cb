//! Lists that grow for years are found by an index, on both databases.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;

use super::{Division, Server, each, pg, sqlite};

/// A line of what SQLite means to do.
#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// A line of what PostgreSQL means to do.
#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

/// How a statement would be carried out. PostgreSQL reads a small table whole, whatever indexes there are, unless it is
/// told that it may not.
fn plan(division: &Division, statement: &str) -> String {
    match &division.place {
        Server::File { path, .. } => {
            let mut conn = sqlite::connect_writer(path).unwrap();
            let steps: Vec<Step> = sql_query(format!("EXPLAIN QUERY PLAN {statement}")).load(&mut conn).unwrap();
            steps.into_iter().map(|step| step.detail + "\n").collect()
        }
        Server::Schema { url, name } => {
            let mut conn = pg::connect_owner(url, Some(name)).unwrap();
            sql_query("SET enable_seqscan = off").execute(&mut conn).unwrap();
            let lines: Vec<Line> = sql_query(format!("EXPLAIN {statement}")).load(&mut conn).unwrap();
            lines.into_iter().map(|line| line.line + "\n").collect()
        }
    }
}

#[test]
fn what_is_asked_for_is_found_by_an_index() {
    each(|division| {
        let id = if division.is_postgres() { "'019ed874-e500-7000-8000-000000000000'" } else { "x'00'" };
        for (index, statement) in [
            (
                "adjustment_of_retailer",
                format!("SELECT * FROM adjustment WHERE retailer = {id} AND at >= 1 AND at < 2"),
            ),
            ("bank_return_of_batch", format!("SELECT * FROM bank_return WHERE batch = {id} ORDER BY at, id")),
            (
                "reconciliation_row_of_batch",
                format!("SELECT * FROM reconciliation_row WHERE batch = {id} AND id < {id} ORDER BY id DESC LIMIT 20"),
            ),
            ("attempt_of_actor", format!("SELECT * FROM attempt WHERE actor = {id}")),
            ("attempt_about", "SELECT * FROM attempt WHERE subject = 'x'".to_owned()),
            ("attempt_of_request", "SELECT id FROM attempt WHERE request_id = 'x'".to_owned()),
        ] {
            let plan = plan(division, &statement);
            assert!(plan.contains(index), "{plan}");
        }
    });
}
