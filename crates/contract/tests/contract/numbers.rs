use std::sync::Arc;

use crate::support::*;
use arrow_array::types::{Float32Type, Float64Type, Int16Type, Int32Type, Int64Type};
use arrow_array::{ArrayRef, BooleanArray, Decimal128Array};

fn decimals(values: &[Option<i128>], precision: u8, scale: i8) -> ArrayRef {
    let array = values.iter().copied().collect::<Decimal128Array>();
    Arc::new(array.with_precision_and_scale(precision, scale).unwrap())
}

#[test]
fn integers_are_bounded_exactly() {
    let column = || {
        numbers::<Int64Type>([Some(17), Some(18), None, Some(19), Some(i64::MIN), Some(i64::MAX)])
    };
    let cases = [
        ("minimum: 18", "minimum_a", vec![0, 4]),
        ("minimum: 17.5", "minimum_a", vec![0, 4]),
        ("exclusiveMinimum: 18", "exclusive_minimum_a", vec![0, 1, 4]),
        ("exclusiveMinimum: 17.5", "exclusive_minimum_a", vec![0, 4]),
        ("maximum: 18", "maximum_a", vec![3, 5]),
        ("maximum: 18.5", "maximum_a", vec![3, 5]),
        ("exclusiveMaximum: 18", "exclusive_maximum_a", vec![1, 3, 5]),
        ("minimum: 1e400", "minimum_a", vec![0, 1, 3, 4, 5]),
        ("maximum: 1e400", "maximum_a", vec![]),
        ("maximum: -1e400", "maximum_a", vec![0, 1, 3, 4, 5]),
        ("minimum: -1e400", "minimum_a", vec![]),
        ("minimum: 9223372036854775808", "minimum_a", vec![0, 1, 3, 4, 5]),
        ("maximum: 9223372036854775807", "maximum_a", vec![]),
        ("exclusiveMaximum: 9223372036854775807", "exclusive_maximum_a", vec![5]),
        // v3.0 has booleans beside the bound.
        ("minimum: 18, exclusiveMinimum: true", "exclusive_minimum_a", vec![0, 1, 4]),
        ("minimum: 18, exclusiveMinimum: false", "minimum_a", vec![0, 4]),
        ("maximum: 18, exclusiveMaximum: true", "exclusive_maximum_a", vec![1, 3, 5]),
    ];
    for (options, rule, expected) in cases {
        let contract =
            property(&format!("logicalType: integer, logicalTypeOptions: {{ {options} }}"));
        assert_eq!(broken_by(&contract, rule, column()), expected, "{options}");
    }
}

#[test]
fn every_bound_of_a_property_is_a_rule() {
    let contract = property(
        "logicalType: integer, logicalTypeOptions: { minimum: 0, exclusiveMinimum: 1, maximum: 9, exclusiveMaximum: 9 }",
    );
    let found = violations(
        &contract,
        vec![numbers::<Int64Type>([Some(-1), Some(1), Some(2), Some(9), Some(10)])],
    );
    let expected = [
        (0, "minimum_a"),
        (0, "exclusive_minimum_a"),
        (1, "exclusive_minimum_a"),
        (3, "exclusive_maximum_a"),
        (4, "maximum_a"),
        (4, "exclusive_maximum_a"),
    ];
    assert_eq!(found, expected.map(|(row, id)| (row, id.to_owned())));
}

#[test]
fn doubles_are_bounded_and_nan_is_outside() {
    let column = || {
        numbers::<Float64Type>([
            Some(-90.0),
            Some(-90.000_001),
            Some(90.0),
            Some(90.1),
            None,
            Some(f64::NAN),
            Some(f64::INFINITY),
            Some(0.0),
        ])
    };
    let cases = [
        ("minimum: -90", "minimum_a", vec![1, 5]),
        ("exclusiveMinimum: -90", "exclusive_minimum_a", vec![0, 1, 5]),
        ("maximum: 90", "maximum_a", vec![3, 5, 6]),
        ("exclusiveMaximum: 90", "exclusive_maximum_a", vec![2, 3, 5, 6]),
    ];
    for (options, rule, expected) in cases {
        let contract =
            property(&format!("logicalType: number, logicalTypeOptions: {{ {options} }}"));
        assert_eq!(broken_by(&contract, rule, column()), expected, "{options}");
    }
    let float = property(
        "logicalType: number, physicalType: float, logicalTypeOptions: { maximum: 0.3, minimum: 0.1 }",
    );
    let written = numbers::<Float32Type>([Some(0.3), Some(0.1), Some(0.300_001), Some(0.099)]);
    let found = violations(&float, vec![written]);
    assert_eq!(found, [(2, "maximum_a".to_owned()), (3, "minimum_a".to_owned())]);
}

