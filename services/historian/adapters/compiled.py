"""The optional compiled steps of the historian: the recorder's, `_fast/columns.c`, and the journal's, `_fast/rows.c`."""

from __future__ import annotations

from namespace.runtime.accelerated import compiled
from namespace.sparkplug import Columns as Heard
from namespace.sparkplug import Data, Quality, Slot
from services.historian.adapters.postgres import Encode
from services.historian.application.recorder import Take
from services.historian.domain.batch import Batch, Columns
from services.historian.domain.tag import Tag


def compiled_take() -> Take | None:
    """Return it where `make accelerate` built it and nothing switches it off."""
    module = compiled("services.historian.adapters._fast.columns")
    if module is None:
        return None
    module.prepare(Slot, Tag, Data, Heard, Batch, Columns, int(Quality.GOOD))
    take: Take = module.take
    return take


def compiled_encode() -> Encode | None:
    """Return the writing of rows for COPY where `make accelerate` built it and nothing switches it off."""
    module = compiled("services.historian.adapters._fast.rows")
    if module is None:
        return None
    module.prepare(Tag)
    encode: Encode = module.encode
    return encode
