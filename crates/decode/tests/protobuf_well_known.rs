//! Google's messages that stand for values, and values by way of JSON.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use arrow_schema::DataType;
use support::model::Model;
use support::proto::Gives::{self, Dead, Misfit, Value};
use support::proto::{bytes, field, fixed32, fixed64, float, int, json_column, row, text};
use support::{list, local, map, object, schema, utc};

fn proto(kind: &str) -> String {
    let imports = ["timestamp", "duration", "wrappers", "struct", "any", "field_mask", "empty"];
    let imports = imports.map(|name| format!("import \"google/protobuf/{name}.proto\";")).concat();
    format!(
        "syntax = \"proto3\"; {imports} message M {{ {kind} f = 1; }} enum E {{ ZERO = 0; }} \
         message Every {{ int64 wide = 1; uint64 big = 2; double d = 3; bytes raw = 4; E e = 5; \
         bool yes = 6; repeated int32 many = 7; map<int32, string> named = 8; \
         google.protobuf.Timestamp at = 9; float small = 10; string snake_name = 11; \
         google.protobuf.NullValue none = 12; optional int32 told = 13; Every deep = 14; \
         google.protobuf.Int64Value wrapped = 15; }}"
    )
}

fn given(kind: &str, of: DataType, payload: &[u8]) -> Gives {
    field(&proto(kind), of, payload)
}

fn of_text(value: &str) -> Gives {
    Value(text(value))
}

/// Seconds and nanoseconds, of a timestamp or a duration.
fn time(seconds: i64, nanos: i64) -> Vec<u8> {
    bytes(1, [int(1, seconds), int(2, nanos)].concat())
}

#[test]
fn timestamps_are_instants_of_whole_microseconds() {
    let at = |payload: &[u8]| given("google.protobuf.Timestamp", utc(), payload);
    let micros = |value| Value(Model::Micros(value));
    assert_eq!(at(&[]), Value(Model::Null));
    assert_eq!(at(&bytes(1, [])), micros(0));
    assert_eq!(at(&time(1, 2_000)), micros(1_000_002));
    assert_eq!(at(&time(-1, 999_999_000)), micros(-1));
    assert_eq!(at(&time(-62_135_596_800, 0)), micros(-62_135_596_800_000_000));
    assert_eq!(at(&time(253_402_300_799, 999_999_000)), micros(253_402_300_799_999_999));
    for (seconds, nanos) in
        [(0, 1), (0, -1_000), (0, 1_000_000_000), (-62_135_596_801, 0), (253_402_300_800, 0)]
    {
        assert_eq!(at(&time(seconds, nanos)), Misfit, "{seconds} and {nanos}");
    }
    let last_stays = bytes(1, [int(1, 1), int(2, 1), int(1, 2), int(2, 0)].concat());
    assert_eq!(at(&last_stays), micros(2_000_000));
    let merged = [time(5, 1), bytes(1, int(2, 3_000))].concat();
    assert_eq!(at(&merged), micros(5_000_003));
    assert_eq!(at(&bytes(1, [8])), Dead("unexpected end at byte 3 in `f`".to_owned()));
}

#[test]
fn timestamps_are_text_too_but_no_local_time() {
    let kind = "google.protobuf.Timestamp";
    let payload = time(0, 10_000_000);
    assert_eq!(given(kind, DataType::Utf8, &payload), of_text("1970-01-01T00:00:00.010Z"));
    assert_eq!(given(kind, DataType::Utf8, &time(0, -1)), Misfit);
    for of in [local(), DataType::Date32, DataType::Int64, object([("seconds", DataType::Int64)])] {
        assert_eq!(given(kind, of, &payload), Misfit);
    }
    let (values, _) = row(
        &proto("repeated google.protobuf.Timestamp"),
        &schema([("f", list(utc()))]),
        &[time(1, 0), time(2, 0)].concat(),
    );
    assert_eq!(values, [Model::List(vec![Model::Micros(1_000_000), Model::Micros(2_000_000)])]);
}

