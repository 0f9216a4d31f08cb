//! The identity as a column type: `uuid` on PostgreSQL, sixteen bytes on SQLite.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{Binary, SqlOrd, SqlType};
use diesel::sqlite::Sqlite;
use std::io::Write;

use crate::domain::id::Id;

/// The SQL type of an [`Id`].
#[derive(Clone, Copy, Debug, Default, QueryId, SqlType)]
#[diesel(postgres_type(oid = 2950, array_oid = 2951))]
#[diesel(sqlite_type(name = "Binary"))]
pub struct Uid;

impl SqlOrd for Uid {}

/// Lets diesel take the domain's type as it is, without the domain knowing of diesel.
#[derive(AsExpression, FromSqlRow)]
#[diesel(foreign_derive)]
#[diesel(sql_type = Uid)]
#[expect(dead_code, reason = "stands for the domain's type in the derive")]
struct IdProxy(Id);

fn read(bytes: &[u8]) -> deserialize::Result<Id> {
    if bytes.len() == 16 { Ok(Id::from_prefix(bytes)) } else { Err("an identity that is not sixteen bytes".into()) }
}

impl ToSql<Uid, Pg> for Id {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(self.as_bytes())?;
        Ok(IsNull::No)
    }
}

impl FromSql<Uid, Pg> for Id {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        read(value.as_bytes())
    }
}

impl ToSql<Uid, Sqlite> for Id {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.as_bytes().as_slice());
        Ok(IsNull::No)
    }
}

impl FromSql<Uid, Sqlite> for Id {
    fn from_sql(value: <Sqlite as diesel::backend::Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        read(&<Vec<u8> as FromSql<Binary, Sqlite>>::from_sql(value)?)
    }
}
