"""Latest values with revisions: what a reader gets is always enough to be up to date."""

from hypothesis import given, settings
from hypothesis import strategies as st

from services.console.application.changes import Changes, Revision

KEYS = st.sampled_from("abcd")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), KEYS, st.integers(0, 9)),
        st.tuples(st.just("remove"), KEYS, st.just(0)),
        st.tuples(st.just("read"), st.just(""), st.just(0)),
    ),
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(steps=STEPS, tombstones=st.integers(0, 3))
def test_a_reader_that_follows_differences_holds_the_same_as_the_map(
    steps: list[tuple[str, str, int]], tombstones: int
) -> None:
    revision = Revision()
    changes: Changes[str, int] = Changes(revision, tombstones=tombstones)
    truth: dict[str, int] = {}
    held: dict[str, int] = {}
    seen = 0
    for action, key, value in [*steps, ("read", "", 0)]:
        if action == "put":
            changes.put(key, value)
            truth[key] = value
        elif action == "remove":
            changes.remove(key)
            truth.pop(key, None)
        else:
            if seen < changes.forgotten:
                held, seen = {}, 0
            for changed, newest in changes.since(seen):
                if newest is None:
                    held.pop(changed, None)
                else:
                    held[changed] = newest
            seen = revision.current
            assert held == truth
    assert sorted(changes.values()) == sorted(truth.values())


def test_many_changes_of_one_key_are_one_difference() -> None:
    changes: Changes[str, int] = Changes(Revision())
    for value in range(100):
        changes.put("a", value)
    assert changes.since(0) == [("a", 99)]


def test_differences_come_in_the_order_of_their_last_change() -> None:
    changes: Changes[str, int] = Changes(Revision())
    changes.put("a", 1)
    changes.put("b", 2)
    changes.put("a", 3)
    assert [key for key, _ in changes.since(0)] == ["b", "a"]