#[test]
fn durations_and_field_masks_are_text() {
    let duration = |payload: &[u8]| given("google.protobuf.Duration", DataType::Utf8, payload);
    assert_eq!(duration(&time(3, 500_000_000)), of_text("3.500s"));
    assert_eq!(duration(&time(-315_576_000_000, 0)), of_text("-315576000000s"));
    assert_eq!(duration(&time(0, -1)), of_text("-0.000000001s"));
    assert_eq!(duration(&time(1, -1)), Misfit);
    assert_eq!(duration(&time(315_576_000_001, 0)), Misfit);
    assert_eq!(given("google.protobuf.Duration", DataType::Int64, &time(1, 0)), Misfit);
    let mask = |path: &str| {
        let payload = bytes(1, [bytes(1, "user_id"), bytes(1, path)].concat());
        given("google.protobuf.FieldMask", DataType::Utf8, &payload)
    };
    assert_eq!(mask("a_b.c_d"), of_text("userId,aB.cD"));
    assert_eq!(mask("a__b"), Misfit);
}

#[test]
fn wrappers_are_the_scalar_or_null() {
    let table: Vec<(&str, DataType, Vec<u8>, Model, Model)> = vec![
        ("Int64", DataType::Int64, int(1, i64::MIN), Model::Int(i64::MIN), Model::Int(0)),
        ("Int32", DataType::Int64, int(1, -5), Model::Int(-5), Model::Int(0)),
        ("UInt32", DataType::Int64, int(1, 5), Model::Int(5), Model::Int(0)),
        (
            "UInt64",
            DataType::Decimal128(20, 0),
            int(1, -1),
            Model::Decimal(u64::MAX.into()),
            Model::Decimal(0),
        ),
        ("Double", DataType::Float64, fixed64(1, 0.5_f64.to_le_bytes()), float(0.5), float(0.0)),
        ("Float", DataType::Float64, fixed32(1, 0.5_f32.to_le_bytes()), float(0.5), float(0.0)),
        ("Bool", DataType::Boolean, int(1, 1), Model::Bool(true), Model::Bool(false)),
        ("String", DataType::Utf8, bytes(1, "é"), text("é"), text("")),
        ("Bytes", DataType::Utf8, bytes(1, [255]), text("/w=="), text("")),
    ];
    for (name, of, value, expected, zero) in table {
        let kind = format!("google.protobuf.{name}Value");
        assert_eq!(given(&kind, of.clone(), &bytes(1, value)), Value(expected), "{name}");
        assert_eq!(given(&kind, of.clone(), &bytes(1, [])), Value(zero), "{name} of nothing");
        assert_eq!(given(&kind, of, &[]), Value(Model::Null), "no {name}");
    }
    let kind = "google.protobuf.UInt64Value";
    assert_eq!(given(kind, DataType::Int64, &bytes(1, int(1, -1))), Misfit);
}

/// `{"a": [null, 1.5, "x", true, {}]}` as a `Struct`.
fn free() -> Vec<u8> {
    let values =
        [int(1, 0), fixed64(2, 1.5_f64.to_le_bytes()), bytes(3, "x"), int(4, 1), bytes(5, [])];
    let items: Vec<u8> = values.iter().flat_map(|value| bytes(1, value)).collect();
    bytes(1, [bytes(1, "a"), bytes(2, bytes(6, items))].concat())
}

#[test]
fn free_values_are_json_or_what_they_hold() {
    let payload = bytes(1, free());
    let json = r#"{"a":[null,1.5,"x",true,{}]}"#;
    let of_struct = proto("google.protobuf.Struct");
    assert_eq!(row(&of_struct, &json_column("f", "object"), &payload).0, [text(json)]);
    assert_eq!(row(&of_struct, &json_column("f", "object"), &[]).0, [Model::Null]);
    let (values, violated) =
        row(&of_struct, &schema([("f", object([("a", list(DataType::Float64))]))]), &payload);
    let items = vec![Model::Null, float(1.5), Model::Null, Model::Null, Model::Null];
    let expected = Model::Object(vec![("a".to_owned(), Model::List(items))]);
    assert_eq!((values, violated), (vec![expected], vec!["f.a[]".to_owned()]));
    let numbers = bytes(1, [bytes(1, "k"), bytes(2, fixed64(2, 2_f64.to_le_bytes()))].concat());
    let (values, _) = row(&of_struct, &schema([("f", map(DataType::Int64))]), &bytes(1, numbers));
    assert_eq!(values, [Model::Map(vec![("k".to_owned(), Model::Int(2))])]);

    let value = |of, payload: &[u8]| given("google.protobuf.Value", of, &bytes(1, payload));
    assert_eq!(value(DataType::Utf8, &bytes(3, "x")), of_text("x"));
    assert_eq!(value(DataType::Int64, &fixed64(2, 4_f64.to_le_bytes())), Value(Model::Int(4)));
    assert_eq!(value(DataType::Boolean, &int(4, 1)), Value(Model::Bool(true)));
    assert_eq!(value(DataType::Int64, &int(1, 0)), Value(Model::Null));
    assert_eq!(value(DataType::Int64, &bytes(3, "x")), Misfit);
    assert_eq!(value(DataType::Float64, &fixed64(2, f64::NAN.to_le_bytes())), Misfit);
    assert_eq!(value(DataType::Utf8, &[]), Misfit, "no kind at all");
    let of_list = proto("google.protobuf.ListValue");
    let items = bytes(1, bytes(1, int(4, 0)));
    assert_eq!(row(&of_list, &json_column("f", "array"), &items).0, [text("[false]")]);
}

