//! The query operators of REST: which elements of a collection, in which order, with which fields.
//!
//! The parsed form knows nothing of where the elements are: [`ResultSpec::select`] makes it a read of a large table,
//! [`ResultSpec::apply`] picks from a small collection in memory.

use std::cmp::Ordering;

use super::elements::{Element, Elements};
use crate::db::views::properties::Wanted;
use crate::db::views::select::{Filter, Operator, Order, Scope, Select, Table, Term};
use crate::json::Value;

/// What a field holds, which decides how the values of filters are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    Int,
    Bool,
    Text,
    IntList,
    TextList,
    /// Not to be filtered by.
    Other,
}

/// A field of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: &'static str,
    pub kind: FieldKind,
}

/// A field of REST.
pub const fn field(name: &'static str, kind: FieldKind) -> Field {
    Field { name, kind }
}

/// A bad query; the text is Buildbot's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    #[error("unrecognized query parameter '{0}'")]
    Unrecognized(String),
    #[error("invalid filter value for {0}")]
    Value(String),
    #[error("invalid {0}")]
    Page(&'static str),
    #[error("no such field '{0}'")]
    NoSuchField(String),
    #[error("cannot order on un-selected fields")]
    OrderUnselected,
    #[error("cannot filter on un-selected fields")]
    FilterUnselected,
    #[error("this is not a collection")]
    NotCollection,
}

#[derive(Clone, Debug, PartialEq)]
struct Condition {
    field: Field,
    operator: Operator,
    values: Vec<Term>,
}

/// A parsed query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResultSpec {
    conditions: Vec<Condition>,
    /// Field and whether it descends.
    order: Vec<(Field, bool)>,
    /// Empty is all.
    selected: Vec<String>,
    properties: Vec<String>,
    limit: Option<i64>,
    offset: Option<i64>,
}

impl ResultSpec {
    /// Reads the parameters of a request for elements with these fields.
    pub fn parse(parameters: &[(String, String)], fields: &[Field]) -> Result<Self, SpecError> {
        let mut spec = Self::default();
        for (name, value) in parameters {
            spec.parameter(name, value, fields)?;
        }
        spec.check_selection(fields)?;
        Ok(spec)
    }

    /// The same for a single element, which can only be reduced to some of its fields.
    pub fn parse_single(parameters: &[(String, String)], fields: &[Field]) -> Result<Self, SpecError> {
        let spec = Self::parse(parameters, fields)?;
        let collects =
            !spec.conditions.is_empty() || !spec.order.is_empty() || spec.limit.is_some() || spec.offset.is_some();
        if collects { Err(SpecError::NotCollection) } else { Ok(spec) }
    }

    fn parameter(&mut self, name: &str, value: &str, fields: &[Field]) -> Result<(), SpecError> {
        match name {
            "limit" => self.limit = Some(page_number(value).ok_or(SpecError::Page("limit"))?),
            "offset" => self.offset = Some(page_number(value).ok_or(SpecError::Page("offset"))?),
            "field" => self.selected.push(value.to_owned()),
            "property" => self.properties.push(value.to_owned()),
            "order" => {
                let (name, descending) = value.strip_prefix('-').map_or((value, false), |name| (name, true));
                let field = find(fields, name).ok_or_else(|| SpecError::NoSuchField(name.to_owned()))?;
                self.order.push((field, descending));
            }
            _ => self.condition(name, value, fields)?,
        }
        Ok(())
    }

    fn condition(&mut self, name: &str, value: &str, fields: &[Field]) -> Result<(), SpecError> {
        let (field, operator) = match (find(fields, name), name.rsplit_once("__")) {
            (Some(field), _) => (field, Operator::Eq),
            (None, None) => return Err(SpecError::Unrecognized(name.to_owned())),
            (None, Some((left, right))) => match (find(fields, left), operator(right)) {
                (Some(field), Some(operator)) => (field, operator),
                // ignored without a word, as Buildbot does
                _ => return Ok(()),
            },
        };
        let bad_value = || SpecError::Value(name.to_owned());
        let term = term(field.kind, operator, value).ok_or_else(bad_value)?;
        let single = matches!(operator, Operator::Lt | Operator::Le | Operator::Gt | Operator::Ge);
        match self.conditions.iter_mut().find(|other| other.field == field && other.operator == operator) {
            Some(_) if single => return Err(bad_value()),
            Some(condition) => condition.values.push(term),
            None => self.conditions.push(Condition { field, operator, values: vec![term] }),
        }
        Ok(())
    }

