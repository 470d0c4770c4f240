//! Against oracles: a model for the values, written by `apache-avro`, and `arrow-avro`'s columns.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::sync::Arc;

use apache_avro::types::Value;
use apache_avro::{Decimal, Schema as AvroType};
use arrow_avro::reader::ReaderBuilder;
use arrow_avro::schema::{AvroSchema, Fingerprint, FingerprintAlgorithm, SchemaStore};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};
use headgate_decode::{DecodeOptions, Decoded, UnknownFields};
use headgate_model::map_parts;
use proptest::prelude::*;
use support::avro::{decode, writer};
use support::model::{Model, data_type, fields, held, object};
use support::paths;

/// Avro's names are words.
fn renamed(fields: &Fields) -> Fields {
    let rename = |(number, field): (usize, &Arc<Field>)| {
        Field::new(format!("f{number}"), retyped(field.data_type()), true)
    };
    fields.iter().enumerate().map(rename).collect()
}

fn retyped(of: &DataType) -> DataType {
    match of {
        DataType::Struct(fields) => DataType::Struct(renamed(fields)),
        DataType::List(item) => support::list(retyped(item.data_type())),
        DataType::Map(entries, _) => {
            support::map(retyped(map_parts(entries).unwrap()[1].data_type()))
        }
        other => other.clone(),
    }
}

/// The type that a column is written as, in a union with null and perhaps what fits no such column.
struct Written {
    records: usize,
    misfits: bool,
}

