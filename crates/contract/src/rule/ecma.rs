//! ECMA-262 patterns in the syntax of `regex`, which matches in linear time.

use std::iter::Peekable;
use std::str::Chars;

use super::pattern::PatternFault;

const DIGIT: &str = "0-9";
const WORD: &str = "0-9A-Za-z_";
const SPACE: &str = r"\t\n\x0B\x0C\r \x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}\x{FEFF}";
const NO_LINE_END: &str = r"[^\n\r\x{2028}\x{2029}]";

/// `\d`, `\w` and `\b` mean ASCII, as they do there; `.` is a scalar value but a line's end.
pub(crate) fn translate(pattern: &str) -> Result<String, PatternFault> {
    let mut to = Translation { rest: pattern.chars().peekable(), text: String::new() };
    to.text.reserve(pattern.len() + 16);
    while let Some(letter) = to.rest.next() {
        match letter {
            '.' => to.text.push_str(NO_LINE_END),
            '\\' => to.escape()?,
            '[' => to.class()?,
            '(' => to.group()?,
            '{' => to.brace(),
            '}' | ']' => to.literal(letter),
            _ => to.text.push(letter),
        }
    }
    Ok(to.text)
}

struct Translation<'p> {
    rest: Peekable<Chars<'p>>,
    text: String,
}

/// One member of a class.
enum Atom {
    Letter(char),
    /// As `regex` writes it within brackets.
    Set(String),
}

