"""Our contestant of `make bench` is put together as the historian is: it has to follow when that changes."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks import corpus
from tests.benchmarks.contestants import measure, ours
from tests.benchmarks.stand_in import marker

_MESSAGES = 1_000


def test_ours_takes_in_the_stream_of_the_stand_in_and_ends_in_the_state_that_was_sent(tmp_path: Path) -> None:
    traffic = corpus.load(tmp_path, messages=_MESSAGES)
    stages = [traffic.births, marker("begin"), traffic.first(_MESSAGES)]
    found = measure(ours("own"), stages, _MESSAGES, marked=True)
    assert found.messages == _MESSAGES
    assert found.checksum == traffic.checksums[_MESSAGES]
