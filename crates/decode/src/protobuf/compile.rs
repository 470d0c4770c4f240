//! A message and the columns it fills to the program that does it, and how the two differ.

use arrow_schema::{DataType, Field, Fields};
use headgate_model::{SchemaDifference, SchemaFormat, map_parts};
use prost_reflect::{Cardinality, FieldDescriptor, Kind, MessageDescriptor};

use super::fit::{self, Fit};
use super::json_text::is_wrapper;
use super::message::is_packable;
use super::program::{Absent, Element, EnumNames, MessageProgram, Read, Slot};
use super::scalar::Scalar;
use super::wire::{GROUP, LENGTH, VARINT, tag_of};
use crate::DecodeFault;
use crate::column::{self, Column, Node, Opening};

/// The program for rows of `fields`, and what of the message they do not agree with.
pub(super) fn compile(
    message: &MessageDescriptor,
    fields: &Fields,
) -> Result<(MessageProgram, Vec<SchemaDifference>), DecodeFault> {
    let columns = column::compile(&column::nullable(fields))?;
    let mut compiler = Compiler { differences: Vec::new() };
    let mut program = compiler.message(message, fields, &columns.children, None)?;
    program.is_root = true;
    Ok((program, compiler.differences))
}

struct Compiler {
    differences: Vec<SchemaDifference>,
}

/// How the values of a field come into a column.
enum Way {
    Directly(Element),
    /// By way of the JSON of the whole field.
    Rendered,
}

impl Compiler {
    fn message(
        &mut self,
        message: &MessageDescriptor,
        fields: &Fields,
        columns: &[Node],
        parent: Option<&str>,
    ) -> Result<MessageProgram, DecodeFault> {
        let path_of = |name: &str| match parent {
            None => name.to_owned(),
            Some(parent) => format!("{parent}.{name}"),
        };
        let column_of = columns_of(message, fields);
        let mut slots = Vec::new();
        let mut all: Vec<FieldDescriptor> = message.fields().collect();
        all.sort_unstable_by_key(FieldDescriptor::number);
        for field in all {
            let column = column_of.iter().position(|named| *named == Some(field.number()));
            let (read, absent) = match column {
                Some(column) => {
                    let path = path_of(fields[column].name());
                    self.field(&field, &fields[column], &columns[column], &path)?
                }
                None => {
                    let path = path_of(field.name());
                    self.differ(path, "no such column".to_owned(), type_text(&field), true);
                    (Read::Unwanted, Absent::Nowhere)
                }
            };
            slots.push(slot(message, &field, column, read, absent)?);
        }
        let mut without_field = Vec::new();
        for (column, (field, named)) in fields.iter().zip(&column_of).enumerate() {
            if named.is_none() {
                without_field.push(column);
                let (path, expected) = (path_of(field.name()), field.data_type().to_string());
                self.differ(path, expected, "no such field".to_owned(), field.is_nullable());
            }
        }
        Ok(MessageProgram::new(slots, without_field, false))
    }

    fn field(
        &mut self,
        field: &FieldDescriptor,
        arrow: &Field,
        node: &Node,
        path: &str,
    ) -> Result<(Read, Absent), DecodeFault> {
        let rendered = || Read::Rendered(field.clone());
        let known = match (&node.column, arrow.data_type()) {
            (Column::Json { opening: Opening::Object, .. }, _) if field.is_map() => {
                Some((rendered(), Absent::EmptyText("{}")))
            }
            (Column::Json { opening: Opening::Array, .. }, _) if field.is_list() => {
                Some((rendered(), Absent::EmptyText("[]")))
            }
            (Column::Map(map), DataType::Map(entries, _)) if field.is_map() => {
                let (Kind::Message(entry), Some([_, arrow])) = (field.kind(), map_parts(entries))
                else {
                    return Ok(self.misfit(field, arrow, path));
                };
                let (key, value) = (entry.map_entry_key_field(), entry.map_entry_value_field());
                let value_path = format!("{path}{{}}");
                let way = self.element(&value, arrow, &map.value, &value_path)?;
                let read = match (way, Scalar::of(&key.kind())) {
                    (Way::Directly(element), Some(key)) => Read::Map {
                        key,
                        value_tag: tag_of(2, wire_type(&value)),
                        value: element,
                        value_absent: Absent::Default,
                    },
                    _ => rendered(),
                };
                Some((read, Absent::Empty))
            }
            (Column::List(list), DataType::List(item)) if field.is_list() => {
                let read = match self.element(field, item, &list.item, &format!("{path}[]"))? {
                    Way::Directly(element) => Read::Many(element),
                    Way::Rendered => rendered(),
                };
                Some((read, Absent::Empty))
            }
            _ if field.is_map() || field.is_list() => None,
            _ => {
                let read = match self.element(field, arrow, node, path)? {
                    Way::Directly(element) => Read::One(element),
                    Way::Rendered => rendered(),
                };
                Some((read, absent(field)))
            }
        };
        Ok(known.unwrap_or_else(|| self.misfit(field, arrow, path)))
    }

