"""Whether a changed contract still fits those who rely on the old one: contracts only grow.

It compares what `namespace.contracts.documents.schemas` returns and says in words what a reader of events or metrics, or a caller of
commands and queries, would trip over. Descriptions and the order of fields do not count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_Schema = Mapping[str, Any]

_UPPER = ("maxLength", "maximum", "exclusiveMaximum", "maxItems", "maxProperties")
_LOWER = ("minLength", "minimum", "exclusiveMinimum", "minItems", "minProperties")


def breaking_changes(old: Mapping[str, _Schema], new: Mapping[str, _Schema]) -> list[str]:
    """Return, in words, what a consumer or caller of `old` would trip over in `new`; both as `schemas()` gives them."""
    problems: list[str] = []
    for key, before in old.items():
        after = new.get(key)
        if after is None:
            problems.append(f"{key}: removed")
        elif "/metric/" in key:
            problems += _metric_changes(key, before, after)
        else:
            published = "/event/" in key or key in _PUBLISHED
            problems += _Comparison(before, after, published=published).changes(key, before, after)
    return problems


_PUBLISHED = {"command response", "query reply", "projected value"}
"""Documents that services write and others read; what is not published is what others write and services read."""


def _metric_changes(key: str, before: _Schema, after: _Schema) -> Iterator[str]:
    for aspect in ("datatype", "unit"):
        if before.get(aspect) != after.get(aspect):
            yield f"{key}: {aspect} changed from {before.get(aspect)} to {after.get(aspect)}"
    yield from (f"{key}: no longer at {place}" for place in before["places"] if place not in after["places"])
    if before.get("writable") and not after.get("writable"):
        yield f"{key}: no longer writable"


class _Comparison:
    """Walks two schemas side by side; each has its own definitions.

    Args:
        before: The old schema's root.
        after: The new one's.
        published: Whether services write such documents; else they read them.
    """

    def __init__(self, before: _Schema, after: _Schema, *, published: bool) -> None:
        self._definitions = (before.get("$defs", {}), after.get("$defs", {}))
        self._published = published
        self._entered: set[str] = set()

    def changes(self, where: str, before: _Schema, after: _Schema) -> Iterator[str]:
        """Yield what breaks at `where` and below."""
        before, after = self._resolve(before, 0, where), self._resolve(after, 1, where)
        if not before or not after:
            return
        kinds = _kinds(before), _kinds(after)
        if self._is_narrower(*kinds):
            yield f"{where}: changed from {_said(kinds[0])} to {_said(kinds[1])}"
            return
        yield from self._limits(where, before, after)
        yield from self._fields(where, before, after)
        if isinstance(before.get("items"), Mapping) and isinstance(after.get("items"), Mapping):
            yield from self.changes(f"{where}[]", before["items"], after["items"])
        yield from self._options(where, before, after)

    def _options(self, where: str, before: _Schema, after: _Schema) -> Iterator[str]:
        """Yield what breaks in the one option of `X | None` that is not null."""
        inner = [[each for each in schema.get("anyOf", ()) if each.get("type") != "null"] for schema in (before, after)]
        old, new = (options[0] if len(options) == 1 else None for options in inner)
        if old is not None:
            yield from self.changes(where, old, after if new is None and "anyOf" not in after else new or {})

    def _is_narrower(self, before: frozenset[str], after: frozenset[str]) -> bool:
        """A writer may say less than before, a reader may accept more; `any` is everything."""
        wide, narrow = (before, after) if self._published else (after, before)
        return "any" not in wide and not narrow <= wide

    def _limits(self, where: str, before: _Schema, after: _Schema) -> Iterator[str]:
        if self._published:
            return
        for name in (*_UPPER, *_LOWER):
            old, new = before.get(name), after.get(name)
            tighter = new is not None and (old is None or (new < old if name in _UPPER else new > old))
            if tighter:
                yield f"{where}: {name} tightened from {old} to {new}"
        if after.get("pattern") not in {None, before.get("pattern")}:
            yield f"{where}: pattern changed from {before.get('pattern')} to {after['pattern']}"

    def _fields(self, where: str, before: _Schema, after: _Schema) -> Iterator[str]:
        old, new = before.get("properties", {}), after.get("properties", {})
        for name in old:
            if name not in new:
                yield f"{where}: field {name!r} removed"
            else:
                yield from self.changes(f"{where}: field {name!r}", old[name], new[name])
        needed = set(before.get("required", ())), set(after.get("required", ()))
        if self._published:
            gone = sorted((needed[0] - needed[1]) & set(new))
            yield from (f"{where}: field {name!r} is no longer always present" for name in gone)
        else:
            yield from (f"{where}: field {name!r} became mandatory" for name in sorted(needed[1] - needed[0]))

    def _resolve(self, schema: _Schema, side: int, where: str) -> _Schema:
        """Follow a reference, each place once, so that a schema that contains itself ends."""
        reference = schema.get("$ref")
        if reference is None:
            return schema
        visit = f"{side} {where} {reference}"
        if visit in self._entered:
            return {}
        self._entered.add(visit)
        resolved: _Schema = self._definitions[side].get(str(reference).rsplit("/", 1)[1], {})
        return resolved


def _kinds(schema: _Schema) -> frozenset[str]:
    """Return the types, formats and literals a value may have, as words."""
    if "anyOf" in schema:
        return frozenset(kind for option in schema["anyOf"] for kind in _kinds(option))
    if "const" in schema:
        return frozenset({repr(schema["const"])})
    if "enum" in schema:
        return frozenset(repr(value) for value in schema["enum"])
    if "$ref" in schema:
        return frozenset({"object"})
    if "type" not in schema:
        return frozenset({"object" if "properties" in schema else "any"})
    form = f" ({schema['format']})" if "format" in schema else ""
    return frozenset({f"{schema['type']}{form}"})


def _said(kinds: frozenset[str]) -> str:
    return " or ".join(sorted(kinds))
