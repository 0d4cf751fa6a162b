"""The optional compiled step of the recorder, `_fast/columns.c`."""

from __future__ import annotations

from namespace.runtime.accelerated import compiled
from namespace.sparkplug import Slot
from services.historian.application.recorder import Extend
from services.historian.domain.tag import Tag


def compiled_extend() -> Extend | None:
    """Return it where `make accelerate` built it and nothing switches it off."""
    module = compiled("services.historian.adapters._fast.columns")
    if module is None:
        return None
    module.prepare(Slot, Tag)
    extend: Extend = module.extend
    return extend
