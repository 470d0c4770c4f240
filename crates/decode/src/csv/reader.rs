//! Lines to rows.

use std::collections::HashMap;

use arrow_schema::SchemaRef;
use headgate_model::DeadLetterKind;

use super::line::Line;
use super::{CsvOptions, value};
use crate::DecodeFault;
use crate::extra::ExtraColumn;
use crate::raw::not_utf8;
use crate::rows::{NoRow, PayloadReader, Row};

pub(crate) struct CsvReader {
    line: Line,
    null_words: Vec<Vec<u8>>,
    column_by_name: HashMap<Vec<u8>, usize>,
    names: Names,
    /// The header that `names` are of, if records bring one.
    header: Option<Vec<u8>>,
}

/// What the fields of a line are.
#[derive(Default)]
struct Names {
    fields: Vec<Name>,
    /// Columns that no field is for.
    missing: Vec<usize>,
}

struct Name {
    text: String,
    column: Option<usize>,
}

impl CsvReader {
    pub(super) fn new(schema: &SchemaRef, options: &CsvOptions) -> Result<Self, DecodeFault> {
        options.check()?;
        let columns = || schema.fields().iter().map(|field| field.name().clone());
        let column_by_name = columns().map(String::into_bytes).zip(0..).collect();
        let names = options.columns.clone().unwrap_or_else(|| columns().collect());
        Ok(Self {
            line: Line::new(options),
            null_words: options.null_words.iter().map(|word| word.clone().into_bytes()).collect(),
            names: Names::new(names, &column_by_name),
            header: options.header.then(Vec::new),
            column_by_name,
        })
    }

    /// Index behind the header at the start of `payload`, whose names are then known.
    fn read_header(&mut self, payload: &[u8]) -> Result<usize, String> {
        let Some(known) = &mut self.header else { return Ok(0) };
        if let Some([first, ..]) = payload.strip_prefix(&known[..])
            && !known.is_empty()
            && *first != b'\n'
        {
            return Ok(known.len());
        }
        let end = self.line.split(payload, 0)?;
        if end == payload.len() {
            return Err("expected a line behind the header".to_owned());
        }
        let names: Vec<String> = self
            .line
            .fields()
            .map(|(name, _)| String::from_utf8_lossy(name).into_owned())
            .collect();
        let mut sorted: Vec<&String> = names.iter().collect();
        sorted.sort_unstable();
        if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err("two columns of the header have one name".to_owned());
        }
        self.names = Names::new(names, &self.column_by_name);
        known.clear();
        known.extend_from_slice(&payload[..end]);
        Ok(end)
    }

    fn read_line(&mut self, payload: &[u8], row: &mut Row<'_>) -> Result<(), String> {
        let start = self.read_header(payload)?;
        let end = self.line.split(payload, start)?;
        if end < payload.len() {
            return Err(format!("expected one line, but more follows at byte {end}"));
        }
        let (expected, actual) = (self.names.fields.len(), self.line.num_fields());
        if expected != actual {
            return Err(format!("expected {expected} fields, not {actual}"));
        }
        let index = row.notes.row();
        let columns = &mut row.columns.children;
        for ((text, is_quoted), name) in self.line.fields().zip(&self.names.fields) {
            let is_null = !is_quoted && self.null_words.iter().any(|word| word == text);
            match name.column {
                Some(column) if is_null => columns[column].push_null(),
                Some(column) => value::read(text, &mut columns[column], index, row.notes),
                None => {
                    row.notes.unknown = true;
                    if let Some(extra) = &mut row.extra {
                        add_extra(&name.text, (!is_null).then_some(text), extra);
                    }
                }
            }
        }
        for &column in &self.names.missing {
            columns[column].push_null();
        }
        Ok(())
    }
}

fn add_extra(name: &str, value: Option<&[u8]>, extra: &mut ExtraColumn) {
    let value = value.map(String::from_utf8_lossy);
    let (name, value) = (serde_json::Value::from(name), serde_json::Value::from(value));
    extra.add(format!("{name}:{value}").as_bytes());
}

impl Names {
    fn new(names: Vec<String>, column_by_name: &HashMap<Vec<u8>, usize>) -> Self {
        let fields: Vec<Name> = names
            .into_iter()
            .map(|text| Name { column: column_by_name.get(text.as_bytes()).copied(), text })
            .collect();
        let is_missing = |column: &usize| !fields.iter().any(|name| name.column == Some(*column));
        let missing = (0..column_by_name.len()).filter(is_missing).collect();
        Self { fields, missing }
    }
}

impl PayloadReader for CsvReader {
    fn read(&mut self, payload: &[u8], mut row: Row<'_>) -> Result<(), NoRow> {
        if let Some(message) = not_utf8(payload) {
            return Err(NoRow { kind: DeadLetterKind::Encoding, message });
        }
        self.read_line(payload, &mut row)
            .map_err(|message| NoRow { kind: DeadLetterKind::Csv, message })
    }
}
