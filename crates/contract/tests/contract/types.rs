use crate::support::*;
use arrow_schema::{DataType, TimeUnit};
use headgate_contract::CoverageStatus;
use headgate_model::field_paths;

fn utc() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

#[test]
fn logical_and_physical_types_choose_the_column() {
    let cases = [
        ("logicalType: string", DataType::Utf8),
        ("logicalType: string, physicalType: int", DataType::Utf8),
        ("logicalType: integer", DataType::Int64),
        ("logicalType: integer, physicalType: integer", DataType::Int64),
        ("logicalType: integer, physicalType: TINYINT", DataType::Int8),
        ("logicalType: integer, physicalType: smallint", DataType::Int16),
        ("logicalType: integer, physicalType: int", DataType::Int32),
        ("logicalType: integer, physicalType: bigint", DataType::Int64),
        ("logicalType: integer, physicalType: 'decimal(20,0)'", DataType::Decimal128(20, 0)),
        (
            "logicalType: integer, physicalType: int, logicalTypeOptions: { format: i64 }",
            DataType::Int64,
        ),
        ("logicalType: integer, logicalTypeOptions: { format: i8 }", DataType::Int8),
        ("logicalType: integer, logicalTypeOptions: { format: u8 }", DataType::Int16),
        ("logicalType: integer, logicalTypeOptions: { format: u16 }", DataType::Int32),
        ("logicalType: integer, logicalTypeOptions: { format: u32 }", DataType::Int64),
        ("logicalType: integer, logicalTypeOptions: { format: u64 }", DataType::Decimal128(20, 0)),
        ("logicalType: integer, logicalTypeOptions: { format: i128 }", DataType::Decimal128(38, 0)),
        ("logicalType: integer, logicalTypeOptions: { format: u128 }", DataType::Decimal128(38, 0)),
        ("logicalType: number", DataType::Float64),
        ("logicalType: number, physicalType: double precision", DataType::Float64),
        ("logicalType: number, physicalType: numeric", DataType::Float64),
        ("logicalType: number, physicalType: real", DataType::Float32),
        ("logicalType: number, physicalType: 'float(3,2)'", DataType::Float32),
        ("logicalType: number, physicalType: 'DECIMAL(10, 2)'", DataType::Decimal128(10, 2)),
        ("logicalType: number, physicalType: numeric(5)", DataType::Decimal128(5, 0)),
        ("logicalType: number, physicalType: int", DataType::Int32),
        ("logicalType: number, logicalTypeOptions: { format: f32 }", DataType::Float32),
        ("logicalType: boolean", DataType::Boolean),
        ("logicalType: date", DataType::Date32),
        ("logicalType: date, physicalType: timestamp", utc()),
        ("logicalType: timestamp", utc()),
        (
            "logicalType: timestamp, physicalType: timestamp_ntz",
            DataType::Timestamp(TimeUnit::Microsecond, None),
        ),
        ("logicalType: time", DataType::Utf8),
        ("physicalType: varchar(18)", DataType::Utf8),
        ("physicalType: bigint", DataType::Int64),
        ("physicalType: timestamp", utc()),
    ];
    for (keys, expected) in cases {
        assert_eq!(property(keys).schema().field(0).data_type(), &expected, "{keys}");
    }
}

#[test]
fn nested_columns_keep_their_order_paths_and_nullability() {
    let contract = contract(
        "{ name: a, logicalType: object, required: true, properties: [{ name: b, logicalType: array, items: { logicalType: object, properties: [{ name: c, logicalType: string, required: true }] } }, { name: d, logicalType: date }] }
         { name: e, logicalType: boolean }",
    );
    let paths = field_paths(contract.schema());
    assert_eq!(paths, ["a", "a.b", "a.b[]", "a.b[].c", "a.d", "e"]);
    let type_rules: Vec<_> = contract.rules().iter().filter(|rule| rule.unrepresentable).collect();
    assert_eq!(type_rules.iter().filter_map(|rule| rule.column.clone()).collect::<Vec<_>>(), paths);
    assert!(!contract.schema().field(0).is_nullable());
    let DataType::Struct(fields) = contract.schema().field(0).data_type() else { panic!() };
    assert!(fields.iter().all(|field| field.is_nullable()));
    let DataType::List(element) = fields[0].data_type() else { panic!() };
    assert_eq!(element.name(), "element");
}

