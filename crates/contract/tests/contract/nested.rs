use std::sync::Arc;

use crate::support::*;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, ListArray, StructArray};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field};
use headgate_contract::{CheckOptions, Contract, CoverageStatus};

fn object(fields: Vec<(&str, ArrayRef)>, valid: Option<Vec<bool>>) -> ArrayRef {
    let (fields, arrays): (Vec<_>, Vec<_>) = fields
        .into_iter()
        .map(|(name, array)| (Field::new(name, array.data_type().clone(), true), array))
        .unzip();
    Arc::new(StructArray::new(fields.into(), arrays, valid.map(NullBuffer::from)))
}

fn list(lengths: &[usize], values: ArrayRef, valid: Option<Vec<bool>>) -> ArrayRef {
    let item = Arc::new(Field::new("element", values.data_type().clone(), true));
    let offsets = OffsetBuffer::from_lengths(lengths.iter().copied());
    Arc::new(ListArray::new(item, offsets, values, valid.map(NullBuffer::from)))
}

fn expect(found: Vec<(u32, String)>, expected: &[(u32, &str)]) {
    let found: Vec<_> = found.iter().map(|(row, id)| (*row, id.as_str())).collect();
    assert_eq!(found, expected);
}

const LOCATION: &str = "{ name: at, logicalType: object, required: true, properties: [
    { name: lat, logicalType: integer, required: true, logicalTypeOptions: { maximum: 90 } }, { name: lon, logicalType: integer } ] }";

fn location() -> Contract {
    contract(&LOCATION.replace('\n', " "))
}

#[test]
fn fields_of_an_object_are_judged_where_the_object_is() {
    let lat = numbers::<Int64Type>([Some(1), None, Some(91), Some(99), None]);
    let lon = numbers::<Int64Type>([None; 5]);
    let at = object(vec![("lat", lat), ("lon", lon)], Some(vec![true, true, true, false, false]));
    let contract = location();
    assert_eq!(
        ids(&contract),
        [
            "type_at",
            "required_at",
            "type_at.lat",
            "required_at.lat",
            "maximum_at.lat",
            "type_at.lon"
        ]
    );
    expect(
        violations(&contract, vec![at]),
        &[(1, "required_at.lat"), (2, "maximum_at.lat"), (3, "required_at"), (4, "required_at")],
    );
}

#[test]
fn a_field_that_does_not_fit_breaks_no_other_rule_at_or_below_it() {
    let contract = location();
    let at = || {
        let lat = numbers::<Int64Type>([None, None, None]);
        let lon = numbers::<Int64Type>([None; 3]);
        object(vec![("lat", lat), ("lon", lon)], Some(vec![true, false, true]))
    };
    let fields = [(0, "at.lat"), (1, "at"), (2, "at.lon")];
    expect(
        violations_with(&contract, vec![at()], &fields),
        &[(0, "type_at.lat"), (1, "type_at"), (2, "required_at.lat"), (2, "type_at.lon")],
    );
}

#[test]
fn type_violations_are_unrepresentable_and_blocking() {
    let contract = property(
        "logicalType: array, items: { logicalType: integer, logicalTypeOptions: { maximum: 9 } }",
    );
    let column =
        list(&[2, 1, 1, 0], numbers::<Int64Type>([None, Some(10), Some(10), Some(1)]), None);
    let chunk = rows(&contract, vec![column]);
    let mut checker =
        contract.checker(CheckOptions { reject_unknown_fields: true, ..CheckOptions::default() });
    let fields = [
        headgate_model::FieldViolation { row: 0, field: 1 },
        headgate_model::FieldViolation { row: 0, field: 1 },
        headgate_model::FieldViolation { row: 3, field: headgate_model::UNKNOWN_FIELD },
    ];
    let checked = checker.check(&chunk, &fields).unwrap();
    expect(named(&checker, &checked), &[(0, "type_a[]"), (1, "maximum_a[]"), (3, "unknown_field")]);
    assert_eq!(checked.violating, [0, 1, 3]);
    assert_eq!(checked.unrepresentable, [0]);
    let results = checker.finish(&[], 0).rules;
    assert_eq!(result(&results, "type_a[]").violations, 1, "a row breaks a rule once");
    assert_eq!(result(&results, "unknown_field").violations, 1);

    let mut lax = contract.checker(CheckOptions::default());
    assert_eq!(lax.check(&chunk, &fields[2..]).unwrap().violating, [0, 1]);
}

