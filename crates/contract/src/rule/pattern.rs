//! Regular expressions, searched for anywhere in a text.

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::ast::{self, Ast, ClassPerlKind, ClassSetItem, Visitor};

use super::scan::scan_texts;
use crate::view::View;

/// Keeps a pattern like `(a{500}){500}` from taking the memory of a chunk.
const MAX_COMPILED_BYTES: usize = 4 << 20;

#[derive(Clone, Debug)]
pub(crate) struct Pattern(Regex);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PatternFault {
    /// Valid in ECMA-262, but only with backtracking.
    Unsupported(String),
    Malformed(String),
}

impl Pattern {
    /// Compiles an ECMA-262 pattern to an automaton of linear time. `\d`, `\w` and `\b` mean ASCII,
    /// as they do there; `.` is a scalar value.
    pub fn compile(pattern: &str) -> Result<Self, PatternFault> {
        let ascii = with_ascii_classes(pattern)?;
        RegexBuilder::new(&ascii).size_limit(MAX_COMPILED_BYTES).build().map(Self).map_err(
            |error| PatternFault::Unsupported(format!("the pattern is too large: {error}")),
        )
    }

    pub fn is_match(&self, text: &[u8]) -> bool {
        self.0.is_match(text)
    }

    pub fn find(&self, view: &View<'_>, found: &mut Vec<u32>) {
        scan_texts(view, found, |text| !self.0.is_match(text));
    }
}

fn with_ascii_classes(pattern: &str) -> Result<String, PatternFault> {
    let parsed = ast::parse::Parser::new().parse(pattern).map_err(|error| match error.kind() {
        ast::ErrorKind::UnsupportedLookAround => {
            PatternFault::Unsupported("look-around needs backtracking".into())
        }
        ast::ErrorKind::UnsupportedBackreference => {
            PatternFault::Unsupported("back-references need backtracking".into())
        }
        kind => PatternFault::Malformed(kind.to_string()),
    })?;
    let spans = match ast::visit(&parsed, AsciiClasses::default()) {
        Ok(spans) => spans,
        Err(never) => match never {},
    };
    let mut text = String::with_capacity(pattern.len() + 16);
    let mut copied = 0;
    for (range, replacement) in spans {
        text.push_str(&pattern[copied..range.start]);
        text.push_str(replacement);
        copied = range.end;
    }
    text.push_str(&pattern[copied..]);
    Ok(text)
}

/// Collects what of a pattern is replaced, in its order.
#[derive(Default)]
struct AsciiClasses(Vec<(std::ops::Range<usize>, &'static str)>);

impl AsciiClasses {
    fn class(&mut self, class: &ast::ClassPerl) {
        let replacement = match (&class.kind, class.negated) {
            (ClassPerlKind::Digit, false) => "[0-9]",
            (ClassPerlKind::Digit, true) => "[^0-9]",
            (ClassPerlKind::Word, false) => "[0-9A-Za-z_]",
            (ClassPerlKind::Word, true) => "[^0-9A-Za-z_]",
            (ClassPerlKind::Space, _) => return,
        };
        self.0.push((class.span.start.offset..class.span.end.offset, replacement));
    }
}

impl Visitor for AsciiClasses {
    type Output = Vec<(std::ops::Range<usize>, &'static str)>;
    type Err = std::convert::Infallible;

    fn finish(self) -> Result<Self::Output, Self::Err> {
        Ok(self.0)
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), Self::Err> {
        match ast {
            Ast::ClassPerl(class) => self.class(class),
            Ast::Assertion(assertion) => {
                let replacement = match assertion.kind {
                    ast::AssertionKind::WordBoundary => r"(?-u:\b)",
                    ast::AssertionKind::NotWordBoundary => r"(?-u:\B)",
                    _ => return Ok(()),
                };
                let span = assertion.span;
                self.0.push((span.start.offset..span.end.offset, replacement));
            }
            _ => {}
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), Self::Err> {
        if let ClassSetItem::Perl(class) = item {
            self.class(class);
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn patterns_search_and_classes_are_ascii() {
        let cases = [
            ("ACC[0-9]{8}", "xACC12345678y", true),
            ("^ACC$", "xACC", false),
            (r"^\d+$", "123", true),
            (r"^\d+$", "٣", false),
            (r"^[\w-]+$", "a-b_1", true),
            (r"^[\w-]+$", "é", false),
            (r"^\W$", "é", true),
            (r"^[^\d]$", "5", false),
            (r"^.$", "é", true),
            (r"\bcat\b", "a cat!", true),
            (r"\bcat\b", "concat", false),
            (r"^a\/b$", "a/b", true),
            (r"^\p{Lu}", "É", true),
            ("", "", true),
        ];
        for (pattern, text, matches) in cases {
            let compiled = Pattern::compile(pattern).unwrap();
            assert_eq!(compiled.is_match(text.as_bytes()), matches, "{pattern} on {text}");
        }
    }

    #[test]
    fn backtracking_is_unsupported_and_nonsense_is_malformed() {
        for pattern in ["(?=a)b", "(?<!a)b", r"(a)\1", "((a{500}){500}){50}"] {
            let fault = Pattern::compile(pattern).unwrap_err();
            assert!(matches!(fault, PatternFault::Unsupported(_)), "{pattern}: {fault:?}");
        }
        for pattern in ["(", "[a", "a{2,1}", "*"] {
            let fault = Pattern::compile(pattern).unwrap_err();
            assert!(matches!(fault, PatternFault::Malformed(_)), "{pattern}: {fault:?}");
        }
    }
}