#[test]
fn messages_are_canonical_json_under_the_names_of_the_file() {
    let every = [
        int(1, i64::MAX),
        int(2, -1),
        fixed64(3, f64::NEG_INFINITY.to_le_bytes()),
        bytes(4, [1, 2]),
        int(5, 7),
        int(6, 1),
        bytes(7, [1, 2]),
        bytes(8, [int(1, -3), bytes(2, "\u{1}\"")].concat()),
        bytes(9, int(1, 1)),
        fixed32(10, 0.1_f32.to_le_bytes()),
        bytes(11, "s"),
        int(13, 0),
        bytes(14, int(5, 0)),
        bytes(15, int(1, 5)),
    ]
    .concat();
    let json = concat!(
        r#"{"wide":"9223372036854775807","big":"18446744073709551615","d":"-Infinity","#,
        r#""raw":"AQI=","e":7,"yes":true,"many":[1,2],"named":{"-3":"\u0001\""},"#,
        r#""at":"1970-01-01T00:00:01Z","small":0.1,"snake_name":"s","told":0,"deep":{},"#,
        r#""wrapped":"5"}"#
    );
    let of = |kind| proto(kind);
    let column = json_column("f", "object");
    assert_eq!(row(&of("Every"), &column, &bytes(1, &every)).0, [text(json)]);
    assert_eq!(row(&of("Every"), &column, &bytes(1, [])).0, [text("{}")]);
    let items = [bytes(1, int(5, 0)), bytes(1, int(6, 1))].concat();
    let (values, _) = row(&of("repeated Every"), &json_column("f", "array"), &items);
    assert_eq!(values, [text(r#"[{},{"yes":true}]"#)]);
    let (values, violated) = row(&of("Every"), &column, &bytes(1, bytes(9, int(2, -1))));
    assert_eq!((values, violated), (vec![Model::Null], vec!["f".to_owned()]));
    assert_eq!(row(&of("google.protobuf.Empty"), &column, &bytes(1, [])).0, [text("{}")]);
}

#[test]
fn an_any_has_its_members_or_its_bytes() {
    let any = |url: &str, value: &[u8]| bytes(1, [bytes(1, url), bytes(2, value)].concat());
    let column = json_column("f", "object");
    let of = |payload: &[u8]| row(&proto("google.protobuf.Any"), &column, payload).0;
    let known = any("type.googleapis.com/Every", &int(6, 1));
    assert_eq!(of(&known), [text(r#"{"@type":"type.googleapis.com/Every","yes":true}"#)]);
    let special = any("x/google.protobuf.Duration", &int(1, 2));
    assert_eq!(of(&special), [text(r#"{"@type":"x/google.protobuf.Duration","value":"2s"}"#)]);
    let unknown = any("x/Other", &[1]);
    assert_eq!(of(&unknown), [text(r#"{"@type":"x/Other","value":"AQ=="}"#)]);
    let broken = any("x/Every", &[8]);
    assert_eq!(of(&broken), [text(r#"{"@type":"x/Every","value":"CA=="}"#)]);
    assert_eq!(of(&bytes(1, [])), [text("{}")]);
}
