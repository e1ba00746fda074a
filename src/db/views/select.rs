//! Reads of tables with filters chosen at run time: filters, order and limit all become SQL, so that a page of twenty
//! rows costs twenty rows.
//!
//! Only the SQL fragments of a [`Table`] reach the text of a statement; every value is bound.

use diesel::query_builder::BoxedSqlQuery;
use diesel::query_builder::SqlQuery;
use diesel::query_dsl::methods::LoadQuery;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::Sqlite;
use diesel::{QueryableByName, RunQueryDsl, SqliteConnection, sql_query};

use crate::db::DbError;

/// How a column is stored and compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Int,
    Text,
    /// 0 or 1.
    Flag,
    /// True if the column is not null.
    Present,
    /// Stored in microseconds, compared in whole seconds.
    Seconds,
    /// A JSON list of texts.
    TextList,
}

/// A field by which rows can be filtered and sorted.
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name in REST.
    pub field: &'static str,
    pub sql: &'static str,
    pub kind: Kind,
}

/// A table, or a join, with the fields it can be asked by.
#[derive(Debug)]
pub struct Table {
    pub name: &'static str,
    pub columns: &'static [Column],
}

impl Table {
    pub fn column(&self, field: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.field == field)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Any of the values.
    Eq,
    /// None of the values; a null is never matched, as in SQL.
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    /// A substring of a text, or an element of a list; any of the values.
    Contains,
}

/// A value to compare with. Flags are 0 and 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    Int(i64),
    Text(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    pub column: &'static Column,
    pub operator: Operator,
    /// At least one.
    pub values: Vec<Term>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub column: &'static Column,
    pub descending: bool,
}

/// A fixed condition, for instance "of this builder".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    pub sql: &'static str,
    /// Values of its question marks.
    pub binds: Vec<i64>,
}

/// Which rows of a table are wanted, and in which order; the id breaks ties.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Select {
    pub scope: Option<Scope>,
    pub filters: Vec<Filter>,
    pub order: Vec<Order>,
    pub limit: Option<i64>,
    pub offset: i64,
}

impl Select {
    /// The rows that a fixed condition names.
    pub fn scoped(sql: &'static str, binds: Vec<i64>) -> Self {
        Self { scope: Some(Scope { sql, binds }), ..Self::default() }
    }

    /// The rows of these ids. The first column of a table is its id.
    pub fn by_ids(table: &'static Table, ids: &[i64]) -> Self {
        let column = table.columns.first();
        let values: Vec<Term> = ids.iter().copied().map(Term::Int).collect();
        let filter = column.map(|column| Filter { column, operator: Operator::Eq, values });
        Self { filters: filter.into_iter().collect(), ..Self::default() }
    }

    #[must_use]
    pub fn newest(mut self, table: &Table, limit: i64) -> Self {
        self.order = table.columns.first().map(|column| Order { column, descending: true }).into_iter().collect();
        self.limit = Some(limit);
        self
    }

    pub(super) fn rows<T>(&self, conn: &mut SqliteConnection, table: &Table) -> Result<Vec<T>, DbError>
    where
        T: QueryableByName<Sqlite> + 'static,
    {
        let mut statement = Statement::new(format!("SELECT {0}.* FROM {0}", table.name));
        statement.conditions(self);
        statement.sorted(self, table);
        statement.load(conn)
    }