#[test]
fn decimals_are_bounded_in_their_own_units() {
    let contract = |options: &str| {
        property(&format!(
            "logicalType: number, physicalType: 'DECIMAL(10, 2)', logicalTypeOptions: {{ {options} }}"
        ))
    };
    let column = || decimals(&[Some(0), Some(1), Some(1999), Some(2000), None, Some(-1)], 10, 2);
    let cases = [
        ("minimum: 0.005", "minimum_a", vec![0, 5]),
        ("exclusiveMinimum: 0", "exclusive_minimum_a", vec![0, 5]),
        ("maximum: 19.99", "maximum_a", vec![3]),
        ("exclusiveMaximum: 19.99", "exclusive_maximum_a", vec![2, 3]),
        ("maximum: 19.995", "maximum_a", vec![3]),
        ("multipleOf: 0.5", "multiple_of_a", vec![1, 2, 5]),
        ("multipleOf: 0.01", "multiple_of_a", vec![]),
        ("multipleOf: 0.02", "multiple_of_a", vec![1, 2, 5]),
        ("multipleOf: 0.003", "multiple_of_a", vec![1, 2, 3, 5]),
        ("enum: [0, 19.99, 20]", "enum_a", vec![1, 5]),
    ];
    for (options, rule, expected) in cases {
        assert_eq!(broken_by(&contract(options), rule, column()), expected, "{options}");
    }
}

#[test]
fn multiples_of_integers_and_doubles_are_exact() {
    let integers = [Some(0), Some(3), Some(-9), Some(10), None, Some(i64::MAX)];
    let cases = [
        ("3", vec![3, 5]),
        ("1.5", vec![3, 5]),
        ("0.5", vec![]),
        ("1", vec![]),
        ("20000000000000000000", vec![1, 2, 3, 5]),
    ];
    for (step, expected) in cases {
        let contract = property(&format!(
            "logicalType: integer, logicalTypeOptions: {{ multipleOf: {step} }}"
        ));
        let found = broken_by(&contract, "multiple_of_a", numbers::<Int64Type>(integers));
        assert_eq!(found, expected, "{step}");
    }
    let doubles = [
        Some(19.99),
        Some(0.07),
        Some(-1.1),
        Some(0.005),
        Some(1e22),
        Some(1e300),
        None,
        Some(f64::NAN),
        Some(0.1 + 0.2),
    ];
    let contract = property("logicalType: number, logicalTypeOptions: { multipleOf: 0.01 }");
    assert_eq!(broken_by(&contract, "multiple_of_a", numbers::<Float64Type>(doubles)), [3, 7, 8]);
    let single =
        property("logicalType: number, logicalTypeOptions: { multipleOf: 0.1, format: f32 }");
    assert_eq!(
        broken_by(
            &single,
            "multiple_of_a",
            numbers::<Float32Type>([Some(0.3), Some(0.35), Some(7.7)])
        ),
        [1]
    );
    assert_eq!(
        issues("logicalType: number, logicalTypeOptions: { multipleOf: 0 }")[0].1,
        "a number above 0"
    );
}

#[test]
fn integer_formats_choose_the_column_and_refuse_the_rest() {
    let small = property("logicalType: integer, logicalTypeOptions: { format: u8 }");
    let found = broken_by(
        &small,
        "format_a",
        numbers::<Int16Type>([Some(-1), Some(0), Some(255), Some(256), None]),
    );
    assert_eq!(found, [0, 3]);
    let large = property("logicalType: integer, logicalTypeOptions: { format: u64 }");
    let column =
        decimals(&[Some(-1), Some(i128::from(u64::MAX)), Some(i128::from(u64::MAX) + 1)], 20, 0);
    assert_eq!(broken_by(&large, "format_a", column), [0, 2]);
    let int = property(
        "logicalType: integer, physicalType: int, logicalTypeOptions: { minimum: 1, enum: [1, 5] }",
    );
    let found =
        violations(&int, vec![numbers::<Int32Type>([Some(0), Some(1), Some(5), Some(6), None])]);
    assert_eq!(found, [(0, "minimum_a".into()), (0, "enum_a".into()), (3, "enum_a".to_owned())]);
}

#[test]
fn enumerations_of_numbers_and_booleans_compare_values() {
    let doubles = property("logicalType: number, enum: [0.1, 1, -0]");
    let found = broken_by(
        &doubles,
        "enum_a",
        numbers::<Float64Type>([Some(0.1), Some(1.0), Some(0.0), Some(0.2), None]),
    );
    assert_eq!(found, [3]);
    let booleans = property("logicalType: boolean, enum: [true]");
    let column: ArrayRef =
        Arc::new([Some(true), Some(false), None].into_iter().collect::<BooleanArray>());
    assert_eq!(broken_by(&booleans, "enum_a", column), [1]);
    assert_eq!(issues("logicalType: integer, enum: [1.5]")[0].1, "a whole number");
}

#[test]
fn contradictory_and_malformed_bounds_are_refused() {
    let cases = [
        ("minimum: 3, maximum: 2", "maximum"),
        ("minimum: 3, exclusiveMaximum: 3", "exclusiveMaximum"),
        ("exclusiveMinimum: 3, maximum: 3", "maximum"),
        ("minimum: abc", "minimum"),
        ("exclusiveMinimum: true", "exclusiveMinimum"),
        ("maximum: '5'", "maximum"),
    ];
    for (options, at) in cases {
        for logical in ["integer", "number"] {
            let issues =
                issues(&format!("logicalType: {logical}, logicalTypeOptions: {{ {options} }}"));
            assert_eq!(issues[0].0, format!("logicalTypeOptions.{at}"), "{options}");
            assert_eq!(issues.len(), 1);
        }
    }
    property("logicalType: integer, logicalTypeOptions: { minimum: 3, maximum: 3 }");
}
