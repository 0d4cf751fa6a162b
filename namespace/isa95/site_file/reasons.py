"""The `reasons` of a site file: why time is lost, and what of it machines say themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType

from namespace.isa95.reasons import MAX_LEVELS, AutomaticReason, LossClass, Reason, ReasonTree
from namespace.isa95.site_file.document import Field, did_you_mean
from namespace.isa95.state_model import TimeElement

CAUSES = (
    "held", "blocked", "starved", "suspended", "failure", "stopped", "setup", "changeover", "running without counting",
    "service", "no order",
)  # fmt: skip
"""What state, mode and interlocks can tell (`Cause` of the OEE service)."""

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
_LOSSES = tuple(loss.name.lower() for loss in LossClass if loss is not LossClass.UNKNOWN)
_ELEMENTS = ("AUST", "ADET", "ADOT", "PDOT")
_KEYS = ("code", "name", "loss", "element", "planned", "owner", "retired", "reasons")


@dataclass
class _Tree:
    reasons: dict[str, Reason] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)

    def add(self, item: Field, parent: Reason | None) -> None:
        entries = item.mapping(_KEYS, required=("code", "name"))
        code = entries["code"].text() if "code" in entries else None
        name = entries["name"].text() if "name" in entries else None
        if code is None or name is None or not self._accepts(entries["code"], code, parent):
            return
        loss = entries["loss"].one_of(_LOSSES) if "loss" in entries else None
        element = entries["element"].one_of(_ELEMENTS) if "element" in entries else None
        planned = entries["planned"].boolean() if "planned" in entries else None
        owner = entries["owner"].text() if "owner" in entries else None
        retired = entries["retired"].boolean() if "retired" in entries else None
        above = parent or Reason("", "")
        reason = Reason(
            code,
            name,
            (*parent.parents, parent.code) if parent else (),
            above.loss if loss is None else LossClass[loss.upper()],
            above.element if element is None else TimeElement(element),
            above.planned if planned is None else planned,
            above.owner if owner is None else owner,
            above.retired or bool(retired),
        )
        self.reasons[code], self.lines[code] = reason, item.line
        for below in entries["reasons"].items() if "reasons" in entries else []:
            self.add(below, reason)

    def _accepts(self, field: Field, code: str, parent: Reason | None) -> bool:
        if not _CODE.fullmatch(code):
            field.report(
                f'"{code}" is not a reason code', "Write up to 40 letters, digits, dots, dashes or underscores"
            )
        elif code in self.reasons:
            field.report(
                f'"{code}" is there twice, first on line {self.lines[code]}', "A code has one meaning: choose another"
            )
        elif parent is not None and len(parent.parents) + 2 > MAX_LEVELS:
            field.report(f'"{code}" is on level {MAX_LEVELS + 1}', f"A tree of reasons has at most {MAX_LEVELS} levels")
        else:
            return True
        return False


def read_reasons(field: Field) -> ReasonTree:
    """The tree; parts that have problems are left out after they are reported."""
    entries = field.mapping(("version", "tree", "automatic"), required=("tree",))
    tree = _Tree()
    for item in entries["tree"].items() if "tree" in entries else []:
        tree.add(item, None)
    automatic = [_read_automatic(item, tree) for item in entries["automatic"].items()] if "automatic" in entries else []
    version = entries["version"].integer(1, 1_000_000) if "version" in entries else None
    found = tuple(rule for rule in automatic if rule is not None)
    return ReasonTree(version or 1, MappingProxyType(tree.reasons), found)


def _read_automatic(field: Field, tree: _Tree) -> AutomaticReason | None:
    entries = field.mapping(("code", "stop_reason", "cause"), required=("code",))
    code = entries["code"].text() if "code" in entries else None
    stop_reason = entries["stop_reason"].integer(-(2**31), 2**32) if "stop_reason" in entries else None
    cause = entries["cause"].one_of(CAUSES) if "cause" in entries else None
    if not ("stop_reason" in entries or "cause" in entries):
        field.report("every stop would get this reason", "Say for which `stop_reason` or `cause` it is")
    if code is None:
        return None
    if code not in tree.reasons:
        entries["code"].report(
            f'no reason has the code "{code}"', did_you_mean(code, tree.reasons, "Write it into the `tree` first")
        )
        return None
    return AutomaticReason(code, stop_reason, cause)