impl Translation<'_> {
    fn escape(&mut self) -> Result<(), PatternFault> {
        match self.rest.peek() {
            Some('b') => self.text.push_str(r"(?-u:\b)"),
            Some('B') => self.text.push_str(r"(?-u:\B)"),
            Some('1'..='9' | 'k') => {
                return Err(PatternFault::Unsupported("back-references need backtracking".into()));
            }
            _ => {
                match self.escaped()? {
                    Atom::Letter(letter) => self.literal(letter),
                    Atom::Set(set) if set.starts_with('[') => self.text.push_str(&set),
                    Atom::Set(set) => self.text.extend(["[", set.as_str(), "]"]),
                }
                return Ok(());
            }
        }
        self.rest.next();
        Ok(())
    }

    /// What follows a backslash, within and without brackets.
    fn escaped(&mut self) -> Result<Atom, PatternFault> {
        let set = |set: &str| Ok(Atom::Set(set.to_owned()));
        let Some(letter) = self.rest.next() else {
            return Err(PatternFault::Malformed("a backslash at the end".into()));
        };
        Ok(Atom::Letter(match letter {
            'd' => return set(DIGIT),
            'w' => return set(WORD),
            's' => return set(SPACE),
            'D' => return Ok(Atom::Set(format!("[^{DIGIT}]"))),
            'W' => return Ok(Atom::Set(format!("[^{WORD}]"))),
            'S' => return Ok(Atom::Set(format!("[^{SPACE}]"))),
            'p' | 'P' if self.rest.peek() == Some(&'{') => {
                let name: String = self.rest.by_ref().take_while(|letter| *letter != '}').collect();
                return Ok(Atom::Set(format!("[\\{letter}{name}}}]")));
            }
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            'f' => '\u{c}',
            '0' => '\0',
            'c' => match self.rest.next_if(char::is_ascii_alphabetic) {
                Some(letter) => char::from(letter as u8 % 32),
                None => return Err(PatternFault::Malformed(r"\c without a letter".into())),
            },
            'x' => self.hexadecimal(2).unwrap_or('x'),
            'u' => self.unicode()?,
            other => other,
        }))
    }

    fn hexadecimal(&mut self, digits: usize) -> Option<char> {
        let unit = self.code(digits)?;
        char::from_u32(unit)
    }

    /// So many hexadecimal digits, if they are there.
    fn code(&mut self, digits: usize) -> Option<u32> {
        let mut ahead = self.rest.clone();
        let mut code = 0;
        for _ in 0..digits {
            code = code * 16 + ahead.next()?.to_digit(16)?;
        }
        self.rest = ahead;
        Some(code)
    }

    /// `\uHHHH`, a pair of them, or `\u{…}`.
    fn unicode(&mut self) -> Result<char, PatternFault> {
        if self.rest.next_if_eq(&'{').is_some() {
            let digits: String = self.rest.by_ref().take_while(|letter| *letter != '}').collect();
            let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
            return code.ok_or_else(|| PatternFault::Malformed(r"\u{…} of no letter".into()));
        }
        let Some(unit) = self.code(4) else { return Ok('u') };
        if let Some(letter) = char::from_u32(unit) {
            return Ok(letter);
        }
        let mut ahead = self.rest.clone();
        let is_pair = ahead.next() == Some('\\') && ahead.next() == Some('u');
        if (0xD800..0xDC00).contains(&unit) && is_pair {
            self.rest = ahead;
            if let Some(low @ 0xDC00..0xE000) = self.code(4) {
                let letter = char::from_u32(0x1_0000 + (unit - 0xD800) * 0x400 + low - 0xDC00);
                return Ok(letter.unwrap_or(char::REPLACEMENT_CHARACTER));
            }
        }
        Err(PatternFault::Unsupported("half a surrogate pair is no text".into()))
    }

    fn class(&mut self) -> Result<(), PatternFault> {
        let negated = self.rest.next_if_eq(&'^').is_some();
        let mut set = String::new();
        while let Some(first) = self.atom()? {
            let mut ahead = self.rest.clone();
            let is_range = ahead.next() == Some('-') && ahead.peek().is_some_and(|l| *l != ']');
            match first {
                Atom::Letter(low) if is_range => {
                    self.rest.next();
                    match self.atom()? {
                        Some(Atom::Letter(high)) if low <= high => {
                            set.push_str(&format!("{}-{}", hex(low), hex(high)));
                        }
                        Some(Atom::Letter(_)) => {
                            return Err(PatternFault::Malformed("a range out of order".into()));
                        }
                        Some(Atom::Set(other)) => {
                            set.extend([hex(low), hex('-'), other]);
                        }
                        None => {
                            set.extend([hex(low), hex('-')]);
                            break;
                        }
                    }
                }
                Atom::Letter(letter) => set.push_str(&hex(letter)),
                Atom::Set(other) => set.push_str(&other),
            }
        }
        match (negated, set.is_empty()) {
            (false, true) => self.text.push_str(r"[^\x{0}-\x{10FFFF}]"),
            (true, true) => self.text.push_str("(?s:.)"),
            (false, false) => self.text.extend(["[", set.as_str(), "]"]),
            (true, false) => self.text.extend(["[^", set.as_str(), "]"]),
        }
        Ok(())
    }

    /// The next member of a class; `None` behind its bracket.
    fn atom(&mut self) -> Result<Option<Atom>, PatternFault> {
        match self.rest.next() {
            None => Err(PatternFault::Malformed("a class without an end".into())),
            Some(']') => Ok(None),
            Some('\\') if self.rest.next_if_eq(&'b').is_some() => Ok(Some(Atom::Letter('\u{8}'))),
            Some('\\') => self.escaped().map(Some),
            Some(letter) => Ok(Some(Atom::Letter(letter))),
        }
    }

    fn group(&mut self) -> Result<(), PatternFault> {
        let mut ahead = self.rest.clone();
        if ahead.next() == Some('?') {
            let (kind, next) = (ahead.next(), ahead.next());
            let is_behind = kind == Some('<') && matches!(next, Some('=' | '!'));
            if matches!(kind, Some('=' | '!')) || is_behind {
                return Err(PatternFault::Unsupported("look-around needs backtracking".into()));
            }
            if kind == Some('P') {
                return Err(PatternFault::Malformed("(?P is no group".into()));
            }
        }
        self.text.push('(');
        Ok(())
    }

    /// A counted repetition, or a brace that is only itself.
    fn brace(&mut self) {
        let counts: String = self.rest.clone().take_while(|letter| *letter != '}').collect();
        let is_closed = self.rest.clone().nth(counts.chars().count()) == Some('}');
        let mut parts = counts.split(',');
        let is_count = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let least = parts.next().is_some_and(|text| !text.is_empty() && is_count(text));
        let most = parts.next().is_none_or(is_count);
        if is_closed && least && most && parts.next().is_none() {
            self.text.push('{');
            self.text.push_str(&counts);
            self.text.push('}');
            for _ in 0..=counts.len() {
                self.rest.next();
            }
        } else {
            self.literal('{');
        }
    }

    fn literal(&mut self, letter: char) {
        self.text.push_str(&hex(letter));
    }
}

fn hex(letter: char) -> String {
    if letter.is_ascii_alphanumeric() {
        letter.to_string()
    } else {
        format!(r"\x{{{:X}}}", u32::from(letter))
    }
}
