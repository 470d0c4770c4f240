//! A writer's schema as it comes: JSON, and what it refers to.

use apache_avro::Schema;
use headgate_model::{SchemaFormat, WriterSchema};
use serde_json::{Value, json};

use super::types::{self, Type, Types};
use crate::DecodeFault;

/// Holds the references in front of the schema, for the parser knows what came before in one text.
const HOLDER: &str = "HeadgateSchemas";

pub(super) struct Writer {
    pub(super) types: Types,
    pub(super) root: Type,
    /// CRC-64-AVRO of the parsing canonical form, as single objects carry it.
    pub(super) fingerprint: [u8; 8],
}

pub(super) fn parse(schema: &WriterSchema) -> Result<Writer, DecodeFault> {
    let invalid = |reason| DecodeFault::WriterSchema { format: SchemaFormat::Avro, reason };
    if schema.format != SchemaFormat::Avro {
        return Err(invalid(format!("it is {}", schema.format.as_str())));
    }
    let (schema, references) = schemas(schema).map_err(invalid)?;
    let (types, root) = types::types(&schema, references.iter()).map_err(invalid)?;
    let canonical = schema.independent_canonical_form(&references);
    let canonical = canonical.map_err(|error| invalid(told(&error)))?;
    Ok(Writer { types, root, fingerprint: crc64(canonical.as_bytes()).to_le_bytes() })
}

fn schemas(schema: &WriterSchema) -> Result<(Schema, Vec<Schema>), String> {
    if schema.references.is_empty() {
        let parsed = Schema::parse_str(&schema.text).map_err(|error| told(&error))?;
        return Ok((parsed, Vec::new()));
    }
    let mut fields = Vec::with_capacity(schema.references.len() + 1);
    for (index, reference) in schema.references.iter().enumerate() {
        let text = serde_json::from_str::<Value>(&reference.text);
        let text =
            text.map_err(|error| format!("reference `{}`: {}", reference.name, told(&error)))?;
        fields.push(json!({ "name": format!("reference{index}"), "type": text }));
    }
    let text: Value = serde_json::from_str(&schema.text).map_err(|error| told(&error))?;
    fields.push(json!({ "name": "schema", "type": text }));
    let holder = json!({ "type": "record", "name": HOLDER, "fields": fields });
    let Schema::Record(holder) = Schema::parse(&holder).map_err(|error| told(&error))? else {
        return Err("it is no schema".to_owned());
    };
    let mut schemas: Vec<Schema> = holder.fields.into_iter().map(|field| field.schema).collect();
    let schema = schemas.pop().ok_or("it is no schema")?;
    Ok((schema, schemas))
}

/// With its causes, for the parser says there what is wrong.
fn told(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        told = format!("{told}: {error}");
        cause = error.source();
    }
    told
}

/// As the specification has it: Rabin's, with the fingerprint of nothing as its start.
fn crc64(bytes: &[u8]) -> u64 {
    const EMPTY: u64 = 0xc15d_213a_a4d7_a795;
    bytes.iter().fold(EMPTY, |mut hash, byte| {
        hash ^= u64::from(*byte);
        for _ in 0..8 {
            hash = (hash >> 1) ^ (EMPTY & (hash & 1).wrapping_neg());
        }
        hash
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the tests of Avro's reference implementation.
    #[test]
    fn fingerprints_are_those_of_the_specification() {
        assert_eq!(crc64(br#""null""#), 0x63dd_24e7_cc25_8f8a);
        assert_eq!(crc64(br#""int""#), 0x7275_d51a_3f39_5c8f);
    }
}