    fn check_selection(&self, fields: &[Field]) -> Result<(), SpecError> {
        if self.selected.is_empty() {
            return Ok(());
        }
        if let Some(name) = self.selected.iter().find(|name| find(fields, name).is_none()) {
            return Err(SpecError::NoSuchField(name.clone()));
        }
        let is_selected = |field: &Field| self.selected.iter().any(|name| name == field.name);
        if !self.order.iter().all(|(field, _)| is_selected(field)) {
            return Err(SpecError::OrderUnselected);
        }
        if !self.conditions.iter().all(|condition| is_selected(&condition.field)) {
            return Err(SpecError::FilterUnselected);
        }
        Ok(())
    }

    /// Whether a field decides which elements are wanted.
    pub fn filters_by(&self, field: &str) -> bool {
        self.conditions.iter().any(|condition| condition.field.name == field)
    }

    /// Whether limit or offset is given.
    pub fn is_paged(&self) -> bool {
        self.limit.is_some() || self.offset.is_some()
    }

    /// The properties that are to be filled in; `None` is none.
    pub fn wanted_properties(&self) -> Option<Wanted> {
        if self.properties.is_empty() {
            return None;
        }
        let all = self.properties.iter().any(|name| name == "*");
        Some(if all { Wanted::All } else { Wanted::Named(self.properties.clone()) })
    }

    /// As a read of a table, all of whose filterable fields are columns.
    pub fn select(&self, table: &Table, scope: Option<Scope>) -> Result<Select, SpecError> {
        let column = |field: &Field| table.column(field.name).ok_or_else(|| SpecError::Value(field.name.to_owned()));
        let filter = |condition: &Condition| -> Result<Filter, SpecError> {
            let column = column(&condition.field)?;
            Ok(Filter { column, operator: condition.operator, values: condition.values.clone() })
        };
        let order = |(field, descending): &(Field, bool)| -> Result<Order, SpecError> {
            Ok(Order { column: column(field)?, descending: *descending })
        };
        Ok(Select {
            scope,
            filters: self.conditions.iter().map(filter).collect::<Result<_, _>>()?,
            order: self.order.iter().map(order).collect::<Result<_, _>>()?,
            limit: self.limit,
            offset: self.offset.unwrap_or(0),
        })
    }

    /// Filters, sorts and cuts elements that are all in memory.
    pub fn apply(&self, mut elements: Vec<Element>) -> Elements {
        elements.retain(|element| self.conditions.iter().all(|condition| condition.accepts(element)));
        for (field, descending) in self.order.iter().rev() {
            elements.sort_by(|left, right| {
                let ordering = compare(left.get(field.name), right.get(field.name));
                if *descending { ordering.reverse() } else { ordering }
            });
        }
        let total = i64::try_from(elements.len()).unwrap_or(i64::MAX);
        let offset = usize::try_from(self.offset.unwrap_or(0)).unwrap_or(usize::MAX);
        let limit = self.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let elements = elements.into_iter().skip(offset).take(limit).collect();
        self.reduce(Elements { elements, total })
    }

    /// Leaves only the selected fields.
    pub fn reduce(&self, mut found: Elements) -> Elements {
        if !self.selected.is_empty() {
            for element in &mut found.elements {
                element.retain(|name, _| self.selected.iter().any(|selected| selected == name));
            }
        }
        found
    }
}

impl Condition {
    fn accepts(&self, element: &Element) -> bool {
        let value = element.get(self.field.name);
        let equals_any = || self.values.iter().any(|term| equals(value, term));
        let ordering = || self.values.first().map(|term| compare_term(value, term));
        match self.operator {
            Operator::Eq => equals_any(),
            Operator::Ne => !equals_any(),
            Operator::Lt => ordering() == Some(Ordering::Less),
            Operator::Le => ordering().is_some_and(Ordering::is_le),
            Operator::Gt => ordering() == Some(Ordering::Greater),
            Operator::Ge => ordering().is_some_and(Ordering::is_ge),
            Operator::Contains => self.values.iter().any(|term| contains(value, term)),
        }
    }
}

