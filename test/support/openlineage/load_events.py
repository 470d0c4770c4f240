"""Loads events, one JSON line each, into the classes of OpenLineage's own client, and fails on one that they would
write in another way. Prints the facets that it met, by their key."""

import importlib
import inspect
import json
import pkgutil
import sys
import types
import typing

from openlineage.client import generated
from openlineage.client.generated import base
from openlineage.client.serde import Serde

modules = [
    importlib.import_module(f"{generated.__name__}.{module.name}")
    for module in pkgutil.iter_modules(generated.__path__)
]
by_schema = {
    cls._get_schema(): cls
    for module in modules
    for _, cls in inspect.getmembers(module, inspect.isclass)
    if cls.__module__ == module.__name__ and hasattr(cls, "_get_schema")
}
facets_met: set[str] = set()


def build(cls, data):
    """An instance of `cls`, which refuses fields that it does not have."""
    hints = typing.get_type_hints(cls)
    fields = {key: value for key, value in data.items() if key not in ("_producer", "_schemaURL", "schemaURL")}
    return cls(**{key: convert(hints.get(key), value) for key, value in fields.items()})


def convert(hint, value):
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        hint = next(each for each in typing.get_args(hint) if each is not type(None))
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is list:
        return [convert(arguments[0], each) for each in value]
    if typing.get_origin(hint) is dict:
        named = inspect.isclass(arguments[1]) and issubclass(arguments[1], base.BaseFacet)
        return {key: facet(key, each, arguments[1]) if named else convert(arguments[1], each) for key, each in value.items()}
    if inspect.isclass(hint) and issubclass(hint, base.EventType):
        return hint(value)
    return build(hint, value) if hasattr(hint, "__attrs_attrs__") else value


def facet(key, data, kind):
    facets_met.add(key)
    if key.startswith("headgate_"):
        return data
    cls = by_schema[data["_schemaURL"]]
    assert issubclass(cls, kind), f"{key}: {cls.__name__} is no {kind.__name__}"
    return build(cls, data)


def without_empty(value):
    if isinstance(value, dict):
        return {key: without_empty(each) for key, each in value.items() if each not in ({}, [])}
    return [without_empty(each) for each in value] if isinstance(value, list) else value


with open(sys.argv[1], encoding="utf-8") as lines:
    for line in lines:
        sent = json.loads(line)
        base.set_producer(sent["producer"])
        written = json.loads(Serde.to_json(build(base.RunEvent, sent)))
        assert without_empty(written) == without_empty(sent), f"{written}\nis not\n{sent}"
print(json.dumps(sorted(facets_met)))