#[test]
fn elements_break_rules_for_their_row_once() {
    let contract = property(
        "logicalType: array, logicalTypeOptions: { minItems: 1, maxItems: 3, uniqueItems: true }, items: { logicalType: string, required: true, logicalTypeOptions: { maxLength: 2 } }",
    );
    let values = texts([
        Some("abc"),
        Some("abcd"),
        Some("x"),
        None,
        Some("y"),
        Some("y"),
        Some("p"),
        Some("q"),
        Some("r"),
        Some("s"),
        Some("zzz"),
    ]);
    // The last list is NULL and yet spans an element.
    let column = list(&[2, 2, 0, 2, 4, 1], values, Some(vec![true, true, true, true, true, false]));
    let expected = [
        (0, "max_length_a[]"),
        (1, "required_a[]"),
        (2, "min_items_a"),
        (3, "unique_items_a"),
        (4, "max_items_a"),
    ];
    expect(violations(&contract, vec![column.clone()]), &expected);
    let shifted: Vec<_> =
        expected.iter().filter(|(row, _)| *row >= 1).map(|(row, id)| (row - 1, *id)).collect();
    expect(violations(&contract, vec![column.slice(1, 5)]), &shifted);
}

#[test]
fn objects_in_lists_in_objects_are_reached() {
    let contract = contract(
        "{ name: trip, logicalType: object, properties: [{ name: stops, logicalType: array, items: { logicalType: object, logicalTypeOptions: { required: [name] }, properties: [{ name: name, logicalType: string, enum: [x, y] }, { name: n, logicalType: integer, quality: [{ metric: nullValues, mustBeLessThan: 50, unit: percent }] }] } }] }",
    );
    let names = texts([Some("x"), Some("z"), None, Some("y")]);
    let ns = numbers::<Int64Type>([None, Some(1), None, Some(1)]);
    let stops = object(vec![("name", names), ("n", ns)], None);
    let trip = object(vec![("stops", list(&[2, 1, 0, 1], stops, None))], None);
    let mut checker = contract.checker(CheckOptions::default());
    let checked = checker.check(&rows(&contract, vec![trip]), &[]).unwrap();
    expect(
        named(&checker, &checked),
        &[(0, "enum_trip.stops[].name"), (1, "required_trip.stops[].name")],
    );
    assert_eq!(
        result(&checker.finish(&[], 0).rules, "null_values_trip.stops[].n").measured,
        Some(50.0)
    );
}

#[test]
fn keys_reach_into_objects() {
    let contract = contract(
        "{ name: at, logicalType: object, properties: [{ name: id, logicalType: integer, unique: true }] }",
    );
    let ids = numbers::<Int64Type>([Some(1), Some(1), Some(1), None, None]);
    let at = object(vec![("id", ids)], Some(vec![true, false, true, true, true]));
    expect(violations(&contract, vec![at]), &[(2, "unique_at.id")]);
}

#[test]
fn options_that_columns_cannot_answer_are_reported() {
    let contract = contract(
        "{ name: a, logicalType: object, logicalTypeOptions: { maxProperties: 3, minProperties: 1, odd: 1 }, properties: [{ name: b, logicalType: array, logicalTypeOptions: { uniqueItems: true }, items: { logicalType: object, properties: [{ name: c, logicalType: string }] } }] }",
    );
    for rule in ["max_properties_a", "min_properties_a", "odd_a", "unique_items_a.b"] {
        assert_eq!(coverage(&contract, rule).0, CoverageStatus::NotEnforceable, "{rule}");
    }
}

#[test]
fn rows_of_another_schema_are_refused() {
    let contract = property("logicalType: integer");
    let mut checker = contract.checker(CheckOptions::default());
    let wrong = rows(&contract, vec![texts([Some("1")])]);
    let fault = checker.check(&wrong, &[]).unwrap_err();
    assert_eq!(headgate_model::Fault::code(&fault), "CONTRACT_ROWS_MISMATCH");
    let right = rows(&contract, vec![numbers::<Int64Type>([Some(1)])]);
    assert_eq!(right.schema().field(0).data_type(), &DataType::Int64);
    for (row, field) in [(1, 0), (0, 1)] {
        assert!(checker.check(&right, &[headgate_model::FieldViolation { row, field }]).is_err());
    }
    assert!(checker.check(&right, &[]).is_ok());
}
