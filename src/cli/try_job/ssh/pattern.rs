//! Patterns of host names: `*` is anything, `?` one character, and `!` before one excludes.

/// Whether a name fits one of the patterns, and none of those that exclude.
pub(super) fn any<'a>(patterns: impl IntoIterator<Item = &'a str>, name: &str) -> bool {
    let mut fits_one = false;
    for pattern in patterns {
        match pattern.strip_prefix('!') {
            Some(excluded) if fits(excluded, name) => return false,
            Some(_) => {}
            None => fits_one |= fits(pattern, name),
        }
    }
    fits_one
}

/// Case does not matter in ASCII.
fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut at_pattern, mut at_name) = (0, 0);
    // Where the last star is, and how much of the name it has swallowed.
    let mut star = None;
    while let Some(letter) = name.get(at_name) {
        match pattern.get(at_pattern) {
            Some(b'*') => {
                star = Some((at_pattern, at_name));
                at_pattern += 1;
            }
            Some(wanted) if *wanted == b'?' || wanted.eq_ignore_ascii_case(letter) => {
                at_pattern += 1;
                at_name += 1;
            }
            _ => match star {
                None => return false,
                Some((at_star, swallowed)) => {
                    star = Some((at_star, swallowed + 1));
                    at_pattern = at_star + 1;
                    at_name = swallowed + 1;
                }
            },
        }
    }
    pattern.iter().skip(at_pattern).all(|rest| *rest == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_stand_for_others() {
        for (pattern, name, expected) in [
            ("host", "HOST", true),
            ("host", "hosts", false),
            ("*", "", true),
            ("*.example.org", "a.b.example.org", true),
            ("*.example.org", "example.org", false),
            ("h?st*", "host", true),
            ("h?st", "hst", false),
            ("*a*b*c", "xxaxbxbxc", true),
            ("*a*b*c", "xxaxcxb", false),
            ("**", "x", true),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn an_exclusion_wins_wherever_it_stands() {
        assert!(!any(["*", "!bad"], "bad") && !any(["!bad", "*"], "bad"));
        assert!(any(["!bad", "*"], "good"));
        assert!(!any(["!bad"], "good"));
    }
}
