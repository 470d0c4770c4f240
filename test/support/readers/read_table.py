"""Reads Delta tables with implementations that share no code with the writer; prints JSON.

read_table.py query PATH SQL      rows of a DuckDB query over the table `t`
read_table.py summary PATH        what DuckDB, DataFusion and the Delta log each say of the table

A path of an object store is read with the AWS_* variables of the environment.
"""

import glob
import json
import os
import sys

import duckdb
import duckdb_extension_delta
import duckdb_extension_httpfs
from deltalake import DeltaTable, QueryBuilder

from delta_types import of_arrow, of_duckdb


STORE = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}


def connect(path):
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    load(connection, duckdb_extension_delta)
    connection.execute("SET TimeZone = 'UTC'")
    if path.startswith("s3://"):
        load(connection, duckdb_extension_httpfs)
        connection.execute(secret(STORE))
    connection.execute(f"CREATE VIEW t AS SELECT * FROM delta_scan('{path}')")
    return connection


def load(connection, package):
    folder = os.path.dirname(package.__file__)
    (extension,) = glob.glob(f"{folder}/extensions/v{duckdb.__version__}/*.duckdb_extension")
    connection.execute(f"LOAD '{extension}'")


def secret(store):
    endpoint = store["AWS_ENDPOINT_URL"].removeprefix("http://")
    return f"""CREATE SECRET (TYPE s3, KEY_ID '{store["AWS_ACCESS_KEY_ID"]}',
        SECRET '{store["AWS_SECRET_ACCESS_KEY"]}', REGION '{store["AWS_REGION"]}',
        ENDPOINT '{endpoint}', URL_STYLE 'path', USE_SSL false)"""


def delta_table(path):
    return DeltaTable(path, storage_options=STORE)


def query(path, sql):
    cursor = connect(path).execute(sql)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor.fetchall()]


def by_duckdb(path):
    connection = connect(path)
    relation = connection.sql("SELECT * FROM t LIMIT 0")
    columns = {name: of_duckdb(kind) for name, kind in zip(relation.columns, relation.types)}
    measure = aggregates(columns, lambda c: f"epoch_us({c})", "VARCHAR")
    return described(columns, connection.execute(f"SELECT {measure} FROM t").fetchone())


def by_datafusion(path):
    builder = QueryBuilder().register("t", delta_table(path))
    schema = builder.execute("SELECT * FROM t LIMIT 0").schema
    columns = {field.name: of_arrow(field.type) for field in schema}
    measure = aggregates(columns, lambda c: f"CAST({c} AS BIGINT)", "VARCHAR")
    batch = next(iter(builder.execute(f"SELECT {measure} FROM t")))
    return described(columns, [column.to_pylist()[0] for column in batch.columns])


def aggregates(columns, microseconds, text):
    parts = ["count(*)"]
    for name, kind in columns.items():
        column = f'"{name}"'
        parts.append(f"count({column})")
        for function in ("min", "max"):
            value = f"{function}({column})"
            if kind == "timestamp":
                parts.append(microseconds(value))
            elif kind == "date" or kind.startswith("decimal"):
                parts.append(f"CAST({value} AS {text})")
            elif kind in ("string", "long", "integer", "double", "float"):
                parts.append(value)
            else:
                parts.append("NULL")
    # Names of their own, since two aggregates of one column may be told the same name.
    return ", ".join(f"{part} AS c{index}" for index, part in enumerate(parts))


def described(columns, values):
    rows, rest = values[0], values[1:]
    return {
        "rows": rows,
        "columns": {
            name: {"type": kind, "nulls": rows - counted, "min": low, "max": high}
            for (name, kind), counted, low, high in zip(columns.items(), rest[0::3], rest[1::3], rest[2::3])
        },
    }


def by_log(path):
    """Rows, nulls and bounds as the `add` actions tell them; bounds of scalars only."""
    table = delta_table(path)
    actions = table.get_add_actions(flatten=True)
    values = {name: actions.column(name).to_pylist() for name in actions.column_names}
    columns = {}
    for field in table.schema().fields:
        columns[field.name] = {
            "nulls": total(values.get(f"null_count.{field.name}")),
            "min": bound(min, values.get(f"min.{field.name}")),
            "max": bound(max, values.get(f"max.{field.name}")),
        }
    return {
        "rows": total(values["num_records"]),
        "version": table.version(),
        "files": len(values["num_records"]),
        "partitionColumns": table.metadata().partition_columns,
        "columns": columns,
    }


def total(counts):
    return None if counts is None or None in counts else sum(counts)


def bound(choose, found):
    found = [value for value in found or [] if value is not None]
    if not found:
        return None
    value = choose(found)
    if hasattr(value, "timestamp"):
        return round(value.timestamp() * 1_000_000)
    return value if isinstance(value, (int, float, str)) else str(value)


def main(mode, path, *rest):
    if mode == "query":
        return query(path, *rest)
    return {"duckdb": by_duckdb(path), "datafusion": by_datafusion(path), "log": by_log(path)}


if __name__ == "__main__":
    json.dump(main(*sys.argv[1:]), sys.stdout, default=lambda v: v.hex() if isinstance(v, bytes) else str(v))
