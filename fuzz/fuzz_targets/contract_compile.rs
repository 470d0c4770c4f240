//! Any text as a contract: it compiles or is refused, and what compiles can judge.
#![no_main]

use std::sync::Arc;

use arrow_array::RecordBatch;
use headgate_contract::{CheckOptions, Contract};
use headgate_decode::{DecodeOptions, json};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = Contract::outline(text);
    let Ok(contract) = Contract::compile(text, None) else { return };
    assert!(!contract.coverage().is_empty());
    let decoder = json(contract.schema(), DecodeOptions::default()).expect("its own columns");
    let rows = RecordBatch::new_empty(Arc::clone(decoder.schema()));
    let mut checker = contract.checker(CheckOptions::default());
    checker.check(&rows, &[]).expect("rows of its schema");
    checker.finish(&[], 0);
});
