"""Sparkplug values from JSON, the other way round of `namespace.contracts.json_value`.

A DateTime is a number of milliseconds or ISO 8601 with a zone, bytes are Base64, a DataSet is `{columns, types, rows}`, a Template a
mapping of some of its members; integers and numbers that JSON cannot hold may be texts. Ranges are the codec's business.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace
from datetime import datetime
from typing import Any

from namespace.cli.json_lines import LineError
from namespace.sparkplug import DataSet, DataType, Metric, Template, Value

_ELEMENT = {member: DataType[member.name.removesuffix("Array")] for member in DataType if member.is_array}


def value_from_json(given: Any, datatype: DataType, known: Value = None) -> Value:
    """Return the Sparkplug value that a piece of JSON means.

    Args:
        given: Parsed JSON; None is null.
        datatype: Its Sparkplug type.
        known: The present value; a Template's members and their types are taken from it.

    Raises:
        LineError: It is not written like that; the text says how.
    """
    if given is None:
        return None
    if datatype.is_array:
        if not isinstance(given, list):
            raise LineError(f"a {datatype.name} is a JSON array")
        return tuple(_single(item, _ELEMENT[datatype]) for item in given)  # type: ignore[return-value]
    if datatype is DataType.DataSet:
        return _dataset(given)
    if datatype is DataType.Template:
        return _template(given, known)
    return _single(given, datatype)


def _single(given: Any, datatype: DataType) -> bool | int | float | str | bytes:
    match datatype:
        case DataType.Boolean if isinstance(given, bool):
            return given
        case DataType.DateTime if isinstance(given, str) and not given.isdecimal():
            return _instant(given)
        case DataType.Float | DataType.Double if isinstance(given, int | float | str) and not isinstance(given, bool):
            return float(given)
        case DataType.Bytes | DataType.File if isinstance(given, str):
            return _bytes(given)
        case _ if datatype.is_integer and isinstance(given, int | str) and not isinstance(given, bool):
            return _integer(given, datatype)
        case DataType.String | DataType.Text | DataType.UUID if isinstance(given, str):
            return given
    raise LineError(f"{given!r} is no {datatype.name}")


def _integer(given: int | str, datatype: DataType) -> int:
    try:
        return int(given)
    except ValueError:
        raise LineError(f"{given!r} is no {datatype.name}") from None


def _instant(text: str) -> int:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise LineError(f"{text} has no time zone; write 2026-03-02T15:00:00Z")
    return round(at.timestamp() * 1000)


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise LineError(f"not Base64: {error}") from None


def _dataset(given: Any) -> DataSet:
    try:
        columns, names, rows = given["columns"], given["types"], given["rows"]
        types = tuple(DataType[name] for name in names)
        return DataSet(
            tuple(columns),
            types,
            tuple(tuple(_cell(cell, kind) for cell, kind in zip(row, types, strict=True)) for row in rows),
        )
    except (KeyError, TypeError) as error:
        raise LineError(
            f'{error} in a DataSet; write {{"columns": ["a"], "types": ["Int32"], "rows": [[1]]}}'
        ) from None


def _cell(given: Any, datatype: DataType) -> bool | int | float | str | None:
    if given is None:
        return None
    value = _single(given, datatype)
    if isinstance(value, bytes):
        raise LineError(f"a cell holds no {datatype.name}")
    return value


def _template(given: Any, known: Value) -> Template:
    if not isinstance(known, Template) or not isinstance(given, dict):
        raise LineError("a Template is a JSON object of its members")
    members = {member.name: member for member in known.metrics}
    unknown = [name for name in given if name not in members]
    if unknown:
        raise LineError(f"the template has no member {unknown[0]}; there are {', '.join(map(str, members))}")
    changed = tuple(_member(members[name], value) for name, value in given.items())
    return Template(metrics=changed, template_ref=known.template_ref, version=known.version)


def _member(member: Metric, given: Any) -> Metric:
    datatype = member.datatype
    if datatype is None:
        raise LineError(f"the type of member {member.name} is not known")
    return replace(member, value=value_from_json(given, datatype, member.value))