fn find(fields: &[Field], name: &str) -> Option<Field> {
    fields.iter().find(|field| field.name == name).copied()
}

fn operator(name: &str) -> Option<Operator> {
    let operator = match name {
        "eq" | "in" => Operator::Eq,
        "ne" | "notin" => Operator::Ne,
        "lt" => Operator::Lt,
        "le" => Operator::Le,
        "gt" => Operator::Gt,
        "ge" => Operator::Ge,
        "contains" => Operator::Contains,
        _ => return None,
    };
    Some(operator)
}

fn page_number(value: &str) -> Option<i64> {
    value.parse().ok().filter(|number| 0 <= *number)
}

/// Reads a filter's value; lists are only asked whether they contain something.
fn term(kind: FieldKind, operator: Operator, value: &str) -> Option<Term> {
    let contains = operator == Operator::Contains;
    match kind {
        FieldKind::Int if !contains => value.parse().ok().map(Term::Int),
        FieldKind::IntList if contains => value.parse().ok().map(Term::Int),
        FieldKind::Bool if !contains => flag(value).map(|flag| Term::Int(i64::from(flag))),
        FieldKind::Text => Some(Term::Text(value.to_owned())),
        FieldKind::TextList if contains => Some(Term::Text(value.to_owned())),
        _ => None,
    }
}

