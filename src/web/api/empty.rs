//! Kinds of things that Buildbot has and this master does not: their collections exist and are empty, so that tools
//! which ask for them go on.

use super::Call;
use super::elements::Elements;
use super::reply::Reply;
use super::result_spec::{Field, FieldKind, field};
use crate::db::views::keys::number;
use crate::web::error::WebError;

/// A collection without elements, or one element of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    plural: &'static str,
    fields: &'static [Field],
    is_single: bool,
}

pub const TEST_RESULT_SETS: Scope = collection(
    "test_result_sets",
    &[
        field("test_result_setid", FieldKind::Int),
        field("builderid", FieldKind::Int),
        field("buildid", FieldKind::Int),
        field("stepid", FieldKind::Int),
        field("description", FieldKind::Text),
        field("category", FieldKind::Text),
        field("value_unit", FieldKind::Text),
        field("tests_passed", FieldKind::Int),
        field("tests_failed", FieldKind::Int),
        field("complete", FieldKind::Bool),
    ],
);

const fn collection(plural: &'static str, fields: &'static [Field]) -> Scope {
    Scope { plural, fields, is_single: false }
}

pub fn parse(segments: &[&str]) -> Option<Scope> {
    let single = |scope: Scope| Scope { is_single: true, ..scope };
    match segments {
        ["test_result_sets"] => Some(TEST_RESULT_SETS),
        ["test_result_sets", set] if number(set).is_some() => Some(single(TEST_RESULT_SETS)),
        _ => None,
    }
}

pub fn get(call: &Call<'_>, scope: Scope) -> Result<Reply, WebError> {
    call.spec(scope.fields, scope.is_single)?;
    Reply::of(scope.plural, Elements::default(), scope.is_single)
}
