"""YAML with a memory of where everything stood.

A `Field` is a node of the document together with its path and the list that problems go to. Its readers
return None after they have reported a problem, so that one pass over the file finds everything that is wrong
with it. Scalars are read by the type the reader asks for and never by YAML's own guesses: `06:00` is not 360
and `No` is not false.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import TypeVar

import yaml

MAX_CHARACTERS = 4_000_000
"""A longer text is refused unread."""

MAX_VALUE_SHOWN = 60
"""Characters of a value that a message quotes."""

_NO_ALIASES = "anchors and aliases (& and *) are not used in site files"

_DECIMAL = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_TRUE, _FALSE = frozenset({"true", "yes"}), frozenset({"false", "no"})
_Choice = TypeVar("_Choice", bound=Enum)


@dataclass(frozen=True, slots=True)
class SiteProblem:
    """One thing that is wrong with a site file.

    Attributes:
        source: name of the file.
        line: from 1.
        column: from 1.
        path: of the value inside the document, such as `areas.Packaging.work_centers.Line1.kind`.
        message: what is wrong, with the value.
        remedy: what to do about it.
    """

    source: str
    line: int
    column: int
    path: str
    message: str
    remedy: str

    def __str__(self) -> str:
        where = f"{self.source}:{self.line}:{self.column}: "
        return where + (f"{self.path}: " if self.path else "") + f"{self.message}. {self.remedy}."


class SiteFileError(ValueError):
    """A site file cannot be used.

    Attributes:
        problems: everything that is wrong with it, in the order of the file; never empty.
    """

    def __init__(self, problems: Sequence[SiteProblem]) -> None:
        self.problems = sorted(problems, key=lambda item: (item.line, item.column))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class _PlainComposer(yaml.SafeLoader):
    """Composes nodes and refuses aliases: with them, a small file could describe an enormous site."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            alias = self.get_event()  # type: ignore[no-untyped-call]  # no annotation in its stubs
            raise yaml.MarkedYAMLError(problem=_NO_ALIASES, problem_mark=alias.start_mark)
        return super().compose_node(parent, index)


def did_you_mean(text: str, known: Iterable[str], otherwise: str) -> str:
    """A remedy: the known word nearest to `text`, or `otherwise` if none is near."""
    by_folded = {word.casefold(): word for word in known}
    near = difflib.get_close_matches(text.casefold(), by_folded, n=1, cutoff=0.6)
    return f'Did you mean "{by_folded[near[0]]}"? {otherwise}' if near else otherwise


