//! How dates and times are written.

use std::collections::HashMap;

use headgate_moment::{Format, Offset};

use super::builder::Builder;
use crate::document::Property;
use crate::node::Value;
use crate::reader::At;
use crate::types::Logical;

/// What decoding has to know, and bounds are written in. `None`: ISO 8601.
#[derive(Clone, Debug)]
pub(crate) struct Moment {
    pub format: Format,
    pub metadata: HashMap<String, String>,
}

impl<'a> Builder<'a> {
    pub fn moment(&mut self, property: &Property<'a>, logical: Logical) -> Option<Moment> {
        if !matches!(logical, Logical::Date | Logical::Timestamp | Logical::Time) {
            return None;
        }
        let option =
            |name: &str| property.options.iter().find(|(key, _)| *key == name).map(|(_, at)| at);
        let pattern = option("format").and_then(|at| self.word(at));
        let zone = option("defaultTimezone").and_then(|at| self.word(at));
        let offset = match option("timezone").map(|at| (at, &at.node.value)) {
            None => Offset::Optional,
            Some((_, Value::Bool(true))) => Offset::Required,
            Some((_, Value::Bool(false))) => Offset::Forbidden,
            Some((at, _)) => {
                self.issues.add(at, "true or false");
                Offset::Optional
            }
        };
        let is_default = match logical {
            Logical::Date => pattern.is_none_or(|pattern| pattern == "yyyy-MM-dd"),
            _ => pattern.is_none() && offset == Offset::Optional && zone.is_none_or(|z| z == "UTC"),
        };
        if is_default {
            return None;
        }
        let zone_fault = Format::new(None, zone, offset).err();
        let format = match (Format::new(pattern, zone, offset), zone_fault) {
            (Ok(format), _) => format,
            (Err(_), Some(fault)) => {
                let at = option("defaultTimezone")?;
                self.issues.add_actual(at, "a time zone such as Europe/Berlin", fault);
                return None;
            }
            (Err(fault), None) => {
                let at = option("format")?;
                self.issues.add_actual(at, "a pattern of the JDK's DateTimeFormatter", fault);
                return None;
            }
        };
        Some(Moment { format, metadata: Format::metadata(pattern, zone, offset) })
    }

    fn word(&mut self, at: &At<'a>) -> Option<&'a str> {
        let text = at.as_text();
        if text.is_none() {
            self.issues.add(at, "text");
        }
        text
    }
}