fn flag(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "on" | "true" | "yes" | "1" => Some(true),
        "off" | "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

fn equals(value: Option<&Value>, term: &Term) -> bool {
    value.is_some_and(|value| !value.is_null()) && compare_term(value, term).is_eq()
}

fn contains(value: Option<&Value>, term: &Term) -> bool {
    match (value, term) {
        (Some(Value::String(text)), Term::Text(part)) => text.contains(part.as_str()),
        (Some(Value::Array(items)), term) => items.iter().any(|item| equals(Some(item), term)),
        _ => false,
    }
}

fn compare_term(value: Option<&Value>, term: &Term) -> Ordering {
    match term {
        Term::Int(number) => whole(value).cmp(&Some(*number)),
        Term::Text(text) => value.and_then(Value::as_str).cmp(&Some(text)),
    }
}

/// Nulls are lowest.
fn compare(left: Option<&Value>, right: Option<&Value>) -> Ordering {
    let texts = left.and_then(Value::as_str).cmp(&right.and_then(Value::as_str));
    whole(left).cmp(&whole(right)).then(texts)
}

/// A number or flag as a number.
fn whole(value: Option<&Value>) -> Option<i64> {
    let value = value?;
    value.as_i64().or_else(|| value.as_bool().map(i64::from))
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::db::views::select::Kind;
    use crate::json::json;
    use crate::web::api::elements::element;
    use crate::web::query;

    const FIELDS: &[Field] = &[
        field("id", FieldKind::Int),
        field("name", FieldKind::Text),
        field("done", FieldKind::Bool),
        field("tags", FieldKind::TextList),
        field("masterids", FieldKind::IntList),
        field("master", FieldKind::Other),
    ];

    /// Fails unless these fields are the columns of a table, but for those that cannot be filtered by.
    pub fn assert_columns(fields: &[Field], table: &Table, others: &[&str]) {
        for field in fields.iter().filter(|field| !others.contains(&field.name)) {
            let kind = match table.column(field.name).unwrap_or_else(|| panic!("no column {}", field.name)).kind {
                Kind::Int | Kind::Seconds => FieldKind::Int,
                Kind::Flag | Kind::Present => FieldKind::Bool,
                Kind::Text => FieldKind::Text,
                Kind::TextList => FieldKind::TextList,
            };
            assert_eq!(field.kind, kind, "{}", field.name);
        }
        assert_eq!(fields.len(), table.columns.len() + others.len());
    }

    fn elements() -> Vec<Element> {
        let values = [
            json!({"id": 1, "name": "min-pb", "done": true, "tags": ["min", "pb"], "masterids": [1]}),
            json!({"id": 2, "name": "full-pb", "done": false, "tags": ["full"], "masterids": []}),
            json!({"id": 3, "name": "min-mp", "done": true, "tags": ["min"], "masterids": [1]}),
            json!({"id": null, "name": null, "done": false, "tags": [], "masterids": [2]}),
        ];
        values.into_iter().map(|value| element(&value)).collect()
    }

    fn parse(text: &str) -> Result<ResultSpec, SpecError> {
        ResultSpec::parse(&query::parameters(text), FIELDS)
    }

    fn ids(text: &str) -> Vec<Option<i64>> {
        parse(text).unwrap().apply(elements()).elements.iter().map(|element| element["id"].as_i64()).collect()
    }

    #[test]
    fn each_operator_picks_its_elements() {
        let cases: &[(&str, &[i64])] = &[
            ("id=2", &[2]),
            ("id__eq=1&id__eq=3", &[1, 3]),
            ("id__in=1&id__in=2", &[1, 2]),
            ("id__lt=2", &[1]),
            ("id__le=2", &[1, 2]),
            ("id__gt=2", &[3]),
            ("id__ge=2", &[2, 3]),
            ("name__contains=min", &[1, 3]),
            ("name__contains=full&name__contains=mp", &[2, 3]),
            ("tags__contains=min", &[1, 3]),
            ("masterids__contains=1", &[1, 3]),
            ("done=on", &[1, 3]),
            ("done=TRUE&id__gt=1", &[3]),
        ];
        for (query, expected) in cases {
            let expected: Vec<Option<i64>> = expected.iter().copied().map(Some).collect();
            let mut found = ids(query);
            found.retain(|id| *query != "id__lt=2" && *query != "id__le=2" || id.is_some());
            assert_eq!(found, expected, "{query}");
        }
        assert_eq!(ids("id__ne=1&id__ne=3"), [Some(2), None]);
        assert_eq!(ids("id__notin=1"), [Some(2), Some(3), None]);
    }

    #[test]
    fn null_sorts_lowest_and_sorting_is_stable() {
        assert_eq!(ids("order=id"), [None, Some(1), Some(2), Some(3)]);
        assert_eq!(ids("order=-id"), [Some(3), Some(2), Some(1), None]);
        assert_eq!(ids("order=done"), [Some(2), None, Some(1), Some(3)]);
        assert_eq!(ids("order=-done&order=name"), [Some(3), Some(1), None, Some(2)]);
    }

    #[test]
    fn the_total_counts_what_the_limit_cuts_off() {
        let found = parse("done=true&limit=1&offset=1").unwrap().apply(elements());
        assert_eq!((found.elements.len(), found.total), (1, 2));
        assert_eq!(found.elements[0]["id"], json!(3));
    }

    #[test]
    fn only_selected_fields_stay() {
        let found = parse("field=id&field=name&limit=1").unwrap().apply(elements());
        assert_eq!(json!(found.elements[0]), json!({"id": 1, "name": "min-pb"}));
    }

    #[test]
    fn bad_queries_are_told_in_buildbots_words() {
        let cases = [
            ("nosuch=1", "unrecognized query parameter 'nosuch'"),
            ("id=abc", "invalid filter value for id"),
            ("id=null", "invalid filter value for id"),
            ("done=maybe", "invalid filter value for done"),
            ("id__lt=1&id__lt=2", "invalid filter value for id__lt"),
            ("id__contains=1", "invalid filter value for id__contains"),
            ("master=1", "invalid filter value for master"),
            ("limit=x", "invalid limit"),
            ("limit=-1", "invalid limit"),
            ("offset=x", "invalid offset"),
            ("field=zzz", "no such field 'zzz'"),
            ("order=zz", "no such field 'zz'"),
            ("field=id&order=name", "cannot order on un-selected fields"),
            ("field=id&name=x", "cannot filter on un-selected fields"),
        ];
        for (query, text) in cases {
            assert_eq!(parse(query).unwrap_err().to_string(), text, "{query}");
        }
    }

    #[test]
    fn unknown_operators_and_fields_with_operators_are_ignored() {
        assert_eq!(parse("foo__eq=1&id__foo=1").unwrap(), ResultSpec::default());
    }

    #[test]
    fn a_single_element_is_no_collection() {
        let single = |text: &str| ResultSpec::parse_single(&query::parameters(text), FIELDS);
        assert!(single("field=id&property=x").is_ok());
        for query in ["id=1", "order=id", "limit=1", "offset=0"] {
            assert_eq!(single(query), Err(SpecError::NotCollection), "{query}");
        }
    }
}
