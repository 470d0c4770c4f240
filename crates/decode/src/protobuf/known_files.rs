//! Files that registries take for granted: schemas import them without a reference. Google's own
//! under `google/protobuf` come with the compiler.

/// The text of a file, by the name it is imported by.
pub(super) fn text(name: &str) -> Option<&'static str> {
    FILES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

const FILES: [(&str, &str); 11] = [
    (
        "confluent/meta.proto",
        r#"syntax = "proto3";
        package confluent;
        import "google/protobuf/descriptor.proto";
        message Meta {
            string doc = 1;
            map<string, string> params = 2;
            repeated string tags = 3;
        }
        extend google.protobuf.FileOptions { Meta file_meta = 1088; }
        extend google.protobuf.MessageOptions { Meta message_meta = 1088; }
        extend google.protobuf.FieldOptions { Meta field_meta = 1088; }
        extend google.protobuf.EnumOptions { Meta enum_meta = 1088; }
        extend google.protobuf.EnumValueOptions { Meta enum_value_meta = 1088; }"#,
    ),
    (
        "confluent/type/decimal.proto",
        r#"syntax = "proto3";
        package confluent.type;
        message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }"#,
    ),
    (
        "google/type/date.proto",
        r#"syntax = "proto3";
        package google.type;
        message Date { int32 year = 1; int32 month = 2; int32 day = 3; }"#,
    ),
    (
        "google/type/datetime.proto",
        r#"syntax = "proto3";
        package google.type;
        import "google/protobuf/duration.proto";
        message DateTime {
            int32 year = 1;
            int32 month = 2;
            int32 day = 3;
            int32 hours = 4;
            int32 minutes = 5;
            int32 seconds = 6;
            int32 nanos = 7;
            oneof time_offset {
                google.protobuf.Duration utc_offset = 8;
                TimeZone time_zone = 9;
            }
        }
        message TimeZone { string id = 1; string version = 2; }"#,
    ),
    (
        "google/type/dayofweek.proto",
        r#"syntax = "proto3";
        package google.type;
        enum DayOfWeek {
            DAY_OF_WEEK_UNSPECIFIED = 0;
            MONDAY = 1;
            TUESDAY = 2;
            WEDNESDAY = 3;
            THURSDAY = 4;
            FRIDAY = 5;
            SATURDAY = 6;
            SUNDAY = 7;
        }"#,
    ),
    (
        "google/type/decimal.proto",
        r#"syntax = "proto3";
        package google.type;
        message Decimal { string value = 1; }"#,
    ),
    (
        "google/type/interval.proto",
        r#"syntax = "proto3";
        package google.type;
        import "google/protobuf/timestamp.proto";
        message Interval {
            google.protobuf.Timestamp start_time = 1;
            google.protobuf.Timestamp end_time = 2;
        }"#,
    ),
    (
        "google/type/latlng.proto",
        r#"syntax = "proto3";
        package google.type;
        message LatLng { double latitude = 1; double longitude = 2; }"#,
    ),
    (
        "google/type/money.proto",
        r#"syntax = "proto3";
        package google.type;
        message Money { string currency_code = 1; int64 units = 2; int32 nanos = 3; }"#,
    ),
    (
        "google/type/month.proto",
        r#"syntax = "proto3";
        package google.type;
        enum Month {
            MONTH_UNSPECIFIED = 0;
            JANUARY = 1;
            FEBRUARY = 2;
            MARCH = 3;
            APRIL = 4;
            MAY = 5;
            JUNE = 6;
            JULY = 7;
            AUGUST = 8;
            SEPTEMBER = 9;
            OCTOBER = 10;
            NOVEMBER = 11;
            DECEMBER = 12;
        }"#,
    ),
    (
        "google/type/timeofday.proto",
        r#"syntax = "proto3";
        package google.type;
        message TimeOfDay { int32 hours = 1; int32 minutes = 2; int32 seconds = 3; int32 nanos = 4; }"#,
    ),
];

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use headgate_model::{SchemaFormat, WriterSchema};

    use super::*;
    use crate::protobuf::ProtobufSchema;

    #[test]
    fn every_file_can_be_imported() {
        for (name, _) in FILES {
            let text = format!("syntax = \"proto3\"; import \"{name}\"; message M {{}}");
            let references = Vec::new();
            let writer = WriterSchema { format: SchemaFormat::Protobuf, text, references };
            assert!(ProtobufSchema::compile(&writer).is_ok(), "{name}");
        }
        assert!(text("google/type/date.protox").is_none());
    }
}
