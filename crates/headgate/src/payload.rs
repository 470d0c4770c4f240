//! How payloads become rows: their formats, the schemas they were written with, and keys.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_schema::SchemaRef;
use headgate_decode::{
    CsvOptions, DecodeFault, DecodeOptions, Decoder, FRAME_BYTES, KeySplit, Tombstones,
    UnknownFields, avro, csv, framed, json, json_value, keyed, protobuf, raw,
};
use headgate_engine::SchemaChange;
use headgate_model::{Fault, SchemaDifference, SchemaFormat, WriterSchema};
use headgate_registry::{RegistryConfig, RegistryOptions};

use crate::Issue;
use crate::options::{CsvInputOptions, InputOptions, KeyOptions};
use crate::resolve::Issues;
use crate::schema_file;

/// What a contract needs to be held against payloads.
pub(crate) const PARSED: &str = "decode: json, avro, protobuf or csv";

#[derive(Clone, Debug, Default)]
pub struct PayloadConfig {
    pub value: PayloadFormat,
    pub key: Option<KeyConfig>,
    pub options: DecodeOptions,
    pub registry: Option<RegistryConfig>,
    pub on_schema_change: SchemaChange,
}

#[derive(Clone, Debug, Default)]
pub enum PayloadFormat {
    #[default]
    Raw,
    Json,
    Avro(Arc<WriterSchema>),
    Protobuf {
        schema: Arc<WriterSchema>,
        message: Option<String>,
    },
    Csv(CsvOptions),
    /// As the schema says that a registry has of each payload's frame.
    Framed,
}

/// Keys are decoded into this column of the contract.
#[derive(Clone, Debug)]
pub struct KeyConfig {
    pub column: String,
    pub format: PayloadFormat,
}

impl PayloadConfig {
    /// True when payloads are decoded into the columns of a contract.
    pub fn is_parsed(&self) -> bool {
        !matches!(self.value, PayloadFormat::Raw)
    }

    /// Fields that the contract does not know are a column.
    pub fn has_extra(&self) -> bool {
        self.is_parsed() && self.options.unknown_fields == UnknownFields::Extra
    }

    /// Bytes in front of what a value is: a frame's.
    pub fn frame_bytes(&self) -> usize {
        if matches!(self.value, PayloadFormat::Framed) { FRAME_BYTES } else { 0 }
    }

    /// Without columns, payloads stay as they are.
    pub fn decoder(&self, columns: Option<&SchemaRef>) -> Result<Box<dyn Decoder>, DecodeFault> {
        let Some(columns) = columns else { return Ok(raw(self.options.tombstones)) };
        let key = self.key.as_ref();
        let split = key.and_then(|key| Some((key, KeySplit::of(columns, &key.column)?)));
        let Some((key, split)) = split else { return self.value.decoder(columns, self.options) };
        let values = self.value.decoder(&split.values, self.options)?;
        let keys = key.format.key_decoder(&split, self.options)?;
        Ok(keyed(&split, values, keys))
    }
}

impl PayloadFormat {
    fn decoder(
        &self,
        columns: &SchemaRef,
        options: DecodeOptions,
    ) -> Result<Box<dyn Decoder>, DecodeFault> {
        match self {
            Self::Raw => Ok(raw(options.tombstones)),
            Self::Json => json(columns, options),
            Self::Avro(schema) => Ok(avro(columns, schema, options)?.0),
            Self::Protobuf { schema, message } => {
                Ok(protobuf(columns, schema, message.as_deref(), options)?.0)
            }
            Self::Csv(csv_options) => csv(columns, csv_options, options),
            Self::Framed => framed(columns, options),
        }
    }

    /// A record without a key has NULL in its column; what a key holds beside its column is nobody's.
    fn key_decoder(
        &self,
        split: &KeySplit,
        options: DecodeOptions,
    ) -> Result<Box<dyn Decoder>, DecodeFault> {
        let unknown_fields = match options.unknown_fields {
            UnknownFields::Reject => UnknownFields::Reject,
            UnknownFields::Ignore | UnknownFields::Extra => UnknownFields::Ignore,
        };
        let options = DecodeOptions { tombstones: Tombstones::Keep, unknown_fields };
        match self {
            Self::Json if split.is_scalar() => json_value(&split.keys, options),
            format => format.decoder(&split.keys, options),
        }
    }

