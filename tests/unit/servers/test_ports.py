"""Finding ports nobody else is going to use."""

from __future__ import annotations

from namespace.servers import ports


def test_ports_are_all_different_and_none_of_those_that_are_spoken_for() -> None:
    spoken_for = set(ports.free_ports(400))
    found = ports.free_ports(500, besides=spoken_for)
    assert len(spoken_for) == 400
    assert len(set(found)) == 500
    assert not spoken_for & set(found)