def parse_document(text: str, source: str) -> Field:
    """Parse YAML into the root field.

    Args:
        text: the whole file.
        source: its name, for problems.

    Raises:
        SiteFileError: not one YAML document, or too long.
    """
    if len(text) > MAX_CHARACTERS:
        message = f"the file has {len(text)} characters"
        raise SiteFileError([SiteProblem(source, 1, 1, "", message, f"A site file has at most {MAX_CHARACTERS}")])
    try:
        loader = _PlainComposer(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        if error.problem == _NO_ALIASES:
            message, remedy = _NO_ALIASES, "Write the value out, or put what is common under `defaults`"
        else:
            message = f"this is not YAML: {error.problem or error.context}"
            remedy = "Check indentation, colons and quotes on this line and the one above"
        raise SiteFileError([SiteProblem(source, line, column, "", message, remedy)]) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        message = f"a character that YAML does not allow ({error.reason})"
        raise SiteFileError([SiteProblem(source, line, 1, "", message, "Save the file as UTF-8 text")]) from error
    except RecursionError as error:
        message = "the file is nested too deeply"
        raise SiteFileError([SiteProblem(source, 1, 1, "", message, "Write fewer levels")]) from error
    if node is None:
        remedy = "Start with `version: 1`, `enterprise:` and `site:`"
        raise SiteFileError([SiteProblem(source, 1, 1, "", "the file is empty", remedy)])
    return Field(node, "", source, [])


@dataclass(frozen=True)
class Field:
    """A node of the document, where it stands, and the list that all problems of the document go to."""

    node: yaml.Node
    path: str
    source: str
    problems: list[SiteProblem]

    @property
    def line(self) -> int:
        """Line of the value, from 1."""
        return int(self.node.start_mark.line) + 1

    def report(self, message: str, remedy: str) -> None:
        """Add a problem at this place.

        Args:
            message: what is wrong, without a full stop.
            remedy: what to do, without a full stop.
        """
        mark = self.node.start_mark
        remedy = remedy.rstrip(".")
        self.problems.append(SiteProblem(self.source, mark.line + 1, mark.column + 1, self.path, message, remedy))

    def shown(self) -> str:
        """The value as a message quotes it."""
        if isinstance(self.node, yaml.MappingNode):
            return "a mapping"
        if isinstance(self.node, yaml.SequenceNode):
            return "a list"
        text = self._scalar() or ""
        return f'"{text[:MAX_VALUE_SHOWN]}..."' if len(text) > MAX_VALUE_SHOWN else f'"{text}"'

    def mapping(self, known: Sequence[str], required: Sequence[str] = ()) -> dict[str, Field]:
        """The entries of a mapping with fixed keys; unknown, repeated and missing keys are reported."""
        entries: dict[str, Field] = {}
        for key, value in self.entries():
            if key.text_value in known:
                entries[key.text_value] = value
            else:
                listed = "Keys here are " + ", ".join(known)
                key.report(f'"{key.text_value}" is not a key here', did_you_mean(key.text_value, known, listed))
        for name in required:
            if name not in entries and isinstance(self.node, yaml.MappingNode):
                self.report(f"`{name}` is missing", f"Add `{name}:` here")
        return entries

    def entries(self) -> list[tuple[Key, Field]]:
        """The entries of a mapping with free keys, in order; repeated keys are reported."""
        if not isinstance(self.node, yaml.MappingNode):
            self._wrong("a mapping", "indented `key: value` lines")
            return []
        result: list[tuple[Key, Field]] = []
        seen: dict[str, int] = {}
        for key_node, value_node in self.node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                Field(key_node, self.path, self.source, self.problems).report("a key is not a text", "Use a plain word")
                continue
            name = str(key_node.value)
            path = f"{self.path}.{name}" if self.path else name
            key = Key(key_node, path, self.source, self.problems, name)
            if name in seen:
                key.report(f'"{name}" is there twice, first on line {seen[name]}', "Keep one of the two")
                continue
            seen[name] = key.line
            result.append((key, Field(value_node, path, self.source, self.problems)))
        return result

    def items(self) -> list[Field]:
        """The items of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            self._wrong("a list", "lines that start with `- `, or [a, b]")
            return []
        return [
            Field(node, f"{self.path}[{index}]", self.source, self.problems)
            for index, node in enumerate(self.node.value)
        ]

    @property
    def is_mapping(self) -> bool:
        """Whether a mapping is written here."""
        return isinstance(self.node, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        """Whether a list is written here."""
        return isinstance(self.node, yaml.SequenceNode)

    @property
    def is_absent(self) -> bool:
        """Whether nothing, `~` or `null` is written here."""
        return isinstance(self.node, yaml.ScalarNode) and self.node.tag == "tag:yaml.org,2002:null"

    def text(self) -> str | None:
        """A text that is not empty."""
        value = self._scalar()
        if value is None or not value.strip():
            self._wrong("a text", "a word or a quoted text")
            return None
        return value

    def integer(self, least: int, most: int, unit: str = "") -> int | None:
        """A whole number in a range, with its unit for the message."""
        value = self._scalar()
        if value is None or not _INTEGER.fullmatch(value) or not least <= int(value) <= most:
            self._wrong(f"a whole number{unit and f' of {unit}'}", f"one from {least} to {most}")
            return None
        return int(value)

    def positive_decimal(self, unit: str) -> Decimal | None:
        """An exact decimal number above zero, with its unit for the message."""
        value = self._scalar()
        if value is None or not _DECIMAL.fullmatch(value) or Decimal(value) <= 0:
            self._wrong(f"a number of {unit} above zero", "one such as 0.25")
            return None
        return Decimal(value)

    def boolean(self) -> bool | None:
        """`true` or `false` (also `yes` or `no`)."""
        value = (self._scalar() or "").lower()
        if value not in _TRUE | _FALSE:
            self._wrong("a yes or no", "true or false")
            return None
        return value in _TRUE

    def choice(self, options: type[_Choice]) -> _Choice | None:
        """One of the string values of an enumeration."""
        value = self.one_of([str(option.value) for option in options])
        return None if value is None else options(value)

    def one_of(self, options: Sequence[str]) -> str | None:
        """One of some words."""
        value = self._scalar()
        if value is None or value not in options:
            listed = "It is one of " + ", ".join(options)
            self.report(f"{self.shown()} is not possible here", did_you_mean(value or "", options, listed))
            return None
        return value

    def time_of_day(self, *, ends: bool = False) -> time | None:
        """A local wall time such as 06:00; where something ends, 24:00 is midnight."""
        value = (self._scalar() or "").strip()
        if ends and value == "24:00":
            return time(0)
        if re.fullmatch(r"[0-9]{1,2}:[0-9]{2}", value):
            hour, minute = (int(part) for part in value.split(":"))
            if hour < 24 and minute < 60:
                return time(hour, minute)
        self._wrong("a time of day", "one such as 06:00 or 22:30")
        return None

    def date(self) -> date | None:
        """A date such as 2026-12-24."""
        value = (self._scalar() or "").strip()
        try:
            if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
                return date.fromisoformat(value)
        except ValueError:
            pass
        self._wrong("a date", "one such as 2026-12-24")
        return None

    def local_datetime(self) -> datetime | None:
        """A local date and time such as 2026-12-24 06:00, without a zone."""
        value = (self._scalar() or "").strip()
        try:
            if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2})?", value):
                return datetime.fromisoformat(value)
        except ValueError:
            pass
        self._wrong("a local date and time", "one such as 2026-12-24 06:00")
        return None

    def _scalar(self) -> str | None:
        return str(self.node.value) if isinstance(self.node, yaml.ScalarNode) else None

    def _wrong(self, expected: str, example: str) -> None:
        if self.is_absent:
            self.report(f"{expected} is missing here", f"Write {example}")
        else:
            self.report(f"{self.shown()} is not {expected}", f"Write {example}")


@dataclass(frozen=True)
class Key(Field):
    """The key of a mapping entry."""

    text_value: str
