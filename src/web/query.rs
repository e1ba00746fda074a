//! Query strings and paths as lists of decoded texts.

use super::templates::segment;

/// The parameters of a query string, in order, decoded.
pub fn parameters(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let decoded = pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(&name.replace('+', " ")), decode(&value.replace('+', " ")))
    });
    decoded.collect()
}

/// All values of one parameter of a query.
pub fn all(query: Option<&str>, name: &str) -> Vec<String> {
    let parameters = parameters(query.unwrap_or_default()).into_iter();
    parameters.filter(|(key, _)| key == name).map(|(_, value)| value).collect()
}

/// A query with these parameters, with its question mark; those without a value are left out.
pub fn of(pairs: &[(&str, &str)]) -> String {
    let filled = pairs.iter().filter(|(_, value)| !value.is_empty());
    let pairs: Vec<String> = filled.map(|(name, value)| format!("{name}={}", segment(value))).collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

/// The first value of one parameter of a query, without spaces around it; empty if there is none.
pub fn first(query: Option<&str>, name: &str) -> String {
    all(query, name).first().map(|value| value.trim().to_owned()).unwrap_or_default()
}

/// The segments of a path, decoded after splitting, so that `%2F` stays within its segment.
pub fn segments(path: &str) -> Vec<String> {
    path.split('/').map(decode).collect()
}

/// Undoes `%XX`; what is no valid escape stays, bytes that are no UTF-8 are replaced.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut position = 0;
    while let Some(&byte) = bytes.get(position) {
        match escaped(bytes, position) {
            Some(value) => {
                decoded.push(value);
                position += 3;
            }
            None => {
                decoded.push(byte);
                position += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn escaped(bytes: &[u8], position: usize) -> Option<u8> {
    let [b'%', high, low] = bytes.get(position..position + 3)? else { return None };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_and_keep_their_order() {
        let pairs = parameters("name=a%20b+c&x&name=%C3%A9&y=1=2&");
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("name", "a b c"), ("x", ""), ("name", "é"), ("y", "1=2")]);
    }

    #[test]
    fn a_query_has_what_has_a_value() {
        assert_eq!(of(&[("q", "a b&"), ("x", ""), ("tag", "é")]), "?q=a%20b%26&tag=%C3%A9");
        assert_eq!(of(&[("q", "")]), "");
    }

    #[test]
    fn broken_escapes_stay_as_they_are() {
        for text in ["%", "%4", "%zz", "100%"] {
            assert_eq!(segments(text), [text]);
        }
    }

    #[test]
    fn an_escaped_slash_does_not_split() {
        assert_eq!(segments("builders/a%2Fb/"), ["builders", "a/b", ""]);
    }
}
