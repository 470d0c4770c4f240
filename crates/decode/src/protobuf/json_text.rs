//! Values as the JSON that Protobuf defines for them, under the names of the `.proto` file.

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, ReflectMessage, Value};

use super::json_times;
use crate::{MAX_DEPTH, base64};

/// How integers of 64 bits are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbers {
    /// As strings: Protobuf's JSON, safe for readers that know only doubles.
    Wide,
    Plain,
}

/// Every method is `None` when JSON has no text for the value; what was written is then worth
/// nothing.
pub(super) struct Writer<'a> {
    pub(super) out: &'a mut Vec<u8>,
    numbers: Numbers,
    depth: u32,
    /// What is not written is nested too deeply.
    pub(super) is_too_deep: bool,
}

impl<'a> Writer<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>, numbers: Numbers) -> Self {
        Self { out, numbers, depth: 0, is_too_deep: false }
    }

    pub(super) fn field(&mut self, field: &FieldDescriptor, value: &Value) -> Option<()> {
        match value {
            Value::List(items) => self.list(items.iter(), &field.kind()),
            Value::Map(entries) => {
                let Kind::Message(entry) = field.kind() else { return None };
                let kind = entry.map_entry_value_field().kind();
                let mut entries: Vec<(String, &Value)> =
                    entries.iter().map(|(key, value)| (key_text(key), value)).collect();
                entries.sort_unstable_by(|one, other| one.0.cmp(&other.0));
                self.object(entries.into_iter(), &kind)
            }
            value => self.value(value, &field.kind()),
        }
    }

    fn list<'v>(&mut self, items: impl Iterator<Item = &'v Value>, kind: &Kind) -> Option<()> {
        self.out.push(b'[');
        for (index, item) in items.enumerate() {
            self.comma(index);
            self.value(item, kind)?;
        }
        self.out.push(b']');
        Some(())
    }

    fn object<'v>(
        &mut self,
        members: impl Iterator<Item = (String, &'v Value)>,
        kind: &Kind,
    ) -> Option<()> {
        self.out.push(b'{');
        for (index, (key, value)) in members.enumerate() {
            self.comma(index);
            self.text(&key);
            self.out.push(b':');
            self.value(value, kind)?;
        }
        self.out.push(b'}');
        Some(())
    }

    fn value(&mut self, value: &Value, kind: &Kind) -> Option<()> {
        match value {
            Value::Bool(value) => self.plain(value),
            Value::I32(value) => self.plain(value),
            Value::U32(value) => self.plain(value),
            Value::I64(value) => self.wide(value),
            Value::U64(value) => self.wide(value),
            Value::F32(value) if value.is_finite() => {
                serde_json::to_writer(&mut *self.out, value).ok()?
            }
            Value::F64(value) if value.is_finite() => {
                serde_json::to_writer(&mut *self.out, value).ok()?
            }
            Value::F32(value) => self.not_finite(f64::from(*value)),
            Value::F64(value) => self.not_finite(*value),
            Value::String(value) => self.text(value),
            Value::Bytes(value) => {
                self.out.push(b'"');
                base64::write(value, self.out);
                self.out.push(b'"');
            }
            Value::EnumNumber(number) => {
                let Kind::Enum(of) = kind else { return None };
                // Of several names for a number the first.
                let values = &of.enum_descriptor_proto().value;
                match values.iter().find(|value| value.number() == *number) {
                    Some(_) if of.full_name() == "google.protobuf.NullValue" => {
                        self.out.extend_from_slice(b"null");
                    }
                    Some(value) => self.text(value.name()),
                    None => self.plain(number),
                }
            }
            Value::Message(message) => self.message(message)?,
            Value::List(_) | Value::Map(_) => return None,
        }
        Some(())
    }

    /// Messages of any type bound each other's depth only here: each is decoded by itself.
    fn message(&mut self, message: &DynamicMessage) -> Option<()> {
        if self.depth == MAX_DEPTH {
            self.is_too_deep = true;
            return None;
        }
        self.depth += 1;
        let written = self.message_of_its_kind(message);
        self.depth -= 1;
        written
    }

    fn message_of_its_kind(&mut self, message: &DynamicMessage) -> Option<()> {
        let descriptor = message.descriptor();
        let get = |number| message.get_field_by_number(number);
        match descriptor.full_name() {
            "google.protobuf.Any" => self.any(message),
            "google.protobuf.Timestamp" => {
                let text = json_times::timestamp(get(1)?.as_i64()?, get(2)?.as_i32()?)?;
                self.text(&text);
                Some(())
            }
            "google.protobuf.Duration" => {
                let text = json_times::duration(get(1)?.as_i64()?, get(2)?.as_i32()?)?;
                self.text(&text);
                Some(())
            }
            "google.protobuf.FieldMask" => {
                let paths = get(1)?;
                let paths = paths.as_list()?.iter();
                let paths: Option<Vec<String>> =
                    paths.map(|path| camel_case(path.as_str()?)).collect();
                self.text(&paths?.join(","));
                Some(())
            }
            "google.protobuf.Struct" | "google.protobuf.ListValue" => {
                let field = descriptor.get_field(1)?;
                self.field(&field, &message.get_field(&field))
            }
            "google.protobuf.Value" => {
                let (field, value) = message.fields().next()?;
                // JSON has no other numbers, and a string would be another value.
                if value.as_f64().is_some_and(|value| !value.is_finite()) {
                    return None;
                }
                self.field(&field, value)
            }
            name if is_wrapper(name) => {
                let field = descriptor.get_field(1)?;
                self.field(&field, &message.get_field(&field))
            }
            _ => {
                self.out.push(b'{');
                self.members(message, 0)?;
                self.out.push(b'}');
                Some(())
            }
        }
    }

    fn members(&mut self, message: &DynamicMessage, before: usize) -> Option<()> {
        for (index, (field, value)) in message.fields().enumerate() {
            self.comma(before + index);
            self.text(field.name());
            self.out.push(b':');
            self.field(&field, value)?;
        }
        Some(())
    }

    /// With the members of its message, or with the bytes of one that the schema does not have.
    fn any(&mut self, message: &DynamicMessage) -> Option<()> {
        let (url, value) = (message.get_field_by_number(1)?, message.get_field_by_number(2)?);
        let (url, value) = (url.as_str()?, value.as_bytes()?);
        self.out.push(b'{');
        if !url.is_empty() || !value.is_empty() {
            self.text("@type");
            self.out.push(b':');
            self.text(url);
            let name = url.rsplit('/').next()?;
            let descriptor = message.descriptor();
            let inner = descriptor
                .parent_pool()
                .get_message_by_name(name)
                .and_then(|of| DynamicMessage::decode(of, value.clone()).ok());
            match inner {
                Some(inner) if !has_own_json(name) => self.members(&inner, 1)?,
                Some(inner) => {
                    self.out.extend_from_slice(b",\"value\":");
                    self.message(&inner)?;
                }
                None => {
                    self.out.extend_from_slice(b",\"value\":\"");
                    base64::write(value, self.out);
                    self.out.push(b'"');
                }
            }
        }
        self.out.push(b'}');
        Some(())
    }

    pub(super) fn text(&mut self, text: &str) {
        self.out.extend_from_slice(serde_json::Value::from(text).to_string().as_bytes());
    }

    fn comma(&mut self, index: usize) {
        if index > 0 {
            self.out.push(b',');
        }
    }

    fn plain(&mut self, value: &dyn std::fmt::Display) {
        self.out.extend_from_slice(value.to_string().as_bytes());
    }

    fn wide(&mut self, value: &dyn std::fmt::Display) {
        match self.numbers {
            Numbers::Wide => self.text(&value.to_string()),
            Numbers::Plain => self.plain(value),
        }
    }

    fn not_finite(&mut self, value: f64) {
        self.text(if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        });
    }
}