    /// How the schema that is known before any payload differs from `columns`.
    fn differences(&self, columns: &SchemaRef) -> Result<Vec<SchemaDifference>, DecodeFault> {
        let options = DecodeOptions::default();
        match self {
            Self::Avro(schema) => Ok(avro(columns, schema, options)?.1),
            Self::Protobuf { schema, message } => {
                Ok(protobuf(columns, schema, message.as_deref(), options)?.1)
            }
            Self::Csv(csv_options) => csv(columns, csv_options, options).map(|_| Vec::new()),
            Self::Raw | Self::Json | Self::Framed => Ok(Vec::new()),
        }
    }
}

/// Where a format's own options stand: of values, or of keys.
struct Place<'a> {
    path: &'a [&'a str],
    schema: Option<&'a str>,
    message: Option<&'a str>,
    csv: Option<&'a CsvInputOptions>,
}

impl Place<'_> {
    fn key<'p>(&'p self, name: &'p str) -> Vec<&'p str> {
        self.path.iter().copied().chain([name]).collect()
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Named {
    Raw,
    Json,
    Avro,
    Protobuf,
    Csv,
}

const FORMATS: [(&str, Named); 5] = [
    ("raw", Named::Raw),
    ("json", Named::Json),
    ("avro", Named::Avro),
    ("protobuf", Named::Protobuf),
    ("csv", Named::Csv),
];

impl Named {
    fn as_str(self) -> &'static str {
        FORMATS.iter().find(|(_, named)| *named == self).map_or("raw", |(name, _)| *name)
    }
}

/// `read`: the text of a schema's file.
pub(crate) fn resolve(
    options: &InputOptions,
    base_dir: &Path,
    read: &dyn Fn(&Path) -> std::io::Result<String>,
    issues: &mut Issues,
) -> PayloadConfig {
    const TOMBSTONES: [(&str, Tombstones); 3] =
        [("skip", Tombstones::Skip), ("reject", Tombstones::Reject), ("keep", Tombstones::Keep)];
    const UNKNOWN: [(&str, UnknownFields); 3] = [
        ("ignore", UnknownFields::Ignore),
        ("extra", UnknownFields::Extra),
        ("reject", UnknownFields::Reject),
    ];
    const CHANGES: [(&str, SchemaChange); 3] = [
        ("evolve", SchemaChange::Evolve),
        ("reject", SchemaChange::Reject),
        ("block", SchemaChange::Block),
    ];
    let tombstones = options.tombstones.as_deref();
    let tombstones = issues.choice(tombstones, &["input", "tombstones"], &TOMBSTONES);
    let unknown_fields = options.unknown_fields.as_deref();
    let unknown_fields = issues.choice(unknown_fields, &["input", "unknown_fields"], &UNKNOWN);
    let change = options.on_schema_change.as_deref();
    let change = issues.choice(change, &["input", "on_schema_change"], &CHANGES);
    let registry = options.registry.clone().and_then(|options| registry(options, issues));
    let mut reading = Reading { base_dir, read, has_registry: options.registry.is_some(), issues };
    let value = reading.value(options);
    let key = options.key.as_ref().and_then(|key| reading.key(key, &value));
    if options.json_schema.is_some()
        && !matches!(value, PayloadFormat::Json | PayloadFormat::Framed)
    {
        issues.add(conflict(&["input", "json_schema"], "decode: json", "another format"));
    }
    let is_framed = |format: &PayloadFormat| matches!(format, PayloadFormat::Framed);
    if options.registry.is_some()
        && !is_framed(&value)
        && !key.as_ref().is_some_and(|key| is_framed(&key.format))
    {
        let expected =
            "values or keys that begin with a frame: json, avro or protobuf, without a schema";
        issues.add(conflict(&["input", "registry"], expected, "none"));
    }
    if options.registry.is_none() && change.is_some() {
        let expected = "a registry, whose schemas change";
        issues.add(conflict(&["input", "on_schema_change"], expected, "none"));
    }
    PayloadConfig {
        value,
        key,
        options: DecodeOptions {
            tombstones: tombstones.unwrap_or_default(),
            unknown_fields: unknown_fields.unwrap_or_default(),
        },
        registry,
        on_schema_change: change.unwrap_or_default(),
    }
}

