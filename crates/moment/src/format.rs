//! Fields to days and microseconds, in a time zone.

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};
use chrono_tz::Tz;

use crate::pattern::{self, Part};
use crate::read::{self, Fields};

/// Whether values say their distance from UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Offset {
    #[default]
    Optional,
    Required,
    Forbidden,
}

const PATTERN_KEY: &str = "headgate.pattern";
const ZONE_KEY: &str = "headgate.zone";
const OFFSET_KEY: &str = "headgate.offset";

impl Offset {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Optional => "optional",
            Self::Required => "required",
            Self::Forbidden => "forbidden",
        }
    }
}

/// How values of a column are written.
#[derive(Clone, Debug)]
pub struct Format {
    /// ISO 8601 if absent.
    parts: Option<Vec<Part>>,
    zone: Tz,
    offset: Offset,
}

impl Format {
    /// `pattern`: of the JDK. `zone`: of values that do not say theirs, UTC if absent. An error says
    /// what is wrong with them.
    pub fn new(pattern: Option<&str>, zone: Option<&str>, offset: Offset) -> Result<Self, String> {
        let zone = match zone {
            None | Some("Z") => Tz::UTC,
            Some(name) => name.parse().map_err(|_| format!("no time zone {name}"))?,
        };
        Ok(Self { parts: pattern.map(pattern::parse).transpose()?, zone, offset })
    }

    /// Days since 1970-01-01.
    /// Entries of a field's metadata that [`Format::of_metadata`] reads.
    pub fn metadata(
        pattern: Option<&str>,
        zone: Option<&str>,
        offset: Offset,
    ) -> HashMap<String, String> {
        let offset = (offset != Offset::Optional).then_some(offset.as_str());
        [(PATTERN_KEY, pattern), (ZONE_KEY, zone), (OFFSET_KEY, offset)]
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())))
            .collect()
    }

    /// `None` where a field's metadata tell of no format: ISO 8601.
    pub fn of_metadata(metadata: &HashMap<String, String>) -> Result<Option<Self>, String> {
        let told = |key| metadata.get(key).map(String::as_str);
        let (pattern, zone, offset) = (told(PATTERN_KEY), told(ZONE_KEY), told(OFFSET_KEY));
        if pattern.or(zone).or(offset).is_none() {
            return Ok(None);
        }
        let offset = [Offset::Required, Offset::Forbidden]
            .into_iter()
            .find(|known| offset == Some(known.as_str()))
            .unwrap_or_default();
        Self::new(pattern, zone, offset).map(Some)
    }

    pub fn date(&self, text: &str) -> Option<i32> {
        days(date(&self.fields(text)?)?)
    }

    /// Microseconds of the day.
    pub fn time(&self, text: &str) -> Option<i64> {
        micros(time(&self.fields(text)?)?)
    }

    /// Microseconds since 1970 in UTC. A time that the clocks of its zone skip is none; of one that
    /// they show twice it is the first.
    pub fn timestamp(&self, text: &str) -> Option<i64> {
        let fields = self.fields(text)?;
        let local = NaiveDateTime::new(date(&fields)?, time(&fields)?);
        let instant = match (fields.offset, fields.zone) {
            (Some(offset), _) => local.and_utc().timestamp_micros() - i64::from(offset) * 1_000_000,
            (None, zone) => {
                let zone = zone.unwrap_or(self.zone);
                zone.from_local_datetime(&local).earliest()?.timestamp_micros()
            }
        };
        Some(instant)
    }

    fn fields(&self, text: &str) -> Option<Fields> {
        let fields = match &self.parts {
            Some(parts) => read::read(parts, text)?,
            None => ISO.iter().find_map(|parts| read::read(parts, text))?,
        };
        let says = fields.offset.is_some() || fields.zone.is_some();
        match self.offset {
            Offset::Required if !says => None,
            Offset::Forbidden if says => None,
            _ => Some(fields),
        }
    }
}

/// What is read where there is only a zone, and no pattern.
static ISO: std::sync::LazyLock<Vec<Vec<Part>>> = std::sync::LazyLock::new(|| {
    let fractions = (1..=9).map(|count| format!("HH:mm:ss.{}", "S".repeat(count)));
    let times: Vec<String> = ["HH:mm:ss".to_owned()].into_iter().chain(fractions).collect();
    let moments = times.iter().flat_map(|time| {
        ["'T'", " ", "'t'"].map(|between| format!("yyyy-MM-dd{between}{time}[XXX]['z']"))
    });
    let alone = times.iter().map(|time| format!("{time}[XXX]['z']"));
    let all = moments.chain(alone).chain(["yyyy-MM-dd".to_owned()]);
    all.filter_map(|text| pattern::parse(&text).ok()).collect()
});

fn date(fields: &Fields) -> Option<NaiveDate> {
    let year = fields.year?;
    let date = match fields.day_of_year {
        Some(day) => NaiveDate::from_yo_opt(year, day)?,
        None => NaiveDate::from_ymd_opt(year, fields.month?, fields.day?)?,
    };
    fields.weekday.is_none_or(|weekday| weekday == date.weekday()).then_some(date)
}

