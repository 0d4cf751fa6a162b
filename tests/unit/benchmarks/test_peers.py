"""The peers of `make bench` are pinned: every package with a hash, none with an address."""

from __future__ import annotations

import json
import re

from tests.benchmarks.contestants import PEERS as CONTESTANTS
from tests.benchmarks.environments import PEERS


def test_every_python_peer_is_locked_with_hashes_and_no_address() -> None:
    locks = sorted(PEERS.glob("*.txt"))
    assert len(locks) == 5
    for lock in locks:
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text, lock.name
        for requirement in filter(str.strip, re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)):
            assert "--hash=sha256:" in requirement, requirement.splitlines()[0]


def test_the_node_peer_is_locked_with_hashes_and_no_address() -> None:
    packages = json.loads((PEERS / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for name, entry in packages.items():
        assert "resolved" not in entry, name
        assert not name or "integrity" in entry, name


def test_every_contestant_has_a_name_of_its_own_and_a_count_whose_state_is_known() -> None:
    from tests.benchmarks.corpus import MARKS

    names = [each.name for each in CONTESTANTS]
    assert len(set(names)) == len(names)
    for each in CONTESTANTS:
        assert not each.keeps_state or each.messages in MARKS, each.name
