use std::sync::Arc;

use crate::support::*;
use arrow_array::types::Date32Type;
use arrow_array::{ArrayRef, TimestampMicrosecondArray};

const DAY: i64 = 86_400_000_000;

fn timestamps(values: &[Option<i64>]) -> ArrayRef {
    let array = values.iter().copied().collect::<TimestampMicrosecondArray>();
    Arc::new(array.with_timezone("UTC"))
}

#[test]
fn dates_are_bounded_by_days() {
    // 18262 is 2020-01-01.
    let column = || numbers::<Date32Type>([Some(18_261), Some(18_262), Some(18_263), None]);
    let cases = [
        ("minimum: 2020-01-01", "minimum_a", vec![0]),
        ("exclusiveMinimum: '2020-01-01'", "exclusive_minimum_a", vec![0, 1]),
        ("maximum: 2020-01-01", "maximum_a", vec![2]),
        ("exclusiveMaximum: 2020-01-01", "exclusive_maximum_a", vec![1, 2]),
        ("enum: [2020-01-01, 2020-01-02]", "enum_a", vec![0]),
    ];
    for (options, rule, expected) in cases {
        let contract = property(&format!("logicalType: date, logicalTypeOptions: {{ {options} }}"));
        assert_eq!(broken_by(&contract, rule, column()), expected, "{options}");
    }
}

#[test]
fn timestamps_are_bounded_by_instants() {
    let column = || timestamps(&[Some(-1), Some(0), Some(1), None, Some(DAY)]);
    let cases = [
        ("minimum: '1970-01-01T00:00:00Z'", "minimum_a", vec![0]),
        ("minimum: '1970-01-01 10:00:00+10:00'", "minimum_a", vec![0]),
        ("exclusiveMinimum: '1970-01-01'", "exclusive_minimum_a", vec![0, 1]),
        ("maximum: '1970-01-01T00:00:00.000001'", "maximum_a", vec![4]),
        ("exclusiveMaximum: '1970-01-02'", "exclusive_maximum_a", vec![4]),
    ];
    for (options, rule, expected) in cases {
        let contract =
            property(&format!("logicalType: timestamp, logicalTypeOptions: {{ {options} }}"));
        assert_eq!(broken_by(&contract, rule, column()), expected, "{options}");
    }
}

#[test]
fn times_are_texts_of_that_form_within_bounds() {
    let contract = property(
        "logicalType: time, logicalTypeOptions: { minimum: '08:00:00', exclusiveMaximum: '18:00:00' }",
    );
    assert_eq!(ids(&contract), ["type_a", "format_a", "minimum_a", "exclusive_maximum_a"]);
    let column = texts([
        Some("08:00:00"),
        Some("07:59:59.9"),
        Some("18:00:00"),
        Some("17:59:59Z"),
        None,
        Some("8 am"),
    ]);
    let found = violations(&contract, vec![column]);
    let expected = [(1, "minimum_a"), (2, "exclusive_maximum_a"), (5, "format_a")];
    assert_eq!(found, expected.map(|(row, id)| (row, id.to_owned())));
}

#[test]
fn formats_of_their_own_are_for_decoding_and_for_bounds() {
    let contract = property(
        "logicalType: date, logicalTypeOptions: { format: dd.MM.yyyy, minimum: '01.01.2020' }",
    );
    assert_eq!(ids(&contract), ["type_a", "minimum_a"]);
    assert_eq!(contract.schema().field(0).metadata()["headgate.pattern"], "dd.MM.yyyy");
    let column = numbers::<Date32Type>([Some(18_261), Some(18_262)]);
    assert_eq!(broken_by(&contract, "minimum_a", column), [0]);

    let zoned = property(
        "logicalType: timestamp, logicalTypeOptions: { minimum: '1970-01-01 01:00:00', timezone: false, defaultTimezone: Europe/Berlin }",
    );
    assert_eq!(broken_by(&zoned, "minimum_a", timestamps(&[Some(-1), Some(0)])), [0]);
    let metadata = zoned.schema().field(0).metadata().clone();
    assert_eq!(metadata["headgate.zone"], "Europe/Berlin");
    assert_eq!(metadata["headgate.offset"], "forbidden");

    let times =
        property("logicalType: time, logicalTypeOptions: { format: 'h:mm a', maximum: '6:00 PM' }");
    let column = texts([Some("6:00 PM"), Some("6:01 PM"), Some("18:00")]);
    assert_eq!(
        violations(&times, vec![column]),
        [(1, "maximum_a".to_owned()), (2, "format_a".to_owned())]
    );
    for (options, key) in
        [("format: yyyyy", "format"), ("defaultTimezone: Mars", "defaultTimezone")]
    {
        let issues =
            issues(&format!("logicalType: timestamp, logicalTypeOptions: {{ {options} }}"));
        assert_eq!(issues[0].0, format!("logicalTypeOptions.{key}"));
    }
}

#[test]
fn bounds_that_are_no_dates_are_refused() {
    for (logical, bound) in
        [("date", "2020-02-30"), ("timestamp", "noon"), ("time", "25:00:00"), ("date", "5")]
    {
        let issues =
            issues(&format!("logicalType: {logical}, logicalTypeOptions: {{ minimum: {bound} }}"));
        assert_eq!(issues[0].0, "logicalTypeOptions.minimum", "{logical} {bound}");
    }
}
