"""A whole Sparkplug payload and the limits within which we read one."""

from dataclasses import dataclass

from namespace.sparkplug.metric import Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """One message.

    Attributes:
        timestamp: when it was sent, ms since the epoch, UTC.
        seq: 0..255; None where there is none (NDEATH, NCMD, DCMD).
        uuid: names the form of `body`, for payloads that bypass the metrics.
    """

    timestamp: int | None = None
    metrics: tuple[Metric, ...] = ()
    seq: int | None = None
    uuid: str | None = None
    body: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of somebody else's payload we are willing to read; beyond, it is refused.

    Attributes:
        payload_bytes: size on the wire. 4 MiB is a birth of some 40,000 metrics.
        decompressed_bytes: size after inflating a compressed payload.
        metrics: top-level metrics in one payload.
        values: everything that becomes an object: metrics at any depth, cells, properties, array elements.
        depth: how deep templates and property sets may nest.
    """

    payload_bytes: int = 4 << 20
    decompressed_bytes: int = 16 << 20
    metrics: int = 100_000
    values: int = 500_000
    depth: int = 8


DEFAULT_LIMITS = Limits()
