//! What a step has to take besides what its build holds.
//!
//! Buildbot ends a step in an exception if it names a lock of its build. Here a lock that the build holds is as good as
//! held by the step. A step that wants more of it than the build has cannot be served: two builds of that kind would
//! wait for each other for ever.

use super::wish::{LockKey, LockWish};
use crate::domain::lock::LockMode;

/// A step wants more of a lock than its build, which holds the lock, has of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the build holds lock '{0}' already, and cannot take more of it for a step: let the build take that much")]
pub struct WantsMore(pub LockKey);

/// Those of the wishes that the build does not hold.
pub fn beyond(held: &[LockWish], wanted: Vec<LockWish>) -> Result<Vec<LockWish>, WantsMore> {
    let mut rest = Vec::new();
    for wish in wanted {
        match held.iter().find(|own| own.key == wish.key) {
            None => rest.push(wish),
            Some(own) if covers(own, &wish) => {}
            Some(_) => return Err(WantsMore(wish.key)),
        }
    }
    Ok(rest)
}

fn covers(own: &LockWish, wish: &LockWish) -> bool {
    match (own.mode, wish.mode) {
        (LockMode::Exclusive, _) => true,
        (LockMode::Counting, LockMode::Counting) => wish.count <= own.count,
        (LockMode::Counting, LockMode::Exclusive) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(name: &str, mode: LockMode, count: u32) -> LockWish {
        LockWish { key: LockKey { name: name.to_owned(), worker: None }, max_count: 4, mode, count }
    }

    #[test]
    fn what_the_build_holds_is_not_asked_for_again() {
        let held = [wish("a", LockMode::Exclusive, 1), wish("b", LockMode::Counting, 2)];
        let other = wish("c", LockMode::Exclusive, 1);
        let wanted = vec![wish("a", LockMode::Counting, 3), wish("b", LockMode::Counting, 2), other.clone()];
        assert_eq!(beyond(&held, wanted), Ok(vec![other]));
    }

    #[test]
    fn more_than_the_build_holds_is_refused() {
        let held = [wish("b", LockMode::Counting, 2)];
        for more in [wish("b", LockMode::Counting, 3), wish("b", LockMode::Exclusive, 1)] {
            assert_eq!(beyond(&held, vec![more.clone()]), Err(WantsMore(more.key)));
        }
    }
}