    fn misfit(&mut self, field: &FieldDescriptor, arrow: &Field, path: &str) -> (Read, Absent) {
        let expected = arrow.data_type().to_string();
        self.differ(path.to_owned(), expected, type_text(field), false);
        (Read::Misfit, Absent::Null)
    }

    fn element(
        &mut self,
        field: &FieldDescriptor,
        arrow: &Field,
        node: &Node,
        path: &str,
    ) -> Result<Way, DecodeFault> {
        let column = &node.column;
        let (fit, way) = match field.kind() {
            Kind::Enum(of) => {
                let values = &of.enum_descriptor_proto().value;
                let names = values.iter().map(|value| (value.number(), value.name()));
                let names = EnumNames::new(of.default_value().number(), names);
                (fit::of_enum(column), Way::Directly(Element::Enum(names)))
            }
            Kind::Message(of) => match (of.full_name(), arrow.data_type()) {
                ("google.protobuf.Timestamp", _) => match column {
                    Column::Timestamp { zoned: true, .. } | Column::WrittenTimestamp { .. } => {
                        (Fit::Always, Way::Directly(Element::Timestamp))
                    }
                    Column::Text(_) => (Fit::Always, Way::Rendered),
                    _ => (Fit::Never, Way::Rendered),
                },
                (name, _) if is_wrapper(name) => {
                    match of.get_field(1).and_then(|value| Scalar::of(&value.kind())) {
                        Some(scalar) => {
                            let way = Way::Directly(Element::Wrapped(scalar));
                            (fit::of_scalar(scalar, column), way)
                        }
                        None => (Fit::Never, Way::Rendered),
                    }
                }
                (name, _) if let Some(fit) = rendered_fit(name, column) => (fit, Way::Rendered),
                (_, DataType::Struct(fields)) if let Column::Struct(object) = column => {
                    let program = self.message(&of, fields, &object.children, Some(path))?;
                    (Fit::Always, Way::Directly(Element::Message(Box::new(program))))
                }
                _ if matches!(column, Column::Json { opening: Opening::Object, .. }) => {
                    (Fit::Always, Way::Rendered)
                }
                _ => (Fit::Never, Way::Rendered),
            },
            kind => match Scalar::of(&kind) {
                Some(scalar) => {
                    let way = Way::Directly(Element::Scalar(scalar));
                    (fit::of_scalar(scalar, column), way)
                }
                None => (Fit::Never, Way::Rendered),
            },
        };
        if fit != Fit::Always {
            let (expected, actual) = (arrow.data_type().to_string(), kind_text(field));
            self.differ(path.to_owned(), expected, actual, fit == Fit::Sometimes);
        }
        Ok(if fit == Fit::Never { Way::Directly(Element::Misfit) } else { way })
    }

    fn differ(&mut self, path: String, expected: String, actual: String, compatible: bool) {
        self.differences.push(SchemaDifference { path, expected, actual, compatible });
    }
}