fn registry(options: RegistryOptions, issues: &mut Issues) -> Option<RegistryConfig> {
    options
        .into_config()
        .map_err(|found| {
            for issue in found {
                issues.add(Issue::option(&["input", "registry"], issue));
            }
        })
        .ok()
}

fn conflict(path: &[&str], expected: &str, actual: &str) -> Issue {
    Issue::new(path, "CONFIG_CONFLICT", expected, actual)
}

struct Reading<'a> {
    base_dir: &'a Path,
    read: &'a dyn Fn(&Path) -> std::io::Result<String>,
    has_registry: bool,
    issues: &'a mut Issues,
}

impl Reading<'_> {
    fn value(&mut self, options: &InputOptions) -> PayloadFormat {
        let path = ["input", "decode"];
        let decode = self.issues.choice(options.decode.as_deref(), &path, &FORMATS);
        if let (Some(decode), Some(parse)) = (decode, options.parse_json)
            && (decode == Named::Json) != parse
        {
            let actual = format!("decode: {} and parse_json: {parse}", decode.as_str());
            self.issues.add(conflict(&["input", "parse_json"], "the same as decode", &actual));
        }
        let parsed = if options.parse_json == Some(true) { Named::Json } else { Named::Raw };
        let place = Place {
            path: &["input"],
            schema: options.schema.as_deref(),
            message: options.message.as_deref(),
            csv: options.csv.as_ref(),
        };
        self.format(decode.unwrap_or(parsed), &place)
    }

    fn key(&mut self, key: &KeyOptions, value: &PayloadFormat) -> Option<KeyConfig> {
        if matches!(value, PayloadFormat::Raw) {
            let expected = "a format of values that has columns, for the key is one more";
            self.issues.add(conflict(&["input", "key"], expected, "decode: raw"));
            return None;
        }
        let path = ["input", "key", "decode"];
        let decode = self.issues.choice(key.decode.as_deref(), &path, &FORMATS);
        let column = ["input", "key", "column"];
        let expected = "the property of the contract that keys are decoded into";
        let column = self.issues.required(key.column.clone(), &column, expected);
        let place = Place {
            path: &["input", "key"],
            schema: key.schema.as_deref(),
            message: key.message.as_deref(),
            csv: key.csv.as_ref(),
        };
        let format = self.format(decode.unwrap_or(Named::Raw), &place);
        Some(KeyConfig { column: column?, format })
    }

    fn format(&mut self, named: Named, place: &Place<'_>) -> PayloadFormat {
        self.refuse_strangers(named, place);
        match named {
            Named::Raw => PayloadFormat::Raw,
            Named::Csv => PayloadFormat::Csv(self.csv(place)),
            _ if self.has_registry && place.schema.is_none() => PayloadFormat::Framed,
            Named::Json => PayloadFormat::Json,
            Named::Avro => self
                .schema(place, SchemaFormat::Avro)
                .map_or(PayloadFormat::Framed, PayloadFormat::Avro),
            Named::Protobuf => {
                let message = place.message.map(str::to_owned);
                let schema = self.schema(place, SchemaFormat::Protobuf);
                schema.map_or(PayloadFormat::Framed, |schema| PayloadFormat::Protobuf {
                    schema,
                    message,
                })
            }
        }
    }

    /// Options of other formats.
    fn refuse_strangers(&mut self, named: Named, place: &Place<'_>) {
        let has_schema = matches!(named, Named::Avro | Named::Protobuf);
        let actual = format!("decode: {}", named.as_str());
        let strangers = [
            ("schema", place.schema.is_some() && !has_schema, "decode: avro or protobuf"),
            ("message", place.message.is_some() && named != Named::Protobuf, "decode: protobuf"),
            ("csv", place.csv.is_some() && named != Named::Csv, "decode: csv"),
        ];
        for (name, is_stranger, expected) in strangers {
            if is_stranger {
                self.issues.add(conflict(&place.key(name), expected, &actual));
            }
        }
        if place.message.is_some() && place.schema.is_none() && named == Named::Protobuf {
            let details = "a frame of a registry says which message it holds";
            let issue = conflict(&place.key("message"), "a schema that has the message", "none");
            self.issues.add(issue.details(details));
        }
    }

    fn schema(&mut self, place: &Place<'_>, format: SchemaFormat) -> Option<Arc<WriterSchema>> {
        let key = place.key("schema");
        let expected = "the schema that payloads were written with, or input.registry";
        let path = self.issues.required(place.schema, &key, expected)?;
        let path: PathBuf = self.base_dir.join(path);
        match schema_file::read(&path, format, self.read) {
            Ok(schema) => Some(Arc::new(schema)),
            Err((path, error)) => {
                let actual = format!("{}: {error}", path.display());
                let expected = "a file that can be read";
                self.issues.add(Issue::new(&key, "SCHEMA_UNREADABLE", expected, actual));
                None
            }
        }
    }

    fn csv(&mut self, place: &Place<'_>) -> CsvOptions {
        let mut csv = CsvOptions::default();
        let Some(options) = place.csv else { return csv };
        let CsvInputOptions { columns, header, delimiter, quote, null_words } = options.clone();
        let mut byte = |name, text: Option<String>| {
            let text = text?;
            let byte = <[u8; 1]>::try_from(text.as_bytes()).ok();
            if byte.is_none() {
                let path = [place.key("csv"), vec![name]].concat();
                let expected = "one ASCII character";
                self.issues.add(Issue::new(&path, "CONFIG_VALUE", expected, text));
            }
            byte.map(|[byte]| byte)
        };
        csv.delimiter = byte("delimiter", delimiter).unwrap_or(csv.delimiter);
        csv.quote = match quote.as_deref() {
            Some("") => None,
            Some(_) => byte("quote", quote).or(csv.quote),
            None => csv.quote,
        };
        csv.columns = columns;
        csv.header = header.unwrap_or(csv.header);
        csv.null_words = null_words.unwrap_or(csv.null_words);
        csv
    }
}

