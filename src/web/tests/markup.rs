//! A page looked at as a browser does, for what no page of ours may have.

/// Attributes that hold an address.
const ADDRESSES: [&str; 5] = ["href", "src", "action", "formaction", "srcset"];
/// Elements that none of our pages has.
const FOREIGN: [&str; 9] = ["iframe", "object", "embed", "base", "style", "math", "video", "audio", "noscript"];

/// What is wrong with a page.
pub fn objections(page: &str) -> Vec<String> {
    let mut found: Vec<String> =
        page.chars().filter(|letter| is_unsafe(*letter)).map(|letter| format!("the character {letter:?}")).collect();
    found.sort();
    found.dedup();
    for tag in tags(page) {
        found.extend(tag.and_then(|tag| check(&tag)).err());
    }
    found
}

/// Control characters, and those that turn the direction of what follows.
fn is_unsafe(letter: char) -> bool {
    (letter.is_control() && !"\n\r\t".contains(letter))
        || ('\u{202a}'..='\u{202e}').contains(&letter)
        || ('\u{2066}'..='\u{2069}').contains(&letter)
}

struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

/// The tags of a page; a `<` that begins none is an error.
fn tags(page: &str) -> impl Iterator<Item = Result<Tag, String>> {
    page.split('<').skip(1).filter(|rest| !rest.starts_with("!doctype html>")).map(|rest| {
        let tag = rest.strip_prefix('/').unwrap_or(rest);
        let name: String = tag.chars().take_while(char::is_ascii_alphanumeric).collect();
        if name.is_empty() || name != name.to_lowercase() {
            return Err(format!("<{}", rest.chars().take(40).collect::<String>()));
        }
        Ok(Tag { attributes: attributes(&tag[name.len()..])?, name })
    })
}

/// The attributes up to the end of a tag; ours are all in double quotes.
fn attributes(mut rest: &str) -> Result<Vec<(String, String)>, String> {
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', '\n', '/']);
        if rest.starts_with('>') {
            return Ok(found);
        }
        let end = rest.find(['=', ' ', '\n', '>']).ok_or("a tag without an end")?;
        let (name, after) = rest.split_at(end);
        if name.is_empty() || !name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-:_".contains(letter)) {
            return Err(format!("an attribute called {name:?}"));
        }
        let (value, after) = match after.strip_prefix("=\"") {
            Some(value) => value.split_once('"').ok_or("an attribute without an end")?,
            None if after.starts_with('=') => return Err(format!("{name} without quotes")),
            None => ("", after),
        };
        found.push((name.to_lowercase(), unescape(value)));
        rest = after;
    }
}

fn unescape(text: &str) -> String {
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#34;", "\""), ("&#39;", "'"), ("&#x2f;", "/")];
    let text = entities.iter().fold(text.to_owned(), |text, (entity, letter)| text.replace(entity, letter));
    text.replace("&#x27;", "'").replace("&amp;", "&")
}

fn check(tag: &Tag) -> Result<(), String> {
    let Tag { name, attributes } = tag;
    if FOREIGN.contains(&name.as_str()) {
        return Err(format!("an element {name}"));
    }
    let source = attributes.iter().find(|(name, _)| name == "src").map(|(_, source)| source.as_str());
    let is_ours = |source: &str| source.contains("/static/");
    if name == "script" && !source.is_some_and(is_ours) && !attributes.is_empty() {
        return Err("a script that is not a file of ours".to_owned());
    }
    if name == "img" && !source.is_some_and(is_ours) {
        return Err("an image that is not a file of ours".to_owned());
    }
    for (name, value) in attributes {
        if name.starts_with("on") || ["style", "srcdoc", "http-equiv"].contains(&name.as_str()) {
            return Err(format!("an attribute {name}"));
        }
        if ADDRESSES.contains(&name.as_str()) && !is_harmless(value) {
            return Err(format!("{name} leads to {value:?}"));
        }
    }
    Ok(())
}

/// Whether an address is a path or has the scheme of the web. Browsers skip spaces and controls in front of a scheme.
fn is_harmless(address: &str) -> bool {
    let letters = |letter: char| letter.is_ascii_control() || letter == ' ';
    let address: String = address.chars().filter(|letter| !letters(*letter)).collect();
    let front = address.split(['/', '?', '#']).next().unwrap_or_default();
    match front.split_once(':') {
        Some((scheme, _)) => ["http", "https"].contains(&scheme.to_lowercase().as_str()),
        None => !address.starts_with("//"),
    }
}

#[test]
fn what_is_wrong_is_found() {
    for (page, objection) in [
        ("<p>a<b</p>", "a tag without an end"),
        ("<img src=x>", "src without quotes"),
        ("<p onclick=\"x()\">", "an attribute onclick"),
        ("<a href=\" java\nscript:x()\">", "href leads to"),
        ("<a href=\"//evil.example\">", "href leads to"),
        ("<form action=\"data:x\">", "action leads to"),
        ("<p title=\"a\"\"b\">", "an attribute called"),
        ("<img src=\"x\">", "an image that is not"),
        ("<script type=\"module\">", "a script that is not"),
        ("<p>\u{202e}</p>", "the character '\\u{202e}'"),
        ("< p>", "< p>"),
    ] {
        let found = objections(page);
        assert!(found.iter().any(|text| text.starts_with(objection)), "{page}: {found:?}");
    }
    let fine =
        "<!doctype html>\n<a href=\"../x?a=b:c#d\" hidden>1 &lt; 2</a><br/><script src=\"./static/a.js\"></script>";
    assert_eq!(objections(fine), Vec::<String>::new());
}
