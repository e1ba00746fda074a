//! Markdown that people wrote, as HTML that may stand in our pages, or as one line of plain text.
//!
//! What comes out has no scripts, styles, forms, images or frames, and its links lead to the web or to mail only, whatever
//! came in. It is safe for a page by itself, also without the policy that our pages have besides.

use std::collections::HashSet;

use ammonia::Builder;
use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd};

/// Longer texts are cut before they are looked at, in bytes: a description is no book.
const MOST_BYTES: usize = 64 << 10;

/// What stays. Headings are those of a part of a page.
const TAGS: [&str; 37] = [
    "a",
    "abbr",
    "b",
    "blockquote",
    "br",
    "code",
    "dd",
    "del",
    "details",
    "div",
    "dl",
    "dt",
    "em",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "kbd",
    "li",
    "ol",
    "p",
    "pre",
    "s",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
];

/// The text as HTML.
pub fn to_html(text: &str) -> String {
    let text: String = text.chars().filter(|letter| !is_unseen(*letter)).collect();
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, events(&text));
    cleaner().clean(&html).to_string()
}

/// Control characters, and those that turn the direction of what follows.
fn is_unseen(letter: char) -> bool {
    (letter.is_control() && !matches!(letter, '\n' | '\r' | '\t'))
        || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn cleaner() -> Builder<'static> {
    let mut cleaner = Builder::empty();
    cleaner
        .tags(TAGS.into_iter().collect())
        .clean_content_tags(HashSet::from(["script", "style"]))
        .tag_attributes([("a", HashSet::from(["href", "title"])), ("ol", HashSet::from(["start"]))].into())
        .generic_attributes(HashSet::from(["dir", "lang"]))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .link_rel(Some("noopener noreferrer nofollow"));
    cleaner
}

/// The first paragraph, without its marks.
pub fn summary(text: &str) -> String {
    let mut summary = String::new();
    for event in events(text) {
        match event {
            Event::Text(text) | Event::Code(text) => summary.push_str(&text),
            Event::SoftBreak | Event::HardBreak => summary.push(' '),
            Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item | TagEnd::CodeBlock)
                if !summary.trim().is_empty() =>
            {
                break;
            }
            _ => {}
        }
    }
    summary.trim().to_owned()
}

/// What a text consists of. Images become links to them: our pages ask no other site for anything.
fn events(text: &str) -> impl Iterator<Item = Event<'_>> {
    let text = &text[..text.floor_char_boundary(MOST_BYTES)];
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    Parser::new_ext(text, options).map(|event| match event {
        Event::Start(Tag::Image { dest_url, title, id, .. }) => {
            Event::Start(Tag::Link { link_type: LinkType::Inline, dest_url, title, id })
        }
        Event::End(TagEnd::Image) => Event::End(TagEnd::Link),
        Event::Start(Tag::Heading { level, .. }) => {
            Event::Start(Tag::Heading { level: lower(level), id: None, classes: Vec::new(), attrs: Vec::new() })
        }
        Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(lower(level))),
        other => other,
    })
}

/// A page has its own headings of the first two levels.
fn lower(level: pulldown_cmark::HeadingLevel) -> pulldown_cmark::HeadingLevel {
    use pulldown_cmark::HeadingLevel::{H1, H2, H3, H4, H5, H6};
    match level {
        H1 => H3,
        H2 => H4,
        H3 => H5,
        H4 | H5 | H6 => H6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_html() {
        let text =
            "# Nightly\n\nBuilds *all* of [the docs](https://example.org/d \"there\"), `make`:\n\n- one\n- two\n";
        assert_eq!(
            to_html(text),
            "<h3>Nightly</h3>\n<p>Builds <em>all</em> of <a href=\"https://example.org/d\" title=\"there\" \
             rel=\"noopener noreferrer nofollow\">the docs</a>, <code>make</code>:</p>\n\
             <ul>\n<li>one</li>\n<li>two</li>\n</ul>\n"
        );
    }

    #[test]
    fn a_summary_is_the_first_paragraph_as_plain_text() {
        assert_eq!(
            summary("Builds *all* of\n[the docs](https://example.org) `x`.\n\nMore."),
            "Builds all of the docs x."
        );
        assert_eq!(summary("# Title\n\ntext"), "Title");
        assert_eq!(summary("- one\n- two"), "one");
        assert_eq!(summary("<b>bold</b> <script>alert(1)</script>"), "bold alert(1)");
        assert_eq!(summary(""), "");
    }

    /// Everything that could run, load or look like another part of the page.
    const HOSTILE: &[&str] = &[
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![x](javascript:alert(1))",
        "![x](https://evil.example/pixel.png)",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](java\tscript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:msgbox(1))",
        "<a href=\"javascript:alert(1)\" onclick=\"alert(2)\" style=\"position:fixed\" class=\"danger\" id=\"main\">x</a>",
        "<iframe src=//evil.example></iframe>",
        "<object data=x></object><embed src=x>",
        "<svg onload=alert(1)><use href=#i-success></svg>",
        "<math><mtext></mtext><mglyph><style><img src=x onerror=alert(1)></style></math>",
        "<form action=/builds/1/stop method=post><button>Stop</button></form>",
        "<style>body{display:none}</style>",
        "<link rel=stylesheet href=//evil.example>",
        "<meta http-equiv=refresh content=0>",
        "<base href=//evil.example>",
        "</div></section></main><h1>Another page</h1>",
        "<details ontoggle=alert(1) open>x</details>",
        "<p id=tiles data-live-part>x</p>",
        "<!--><script>alert(1)</script>",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
        "<x><![CDATA[<script>alert(1)</script>]]>",
        "{{ 7 * 7 }} {% raw %}",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "\u{1b}]8;;javascript:alert(1)\u{7}\u{202e}gnp.exe\u{0}",
    ];

    #[test]
    fn nothing_that_runs_loads_or_misleads_gets_through() {
        for text in HOSTILE {
            let html = to_html(text).to_lowercase();
            assert!(!html.contains(is_unseen), "{text:?} gives {html:?}");
            for bad in [
                "<script",
                "<img",
                "<iframe",
                "<object",
                "<embed",
                "<svg",
                "<math",
                "<form",
                "<button",
                "<style",
                "<link",
                "<meta",
                "<base",
                "<h1",
                "</main",
                "</section",
                "href=\"java",
                "href=\"data",
                "href=\"vb",
                " on",
                " style",
                " class",
                " id=",
                " data-",
                "<!--",
            ] {
                assert!(!html.contains(bad), "{text} gives {html}");
            }
        }
    }

    #[test]
    fn endless_and_deep_texts_come_to_an_end() {
        for text in
            ["*".repeat(1 << 20), "> ".repeat(20_000), "[".repeat(50_000), "<div>".repeat(20_000), "é".repeat(100_000)]
        {
            assert!(to_html(&text).len() < 64 << 20);
            summary(&text);
        }
    }
}
