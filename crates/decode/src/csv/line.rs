//! One line to its fields.

use csv_core::{ReadFieldResult, Reader, ReaderBuilder};

use super::CsvOptions;

/// Splits lines; holds the fields of the last.
pub(super) struct Line {
    reader: Reader,
    quote: Option<u8>,
    /// All fields, one behind the other.
    text: Vec<u8>,
    fields: Vec<Field>,
}

#[derive(Clone, Copy)]
struct Field {
    start: usize,
    end: usize,
    is_quoted: bool,
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl Line {
    pub(super) fn new(options: &CsvOptions) -> Self {
        let mut builder = ReaderBuilder::new();
        builder.delimiter(options.delimiter).quoting(options.quote.is_some());
        if let Some(quote) = options.quote {
            builder.quote(quote);
        }
        Self { reader: builder.build(), quote: options.quote, text: Vec::new(), fields: Vec::new() }
    }

    pub(super) fn num_fields(&self) -> usize {
        self.fields.len()
    }

    /// Text of each field, and whether it was in quotes.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&[u8], bool)> {
        self.fields.iter().map(|field| (&self.text[field.start..field.end], field.is_quoted))
    }

    /// Splits the line at `at`; the index behind it and its line break.
    pub(super) fn split(&mut self, payload: &[u8], start: usize) -> Result<usize, String> {
        self.reader.reset();
        self.fields.clear();
        // No field is longer than what it is written as; the reader wants a byte to spare.
        self.text.resize(payload.len() + 1, 0);
        if payload.get(start).is_none_or(|byte| matches!(byte, b'\r' | b'\n')) {
            return Err(format!("expected a line at byte {start}"));
        }
        let start = start + if payload[start..].starts_with(BYTE_ORDER_MARK) { 3 } else { 0 };
        let (mut at, mut written) = (start, 0);
        loop {
            let first = at;
            let mut end = written;
            let ends_line = loop {
                let (result, read, len) =
                    self.reader.read_field(&payload[at..], &mut self.text[end..]);
                at += read;
                end += len;
                match result {
                    // The end of the payload ends the field too: no bytes tell the reader so.
                    ReadFieldResult::InputEmpty | ReadFieldResult::OutputFull => {}
                    ReadFieldResult::Field { record_end } => break record_end,
                    ReadFieldResult::End => break true,
                }
            };
            let raw = without_break(&payload[first..at], ends_line);
            let is_quoted = self.quote.is_some() && raw.first().copied() == self.quote;
            if is_quoted {
                check_quotes(raw, first)?;
            }
            self.fields.push(Field { start: written, end, is_quoted });
            written = end;
            if ends_line {
                break;
            }
        }
        // The reader stops between the two bytes of a line break.
        let is_cut = payload.get(at - 1..=at) == Some(b"\r\n");
        Ok(at + usize::from(is_cut))
    }
}

/// A field as it is written, without the delimiter or the line break behind it.
fn without_break(raw: &[u8], ends_line: bool) -> &[u8] {
    match raw {
        [field @ .., b'\r' | b'\n'] if ends_line => field,
        [field @ .., _] if !ends_line => field,
        field => field,
    }
}

/// `first` is where the field is in its payload.
fn check_quotes(raw: &[u8], first: usize) -> Result<(), String> {
    let quote = raw[0];
    let mut at = 1;
    while at < raw.len() {
        match (raw[at] == quote, raw.get(at + 1)) {
            (false, _) => at += 1,
            (true, Some(next)) if *next == quote => at += 2,
            (true, None) => return Ok(()),
            (true, Some(_)) => {
                return Err(format!(
                    "expected a delimiter behind a quote at byte {}",
                    first + at + 1
                ));
            }
        }
    }
    Err(format!("quote that does not end at byte {first}"))
}
