//! The letters of a pattern.

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Literal(char),
    Number {
        field: Field,
        min: usize,
        max: usize,
    },
    /// Digits of a fraction of a second.
    Fraction(usize),
    Month(Width),
    Weekday(Width),
    HalfDay,
    /// `Z` for UTC allowed, minutes, a colon between.
    Offset {
        zulu: bool,
        minutes: Minutes,
    },
    /// Such as `Europe/Berlin`.
    Zone,
    Optional(Vec<Part>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Year,
    /// Of the years 2000 to 2099.
    ShortYear,
    Month,
    Day,
    DayOfYear,
    Hour,
    HalfDayHour,
    Minute,
    Second,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    Short,
    Full,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Minutes {
    Optional,
    Plain,
    Colon,
}

/// What is wrong with a pattern is told.
pub(crate) fn parse(pattern: &str) -> Result<Vec<Part>, String> {
    let mut rest = pattern.chars().peekable();
    let mut open: Vec<Vec<Part>> = vec![Vec::new()];
    while let Some(letter) = rest.next() {
        let part = match letter {
            '\'' => {
                literals(&mut rest, open.last_mut())?;
                continue;
            }
            '[' => {
                open.push(Vec::new());
                continue;
            }
            ']' => match (open.pop(), open.is_empty()) {
                (Some(inner), false) => Part::Optional(inner),
                _ => return Err("a ] without its [".into()),
            },
            'a'..='z' | 'A'..='Z' => {
                let mut count = 1;
                while rest.next_if_eq(&letter).is_some() {
                    count += 1;
                }
                letters(letter, count)?
            }
            '{' | '}' | '#' => return Err(format!("{letter} is reserved")),
            other => Part::Literal(other),
        };
        if let Some(parts) = open.last_mut() {
            parts.push(part);
        }
    }
    match (open.pop(), open.is_empty()) {
        (Some(parts), true) if !parts.is_empty() => Ok(parts),
        (Some(_), true) => Err("it is empty".into()),
        _ => Err("a [ without its ]".into()),
    }
}

fn literals(
    rest: &mut std::iter::Peekable<std::str::Chars<'_>>,
    parts: Option<&mut Vec<Part>>,
) -> Result<(), String> {
    let mut text = Vec::new();
    loop {
        match rest.next() {
            None => return Err("a quote without its end".into()),
            Some('\'') if rest.next_if_eq(&'\'').is_some() => text.push('\''),
            Some('\'') => break,
            Some(letter) => text.push(letter),
        }
    }
    if text.is_empty() {
        text.push('\'');
    }
    if let Some(parts) = parts {
        parts.extend(text.into_iter().map(Part::Literal));
    }
    Ok(())
}

fn letters(letter: char, count: usize) -> Result<Part, String> {
    let number = |field| match count {
        1 => Ok(Part::Number { field, min: 1, max: 2 }),
        2 => Ok(Part::Number { field, min: 2, max: 2 }),
        _ => Err(format!("too many {letter}")),
    };
    let width = |part: fn(Width) -> Part| match count {
        1..=3 => Ok(part(Width::Short)),
        4 => Ok(part(Width::Full)),
        _ => Err(format!("too many {letter}")),
    };
    let minutes = match count {
        1 => Minutes::Optional,
        2 => Minutes::Plain,
        _ => Minutes::Colon,
    };
    match (letter, count) {
        ('y' | 'u', 2) => Ok(Part::Number { field: Field::ShortYear, min: 2, max: 2 }),
        ('y' | 'u', 1) => Ok(Part::Number { field: Field::Year, min: 1, max: 4 }),
        ('y' | 'u', 4) => Ok(Part::Number { field: Field::Year, min: 4, max: 4 }),
        ('M' | 'L', 1 | 2) => number(Field::Month),
        ('M' | 'L', _) => width(Part::Month),
        ('d', _) => number(Field::Day),
        ('D', 1) => Ok(Part::Number { field: Field::DayOfYear, min: 1, max: 3 }),
        ('D', 3) => Ok(Part::Number { field: Field::DayOfYear, min: 3, max: 3 }),
        ('E', _) => width(Part::Weekday),
        ('a', 1) => Ok(Part::HalfDay),
        ('H', _) => number(Field::Hour),
        ('h', _) => number(Field::HalfDayHour),
        ('m', _) => number(Field::Minute),
        ('s', _) => number(Field::Second),
        ('S', 1..=9) => Ok(Part::Fraction(count)),
        ('X', 1..=3) => Ok(Part::Offset { zulu: true, minutes }),
        ('x', 1..=3) => Ok(Part::Offset { zulu: false, minutes }),
        ('Z', 1..=3) => Ok(Part::Offset { zulu: false, minutes: Minutes::Plain }),
        ('Z', 5) => Ok(Part::Offset { zulu: true, minutes: Minutes::Colon }),
        ('V', 2) => Ok(Part::Zone),
        _ => Err(format!("{} is not read", letter.to_string().repeat(count))),
    }
}