#[test]
fn fields_carry_description_logical_type_and_format() {
    let contract = contract(
        "{ name: id, physicalName: trip_id, description: Which trip, logicalType: string, logicalTypeOptions: { format: uuid } }
         { name: n, logicalType: integer, logicalTypeOptions: { format: u8 } }",
    );
    let field = contract.schema().field(0);
    assert_eq!(field.name(), "trip_id");
    let mut metadata: Vec<_> =
        field.metadata().iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    metadata.sort_unstable();
    assert_eq!(
        metadata,
        [
            ("description", "Which trip"),
            ("headgate.format", "uuid"),
            ("headgate.logicalType", "string")
        ]
    );
    assert_eq!(contract.schema().field(1).metadata().len(), 1);
    assert_eq!(ids(&contract)[..2], ["type_trip_id", "format_trip_id"]);
}

#[test]
fn types_that_cannot_be_are_refused_with_their_place() {
    let cases = [
        ("logicalType: text", "logicalType"),
        (
            "logicalType: map, map: { key: { logicalType: integer }, value: { logicalType: string } }",
            "map.key.logicalType",
        ),
        ("logicalType: map, map: { key: { logicalType: string } }", "map.value"),
        ("physicalType: hstore", "logicalType"),
        ("businessName: x", "logicalType"),
        ("logicalType: number, physicalType: 'decimal(39,2)'", "physicalType"),
        ("logicalType: number, physicalType: 'decimal(5,6)'", "physicalType"),
        ("logicalType: integer, physicalType: 'decimal(5,2)'", "physicalType"),
        (
            "logicalType: object, properties: [{ name: b, logicalType: string }], logicalTypeOptions: { required: [c] }",
            "logicalTypeOptions.required[0]",
        ),
        ("logicalType: string, required: maybe", "required"),
    ];
    for (keys, path) in cases {
        let found = issues(keys);
        assert!(found.iter().any(|issue| issue.0 == path), "{keys}: {found:?}");
    }
}

#[test]
fn wide_integers_say_what_they_cannot_hold() {
    let contract = property("logicalType: integer, logicalTypeOptions: { format: u128 }");
    assert!(coverage(&contract, "type_a").1.contains("38 decimal digits"));
}

#[test]
fn a_classification_is_told_and_holds_for_all_below() {
    let contract = contract(
        "{ name: a, logicalType: object, classification: ' PII ', properties: [{ name: b, logicalType: array, items: { logicalType: string } }, { name: c, logicalType: map, classification: public, map: { key: { logicalType: string }, value: { logicalType: date, classification: restricted } } }] }
         { name: d, logicalType: string, classification: '' }
         { name: e, logicalType: string, classification: internal }",
    );
    let fields = contract.schema().flattened_fields();
    let fields = fields.into_iter().filter(|field| field.name() != "key_value");
    let found: Vec<_> = fields
        .map(|field| field.metadata().get("headgate.classification").map(String::as_str))
        .zip(field_paths(contract.schema()))
        .collect();
    let expected = [
        (Some("PII"), "a"),
        (Some("PII"), "a.b"),
        (Some("PII"), "a.b[]"),
        (Some("public"), "a.c"),
        (Some("public"), "a.c{key}"),
        (Some("restricted"), "a.c{}"),
        (None, "d"),
        (Some("internal"), "e"),
    ];
    assert_eq!(found, expected.map(|(text, path)| (text, path.to_owned())));

    let told: Vec<_> = contract
        .coverage()
        .iter()
        .filter(|entry| entry.status == CoverageStatus::Informational)
        .map(|entry| (entry.rule.as_str(), entry.line))
        .collect();
    let expected = [
        ("classification_a", Some(9)),
        ("classification_a.c", Some(9)),
        ("classification_a.c{}", Some(9)),
        ("classification_e", Some(11)),
    ];
    assert_eq!(told, expected);
}
