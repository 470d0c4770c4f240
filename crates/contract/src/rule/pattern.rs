//! Regular expressions, searched for anywhere in a text.

use regex::bytes::{Regex, RegexBuilder};

use super::ecma::translate;
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
    /// Compiles an ECMA-262 pattern to an automaton of linear time.
    pub fn compile(pattern: &str) -> Result<Self, PatternFault> {
        let translated = translate(pattern)?;
        let built = RegexBuilder::new(&translated).size_limit(MAX_COMPILED_BYTES).build();
        built.map(Self).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => {
                PatternFault::Unsupported("the pattern is too large".into())
            }
            // Of the last lines, which do not show the translation.
            error => {
                let text = error.to_string();
                let reason = text.lines().last().unwrap_or_default();
                PatternFault::Malformed(reason.trim_start_matches("error: ").to_owned())
            }
        })
    }

    pub fn is_match(&self, text: &[u8]) -> bool {
        self.0.is_match(text)
    }

    pub fn find(&self, view: &View<'_>, found: &mut Vec<u32>) {
        scan_texts(view, found, |text| !self.0.is_match(text));
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
            (".", "\r", false),
            (".", "\u{2028}", false),
            (r"^\s$", "\u{feff}", true),
            (r"^\s$", "\u{85}", false),
            (r"^\<\>$", "<>", true),
            ("^[a&&b]+$", "a&b", true),
            ("^[[(]$", "(", true),
            ("^[^]$", "\n", true),
            ("[]", "a", false),
            (r"^[\b]$", "\u{8}", true),
            (r"^\0$", "\0", true),
            (r"^[\d\-_]+$", "1-_", true),
            (r"^[a-\d]+$", "a-1", true),
            (r"^[^\W_]+$", "aZ0", true),
            (r"^[^\W_]+$", "a_", false),
            ("^a{2}$", "aa", true),
            ("^a{,2}$", "a{,2}", true),
            ("^}]$", "}]", true),
            (r"^\u00e9\ud83d\ude00$", "é😀", true),
            (r"^(?<year>\d{4})$", "2026", true),
            (r"^\cJ$", "\n", true),
            ("a|#~", "#~", true),
            ("^a b$", "a b", true),
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
        for pattern in ["(", "[a", "a{2,1}", "*", "[b-a]", "\\"] {
            let fault = Pattern::compile(pattern).unwrap_err();
            assert!(matches!(fault, PatternFault::Malformed(_)), "{pattern}: {fault:?}");
        }
    }
}
