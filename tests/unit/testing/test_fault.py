"""What the schedule of faults promises: the same for the same seed, and nobody is spared."""

from __future__ import annotations

from itertools import islice

from namespace.testing.chaos.fault import FaultKind, draw_rounds

SERVICES = ("historian", "oee", "work_order")


def test_the_same_seed_draws_the_same_rounds() -> None:
    first, second = (list(islice(draw_rounds(7, SERVICES), 50)) for _ in range(2))
    assert first == second
    assert first != list(islice(draw_rounds(8, SERVICES), 50))


def test_every_kind_of_fault_meets_every_target_in_the_long_run() -> None:
    faults = {each for round_ in islice(draw_rounds(1, SERVICES, clients=("meters",)), 400) for each in round_}
    met = {(each.kind, each.target, each.link) for each in faults}
    killed = {target for kind, target, _ in met if kind is FaultKind.KILL}
    assert killed == {*SERVICES, "meters", "broker", "database"}
    links = {(name, link) for name in SERVICES for link in ("broker", "database")} | {("meters", "broker")}
    for kind in set(FaultKind) - {FaultKind.KILL, FaultKind.PAUSE, FaultKind.DROP, FaultKind.DUPLICATE}:
        assert {(target, link) for found, target, link in met if found is kind} == links
