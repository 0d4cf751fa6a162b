"""The follower of the pair as a process."""

from __future__ import annotations

from namespace.runtime import Service, main
from tests.benchmarks.consumers.event_pair import FOLLOWER, follow

if __name__ == "__main__":
    main(Service(contract=FOLLOWER, compose=follow))
