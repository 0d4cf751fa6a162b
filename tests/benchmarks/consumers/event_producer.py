"""The producer of the pair as a process."""

from __future__ import annotations

from namespace.runtime import Service, main
from tests.benchmarks.consumers.event_pair import PRODUCER, produce

if __name__ == "__main__":
    main(Service(contract=PRODUCER, compose=produce))
