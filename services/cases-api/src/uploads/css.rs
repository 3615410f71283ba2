//! Style in drawings: what of it could fetch something.
//!
//! CSS fetches by `url()`, by `@import`, and by a few functions that take an address as a string.
//! Escapes could spell any of them otherwise, so style with an escape is not kept at all; then a
//! name that does what it says is also spelled as it is.

/// What fetches although it is not written `url(`, or has run scripts in some browser's past.
const REFUSED: [&str; 12] = [
    "//",
    "@import",
    "@namespace",
    "@charset",
    "image(",
    "image-set(",
    "cross-fade(",
    "src(",
    "expression(",
    "javascript:",
    "-moz-binding",
    "behavior:",
];
/// Without any of these a text can do nothing.
const SUSPICIOUS: [char; 5] = ['(', '@', '\\', '/', ':'];

const COMMENT: &str = "/*";
const IMPORT: &str = "@import";
const URL: &str = "url(";

/// The style (a sheet, or the value of any attribute) without imports, and with every address
/// outside the drawing replaced by one that is nowhere; `None` when it has other means to fetch,
/// or cannot be read.
pub(super) fn without_addresses(style: &str) -> Option<String> {
    if !style.contains(SUSPICIOUS) {
        return Some(style.to_owned());
    }
    // Only ASCII changes its case, so places in one are places in the other.
    let lower = style.to_ascii_lowercase();
    let mut kept = String::with_capacity(style.len());
    let mut at = 0;
    while let Some(first) = lower[at..].chars().next() {
        let rest = &lower[at..];
        let length = if rest.starts_with(COMMENT) {
            rest.find("*/")? + 2
        } else if rest.starts_with(IMPORT) {
            statement_length(rest)
        } else if rest.starts_with(URL) {
            let (address, length) = read_url(&style[at..])?;
            // A fragment is part of this drawing: a gradient, a filter, a marker.
            kept.push_str(&style[at..at + URL.len()]);
            kept.push_str(if is_fragment(address) { address } else { "#" });
            kept.push(')');
            length
        } else {
            let length = if is_quote(first) { quoted_length(rest)? } else { first.len_utf8() };
            kept.push_str(&style[at..at + length]);
            length
        };
        at += length;
    }
    let spelled = kept.to_ascii_lowercase();
    let is_harmless = !spelled.contains('\\') && !REFUSED.iter().any(|word| spelled.contains(word));
    is_harmless.then_some(kept)
}

const fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'')
}

/// Length of the string that `text` begins with, quotes included.
fn quoted_length(text: &str) -> Option<usize> {
    let quote = text.chars().next()?;
    Some(text[1..].find(quote)? + 2)
}

/// Length of the statement that `text` begins with: to its semicolon, or to the end.
fn statement_length(text: &str) -> usize {
    let (mut quote, mut depth) = (None, 0_u32);
    for (index, c) in text.char_indices() {
        match quote {
            Some(open) if open == c => quote = None,
            None if is_quote(c) => quote = Some(c),
            None if c == '(' => depth += 1,
            None if c == ')' => depth = depth.saturating_sub(1),
            None if c == ';' && depth == 0 => return index + 1,
            Some(_) | None => {}
        }
    }
    text.len()
}

/// The address within the `url(…)` that `text` begins with, and the length of the whole.
fn read_url(text: &str) -> Option<(&str, usize)> {
    let within = &text[URL.len()..];
    let start = URL.len() + (within.len() - within.trim_start().len());
    let trimmed = &text[start..];
    if trimmed.starts_with(is_quote) {
        let quoted = quoted_length(trimmed)?;
        let close = text[start + quoted..].find(')')?;
        return Some((&trimmed[1..quoted - 1], start + quoted + close + 1));
    }
    let close = trimmed.find(')')?;
    Some((trimmed[..close].trim_end(), start + close + 1))
}

fn is_fragment(address: &str) -> bool {
    let Some(name) = address.strip_prefix('#') else { return false };
    name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_within_the_drawing_stay_and_all_others_go() {
        for (style, kept) in [
            ("fill:red", "fill:red"),
            ("fill:url(#a)", "fill:url(#a)"),
            ("fill: URL( '#a-b_1' ) red", "fill: URL(#a-b_1) red"),
            ("fill:url(https://a/b)", "fill:url(#)"),
            ("a{fill:url(b.svg#c)}d{mask:url(#e)}", "a{fill:url(#)}d{mask:url(#e)}"),
            ("fill:url(data:image/png;base64,AA==)", "fill:url(#)"),
            ("fill:url(\"data:image/svg+xml,<g fill='url(#a)'/>\")", "fill:url(#)"),
            ("fill:url()", "fill:url(#)"),
            ("fill:url(#a b)", "fill:url(#)"),
            ("fill:url(#ø)", "fill:url(#ø)"),
        ] {
            assert_eq!(without_addresses(style).as_deref(), Some(kept), "{style}");
        }
    }

    #[test]
    fn imports_and_comments_go_and_the_rules_behind_them_stay() {
        for style in [
            "@import url('https://a/b?c;d');a{b:c}",
            "@IMPORT 'https://a;b.css' screen;a{b:c}",
            "@import url(data:text/css;base64,AA==);a{b:c}",
            "/* https://a/ @import ' */a{b:c}",
        ] {
            assert_eq!(without_addresses(style).as_deref(), Some("a{b:c}"), "{style}");
        }
        assert_eq!(without_addresses("@import 'a.css'").as_deref(), Some(""));
    }

    #[test]
    fn ordinary_style_and_ordinary_words_stay_as_they_are() {
        for style in [
            "image-rendering:pixelated",
            "font-family:\"Open Sans\", 'Arial'; transform: rotate(4) scale(2)",
            "Bjørn's",
            "M0,0 L1-2e3z",
            ".a > .b, #c { fill: rgb(1 2 3 / 4%) }",
            "@media (prefers-color-scheme: dark) { a { b: c } }",
        ] {
            assert_eq!(without_addresses(style).as_deref(), Some(style));
        }
    }

    #[test]
    fn style_that_fetches_by_other_means_or_cannot_be_read_goes_as_a_whole() {
        for style in [
            "background:image-set('a.png' 1x)",
            "background:-webkit-Image-Set('a.png' 1x)",
            "background:cross-fade(red, blue)",
            "width:expression(alert(1))",
            "fill:u\\72l(a)",
            "fill:url(a",
            "fill:url('a)",
            "a{b:c}/* a",
            "@im/**/port 'a';",
            "u/**/rl(https://a)",
            "content:'https://a'",
        ] {
            assert_eq!(without_addresses(style), None, "{style}");
        }
    }
}
