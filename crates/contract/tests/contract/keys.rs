use std::sync::Arc;

use crate::support::*;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{ArrayRef, BooleanArray, Decimal128Array};
use headgate_contract::{CheckOptions, CoverageStatus};

#[test]
fn every_later_row_of_a_value_breaks_unique_and_null_never_does() {
    let cases: [(&str, ArrayRef, Vec<u32>); 5] = [
        (
            "string",
            texts([Some("x"), None, Some("x"), Some(""), None, Some(""), Some("x"), Some("y")]),
            vec![2, 5, 6],
        ),
        (
            "integer",
            numbers::<Int64Type>([Some(1), Some(0), Some(1), None, Some(-1), None, Some(-1)]),
            vec![2, 6],
        ),
        (
            "number",
            numbers::<Float64Type>([
                Some(0.0),
                Some(-0.0),
                Some(f64::NAN),
                Some(f64::NAN),
                Some(1.0),
            ]),
            vec![1, 3],
        ),
        (
            "boolean",
            Arc::new(BooleanArray::from(vec![Some(true), Some(false), None, Some(true)])),
            vec![3],
        ),
        (
            "integer, logicalTypeOptions: { format: i128 }",
            Arc::new(
                Decimal128Array::from(vec![Some(-1), Some(1), Some(-1), Some(1 << 80)])
                    .with_precision_and_scale(38, 0)
                    .unwrap(),
            ),
            vec![2],
        ),
    ];
    for (logical, column, expected) in cases {
        let contract = property(&format!("logicalType: {logical}, unique: true"));
        assert_eq!(broken_by(&contract, "unique_a", column), expected, "{logical}");
    }
}

#[test]
fn a_primary_key_is_required_and_its_tuples_unique() {
    let contract = contract(
        "{ name: a, logicalType: string, primaryKey: true, primaryKeyPosition: 2 }
         { name: b, logicalType: integer, primaryKey: true, primaryKeyPosition: 1 }",
    );
    assert_eq!(ids(&contract), ["type_a", "required_a", "type_b", "required_b", "primary_key"]);
    assert!(contract.schema().fields().iter().all(|field| !field.is_nullable()));
    let a = texts([Some("x"), Some("x"), Some("x"), Some("x"), None, None]);
    let b = numbers::<Int64Type>([Some(1), Some(2), Some(1), None, Some(1), Some(1)]);
    let found = violations(&contract, vec![a, b]);
    let expected = [(2, "primary_key"), (3, "required_b"), (4, "required_a"), (5, "required_a")];
    assert_eq!(found, expected.map(|(row, id)| (row, id.to_owned())));
    assert_eq!(contract.rules()[4].column, None);
}

#[test]
fn tuples_do_not_run_into_one_another() {
    let contract = contract(
        "{ name: a, logicalType: string, primaryKey: true }
         { name: b, logicalType: string, primaryKey: true }",
    );
    let a = texts([Some("ab"), Some("a"), Some(""), Some("abc")]);
    let b = texts([Some("c"), Some("bc"), Some("abc"), Some("")]);
    assert_eq!(violations(&contract, vec![a, b]), []);
}

#[test]
fn keys_span_the_chunks_of_a_batch_and_end_with_it() {
    let contract = property("logicalType: string, unique: true");
    let mut checker = contract.checker(CheckOptions::default());
    let chunk = rows(&contract, vec![texts([Some("x"), Some("y")])]);
    assert_eq!(checker.check(&chunk, &[]).unwrap().violating, [0_u32; 0]);
    assert_eq!(checker.check(&chunk, &[]).unwrap().violating, [0, 1]);
    assert!(checker.state_bytes() >= 32);
    assert_eq!(result(&checker.finish(&[], 0).rules, "unique_a").violations, 2);
    assert_eq!(checker.state_bytes(), 0);
    assert_eq!(checker.check(&chunk, &[]).unwrap().violating, [0_u32; 0]);
    checker.reset();
    assert_eq!(checker.check(&chunk, &[]).unwrap().violating, [0_u32; 0]);
    assert_eq!(result(&checker.finish(&[], 0).rules, "unique_a").violations, 0);
}

#[test]
fn positions_taken_twice_are_refused() {
    let issues = try_contract(
        "{ name: a, logicalType: string, primaryKey: true, primaryKeyPosition: 1 }
         { name: b, logicalType: string, primaryKey: true, primaryKeyPosition: 1 }",
    )
    .unwrap_err();
    assert_eq!(issues[0].path, "schema[0].properties[1].primaryKey");
}

#[test]
fn keys_in_lists_and_of_objects_are_reported() {
    let contract = contract(
        "{ name: a, logicalType: array, unique: true, items: { logicalType: string, unique: true, primaryKey: true } }",
    );
    assert_eq!(coverage(&contract, "unique_a").0, CoverageStatus::NotEnforceable);
    assert_eq!(coverage(&contract, "unique_a[]").0, CoverageStatus::NotEnforceable);
    assert_eq!(coverage(&contract, "primary_key_a[]").0, CoverageStatus::NotEnforceable);
}

#[test]
fn partitions_follow_their_positions() {
    let contract = contract(
        "{ name: a, logicalType: string, partitioned: true, partitionKeyPosition: 2 }
         { name: b, logicalType: date, partitioned: true, partitionKeyPosition: 1 }
         { name: c, logicalType: date, partitioned: true, partitionKeyPosition: -1 }
         { name: d, logicalType: date, partitioned: false }",
    );
    assert_eq!(contract.partition_columns(), ["b", "a", "c"]);
    let nullable: Vec<_> = contract.schema().fields().iter().map(|f| f.is_nullable()).collect();
    assert_eq!(nullable, [false, false, false, true]);
    let nested = issues(
        "logicalType: object, properties: [{ name: b, logicalType: string, partitioned: true }]",
    );
    assert_eq!(nested[0].1, "a top-level column of a scalar type");
}
