//! Against oracles: a model for the values, `serde_json` for the grammar, itself for chunking.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::sync::Arc;

use arrow_schema::{DataType, Schema, SchemaRef};
use arrow_select::concat::concat_batches;
use headgate_decode::{DecodeOptions, Decoded, Tombstones, UnknownFields, json};
use headgate_model::{DeadLetterKind, FieldViolation};
use proptest::prelude::*;
use support::model::{Model, data_type, fields, held, object};
use support::writer::write;
use support::{chunk, decode, paths};

fn root(schema: &Schema) -> DataType {
    DataType::Struct(schema.fields().clone())
}

/// A schema, and records of it with the seeds of their writing.
fn records() -> impl Strategy<Value = (SchemaRef, Vec<(Model, u64)>)> {
    fields(data_type()).prop_flat_map(|fields| {
        let records = proptest::collection::vec((object(&fields), any::<u64>()), 1..8);
        (Just(Arc::new(Schema::new(fields))), records)
    })
}

#[derive(Clone, Debug)]
enum Damage {
    Set(usize, u8),
    Insert(usize, Vec<u8>),
    Remove(usize, usize),
    Cut(usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let telling = || proptest::sample::select(&b"\"\\{}[],:0eE+-.u \n\x00\x1f\x80\xed\xff"[..]);
    prop_oneof![
        (any::<usize>(), prop_oneof![telling(), any::<u8>()])
            .prop_map(|(at, b)| Damage::Set(at, b)),
        (any::<usize>(), proptest::collection::vec(telling(), 1..3))
            .prop_map(|(at, b)| Damage::Insert(at, b)),
        (any::<usize>(), 1..4_usize).prop_map(|(at, len)| Damage::Remove(at, len)),
        any::<usize>().prop_map(Damage::Cut),
    ]
}

fn apply(damage: &[Damage], text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for damage in damage {
        let len = bytes.len();
        match damage {
            Damage::Set(at, value) if len > 0 => bytes[at % len] = *value,
            Damage::Insert(at, values) => {
                let at = at % (len + 1);
                bytes.splice(at..at, values.iter().copied());
            }
            Damage::Remove(at, count) if len > 0 => {
                let at = at % len;
                bytes.drain(at..len.min(at + count));
            }
            Damage::Cut(at) => bytes.truncate(at % (len + 1)),
            Damage::Set(..) | Damage::Remove(..) => {}
        }
    }
    bytes
}

/// What the grammar says, by another parser. It does not count levels.
fn is_object(payload: &[u8]) -> bool {
    let ignored = serde_json::from_slice::<serde::de::IgnoredAny>(payload);
    ignored.is_ok() && payload.trim_ascii_start().first() == Some(&b'{')
}

/// `serde_json` further refuses what it cannot put into a `Value`.
fn assert_same_verdict(payload: &[u8], dead: Option<DeadLetterKind>) {
    let shown = String::from_utf8_lossy(payload);
    let expected = match std::str::from_utf8(payload) {
        Err(_) => Some(DeadLetterKind::Encoding),
        Ok(_) if !is_object(payload) => Some(DeadLetterKind::JsonParse),
        Ok(_) => None,
    };
    assert_eq!(dead, expected, "{shown}");
    if dead.is_none()
        && let Err(error) = serde_json::from_slice::<serde_json::Value>(payload)
    {
        let reason = error.to_string();
        let known = ["surrogate", "hex escape", "number out of range", "recursion"];
        assert!(known.iter().any(|known| reason.contains(known)), "{reason}: {shown}");
    }
}

fn decode_mixed(schema: &SchemaRef, payloads: &[Option<Vec<u8>>], sizes: &[usize]) -> Decoded {
    let options =
        DecodeOptions { tombstones: Tombstones::Skip, unknown_fields: UnknownFields::Extra };
    let mut decoder = json(schema, options).unwrap();
    let (mut batches, mut all) = (Vec::new(), None::<Decoded>);
    let (mut rest, mut done, mut sizes) = (payloads, 0_u32, sizes.iter().cycle());
    while !rest.is_empty() {
        let (head, tail) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
        rest = tail;
        let mut next = decoder.decode(&chunk(head.iter().cloned())).unwrap();
        batches.push(next.rows.clone());
        next.dead.iter_mut().for_each(|dead| dead.record += done);
        next.skipped.iter_mut().for_each(|skipped| *skipped += done);
        done += head.len() as u32;
        match &mut all {
            None => all = Some(next),
            Some(all) => {
                let rows =
                    batches.iter().rev().skip(1).map(|batch| batch.num_rows()).sum::<usize>();
                let moved = next.fields.iter().map(|violation| FieldViolation {
                    row: violation.row + rows as u32,
                    field: violation.field,
                });
                all.fields.extend(moved);
                all.dead.append(&mut next.dead);
                all.skipped.append(&mut next.skipped);
            }
        }
    }
    let mut all = all.unwrap();
    all.rows = concat_batches(decoder.schema(), &batches).unwrap();
    all
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_500) })]

    #[test]
    fn decoded_values_are_those_that_were_written((schema, records) in records()) {
        let texts: Vec<String> =
            records.iter().map(|(record, seed)| write(record, &root(&schema), *seed)).collect();
        let decoded = decode(&schema, DecodeOptions::default(), &texts);
        prop_assert_eq!(&decoded.dead, &[]);
        let mut misfits = Vec::new();
        for (row, (record, _)) in records.iter().enumerate() {
            let mut paths = Vec::new();
            let Model::Object(members) = record.expected("$", &mut paths) else { panic!() };
            for ((name, expected), column) in members.iter().zip(decoded.rows.columns()) {
                prop_assert_eq!(&held(column, row), expected, "{} of {}", name, &texts[row]);
            }
            paths.dedup();
            misfits.append(&mut paths);
        }
        let mut found = paths(&schema, &decoded);
        found.sort();
        misfits.sort();
        found.dedup();
        misfits.dedup();
        prop_assert_eq!(found, misfits);
    }

    #[test]
    fn a_damaged_record_is_judged_by_the_grammar_and_harms_nobody(
        (schema, records) in records(),
        damage in proptest::collection::vec(damage(), 1..3),
    ) {
        let texts: Vec<String> =
            records.iter().map(|(record, seed)| write(record, &root(&schema), *seed)).collect();
        let (first, last) = (texts[0].as_bytes(), texts[texts.len() - 1].as_bytes());
        let bad = apply(&damage, &texts[texts.len() / 2]);
        let decoded = decode(&schema, DecodeOptions::default(), [first, &bad, last]);
        assert_same_verdict(&bad, decoded.dead.first().map(|dead| dead.kind));

        let alone = decode(&schema, DecodeOptions::default(), [first, last]);
        let rows = decoded.rows.num_rows();
        prop_assert_eq!(decoded.rows.slice(0, 1), alone.rows.slice(0, 1));
        prop_assert_eq!(decoded.rows.slice(rows - 1, 1), alone.rows.slice(1, 1));
        let of = |decoded: &Decoded, row| -> Vec<u32> {
            decoded.fields.iter().filter(|it| it.row == row).map(|it| it.field).collect()
        };
        prop_assert_eq!(of(&decoded, 0), of(&alone, 0));
        prop_assert_eq!(of(&decoded, rows as u32 - 1), of(&alone, 1));
    }

    #[test]
    fn chunks_may_be_cut_anywhere(
        (schema, records) in records(),
        damage in damage(),
        sizes in proptest::collection::vec(1..4_usize, 1..4),
    ) {
        let mut payloads: Vec<_> = records
            .iter()
            .map(|(record, seed)| Some(write(record, &root(&schema), *seed).into_bytes()))
            .collect();
        payloads.insert(payloads.len() / 2, None);
        let broken = write(&records[0].0, &root(&schema), !records[0].1);
        payloads.insert(payloads.len() / 3, Some(apply(&[damage], &broken)));
        let whole = decode_mixed(&schema, &payloads, &[usize::MAX]);
        let cut = decode_mixed(&schema, &payloads, &sizes);
        prop_assert_eq!(whole.rows, cut.rows);
        prop_assert_eq!(whole.fields, cut.fields);
        prop_assert_eq!(whole.dead, cut.dead);
        prop_assert_eq!(whole.skipped, cut.skipped);
    }
}
