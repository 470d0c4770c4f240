//! Protobuf by its writer's schema: one pass over the bytes, straight into the columns.
//!
//! A record is exactly one message. Anything else is a dead letter `PROTOBUF_DECODE_ERROR` that
//! tells the byte and, where one is known, the field: what is cut short, a varint beyond 64 bits,
//! field number 0, a group that does not end, a string that is not UTF-8, more than
//! [`MAX_DEPTH`](crate::MAX_DEPTH) levels. A payload of no bytes is a message without fields.
//!
//! A column takes the field of its name or, if there is none, the field with its name in JSON.
//!
//! | field | column | NULL and a violation |
//! |---|---|---|
//! | integers | Int8 to Int64, Float32, Float64, Decimal128 | out of range |
//! | `float`, `double` | Float32, Float64; integers if integral; Decimal128 by the shortest decimal that means the float | NaN, infinite, too large |
//! | `bool` | Boolean | |
//! | `string` | Utf8; Date32 and Timestamp as JSON has them; Decimal128 if it is a number of JSON | no such day, no number |
//! | `bytes` | Binary; Utf8, in base64 | |
//! | enum | Utf8, by its name; integers, by its number | a number without a name, for Utf8 |
//! | message, group | Struct; JSON text of a contract's `object` | |
//! | `repeated` | List; JSON text of a contract's `array` | an item: of `path[]` |
//! | `map` | Map, keys as text; JSON text of a contract's `object` | a value: of `path{}` |
//! | `Timestamp` | Timestamp in UTC; Utf8 | parts of a microsecond, years beyond 1 to 9999 |
//! | `Duration`, `FieldMask` | Utf8, as `3.500s`, `userId,name` | what JSON has no form for |
//! | wrappers | as the scalar in them | as the scalar in them |
//! | `Struct`, `Any` | JSON text of an `object`, Struct, Map | what does not fit these |
//! | `ListValue`, `Value` | JSON text, List; of a `Value` whatever it holds | what does not fit these |
//!
//! Any other pair is a difference that cannot be lived with, and each value NULL and a violation.
//!
//! * Absent fields: NULL if the schema tells absent from default (`optional`, members of a oneof,
//!   messages, proto2), also where proto2 names a default; else the default (0, `""`, false, the
//!   first name), since that is what absent means there; `repeated` and `map` fields are empty. A
//!   `required` field of proto2 that is not there is NULL and a violation.
//! * A field that comes again: of a scalar the last stays, messages are merged, of a oneof the
//!   last member stays, of map entries with one key the last. Arrays are taken packed or not.
//! * Unknown fields are those that no column wants, and numbers that the schema has not, among them
//!   extensions, and fields of a wire type that theirs is not. What they hold is not looked into.
//!   `_extra` gets those of the top level that the schema knows, as JSON.
//! * JSON text is Protobuf's JSON under the names of the `.proto` file: integers of 64 bits and
//!   what is no number of JSON as strings, bytes in base64, fields without presence left out at
//!   their default, keys of maps sorted. An `Any` of a message that the schema does not have keeps
//!   its bytes, as `{"@type":…,"value":…}` in base64. What goes through JSON is further held to
//!   100 levels, and a field of another wire type is malformed there.
//! * `float` goes to Float64 as it is: 0.1 becomes 0.10000000149011612.
//! * `.proto` files with `edition` are not read: proto2 and proto3 are.
//! * Files under `google/protobuf`, the usual ones of `google/type`, `confluent/meta.proto` and
//!   `confluent/type/decimal.proto` can be imported without a reference.

mod compile;
mod context;
mod disorder;
mod fit;
mod indexes;
mod json_text;
mod json_times;
mod known_files;
mod malformed;
mod message;
mod number;
mod program;
mod reader;
mod rendered;
mod repeated;
mod scalar;
mod schema;
mod well_known;
mod wire;

use arrow_schema::SchemaRef;
use headgate_model::{SchemaDifference, WriterSchema};

use crate::rows::RowDecoder;
use crate::{DecodeFault, DecodeOptions, Decoder};
pub(crate) use indexes::read_indexes;
pub(crate) use reader::ProtobufReader;
pub(crate) use schema::{MessageName, ProtobufSchema};

/// A decoder of Protobuf messages into the columns of `schema`, all nullable, and how the message
/// differs from them. `message` is a full name, and needed unless `writer` has one message at its
/// top level.
///
/// Refuses what [`crate::json()`] refuses, and a writer's schema that does not compile or has not
/// this message.
pub fn protobuf(
    schema: &SchemaRef,
    writer: &WriterSchema,
    message: Option<&str>,
    options: DecodeOptions,
) -> Result<(Box<dyn Decoder>, Vec<SchemaDifference>), DecodeFault> {
    let name = message.map_or(MessageName::Only, MessageName::Full);
    let (reader, differences) = ProtobufSchema::compile(writer)?.reader(name, schema.fields())?;
    Ok((Box::new(RowDecoder::new(schema, options, reader)?), differences))
}