/// Midnight where the pattern has no time.
fn time(fields: &Fields) -> Option<NaiveTime> {
    let hour = match (fields.hour, fields.half_day_hour, fields.is_afternoon) {
        (None, Some(hour @ 1..=12), Some(is_afternoon)) => {
            hour % 12 + if is_afternoon { 12 } else { 0 }
        }
        (None, Some(_), _) => return None,
        (hour, _, _) => hour.unwrap_or(0),
    };
    let (minute, second) = (fields.minute.unwrap_or(0), fields.second.unwrap_or(0));
    NaiveTime::from_hms_micro_opt(hour, minute, second, fields.micros)
}

fn days(date: NaiveDate) -> Option<i32> {
    i32::try_from((date - NaiveDate::from_ymd_opt(1970, 1, 1)?).num_days()).ok()
}

fn micros(time: NaiveTime) -> Option<i64> {
    (time - NaiveTime::MIN).num_microseconds()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn by(pattern: &str) -> Format {
        Format::new(Some(pattern), None, Offset::Optional).unwrap()
    }

    #[test]
    fn dates_fit_their_pattern_exactly() {
        for (pattern, text, days) in [
            ("dd/MM/yyyy", "02/01/1970", Some(1)),
            ("dd/MM/yyyy", "2/1/1970", None),
            ("d/M/yyyy", "2/01/1970", Some(1)),
            ("dd/MM/yyyy", "31/02/2024", None),
            ("dd/MM/yyyy", "02/01/1970 ", None),
            ("yyyyMMdd", "19700103", Some(2)),
            ("yyyyMMdd", "1970-01-03", None),
            ("d MMM yyyy", "4 Jan 1970", Some(3)),
            ("EEEE, d MMMM yyyy", "Sunday, 4 January 1970", Some(3)),
            ("EEEE, d MMMM yyyy", "Monday, 4 January 1970", None),
            ("yyyy-DDD", "1970-005", Some(4)),
            ("yy'y'", "26y", None),
            ("dd.MM.yy", "01.01.70", Some(36_525)),
            ("''yyyy-MM-dd", "'1970-01-01", Some(0)),
        ] {
            assert_eq!(by(pattern).date(text), days, "{pattern} {text}");
        }
    }

    #[test]
    fn instants_are_of_their_offset_or_their_zone() {
        let hour = 3_600_000_000_i64;
        for (pattern, text, micros) in [
            ("yyyy-MM-dd HH:mm:ss", "1970-01-01 01:00:00", Some(hour)),
            ("yyyy-MM-dd'T'HH:mmXXX", "1970-01-01T01:00+01:00", Some(0)),
            ("yyyy-MM-dd'T'HH:mmXXX", "1970-01-01T01:00Z", Some(hour)),
            ("yyyy-MM-dd'T'HH:mmZ", "1970-01-01T01:00-0030", Some(hour + hour / 2)),
            ("yyyy-MM-dd'T'HH:mm:ss[.SSS]X", "1970-01-01T00:00:00.250Z", Some(250_000)),
            ("yyyy-MM-dd'T'HH:mm:ss[.SSS]X", "1970-01-01T00:00:00+01", Some(-hour)),
            ("yyyy-MM-dd h:mm a", "1970-01-01 1:00 PM", Some(13 * hour)),
            ("yyyy-MM-dd h:mm a", "1970-01-01 13:00 PM", None),
            ("yyyy-MM-dd HH:mm VV", "1970-01-01 01:00 Europe/Berlin", Some(0)),
            ("yyyy-MM-dd", "1970-01-02", Some(24 * hour)),
            ("yyyy-MM-dd HH", "1970-01-01 24", None),
        ] {
            assert_eq!(by(pattern).timestamp(text), micros, "{pattern} {text}");
        }
    }

    #[test]
    fn clocks_that_are_turned_skip_and_repeat() {
        let zone = Some("Europe/Berlin");
        let berlin = Format::new(None, zone, Offset::Forbidden).unwrap();
        let hours = |text| berlin.timestamp(text).map(|micros| micros / 3_600_000_000);
        let day = i64::from(by("yyyy-MM-dd").date("2026-03-29").unwrap()) * 24;
        assert_eq!(hours("2026-03-29T01:30:00"), Some(day));
        assert_eq!(hours("2026-03-29T02:30:00"), None);
        assert_eq!(hours("2026-03-29 03:30:00"), Some(day + 1));
        let day = i64::from(by("yyyy-MM-dd").date("2026-10-25").unwrap()) * 24;
        assert_eq!(hours("2026-10-25T02:30:00.5"), Some(day));
        assert_eq!(hours("2026-10-25T02:30:00Z"), None);
    }

    #[test]
    fn what_is_not_read_is_said() {
        for pattern in ["", "yyyy-'MM", "yyyy]", "[yyyy", "yyyyy", "B", "{", "SSSSSSSSSS"] {
            assert!(Format::new(Some(pattern), None, Offset::Optional).is_err(), "{pattern}");
        }
        assert!(Format::new(None, Some("Mars/Base"), Offset::Optional).is_err());
    }
}
