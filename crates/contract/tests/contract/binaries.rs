use std::sync::Arc;

use crate::support::*;
use arrow_array::{ArrayRef, BinaryArray};
use arrow_schema::DataType;
use headgate_contract::CoverageStatus;

const BYTES: &str = "logicalType: string, physicalType: VARBINARY(16)";

fn binaries<const N: usize>(values: [Option<&[u8]>; N]) -> ArrayRef {
    Arc::new(BinaryArray::from(values.to_vec()))
}

#[test]
fn strings_of_a_binary_physical_type_are_columns_of_bytes() {
    for physical in ["binary", "varbinary(8)", "BYTES", "blob", "bytea"] {
        for logical in ["", "logicalType: string, "] {
            let contract = property(&format!("{logical}physicalType: {physical}"));
            let schema = contract.schema();
            assert_eq!(schema.field(0).data_type(), &DataType::Binary, "{logical}{physical}");
        }
    }
    let text = property("logicalType: string, physicalType: varchar(8)");
    assert_eq!(text.schema().field(0).data_type(), &DataType::Utf8);
}

#[test]
fn lengths_of_binaries_count_bytes() {
    let column = || binaries([Some(b""), Some(&[0xff, 0xfe]), None, Some("éé".as_bytes())]);
    for (option, rule, expected) in
        [("minLength: 2", "min_length_a", vec![0]), ("maxLength: 3", "max_length_a", vec![3])]
    {
        let contract = property(&format!("{BYTES}, logicalTypeOptions: {{ {option} }}"));
        assert_eq!(broken_by(&contract, rule, column()), expected, "{option}");
    }
}

#[test]
fn binaries_are_required_and_unique_like_texts() {
    let column = binaries([Some(&[0, 1]), Some(&[0]), Some(&[0, 1]), None]);
    let contract = property(&format!("{BYTES}, required: true"));
    assert_eq!(broken_by(&contract, "required_a", column.clone()), [3]);
    let contract = property(&format!("{BYTES}, unique: true"));
    assert_eq!(broken_by(&contract, "unique_a", column), [2]);
}

#[test]
fn rules_of_text_on_binaries_are_told_as_not_enforceable() {
    for (option, rule) in [
        ("logicalTypeOptions: { pattern: a }", "pattern_a"),
        ("logicalTypeOptions: { format: uuid }", "format_a"),
        ("logicalTypeOptions: { enum: [a] }", "enum_a"),
    ] {
        let contract = property(&format!("{BYTES}, {option}"));
        let (status, reason) = coverage(&contract, rule);
        assert_eq!(status, CoverageStatus::NotEnforceable, "{option}");
        assert!(reason.contains("binary column"), "{option}");
    }
}

#[test]
fn nothing_is_partitioned_by_binaries_and_no_key_of_a_map_is_one() {
    let partitioned = issues(&format!("{BYTES}, partitioned: true"));
    assert_eq!(partitioned[0].1, "a column that is not binary");
    let keyed = issues(
        "logicalType: map, map: { key: { logicalType: string, physicalType: binary }, value: { logicalType: string } }",
    );
    assert_eq!(keyed[0].1, "string: keys of JSON objects are texts");
}
