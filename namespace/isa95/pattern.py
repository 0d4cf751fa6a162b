"""Globs with captures over one name, and templates that the captures fill: what mapping rules are written in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

_TOKEN = re.compile(
    r"\{(?P<name>[a-z][a-z0-9_]*)(?P<deep>:\*\*)?\}|(?P<glob>\*\*|\*)|(?P<stray>[{}])|(?P<text>[^{}*]+)"
)
_SEGMENT, _DEEP = "[^/]+", ".+"


class PatternError(ValueError):
    """A pattern or template is not well formed, or uses a capture that nothing sets."""


@dataclass(frozen=True)
class Pattern:
    """A glob over one name: literal text, `*` and `**`, captures `{line}` and `{tag:**}`.

    `*` and `{line}` stand for one or more characters other than `/`, `**` and `{tag:**}` for one or more of
    any kind. A capture that occurs twice must have the same text both times. Letter case matters.
    """

    text: str

    @cached_property
    def captures(self) -> frozenset[str]:
        """The names that a match sets."""
        return frozenset(match["name"] for match in _tokens(self.text) if match["name"])

    @cached_property
    def is_literal(self) -> bool:
        """Whether it matches exactly one name, itself."""
        return all(match["text"] for match in _tokens(self.text))

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        seen: set[str] = set()
        parts = []
        for match in _tokens(self.text):
            name = match["name"]
            if match["text"]:
                parts.append(re.escape(match["text"]))
            elif match["glob"]:
                parts.append(_DEEP if match["glob"] == "**" else _SEGMENT)
            elif name in seen:
                parts.append(f"(?P={name})")
            else:
                seen.add(name)
                parts.append(f"(?P<{name}>{_DEEP if match['deep'] else _SEGMENT})")
        return re.compile("".join(parts), re.DOTALL)

    def check(self) -> None:
        """Refuse a malformed pattern.

        Raises:
            PatternError: a brace stands alone or encloses no capture name, or the pattern is empty.
        """
        if not self.text:
            raise PatternError("a pattern is not empty")
        for match in _tokens(self.text):
            if match["stray"]:
                raise PatternError(
                    f"a lone {match['stray']!r} in {self.text!r}; captures look like {{line}} or {{tag:**}}"
                )

    def match(self, name: str) -> dict[str, str] | None:
        """The captures if `name` fits as a whole (maybe none of them), else None."""
        found = self._regex.fullmatch(name)
        return None if found is None else found.groupdict()


def fill(template: str, captures: dict[str, str]) -> str:
    """Put captured texts into a template.

    Args:
        template: text with `{name}` where a capture goes.
        captures: text by capture name.

    Raises:
        PatternError: the template has a glob, a lone brace, or a name that is not among the captures.
    """
    parts = []
    for match in _tokens(template):
        if match["glob"] or match["stray"]:
            raise PatternError(
                f"{match[0]!r} in {template!r}; a name to map to has only text and captures like {{line}}"
            )
        name = match["name"]
        if name is None:
            parts.append(match["text"])
        elif name in captures:
            parts.append(captures[name])
        else:
            known = ", ".join(f"{{{item}}}" for item in sorted(captures)) or "none"
            raise PatternError(f"{{{name}}} in {template!r} is captured nowhere in this rule (captured: {known})")
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class MetricRule:
    """How one metric name, or one family of them, is renamed.

    Attributes:
        pattern: what the foreign node calls it.
        template: canonical name, with the captures of the whole rule.
    """

    pattern: Pattern
    template: str


def _tokens(text: str) -> list[re.Match[str]]:
    return list(_TOKEN.finditer(text))