impl Written {
    fn union(&mut self, of: &DataType) -> String {
        let own = self.of(of);
        let other = if *of == DataType::Boolean { "string" } else { "boolean" };
        let other = if self.misfits { format!(r#", "{other}""#) } else { String::new() };
        format!(r#"["null", {own}{other}]"#)
    }

    fn of(&mut self, of: &DataType) -> String {
        let logical =
            |of: &str, logical: &str| format!(r#"{{"type": "{of}", "logicalType": "{logical}"}}"#);
        match of {
            DataType::Utf8 => r#""string""#.to_owned(),
            DataType::Int8 => r#""int""#.to_owned(),
            DataType::Int64 => r#""long""#.to_owned(),
            DataType::Float32 => r#""float""#.to_owned(),
            DataType::Float64 => r#""double""#.to_owned(),
            DataType::Boolean => r#""boolean""#.to_owned(),
            DataType::Decimal128(precision, scale) => format!(
                r#"{{"type": "bytes", "logicalType": "decimal", "precision": {precision}, "scale": {scale}}}"#
            ),
            DataType::Date32 => logical("int", "date"),
            DataType::Timestamp(_, None) => logical("long", "local-timestamp-micros"),
            DataType::Timestamp(..) => logical("long", "timestamp-micros"),
            DataType::Struct(fields) => self.record(fields),
            DataType::List(item) => {
                format!(r#"{{"type": "array", "items": {}}}"#, self.union(item.data_type()))
            }
            DataType::Map(entries, _) => {
                let value = self.union(map_parts(entries).unwrap()[1].data_type());
                format!(r#"{{"type": "map", "values": {value}}}"#)
            }
            other => panic!("{other}"),
        }
    }

    fn record(&mut self, fields: &Fields) -> String {
        self.records += 1;
        let name = self.records;
        let fields: Vec<String> = fields
            .iter()
            .map(|field| {
                format!(
                    r#"{{"name": "{}", "type": {}}}"#,
                    field.name(),
                    self.union(field.data_type())
                )
            })
            .collect();
        format!(r#"{{"type": "record", "name": "R{name}", "fields": [{}]}}"#, fields.join(", "))
    }
}

fn schema_of(fields: &Fields, misfits: bool) -> String {
    Written { records: 0, misfits }.record(fields)
}

fn value(model: &Model, of: &DataType, misfits: bool) -> Value {
    let (branch, value) = match model {
        Model::Misfit(_) if misfits && *of == DataType::Boolean => (2, Value::String("é".into())),
        Model::Misfit(_) if misfits => (2, Value::Boolean(true)),
        Model::Absent | Model::Null | Model::Misfit(_) => (0, Value::Null),
        model => (1, own_value(model, of, misfits)),
    };
    Value::Union(branch, Box::new(value))
}

fn own_value(model: &Model, of: &DataType, misfits: bool) -> Value {
    match (model, of) {
        (Model::Text(text), _) => Value::String(text.clone()),
        (Model::Int(int), DataType::Int8) => Value::Int(*int as i32),
        (Model::Int(int), _) => Value::Long(*int),
        (Model::Float(bits), DataType::Float32) => Value::Float(f64::from_bits(*bits) as f32),
        (Model::Float(bits), _) => Value::Double(f64::from_bits(*bits)),
        (Model::Bool(bool), _) => Value::Boolean(*bool),
        (Model::Decimal(unscaled), _) => Value::Decimal(Decimal::from(unscaled.to_be_bytes())),
        (Model::Days(days), _) => Value::Date(*days),
        (Model::Micros(micros), DataType::Timestamp(_, None)) => {
            Value::LocalTimestampMicros(*micros)
        }
        (Model::Micros(micros), _) => Value::TimestampMicros(*micros),
        (Model::Object(members), DataType::Struct(fields)) => {
            let members = members.iter().zip(fields).map(|((name, member), field)| {
                (name.clone(), value(member, field.data_type(), misfits))
            });
            Value::Record(members.collect())
        }
        (Model::List(items), DataType::List(item)) => {
            Value::Array(items.iter().map(|it| value(it, item.data_type(), misfits)).collect())
        }
        (Model::Map(entries), DataType::Map(parts, _)) => {
            let of = map_parts(parts).unwrap()[1].data_type();
            let entries = entries.iter();
            Value::Map(entries.map(|(key, it)| (key.clone(), value(it, of, misfits))).collect())
        }
        (model, of) => panic!("{model:?} of {of}"),
    }
}

/// Maps are written in any order.
fn sorted(model: Model) -> Model {
    match model {
        Model::Map(mut entries) => {
            entries.sort_by(|one, other| one.0.cmp(&other.0));
            Model::Map(entries.into_iter().map(|(key, it)| (key, sorted(it))).collect())
        }
        Model::List(items) => Model::List(items.into_iter().map(sorted).collect()),
        Model::Object(members) => {
            Model::Object(members.into_iter().map(|(name, it)| (name, sorted(it))).collect())
        }
        other => other,
    }
}

fn records() -> impl Strategy<Value = (SchemaRef, Vec<Model>)> {
    fields(data_type()).prop_flat_map(|fields| {
        let fields = renamed(&fields);
        let records = proptest::collection::vec(object(&fields), 1..6);
        (Just(Arc::new(Schema::new(fields))), records)
    })
}

fn encode(
    schema: &str,
    columns: &Schema,
    records: &[Model],
    misfits: bool,
    block_size: Option<usize>,
) -> Vec<Vec<u8>> {
    let parsed = AvroType::parse_str(schema).unwrap();
    let writer = apache_avro::writer::datum::GenericDatumWriter::builder(&parsed)
        .maybe_target_block_size(block_size)
        .build()
        .unwrap();
    let of = DataType::Struct(columns.fields().clone());
    records
        .iter()
        .map(|record| writer.write_value_to_vec(own_value(record, &of, misfits)).unwrap())
        .collect()
}

fn row(decoded: &Decoded, row: usize) -> Vec<Model> {
    decoded.rows.columns().iter().map(|column| sorted(held(column, row))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn decoded_values_are_those_that_were_written(
        (columns, records) in records(),
        block_size in proptest::option::of(0..20_usize),
    ) {
        let schema = schema_of(columns.fields(), true);
        let payloads = encode(&schema, &columns, &records, true, block_size);
        let decoded = decode(&columns, &writer(&schema), DecodeOptions::default(), &payloads);
        prop_assert_eq!(&decoded.dead, &[]);
        let mut misfits = Vec::new();
        for (number, record) in records.iter().enumerate() {
            let mut paths = Vec::new();
            let Model::Object(members) = sorted(record.expected("$", &mut paths)) else { panic!() };
            let expected: Vec<Model> = members.into_iter().map(|(_, member)| member).collect();
            prop_assert_eq!(row(&decoded, number), expected);
            misfits.append(&mut paths);
        }
        let mut found = paths(&columns, &decoded);
        found.sort();
        misfits.sort();
        found.dedup();
        misfits.dedup();
        prop_assert_eq!(found, misfits);
    }

    #[test]
    fn a_damaged_record_harms_nobody_and_a_cut_one_is_none(
        (columns, records) in records(),
        at in any::<prop::sample::Index>(),
        with in any::<u8>(),
        seen in any::<prop::sample::Index>(),
    ) {
        // Some fields are read, the others skipped or kept.
        let schema = schema_of(columns.fields(), true);
        let seen = seen.index(columns.fields().len() + 1);
        let whole = encode(&schema, &columns, &records, true, None);
        let columns: SchemaRef = Arc::new(Schema::new(columns.fields()[..seen].to_vec()));
        let (first, last) = (&whole[0], &whole[whole.len() - 1]);
        let mut bad = whole[whole.len() / 2].clone();
        if !bad.is_empty() {
            let at = at.index(bad.len());
            bad[at] = with;
        }
        for unknown in [UnknownFields::Ignore, UnknownFields::Extra] {
            let options = support::options(unknown);
            let decoded = decode(&columns, &writer(&schema), options, [first, &bad, last]);
            let alone = decode(&columns, &writer(&schema), options, [first, last]);
            let rows = decoded.rows.num_rows();
            prop_assert_eq!(row(&decoded, 0), row(&alone, 0));
            prop_assert_eq!(row(&decoded, rows - 1), row(&alone, 1));
            let cuts: Vec<&[u8]> = (0..first.len()).map(|len| &first[..len]).collect();
            let decoded = decode(&columns, &writer(&schema), options, &cuts);
            prop_assert_eq!(decoded.dead.len(), cuts.len());
        }
    }

    #[test]
    fn arrow_avro_sees_the_same((columns, records) in records()) {
        let schema = schema_of(columns.fields(), false);
        let payloads = encode(&schema, &columns, &records, false, None);
        let decoded = decode(&columns, &writer(&schema), DecodeOptions::default(), &payloads);
        prop_assert_eq!(&decoded.dead, &[]);
        prop_assert_eq!(&decoded.fields, &[]);
        let mut store = SchemaStore::new_with_type(FingerprintAlgorithm::Id);
        store.set(Fingerprint::Id(1), AvroSchema::new(schema)).unwrap();
        let builder = ReaderBuilder::new().with_writer_schema_store(store);
        let mut other =
            builder.with_active_fingerprint(Fingerprint::Id(1)).build_decoder().unwrap();
        for payload in &payloads {
            let framed = [&[0, 0, 0, 0, 1], &payload[..]].concat();
            prop_assert_eq!(other.decode(&framed).unwrap(), framed.len());
        }
        let theirs = other.flush().unwrap().unwrap();
        prop_assert_eq!(theirs.num_rows(), records.len());
        for number in 0..records.len() {
            for (ours, theirs) in decoded.rows.columns().iter().zip(theirs.columns()) {
                prop_assert_eq!(sorted(held(ours, number)), sorted(held(theirs, number)));
            }
        }
    }
}