pub(super) fn is_wrapper(name: &str) -> bool {
    matches!(
        name.strip_prefix("google.protobuf."),
        Some(
            "DoubleValue"
                | "FloatValue"
                | "Int64Value"
                | "UInt64Value"
                | "Int32Value"
                | "UInt32Value"
                | "BoolValue"
                | "StringValue"
                | "BytesValue"
        )
    )
}

/// Whether JSON has a form for this message other than an object of its fields.
pub(super) fn has_own_json(name: &str) -> bool {
    is_wrapper(name)
        || matches!(
            name.strip_prefix("google.protobuf."),
            Some("Any" | "Timestamp" | "Duration" | "FieldMask" | "Struct" | "Value" | "ListValue")
        )
}

fn key_text(key: &MapKey) -> String {
    match key {
        MapKey::Bool(key) => key.to_string(),
        MapKey::I32(key) => key.to_string(),
        MapKey::I64(key) => key.to_string(),
        MapKey::U32(key) => key.to_string(),
        MapKey::U64(key) => key.to_string(),
        MapKey::String(key) => key.clone(),
    }
}

/// `user_id.first_name` as `userId.firstName`; `None` if that does not lead back.
fn camel_case(path: &str) -> Option<String> {
    let (mut text, mut upper) = (String::with_capacity(path.len()), false);
    for letter in path.chars() {
        match letter {
            '_' if upper => return None,
            '_' => upper = true,
            'A'..='Z' => return None,
            'a'..='z' if upper => {
                text.push(letter.to_ascii_uppercase());
                upper = false;
            }
            _ if upper => return None,
            _ => text.push(letter),
        }
    }
    (!upper).then_some(text)
}
