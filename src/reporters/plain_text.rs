//! HTML as text, for those who read no HTML.

/// The text between the tags, a line for each block; scripts, styles and comments are left out.
pub fn of_html(html: &str) -> String {
    let mut text = String::with_capacity(html.len() / 2);
    let mut rest = html;
    while let Some(position) = rest.find('<') {
        push(&mut text, &rest[..position]);
        let tag = &rest[position..];
        let end = match hidden(tag) {
            Some(closing) => tag.find(closing).map(|at| at + closing.len()),
            None => tag.find('>').map(|at| at + 1),
        };
        let Some(end) = end else {
            rest = "";
            break;
        };
        if is_block(tag) && !text.ends_with('\n') {
            text.push('\n');
        }
        rest = tag.get(end..).unwrap_or_default();
    }
    push(&mut text, rest);
    text.trim().to_owned() + "\n"
}

fn hidden(tag: &str) -> Option<&'static str> {
    let begins = |name: &str| tag.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    [("<!--", "-->"), ("<style", "</style>"), ("<script", "</script>")]
        .into_iter()
        .find(|(opening, _)| begins(opening))
        .map(|(_, closing)| closing)
}

fn is_block(tag: &str) -> bool {
    let name = tag.trim_start_matches(['<', '/']);
    let name: String = name.chars().take_while(char::is_ascii_alphanumeric).collect();
    let blocks = ["p", "br", "div", "li", "ul", "ol", "tr", "table", "pre", "h1", "h2", "h3", "h4"];
    blocks.contains(&name.to_ascii_lowercase().as_str())
}

/// Adds a piece with its entities read. Indentation of the source is no text.
fn push(text: &mut String, piece: &str) {
    let named = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&")];
    let read = named.iter().fold(piece.to_owned(), |piece, (entity, letter)| piece.replace(entity, letter));
    for (number, line) in read.split('\n').enumerate() {
        if number != 0 && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(if text.is_empty() || text.ends_with('\n') { line.trim_start() } else { line });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_become_lines_and_entities_letters() {
        let html =
            "<style>p {}</style><h1>A &amp; B</h1>\n  <p>one <b>two</b><br>three</p><!-- x > y --><ul><li>4</ul>";
        assert_eq!(of_html(html), "A & B\none two\nthree\n4\n");
    }

    #[test]
    fn broken_html_is_read_as_far_as_it_goes() {
        assert_eq!(of_html("a<b"), "a\n");
        assert_eq!(of_html("a<!-- b"), "a\n");
        assert_eq!(of_html("&amp;lt;"), "&lt;\n");
    }
}
