"""Inflating compressed payloads, up to a limit.

Compression is Tahu's practice and not part of Sparkplug 3.0: the payload carries the uuid below, the real one
sits deflated in `body`, and a metric `algorithm` names GZIP or DEFLATE. We read it, because peers send it,
and never send it ourselves.
"""

import zlib
from typing import Final

from namespace.sparkplug.errors import Reason, RemoteProtocolError

COMPRESSED_UUID: Final = "SPBV1.0_COMPRESSED"
DEFAULT_ALGORITHM: Final = "DEFLATE"
_WINDOW_BITS = {"DEFLATE": zlib.MAX_WBITS, "GZIP": zlib.MAX_WBITS | 16}


def inflate(data: bytes, algorithm: str, limit: int) -> bytes:
    """Return what was compressed.

    Args:
        data: the body of a compressed payload.
        algorithm: `DEFLATE` (with zlib's header, as java.util.zip writes it) or `GZIP`, in any case.
        limit: bytes after inflating; a body that holds more is refused before they are made.

    Raises:
        RemoteProtocolError: unknown algorithm, broken or cut data, or more than `limit` bytes.
    """
    window_bits = _WINDOW_BITS.get(algorithm.upper())
    if window_bits is None:
        raise RemoteProtocolError(Reason.COMPRESSION, f"unknown algorithm {algorithm[:40]!r}")
    machine = zlib.decompressobj(window_bits)
    try:
        content = machine.decompress(data, limit + 1)
    except zlib.error as error:
        raise RemoteProtocolError(Reason.COMPRESSION, str(error)) from None
    if len(content) > limit:
        raise RemoteProtocolError(Reason.DECOMPRESSED_SIZE, f"more than {limit} bytes after inflating")
    if not machine.eof:
        raise RemoteProtocolError(Reason.COMPRESSION, "the compressed body is cut short")
    return content