/// Number of the field that fills each of `fields`: by its name, else by its name in JSON.
fn columns_of(message: &MessageDescriptor, fields: &Fields) -> Vec<Option<u32>> {
    let number = |field: FieldDescriptor| field.number();
    let mut numbers: Vec<Option<u32>> =
        fields.iter().map(|field| message.get_field_by_name(field.name()).map(number)).collect();
    for (column, field) in fields.iter().enumerate() {
        let named = message.get_field_by_json_name(field.name()).map(number);
        if numbers[column].is_none() && !numbers.contains(&named) {
            numbers[column] = named;
        }
    }
    numbers
}

fn slot(
    message: &MessageDescriptor,
    field: &FieldDescriptor,
    column: Option<usize>,
    read: Read,
    absent: Absent,
) -> Result<Slot, DecodeFault> {
    let oneof = match field.containing_oneof().filter(|oneof| !oneof.is_synthetic()) {
        None => 0,
        Some(oneof) => {
            let index = message.oneofs().position(|other| other == oneof).unwrap_or_default();
            1_u64.checked_shl(index as u32).ok_or_else(|| DecodeFault::WriterSchema {
                format: SchemaFormat::Protobuf,
                reason: format!("`{}` has more than 64 oneofs", message.full_name()),
            })?
        }
    };
    let wire_type = wire_type(field);
    let packable = match &read {
        Read::Many(element) if is_packable(element) => true,
        _ => field.is_list() && !matches!(wire_type, LENGTH | GROUP),
    };
    let (single, packed) = (tag_of(field.number(), wire_type), tag_of(field.number(), LENGTH));
    let (tag, other_tag) = match packable {
        false => (single, single),
        true if field.is_packed() => (packed, single),
        true => (single, packed),
    };
    Ok(Slot {
        name: field.name().to_owned(),
        number: field.number(),
        tag,
        other_tag,
        oneof,
        column: column.unwrap_or_default(),
        read,
        absent,
    })
}

fn wire_type(field: &FieldDescriptor) -> u32 {
    match field.kind() {
        Kind::Enum(_) => VARINT,
        Kind::Message(_) if field.is_group() => GROUP,
        Kind::Message(_) => LENGTH,
        kind => Scalar::of(&kind).map_or(VARINT, Scalar::wire_type),
    }
}

fn absent(field: &FieldDescriptor) -> Absent {
    match field.cardinality() {
        Cardinality::Required => Absent::Missing,
        _ if field.supports_presence() => Absent::Null,
        _ => Absent::Default,
    }
}

/// How messages with a JSON of their own fit; `None` for others.
fn rendered_fit(name: &str, column: &Column) -> Option<Fit> {
    let takes = match name.strip_prefix("google.protobuf.")? {
        "Value" => return Some(Fit::Sometimes),
        "Duration" | "FieldMask" => matches!(column, Column::Text(_)),
        "ListValue" => {
            matches!(column, Column::Json { opening: Opening::Array, .. } | Column::List(_))
        }
        "Struct" | "Any" => matches!(
            column,
            Column::Json { opening: Opening::Object, .. } | Column::Struct(_) | Column::Map(_)
        ),
        _ => return None,
    };
    let is_text = matches!(column, Column::Text(_) | Column::Json { .. });
    Some(match (takes, is_text) {
        (false, _) => Fit::Never,
        (true, true) => Fit::Always,
        (true, false) => Fit::Sometimes,
    })
}

/// As a `.proto` file has it.
fn type_text(field: &FieldDescriptor) -> String {
    match field.kind() {
        Kind::Message(entry) if field.is_map() => format!(
            "map<{}, {}>",
            kind_text(&entry.map_entry_key_field()),
            kind_text(&entry.map_entry_value_field())
        ),
        _ if field.is_list() => format!("repeated {}", kind_text(field)),
        _ => kind_text(field),
    }
}

fn kind_text(field: &FieldDescriptor) -> String {
    match field.kind() {
        Kind::Message(of) => of.full_name().to_owned(),
        Kind::Enum(of) => of.full_name().to_owned(),
        kind => format!("{kind:?}").to_ascii_lowercase(),
    }
}
