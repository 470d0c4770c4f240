//! A text by a pattern: fields that fit exactly, or nothing.

use chrono::Weekday;
use chrono_tz::Tz;

use crate::pattern::{Field, Minutes, Part, Width};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fields {
    pub year: Option<i32>,
    pub month: Option<u32>,
    pub day: Option<u32>,
    pub day_of_year: Option<u32>,
    pub weekday: Option<Weekday>,
    pub hour: Option<u32>,
    pub half_day_hour: Option<u32>,
    pub is_afternoon: Option<bool>,
    pub minute: Option<u32>,
    pub second: Option<u32>,
    pub micros: u32,
    /// Seconds east of UTC.
    pub offset: Option<i32>,
    pub zone: Option<Tz>,
}

/// The fields of all of `text`.
pub(crate) fn read(parts: &[Part], text: &str) -> Option<Fields> {
    follow(parts, &[], text, Fields::default())
}

/// Reads `parts` and then `rest`, up to the end of the text.
fn follow(parts: &[Part], rest: &[&[Part]], text: &str, mut fields: Fields) -> Option<Fields> {
    let Some((part, parts)) = parts.split_first() else {
        return match rest.split_first() {
            Some((next, rest)) => follow(next, rest, text, fields),
            None => text.is_empty().then_some(fields),
        };
    };
    if let Part::Optional(inner) = part {
        let mut behind = vec![parts];
        behind.extend_from_slice(rest);
        return follow(inner, &behind, text, fields).or_else(|| follow(parts, rest, text, fields));
    }
    let text = one(part, text, &mut fields)?;
    follow(parts, rest, text, fields)
}

/// What of the text is behind the part.
fn one<'t>(part: &Part, text: &'t str, fields: &mut Fields) -> Option<&'t str> {
    match part {
        Part::Literal(letter) => text.strip_prefix(*letter),
        Part::Number { field, min, max } => {
            let (number, rest) = digits(text, *min, *max)?;
            match field {
                Field::Year => fields.year = Some(number as i32),
                Field::ShortYear => fields.year = Some(2_000 + number as i32),
                Field::Month => fields.month = Some(number),
                Field::Day => fields.day = Some(number),
                Field::DayOfYear => fields.day_of_year = Some(number),
                Field::Hour => fields.hour = Some(number),
                Field::HalfDayHour => fields.half_day_hour = Some(number),
                Field::Minute => fields.minute = Some(number),
                Field::Second => fields.second = Some(number),
            }
            Some(rest)
        }
        Part::Fraction(count) => {
            let (number, rest) = digits(text, *count, *count)?;
            // What a column of microseconds cannot hold must be zero.
            fields.micros = match count {
                0..=6 => number * 10_u32.pow(6 - *count as u32),
                _ => {
                    let unit = 10_u32.pow(*count as u32 - 6);
                    number.is_multiple_of(unit).then_some(number / unit)?
                }
            };
            Some(rest)
        }
        Part::Month(width) => {
            let (index, rest) = name(text, &MONTHS, *width)?;
            fields.month = Some(index as u32 + 1);
            Some(rest)
        }
        Part::Weekday(width) => {
            let (index, rest) = name(text, &WEEKDAYS, *width)?;
            fields.weekday = Weekday::try_from(index as u8).ok();
            Some(rest)
        }
        Part::HalfDay => {
            let (half, rest) = text.split_at_checked(2)?;
            fields.is_afternoon = Some(match half {
                "AM" | "am" => false,
                "PM" | "pm" => true,
                _ => return None,
            });
            Some(rest)
        }
        Part::Offset { zulu, minutes } => {
            let (offset, rest) = offset(text, *zulu, *minutes)?;
            fields.offset = Some(offset);
            Some(rest)
        }
        Part::Zone => {
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte);
            let len = text.bytes().take_while(|byte| is_name(*byte)).count();
            let (name, rest) = text.split_at(len);
            fields.zone = Some(if name == "Z" { Tz::UTC } else { name.parse().ok()? });
            Some(rest)
        }
        Part::Optional(_) => None,
    }
}

fn digits(text: &str, min: usize, max: usize) -> Option<(u32, &str)> {
    let len = text.bytes().take(max).take_while(u8::is_ascii_digit).count();
    if len < min {
        return None;
    }
    let (digits, rest) = text.split_at(len);
    Some((digits.parse().ok()?, rest))
}

fn name<'t>(text: &'t str, names: &[&str], width: Width) -> Option<(usize, &'t str)> {
    let short = |name: &&str| match width {
        Width::Short => name[..3].to_owned(),
        Width::Full => (*name).to_owned(),
    };
    names.iter().enumerate().find_map(|(index, name)| {
        let rest = text.strip_prefix(short(name).as_str())?;
        Some((index, rest))
    })
}

/// Seconds east of UTC.
fn offset(text: &str, zulu: bool, minutes: Minutes) -> Option<(i32, &str)> {
    if let (true, Some(rest)) = (zulu, text.strip_prefix('Z')) {
        return Some((0, rest));
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, rest) = digits(&text[1..], 2, 2)?;
    let (minutes, rest) = match minutes {
        Minutes::Colon => digits(rest.strip_prefix(':')?, 2, 2)?,
        Minutes::Plain => digits(rest, 2, 2)?,
        Minutes::Optional => digits(rest, 2, 2).unwrap_or((0, rest)),
    };
    if hours > 18 || minutes > 59 {
        return None;
    }
    Some((sign * (hours * 60 + minutes) as i32 * 60, rest))
}
