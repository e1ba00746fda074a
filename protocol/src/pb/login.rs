//! How a peer proves that it knows a password without telling it.

use md5::{Digest, Md5};

/// Random bytes that a server sends to whoever wants to log in, a name known to it or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge(pub [u8; 16]);

impl Challenge {
    /// What a client answers.
    pub fn response(&self, password: &str) -> [u8; 16] {
        let password: [u8; 16] = Md5::digest(password.as_bytes()).into();
        Md5::new().chain_update(password).chain_update(self.0).finalize().into()
    }

    /// Whether an answer was made with this password; the time it takes does not tell where they differ.
    pub fn accepts(&self, response: &[u8], password: &str) -> bool {
        let expected = self.response(password);
        let differing = expected.iter().zip(response).fold(0, |seen, (a, b)| seen | (a ^ b));
        response.len() == expected.len() && differing == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_answer_is_accepted() {
        let challenge = Challenge(*b"0123456789abcdef");
        let response = challenge.response("pass");
        assert!(challenge.accepts(&response, "pass"));
        assert!(!challenge.accepts(&response, "Pass"));
        assert!(!challenge.accepts(&response[..15], "pass"));
        assert!(!challenge.accepts(&[], "pass"));
    }
}
