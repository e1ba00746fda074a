//! Repository URLs, without what must not be shown.

/// The text with the user part of every `scheme://user:password@host` replaced, in messages as in URLs.
pub fn without_credentials(text: &str) -> String {
    replace_user(text, "***@", |_| true)
}

/// A repository as changes name it: as configured, but without a password.
pub fn public_name(url: &str) -> String {
    replace_user(url, "", |user| user.contains(':'))
}

fn replace_user(text: &str, with: &str, hide: impl Fn(&str) -> bool) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        shown.push_str(before);
        shown.push_str("://");
        let authority = &after[..after.find(|c: char| c == '/' || c.is_whitespace()).unwrap_or(after.len())];
        rest = after;
        // A password may itself contain an `@`.
        if let Some((user, _)) = authority.rsplit_once('@').filter(|(user, _)| hide(user)) {
            shown.push_str(with);
            rest = &after[user.len() + 1..];
        }
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_hidden_wherever_they_stand() {
        let text = "fatal: unable to access 'https://joe:p@ss@host/x.git/' and ssh://git@host/y";
        assert_eq!(without_credentials(text), "fatal: unable to access 'https://***@host/x.git/' and ssh://***@host/y");
        assert_eq!(without_credentials("no url: a@b"), "no url: a@b");
    }

    #[test]
    fn only_a_password_changes_the_name_of_a_repository() {
        assert_eq!(public_name("https://joe:secret@host/x.git"), "https://host/x.git");
        assert_eq!(public_name("ssh://git@host/x.git"), "ssh://git@host/x.git");
        assert_eq!(public_name("git@host:x.git"), "git@host:x.git");
    }
}
