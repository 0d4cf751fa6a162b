"""CPU time of a data message, side by side: every consumer is saturated by the same bytes, in interleaved rounds."""

from __future__ import annotations

from collections.abc import Sequence

from tests.benchmarks import corpus, profile
from tests.benchmarks.contestants import (
    CALIBRATOR,
    COUNTER,
    NODE,
    OWN,
    PAHO,
    PEERS,
    PLAIN,
    Broken,
    Contestant,
    Measured,
    is_compiled,
    measure,
)
from tests.benchmarks.corpus import Corpus
from tests.benchmarks.environments import CACHE, Missing
from tests.benchmarks.rounds import Gate, Outcome, Row, Spread, against_goal, ratios
from tests.benchmarks.run import Run
from tests.benchmarks.stand_in import marker

_GATES = {COUNTER.name: Gate(2.5), PAHO.name: Gate(0.4), NODE.name: Gate(0.6), "pysparkplug": Gate(0.12)}
_BUDGET_US = 13.0
_QUICK = (PLAIN, COUNTER, PAHO)


def calibrate(run: Run) -> None:
    """Note how fast the machine is now."""
    one = _one(CALIBRATOR, _traffic(CALIBRATOR), CALIBRATOR.command())
    run.calibration.figures.append(one.cpu_us)
    run.calibration.stretches.append(one.wall_s / (one.user_s + one.system_s))


def measured(run: Run) -> list[Row]:
    """Return a row for each consumer."""
    commands: dict[str, Sequence[object]] = {OWN.name: OWN.command()}
    missing: dict[str, str] = {}
    peers = [peer for peer in (PLAIN, *PEERS) if not run.is_quick or peer in _QUICK]
    for peer in peers:
        try:
            commands[peer.name] = peer.command()
        except Missing as reason:
            missing[peer.name] = str(reason)
    contestants = [each for each in (OWN, *peers) if each.name in commands]
    traffic = {each.name: _traffic(each) for each in contestants}
    found: dict[str, list[Measured]] = {each.name: [] for each in contestants}
    void: dict[str, str] = {}
    for number in range(run.rounds):
        for each in contestants:
            if each.name in void:
                continue
            run.say(f"ingest, round {number + 1} of {run.rounds}: {each.name}")
            try:
                one = _one(each, traffic[each.name], commands[each.name])
                _check(each, one, traffic[each.name])
                found[each.name].append(one)
            except Broken as reason:
                void[each.name] = str(reason)
    rows = [_row(each, found, void, missing) for each in (OWN, *peers)]
    if PLAIN.name not in missing:
        gated = [peer for peer in peers if peer.name in _GATES]
        rows += [_row(peer, found, void, missing, ours=PLAIN) for peer in gated]
    if any(run.judged(row).outcome is Outcome.FAIL for row in rows):
        run.say("ingest, profile")
        run.profiles["ingest"] = profile.of_ingest(traffic[OWN.name])
    return rows


def _traffic(contestant: Contestant) -> Corpus:
    return corpus.load(CACHE, messages=contestant.messages, named=contestant.named)


def _one(contestant: Contestant, traffic: Corpus, command: Sequence[object]) -> Measured:
    data = traffic.first(contestant.messages)
    stages = [traffic.births, marker("begin"), data] if contestant.marked else [traffic.births, data]
    return measure([str(part) for part in command], stages, contestant.messages, marked=contestant.marked)


def _check(contestant: Contestant, one: Measured, traffic: Corpus) -> None:
    if one.messages != contestant.messages:
        raise Broken(f"{one.messages} of {contestant.messages} messages")
    if contestant.keeps_state and one.checksum != traffic.checksums[contestant.messages]:
        raise Broken("its state is not the one that was sent")


def _row(
    contestant: Contestant,
    found: dict[str, list[Measured]],
    void: dict[str, str],
    missing: dict[str, str],
    *,
    ours: Contestant = OWN,
) -> Row:
    """Return the row of a contestant; a peer's is judged by what one of ours needs of the time that it needs."""
    name = contestant.name
    what = contestant.what
    own = [one.cpu_us for one in found[ours.name]]
    if contestant in (OWN, PLAIN):
        identity = f"ingest-{name}"
        if name in missing:
            return Row(identity, what, skipped=missing[name], gate=Gate(1.0))
        if name in void:
            return Row(identity, what, void=void[name], gate=Gate(1.0))
        mine = found[name]
        figures = [one.cpu_us for one in mine]
        how = "" if contestant is PLAIN else "with compiled steps, " if is_compiled() else "in plain Python, "
        metrics_per_s = corpus.METRICS / Spread.of(figures).median
        note = f"{how}{metrics_per_s:.2f} M metrics/s a core, {mine[-1].rss_kb / 1024:.0f} MB"
        return against_goal(identity, what, figures, "us CPU/message", _BUDGET_US, note=note)
    identity = f"ingest-{name}" if ours is OWN else f"ingest-{ours.name}-{name}"
    gate = _GATES.get(name)
    if name in missing:
        return Row(identity, what, skipped=missing[name], gate=gate)
    if name in void:
        return Row(identity, what, skipped=f"void: {void[name]}", gate=gate)
    theirs = [one.cpu_us for one in found[name]]
    if ours.name in void:
        return Row(identity, what, figure=Spread.of(theirs), unit="us CPU/message", void=void[ours.name], gate=gate)
    return Row(
        identity,
        what,
        figure=Spread.of(theirs),
        unit="us CPU/message",
        ratio=ratios(own, theirs),
        against=f"{'ours' if ours is OWN else ours.name} / {name}",
        gate=gate,
    )
