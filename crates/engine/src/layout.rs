//! Which columns each table gets; pure.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use headgate_decode::{EXTRA_COLUMN, RAW_COLUMN};
use headgate_model::TableRole;

use crate::{Policy, RejectsTo};

pub(crate) const UTC: &str = "UTC";

/// How payloads become columns.
#[derive(Clone, Debug)]
pub enum DecodedAs {
    /// Columns of a contract. `extra`: with [`EXTRA_COLUMN`] behind them.
    Contract { schema: SchemaRef, extra: bool },
    /// The bronze layout: [`RAW_COLUMN`], key and headers.
    Raw,
    /// What a transform makes of them, without a contract. `raw`: with key and headers.
    Transformed { schema: SchemaRef, raw: bool },
}

impl DecodedAs {
    /// Key and headers stand in the output.
    pub(crate) fn has_origin(&self) -> bool {
        matches!(self, Self::Raw | Self::Transformed { raw: true, .. })
    }
}

#[derive(Clone, Debug)]
pub struct LayoutOptions {
    pub decoded: DecodedAs,
    pub policy: Policy,
    pub rejects: RejectsTo,
    pub dead_letters: bool,
    /// Coordinates and time of ingestion in the output.
    pub metadata: bool,
}

/// The columns of a query's tables.
#[derive(Clone, Debug)]
pub struct Layout {
    pub options: LayoutOptions,
    output: SchemaRef,
    rejects: Option<SchemaRef>,
    dead_letters: Option<SchemaRef>,
}

impl Layout {
    pub fn new(options: LayoutOptions) -> Self {
        let LayoutOptions { decoded, policy, rejects, dead_letters, metadata } = &options;
        let loose = policy.writes_violating_rows();
        let payload = payload(decoded);
        let mut output: Vec<FieldRef> = payload
            .iter()
            .map(|field| if loose { nullable(field) } else { Arc::clone(field) })
            .collect();
        if decoded.has_origin() {
            output.extend(origin());
        }
        if *metadata {
            output.extend(coordinates());
            output.extend(ingestion());
        }
        if *policy == Policy::Flag {
            output.push(violations(true));
        }
        let rejects = (*rejects == RejectsTo::Rejects).then(|| {
            let mut fields: Vec<FieldRef> = payload.iter().map(nullable).collect();
            fields.extend(evidence());
            fields.push(violations(false));
            fields
                .extend(["_contract_id", "_contract_version", "_contract_hash"].map(text_or_null));
            fields.push(text("_batch_uuid"));
            Schema::new(fields).into()
        });
        let dead_letters = dead_letters.then(|| {
            let mut fields = evidence();
            fields.extend(["_error_type", "_error_message", "_batch_uuid"].map(text));
            Schema::new(fields).into()
        });
        Self { output: Schema::new(output).into(), rejects, dead_letters, options }
    }

    /// All columns of a table, partition columns included; `None` for a table the query has not.
    pub fn schema(&self, role: TableRole) -> Option<&SchemaRef> {
        match role {
            TableRole::Output | TableRole::Sink(_) => Some(&self.output),
            TableRole::Rejects => self.rejects.as_ref(),
            TableRole::DeadLetters => self.dead_letters.as_ref(),
        }
    }
}

fn payload(decoded: &DecodedAs) -> Vec<FieldRef> {
    match decoded {
        DecodedAs::Contract { schema, extra } => {
            let extra = extra.then(|| text_or_null(EXTRA_COLUMN));
            schema.fields().iter().cloned().chain(extra).collect()
        }
        DecodedAs::Raw => vec![text_or_null(RAW_COLUMN)],
        DecodedAs::Transformed { schema, .. } => schema.fields().to_vec(),
    }
}

fn nullable(field: &FieldRef) -> FieldRef {
    Arc::new(field.as_ref().clone().with_nullable(true))
}

/// Raw bytes, origin, coordinates and ingestion: what every side table keeps of a record.
fn evidence() -> Vec<FieldRef> {
    let mut fields = vec![field(RAW_COLUMN, DataType::Binary, true)];
    fields.extend(origin());
    fields.extend(coordinates());
    fields.extend(ingestion());
    fields
}

pub(crate) fn origin() -> [FieldRef; 2] {
    [field("_kafka_key", DataType::Binary, true), field("_kafka_headers", headers_type(), true)]
}

pub(crate) fn coordinates() -> [FieldRef; 4] {
    [
        text("_kafka_topic"),
        field("_kafka_partition", DataType::Int32, false),
        field("_kafka_offset", DataType::Int64, false),
        field("_kafka_timestamp", micros(), true),
    ]
}

pub(crate) fn ingestion() -> [FieldRef; 2] {
    [field("_ingested_at", micros(), false), text("_ingestion_date")]
}

/// The rules that a row broke, and their columns.
fn violations(nullable: bool) -> FieldRef {
    field("_violations", violations_type(), nullable)
}

pub(crate) fn violation_fields() -> [FieldRef; 2] {
    [text_or_null("rule"), text_or_null("column")]
}

pub(crate) fn violations_type() -> DataType {
    list_of(violation_fields())
}

pub(crate) fn header_fields() -> [FieldRef; 2] {
    [text_or_null("key"), field("value", DataType::Binary, true)]
}

/// As Spark gives headers: names may repeat, values may be absent.
fn headers_type() -> DataType {
    list_of(header_fields())
}

fn list_of(fields: [FieldRef; 2]) -> DataType {
    let item = DataType::Struct(fields.into_iter().collect());
    DataType::List(field("element", item, true))
}

fn micros() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into()))
}

fn field(name: &str, data_type: DataType, nullable: bool) -> FieldRef {
    Arc::new(Field::new(name, data_type, nullable))
}

fn text(name: &str) -> FieldRef {
    field(name, DataType::Utf8, false)
}

fn text_or_null(name: &str) -> FieldRef {
    field(name, DataType::Utf8, true)
}