    /// How many rows there are without limit and offset.
    pub fn count(&self, conn: &mut SqliteConnection, table: &Table) -> Result<i64, DbError> {
        let mut statement = Statement::new(format!("SELECT COUNT(*) AS n FROM {}", table.name));
        statement.conditions(self);
        let counts: Vec<Count> = statement.load(conn)?;
        Ok(counts.first().map_or(0, |count| count.n))
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// Text and values of a statement in the making.
struct Statement {
    sql: String,
    binds: Vec<Term>,
}

impl Statement {
    fn new(sql: String) -> Self {
        Self { sql, binds: Vec::new() }
    }

    fn conditions(&mut self, select: &Select) {
        let mut word = " WHERE ";
        if let Some(scope) = &select.scope {
            self.sql.push_str(word);
            self.sql.push_str(scope.sql);
            self.binds.extend(scope.binds.iter().copied().map(Term::Int));
            word = " AND ";
        }
        for filter in &select.filters {
            self.sql.push_str(word);
            self.condition(filter);
            word = " AND ";
        }
    }

    fn condition(&mut self, filter: &Filter) {
        let sql = filter.column.sql;
        let compared = match filter.column.kind {
            Kind::Int | Kind::Text | Kind::Flag | Kind::TextList => sql.to_owned(),
            Kind::Present => return self.presence(filter),
            Kind::Seconds => format!("({sql} / 1000000)"),
        };
        match filter.operator {
            Operator::Eq => self.any_of(&format!("{compared} IN"), filter),
            Operator::Ne => self.any_of(&format!("{compared} NOT IN"), filter),
            Operator::Lt => self.comparison(&format!("{compared} <"), filter),
            Operator::Le => self.comparison(&format!("{compared} <="), filter),
            Operator::Gt => self.comparison(&format!("{compared} >"), filter),
            Operator::Ge => self.comparison(&format!("{compared} >="), filter),
            Operator::Contains => self.containment(filter),
        }
    }

    /// Written as a test for null, so that a partial index can serve it.
    fn presence(&mut self, filter: &Filter) {
        let accepts = |flag: i64| match (filter.operator, filter.values.first()) {
            (Operator::Eq | Operator::Contains, _) => filter.values.contains(&Term::Int(flag)),
            (Operator::Ne, _) => !filter.values.contains(&Term::Int(flag)),
            (Operator::Lt, Some(Term::Int(limit))) => flag < *limit,
            (Operator::Le, Some(Term::Int(limit))) => flag <= *limit,
            (Operator::Gt, Some(Term::Int(limit))) => *limit < flag,
            (Operator::Ge, Some(Term::Int(limit))) => *limit <= flag,
            _ => false,
        };
        let sql = filter.column.sql;
        let condition = match (accepts(0), accepts(1)) {
            (true, true) => "1 = 1".to_owned(),
            (true, false) => format!("{sql} IS NULL"),
            (false, true) => format!("{sql} IS NOT NULL"),
            (false, false) => "1 = 0".to_owned(),
        };
        self.sql.push_str(&condition);
    }

    fn any_of(&mut self, left: &str, filter: &Filter) {
        let marks = vec!["?"; filter.values.len()].join(", ");
        self.sql.push_str(&format!("{left} ({marks})"));
        self.binds.extend(filter.values.iter().cloned());
    }

    fn comparison(&mut self, left: &str, filter: &Filter) {
        self.sql.push_str(&format!("{left} ?"));
        self.binds.extend(filter.values.first().cloned());
    }

    fn containment(&mut self, filter: &Filter) {
        let sql = filter.column.sql;
        let one = match filter.column.kind {
            Kind::TextList => format!("EXISTS (SELECT 1 FROM json_each({sql}) WHERE value = ?)"),
            _ => format!("instr({sql}, ?) > 0"),
        };
        let conditions = vec![one; filter.values.len()].join(" OR ");
        self.sql.push_str(&format!("({conditions})"));
        self.binds.extend(filter.values.iter().cloned());
    }

    fn sorted(&mut self, select: &Select, table: &Table) {
        self.sql.push_str(" ORDER BY ");
        for order in &select.order {
            let expression = match order.column.kind {
                Kind::Present => format!("({} IS NOT NULL)", order.column.sql),
                _ => order.column.sql.to_owned(),
            };
            self.sql.push_str(&expression);
            self.sql.push_str(if order.descending { " DESC, " } else { ", " });
        }
        let last_descends = select.order.last().is_some_and(|order| order.descending);
        let direction = if last_descends { " DESC" } else { "" };
        self.sql.push_str(&format!("{}.id{direction}", table.name));
        if select.limit.is_some() || select.offset != 0 {
            self.sql.push_str(" LIMIT ? OFFSET ?");
            self.binds.push(Term::Int(select.limit.unwrap_or(-1)));
            self.binds.push(Term::Int(select.offset));
        }
    }

    fn load<T>(self, conn: &mut SqliteConnection) -> Result<Vec<T>, DbError>
    where
        T: QueryableByName<Sqlite> + 'static,
        for<'query> BoxedSqlQuery<'query, Sqlite, SqlQuery>: LoadQuery<'query, SqliteConnection, T>,
    {
        let mut query = sql_query(self.sql).into_boxed::<Sqlite>();
        for bind in self.binds {
            query = match bind {
                Term::Int(number) => query.bind::<BigInt, _>(number),
                Term::Text(text) => query.bind::<Text, _>(text),
            };
        }
        Ok(query.load(conn)?)
    }
}
