"""Nobody who has much to say keeps others from being heard."""

from __future__ import annotations

from services.namespace_state.application.turns import Turns


def served(turns: Turns, count: int) -> list[str]:
    return list(turns.take(count))


def test_a_lane_with_many_topics_leaves_the_others_their_turns() -> None:
    turns = Turns()
    for number in range(100_000):
        turns.add("loud", f"loud/{number}")
    turns.add("calm", "calm/1")
    turns.add("calm", "calm/2")
    assert served(turns, 4) == ["loud/0", "calm/1", "loud/1", "calm/2"]
    turns.add("late", "late/1")
    assert "late/1" in served(turns, 2)


def test_who_was_served_comes_after_those_who_were_not() -> None:
    turns = Turns()
    for lane in ("a", "b", "c"):
        for number in (1, 2):
            turns.add(lane, f"{lane}{number}")
    assert [served(turns, 2) for _ in range(3)] == [["a1", "b1"], ["c1", "a2"], ["b2", "c2"]]


def test_a_topic_waits_once_and_not_at_all_when_it_was_removed() -> None:
    turns = Turns()
    turns.add("a", "t")
    turns.add("b", "t")
    turns.remove("t")
    assert "t" not in turns
    assert served(turns, 2) == []
    turns.add("b", "t")
    turns.add("a", "t")
    assert served(turns, 2) == ["t"]
    assert "t" not in turns
    assert served(turns, 2) == []
