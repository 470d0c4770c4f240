"""The Delta name of a column type, from what each reader calls it."""

import re

from arro3.core import DataType

DUCKDB = {
    "VARCHAR": "string",
    "BIGINT": "long",
    "INTEGER": "integer",
    "SMALLINT": "short",
    "TINYINT": "byte",
    "DOUBLE": "double",
    "FLOAT": "float",
    "BOOLEAN": "boolean",
    "BLOB": "binary",
    "DATE": "date",
    "TIMESTAMP": "timestamp_ntz",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
}


def of_duckdb(kind):
    if kind.id == "list":
        return f"array<{of_duckdb(dict(kind.children)['child'])}>"
    if kind.id == "struct":
        return struct((name, of_duckdb(child)) for name, child in kind.children)
    if kind.id == "decimal":
        return decimal(str(kind))
    return DUCKDB[str(kind)]


ARROW = (
    ("is_boolean", "boolean"),
    ("is_int64", "long"),
    ("is_int32", "integer"),
    ("is_int16", "short"),
    ("is_int8", "byte"),
    ("is_float64", "double"),
    ("is_float32", "float"),
    ("is_date32", "date"),
    ("is_string", "string"),
    ("is_string_view", "string"),
    ("is_large_string", "string"),
    ("is_binary", "binary"),
    ("is_binary_view", "binary"),
    ("is_large_binary", "binary"),
)


def of_arrow(kind):
    for predicate, name in ARROW:
        if getattr(DataType, predicate)(kind):
            return name
    if DataType.is_timestamp(kind):
        return "timestamp_ntz" if kind.tz is None else "timestamp"
    if DataType.is_list(kind) or DataType.is_large_list(kind) or DataType.is_list_view(kind):
        return f"array<{of_arrow(kind.value_type)}>"
    if DataType.is_struct(kind):
        return struct((field.name, of_arrow(field.type)) for field in kind.fields)
    if DataType.is_decimal128(kind):
        return decimal(str(kind))
    raise ValueError(f"a type that these tests do not know: {kind}")


def decimal(text):
    """`decimal(10,2)`, however it is spelt."""
    return "decimal(" + ",".join(re.findall(r"\d+", text.split("(", 1)[-1])[:2]) + ")"


def struct(fields):
    return "struct<" + ",".join(f"{name}:{kind}" for name, kind in fields) + ">"
