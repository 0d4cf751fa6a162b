"""Canonical JSON: the one text that a JSON value has when it is hashed or stored.

Two programs that agree on a value must agree on its bytes, or a hash over it proves nothing. This module
decides that form and refuses what has none (floats above all); it knows nothing of events.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

MAX_SAFE_INTEGER: Final = 2**53 - 1
_MAX_DEPTH: Final = 32


class EventFormatError(ValueError):
    """An event or row breaks the rules of the log.

    Attributes:
        field: Where: a field of the row, with a path inside the payload (`payload.quantity.value`).
        problem: What is wrong there and what would be right.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


def canonical_json(value: Any, where: str = "payload") -> str:
    """Write a JSON value in the one form that is hashed and stored.

    Keys sorted by code point, no white space, characters unescaped where JSON allows it; no floats, integers
    within 2^53-1, no NUL: for such documents this is RFC 8785, and every
    language reads back what was written.

    Args:
        value: None, bool, int, str, or mappings with text keys and sequences of these.
        where: Name of the value in an error.

    Returns:
        The text.

    Raises:
        EventFormatError: The value has no such form.
    """
    return json.dumps(
        _plain(value, where, 0), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def _plain(value: Any, where: str, depth: int) -> Any:
    match value:
        case None | bool():
            return value
        case str():
            check_characters(where, value)
            return value
        case int():
            if abs(value) > MAX_SAFE_INTEGER:
                raise EventFormatError(where, "an integer beyond 2^53-1 is not safe in JSON; write it as text")
            return value
        case Mapping() | list() | tuple() if depth >= _MAX_DEPTH:
            raise EventFormatError(where, f"nested deeper than {_MAX_DEPTH} levels")
        case Mapping():
            return {
                _check_key(where, key): _plain(member, f"{where}.{key}", depth + 1) for key, member in value.items()
            }
        case list() | tuple():
            return [_plain(member, f"{where}[{index}]", depth + 1) for index, member in enumerate(value)]
        case float():
            raise EventFormatError(where, f"the float {value!r} is not exact; write a decimal string")
        case _:
            raise EventFormatError(where, f"a {type(value).__name__} has no form in JSON; write it as text")


def _check_key(where: str, key: object) -> str:
    if not isinstance(key, str):
        raise EventFormatError(where, f"the key {key!r} is no text")
    check_characters(where, key)
    return key


def check_characters(where: str, text: str) -> None:
    """Refuse text that not every part of the way can carry: NUL and halves of surrogate pairs.

    Raises:
        EventFormatError: `text`, found at `where`, contains one.
    """
    if text.isascii():
        if "\0" in text:
            raise EventFormatError(where, "contains the character NUL, which PostgreSQL cannot store")
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise EventFormatError(where, "contains half of a surrogate pair, which is no text") from error
    if "\0" in text:
        raise EventFormatError(where, "contains the character NUL, which PostgreSQL cannot store")
