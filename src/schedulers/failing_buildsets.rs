//! Which builds are needless because another of their buildset has failed (manual section
//! "FailingBuildsetCanceller").

use std::collections::BTreeSet;

use super::config::FailingFilter;

/// Whose builds end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condemned {
    All,
    Builders(BTreeSet<String>),
}

impl Condemned {
    /// What the filters say that fit a failure, taken together.
    pub fn by<'filter>(filters: impl Iterator<Item = &'filter FailingFilter>) -> Self {
        let mut builders = BTreeSet::new();
        for filter in filters {
            match &filter.cancelled {
                None => return Self::All,
                Some(cancelled) => builders.extend(cancelled.iter().cloned()),
            }
        }
        Self::Builders(builders)
    }

    pub fn includes(&self, builder: &str) -> bool {
        match self {
            Self::All => true,
            Self::Builders(builders) => builders.contains(builder),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedulers::config::StampFilter;

    fn filter(cancelled: Option<&[&str]>) -> FailingFilter {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        FailingFilter { builders: names(&["first"]), cancelled: cancelled.map(names), stamps: StampFilter::default() }
    }

    #[test]
    fn filters_add_up_and_one_without_a_list_condemns_all() {
        let (one, other, all) = (filter(Some(&["a"])), filter(Some(&["b", "c"])), filter(None));
        let two = Condemned::by([&one, &other].into_iter());
        assert!(two.includes("a") && two.includes("c") && !two.includes("d"));
        assert!(Condemned::by([&one, &all].into_iter()).includes("d"));
        assert!(!Condemned::by(std::iter::empty()).includes("a"));
    }
}
