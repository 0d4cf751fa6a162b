"""The outer shape of a payload: parse the protobuf, inflate it if need be, hold it to the size limits.

Metrics are not looked into here; `decoder.py` reads them one by one, so that a session can refuse one and
keep the rest.
"""

from google.protobuf.message import DecodeError

from namespace.sparkplug._pb import sparkplug_b_pb2 as pb
from namespace.sparkplug.compression import COMPRESSED_UUID, DEFAULT_ALGORITHM, inflate
from namespace.sparkplug.errors import Reason, RemoteProtocolError
from namespace.sparkplug.payload import Limits

_LEAST_METRIC_BYTES = 2


def parse_payload(data: bytes, limits: Limits) -> pb.Payload:
    """Parse the protobuf frame of a payload and inflate it if need be; metrics are not looked into yet.

    Raises:
        RemoteProtocolError: no protobuf, too large, too many metrics, or badly compressed.
    """
    if len(data) > limits.payload_bytes:
        raise RemoteProtocolError(Reason.PAYLOAD_SIZE, f"{len(data)} bytes, at most {limits.payload_bytes}")
    message = _parse(data)
    if message.uuid == COMPRESSED_UUID:
        outer = message
        data = inflate(outer.body, _algorithm_of(outer), limits.decompressed_bytes)
        message = _parse(data)
        if message.uuid == COMPRESSED_UUID:
            raise RemoteProtocolError(Reason.COMPRESSION, "compressed twice")
        if outer.HasField("seq") and not message.HasField("seq"):
            message.seq = outer.seq
    if len(data) > limits.metrics * _LEAST_METRIC_BYTES and len(message.metrics) > limits.metrics:
        raise RemoteProtocolError(Reason.METRIC_COUNT, f"{len(message.metrics)} metrics, at most {limits.metrics}")
    return message


def _parse(data: bytes) -> pb.Payload:
    try:
        return pb.Payload.FromString(data)
    except DecodeError as error:
        raise RemoteProtocolError(Reason.PROTOBUF, str(error)) from None


def _algorithm_of(message: pb.Payload) -> str:
    for metric in message.metrics:
        if metric.name == "algorithm":
            return text_of(metric.string_value)
    return DEFAULT_ALGORITHM


def seq_of(message: pb.Payload) -> int | None:
    """Return the sequence number of a payload, None when it has none.

    Raises:
        RemoteProtocolError: it is above 255 (tck-id-payloads-sequence-num-incrementing).
    """
    if not message.HasField("seq"):
        return None
    if message.seq > 255:
        raise RemoteProtocolError(Reason.SEQ, f"seq {message.seq} is above 255")
    return message.seq


def text_of(raw: str | bytes) -> str:
    """Return text as it is.

    Raises:
        RemoteProtocolError: it is not UTF-8; the parser hands such text over as bytes.
    """
    if isinstance(raw, str):
        return raw
    raise RemoteProtocolError(Reason.UTF8, "a text is not valid UTF-8")
