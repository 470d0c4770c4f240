//! Payloads without a parse.

#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use headgate_decode::{RowRecords, Tombstones, raw};
use headgate_model::DeadLetterKind;
use support::{chunk, texts};

#[test]
fn every_utf8_payload_is_a_row_as_it_is() {
    let records: [Option<&[u8]>; 5] =
        [Some(b"{\"a\":"), Some(b"ok \xff"), Some(b""), None, Some("é\n".as_bytes())];
    let decoded = raw(Tombstones::Skip).decode(&chunk(records)).unwrap();
    assert_eq!(texts(decoded.rows.column(0)), [Some("{\"a\":"), Some(""), Some("é\n")]);
    assert_eq!(decoded.rows.schema().field(0).name(), "_raw_value");
    assert_eq!(decoded.records, RowRecords::Some(vec![0, 2, 4]));
    assert_eq!(decoded.skipped, [3]);
    let [dead] = &decoded.dead[..] else { panic!("one payload is not UTF-8") };
    assert_eq!((dead.record, dead.kind), (1, DeadLetterKind::Encoding));
    assert_eq!(dead.message, "not UTF-8 at byte 3");
}

#[test]
fn a_kept_tombstone_is_null_and_a_refused_one_is_dead() {
    let records: [Option<&[u8]>; 2] = [None, Some(b"a")];
    let kept = raw(Tombstones::Keep).decode(&chunk(records)).unwrap();
    assert_eq!(texts(kept.rows.column(0)), [None, Some("a")]);
    assert_eq!(kept.records, RowRecords::All(2));
    let refused = raw(Tombstones::Reject).decode(&chunk(records)).unwrap();
    assert_eq!(refused.rows.num_rows(), 1);
    assert_eq!(refused.dead[0].kind, DeadLetterKind::SchemaViolation);
}