/// Holds the contract of payloads against what is known of them before the first one.
pub(crate) fn check(payload: &PayloadConfig, columns: Option<&SchemaRef>, issues: &mut Issues) {
    let Some(columns) = columns else { return };
    let Some(key) = &payload.key else {
        return differ(&["input", "schema"], &payload.value, columns, issues);
    };
    let Some(split) = KeySplit::of(columns, &key.column) else {
        let names: Vec<&str> = columns.fields().iter().map(|field| field.name().as_str()).collect();
        let expected = format!("a property of the contract: {}", names.join(", "));
        let path = ["input", "key", "column"];
        issues.add(Issue::new(&path, "CONFIG_VALUE", expected, key.column.as_str()));
        return;
    };
    if matches!(key.format, PayloadFormat::Raw) && !split.is_text() {
        let expected = "a property of logicalType string, or another format";
        issues.add(conflict(&["input", "key", "decode"], expected, "decode: raw"));
    }
    differ(&["input", "schema"], &payload.value, &split.values, issues);
    differ(&["input", "key", "schema"], &key.format, &split.keys, issues);
}

fn differ(path: &[&str], format: &PayloadFormat, columns: &SchemaRef, issues: &mut Issues) {
    match format.differences(columns) {
        Ok(differences) => {
            for difference in differences.into_iter().filter(|difference| !difference.compatible) {
                let SchemaDifference { path: field, expected, actual, .. } = difference;
                let expected = format!("{field}: {expected}, as the contract has it");
                issues.add(Issue::new(path, "SCHEMA_INCOMPATIBLE", expected, actual));
            }
        }
        Err(fault) => {
            let context = fault.context();
            let expected = context.expected.unwrap_or_default();
            issues.add(Issue::new(
                path,
                fault.code(),
                expected,
                context.actual.unwrap_or_default(),
            ));
        }
    }
}

#[cfg(test)]
#[path = "payload_tests.rs"]
mod tests;
