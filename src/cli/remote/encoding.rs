//! How the bytes of arguments and files become text (`--encoding`).

use std::str::FromStr;

/// The encodings that names and messages of old repositories come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Encoding {
    Utf8,
    /// Every byte is the character of its number.
    Latin1,
    Ascii,
}

impl FromStr for Encoding {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name.to_lowercase().replace('_', "-").as_str() {
            "utf8" | "utf-8" => Ok(Self::Utf8),
            "latin1" | "latin-1" | "iso-8859-1" | "iso8859-1" => Ok(Self::Latin1),
            "ascii" | "us-ascii" => Ok(Self::Ascii),
            _ => Err(format!("'{name}' is not known; utf8, latin1 and ascii are")),
        }
    }
}

impl Encoding {
    /// What has no meaning in the encoding is replaced.
    pub(in crate::cli) fn decode(self, bytes: &[u8]) -> String {
        match self {
            Self::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            Self::Latin1 => bytes.iter().map(|byte| char::from(*byte)).collect(),
            Self::Ascii => {
                let character =
                    |byte: &u8| if byte.is_ascii() { char::from(*byte) } else { char::REPLACEMENT_CHARACTER };
                bytes.iter().map(character).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_text_by_the_named_encoding() {
        assert_eq!(Encoding::from_str("UTF_8").unwrap().decode("é".as_bytes()), "é");
        assert_eq!(Encoding::from_str("iso-8859-1").unwrap().decode(b"\xe9"), "é");
        assert_eq!(Encoding::from_str("ascii").unwrap().decode(b"a\xe9"), "a\u{fffd}");
        assert!(Encoding::from_str("ebcdic").is_err());
    }
}
