//! Classes of Buildbot that are known, so that files which use them can be checked, and that are not built yet. No master
//! starts with those that build, schedule, notice changes or guard something; the others do nothing, and the banner says so.

mod access;
mod change_sources;
mod compilers;
mod factories;
mod machines;
mod objects;
mod packaging;
mod publishing;
mod python;
mod reporters;
mod sources;
mod statistics;
mod status;
mod tools;
mod workers;

use super::Class;

pub const TABLES: &[&[Class]] = &[
    &workers::CLASSES,
    &machines::MACHINES,
    &machines::SERVERS,
    &change_sources::CLASSES,
    &sources::CLASSES,
    &publishing::CLASSES,
    &tools::CLASSES,
    &python::CLASSES,
    &compilers::CLASSES,
    &packaging::CLASSES,
    &factories::CLASSES,
    &access::CLASSES,
    &access::IDLE,
    &objects::CLASSES,
    objects::OTHERS,
    &reporters::CLASSES,
    &statistics::CLASSES,
    &status::CLASSES,
];

/// Marks each class as not built yet; `instead` says what can be used, if anything.
const fn all_not_yet<const N: usize>(mut classes: [Class; N], instead: &'static str) -> [Class; N] {
    let mut position = 0;
    while position < N {
        classes[position].support = super::Support::NotYet(instead);
        position += 1;
    }
    classes
}

/// Marks each class as one that does nothing yet.
const fn all_without_effect<const N: usize>(mut classes: [Class; N]) -> [Class; N] {
    let mut position = 0;
    while position < N {
        classes[position].support = super::Support::Inactive;
        position += 1;
    }
    classes
}
