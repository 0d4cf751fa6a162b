"""Documents of a contract in the spelling of the page: `work_center` becomes `workCenter`, what it says stays as it is."""

from __future__ import annotations

from typing import Any

_BY_DATA = frozenset({"payload", "parameters", "scrap_reasons", "units"})
"""Objects whose keys are data, not words of the contract."""


def page_spelling(document: Any) -> Any:
    """Return `document` with its keys, and those of documents within it, written as the page writes them."""
    if isinstance(document, dict):
        return {_camel(key): _value(key, value) for key, value in document.items()}
    if isinstance(document, list | tuple):
        return [page_spelling(item) for item in document]
    return document


def _value(key: str, value: Any) -> Any:
    return value if key in _BY_DATA else page_spelling(value)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
