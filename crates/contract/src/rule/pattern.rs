//! Regular expressions, searched for anywhere in a text.

use regex::bytes::{Regex, RegexBuilder};
use regex_automata::Anchored;
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::{start, syntax};

use super::ecma::translate;
use super::scan::scan_texts;
use crate::view::View;

/// Keeps a pattern like `(a{500}){500}` from taking the memory of a chunk.
const MAX_COMPILED_BYTES: usize = 4 << 20;

#[derive(Clone, Debug)]
pub(crate) enum Pattern {
    Table(Table),
    /// States as they are met, for patterns of more states than a table holds.
    Lazy(Regex),
}

/// Every state ahead of time: a byte costs one look-up, whatever the pattern.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// State after a byte. A state that decides is never left.
    next: Box<[[u8; 256]]>,
    /// Whether a text that ends in a state matches.
    accepts: Box<[bool]>,
}

impl Table {
    /// None where the pattern has more than 256 states.
    fn compile(translated: &str) -> Option<Self> {
        let config = dense::Config::new()
            .start_kind(StartKind::Unanchored)
            .dfa_size_limit(Some(MAX_COMPILED_BYTES))
            .determinize_size_limit(Some(MAX_COMPILED_BYTES));
        let dfa = dense::Builder::new()
            .configure(config)
            .syntax(syntax::Config::new().utf8(false))
            .thompson(thompson::Config::new().utf8(false).nfa_size_limit(Some(MAX_COMPILED_BYTES)))
            .build(translated)
            .ok()?;
        let first = dfa.start_state(&start::Config::new().anchored(Anchored::No)).ok()?;
        let mut table = (Vec::new(), Vec::new());
        let mut states = vec![first];
        while let Some(&state) = states.get(table.0.len()) {
            let decided = dfa.is_match_state(state) || dfa.is_dead_state(state);
            let mut row = [0; 256];
            for (byte, next) in (0..=u8::MAX).zip(&mut row) {
                let to = if decided { state } else { dfa.next_state(state, byte) };
                let known = states.iter().position(|state| *state == to);
                *next = u8::try_from(known.unwrap_or(states.len())).ok()?;
                if known.is_none() {
                    states.push(to);
                }
            }
            table.0.push(row);
            let end = if decided { state } else { dfa.next_eoi_state(state) };
            table.1.push(dfa.is_match_state(end));
        }
        Some(Self { next: table.0.into(), accepts: table.1.into() })
    }

    fn is_match(&self, text: &[u8]) -> bool {
        let end = text.iter().fold(0, |state, byte| self.next[state][*byte as usize] as usize);
        self.accepts[end]
    }
}

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
        if let Some(table) = Table::compile(&translated) {
            return Ok(Self::Table(table));
        }
        Self::lazy(&translated)
    }

    fn lazy(translated: &str) -> Result<Self, PatternFault> {
        let built = RegexBuilder::new(translated).size_limit(MAX_COMPILED_BYTES).build();
        built.map(Self::Lazy).map_err(|error| match error {
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
        match self {
            Self::Table(table) => table.is_match(text),
            Self::Lazy(regex) => regex.is_match(text),
        }
    }

    pub fn find(&self, view: &View<'_>, found: &mut Vec<u32>) {
        match self {
            Self::Table(table) => scan_texts(view, found, |text| !table.is_match(text)),
            Self::Lazy(regex) => scan_texts(view, found, |text| !regex.is_match(text)),
        }
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
            let lazy = Pattern::lazy(&translate(pattern).unwrap()).unwrap();
            assert_eq!(lazy.is_match(text.as_bytes()), matches, "{pattern} on {text}, lazily");
        }
    }

    #[test]
    fn a_pattern_of_many_states_is_matched_lazily() {
        let pattern = Pattern::compile(r"^\p{Lu}{1,90}$").unwrap();
        assert!(matches!(pattern, Pattern::Lazy(_)));
        assert!(pattern.is_match("ÉA".as_bytes()));
        assert!(!pattern.is_match("Éa".as_bytes()));
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
