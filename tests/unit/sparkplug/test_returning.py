"""Who is asked for a rebirth after our own connection was gone, and who comes back by himself."""

from namespace.sparkplug import (
    DataType,
    EdgeNodeConfig,
    EdgeNodeDescriptor,
    EdgeNodeSession,
    HostEvent,
    HostSession,
    HostSettings,
    MetricDefinition,
    MetricUpdate,
    RebirthWanted,
    WantedReason,
)

NOW = 1_700_000_000_000


def _three_lines(
    quiet_ms: int = 1_000, *, per_s: int = 200, spread_ms: int = 0
) -> tuple[HostSession, list[EdgeNodeSession]]:
    """Return a host that has just connected again, and the three edge nodes that it knew before."""
    settings = HostSettings(rebirth_quiet_ms=quiet_ms, rebirths_per_s=per_s, rebirth_spread_ms=spread_ms)
    host, edges = HostSession(settings), []
    for name in ("a", "b", "c"):
        version = MetricDefinition(name="version", datatype=DataType.String, value="1")
        edge = EdgeNodeSession(EdgeNodeConfig(group_id="g", edge_node_id=name), [version], {})
        _comes_back(host, edge, 1, NOW)
        edges.append(edge)
    host.disconnected(NOW)
    host.connected(NOW)
    return host, edges


def _comes_back(host: HostSession, edge: EdgeNodeSession, bd_seq: int, now_ms: int, *, is_heard: bool = True) -> None:
    edge.disconnected()
    edge.connect(bd_seq, now_ms)
    for message in edge.subscribed(now_ms):
        if is_heard:
            host.receive(message.topic, message.payload, now_ms)


def _says(host: HostSession, edge: EdgeNodeSession, now_ms: int) -> list[HostEvent]:
    (message,) = edge.update(None, [MetricUpdate("version", "2")], now_ms, force=True)
    return host.receive(message.topic, message.payload, now_ms)


def _answers(host: HostSession, edge: EdgeNodeSession, now_ms: int) -> None:
    for message in edge.rebirth(now_ms):
        host.receive(message.topic, message.payload, now_ms)


def _asked(events: list[HostEvent]) -> list[str]:
    return [event.edge_node.edge_node_id for event in events if isinstance(event, RebirthWanted)]


def test_who_comes_back_by_himself_when_the_broker_does_is_not_asked_for_a_rebirth() -> None:
    """A thousand nodes were asked while they were signing in, and said everything twice."""
    host, (a, b, c) = _three_lines()
    _comes_back(host, a, 2, NOW + 100)
    assert host.tick(NOW + 1_000) == []
    _comes_back(host, b, 2, NOW + 1_050)
    assert host.tick(NOW + 2_000) == []
    assert host.tick(NOW + 2_050) == [RebirthWanted(EdgeNodeDescriptor("g", "c"), WantedReason.CONNECTION_LOST)]
    _comes_back(host, c, 2, NOW + 2_100)
    assert host.tick(NOW + 60_000) == []


def test_who_came_back_while_a_snapshot_was_taken_is_a_sign_that_others_do() -> None:
    host, (a, b, _) = _three_lines()
    host.disconnected(NOW + 1)
    _comes_back(host, a, 2, NOW + 100)
    host.connected(NOW + 200)
    assert host.tick(NOW + 450) == []
    _comes_back(host, b, 2, NOW + 500)
    assert host.tick(NOW + 1_450) == []
    wanted = host.tick(NOW + 1_700)
    assert wanted == [RebirthWanted(EdgeNodeDescriptor("g", "c"), WantedReason.CONNECTION_LOST)]


def test_one_that_was_never_heard_before_is_a_sign_that_others_come_back() -> None:
    host, _ = _three_lines()
    _comes_back(host, EdgeNodeSession(EdgeNodeConfig(group_id="g", edge_node_id="d")), 0, NOW + 500)

    assert _asked(host.tick(NOW + 1_400)) == []
    assert _asked(host.tick(NOW + 1_500)) == ["a", "b", "c"]


def test_who_was_too_busy_to_listen_does_not_take_that_for_quiet() -> None:
    host, (a, _, _) = _three_lines(quiet_ms=2_000)
    _comes_back(host, a, 2, NOW + 100)
    assert host.tick(NOW + 20_000) == []
    assert host.tick(NOW + 20_900) == []
    assert len(host.tick(NOW + 21_100)) == 2


def test_a_rebirth_that_was_asked_for_keeps_nobody_else_from_being_asked() -> None:
    """It says that our connection alone was gone."""
    host, (a, _, _) = _three_lines()
    for message in a.rebirth(NOW + 100):
        host.receive(message.topic, message.payload, NOW + 100)
    wanted = host.tick(NOW + 150)
    assert [event.edge_node.edge_node_id for event in wanted if isinstance(event, RebirthWanted)] == ["b", "c"]


def test_a_node_that_never_stops_coming_back_keeps_others_waiting_for_a_minute_at_most() -> None:
    host, (a, _, _) = _three_lines()
    for number in range(119):
        _comes_back(host, a, number + 2, NOW + 500 * number)
        assert host.tick(NOW + 500 * number + 400) == []
    _comes_back(host, a, 250, NOW + 59_900)
    assert len(host.tick(NOW + 60_000)) == 2


def test_who_speaks_without_having_been_heard_born_is_there_and_its_answer_keeps_nobody_waiting() -> None:
    """Of a thousand nodes some were born before we were connected; each that was found out kept the others waiting, one after the other."""
    host, (a, b, _) = _three_lines()
    _comes_back(host, a, 2, NOW, is_heard=False)
    _comes_back(host, b, 2, NOW + 100)
    assert _asked(_says(host, a, NOW + 500)) == ["a"]
    _answers(host, a, NOW + 700)

    assert _asked(host.tick(NOW + 1_050)) == []
    assert _asked(host.tick(NOW + 1_100)) == ["c"]


def test_who_was_asked_and_answers_from_a_new_session_keeps_nobody_waiting() -> None:
    """It was back before, unheard; so may the others be, and within the budget each has its turn."""
    host, edges = _three_lines(per_s=1)
    for edge in edges:
        _comes_back(host, edge, 2, NOW, is_heard=False)
    asked = []
    for number, edge in enumerate(edges, 1):
        asked += _asked(host.tick(NOW + 1_000 * number))
        _answers(host, edge, NOW + 1_000 * number + 500)

    assert asked == ["a", "b", "c"]


def test_who_was_asked_in_vain_and_comes_back_later_does_so_by_himself() -> None:
    """The broker was there before the edge nodes had given up waiting: now they come, one after the other."""
    host, (a, _, _) = _three_lines()
    assert _asked(host.tick(NOW + 1_000)) == ["a", "b", "c"]
    _comes_back(host, a, 2, NOW + 6_000)

    assert _asked(host.tick(NOW + 6_900)) == []
    assert _asked(host.tick(NOW + 7_000)) == ["b", "c"]


def test_what_was_heard_through_the_connection_before_says_nothing_of_who_is_there() -> None:
    host, (a, _, _) = _three_lines()
    _comes_back(host, a, 2, NOW, is_heard=False)
    assert _asked(_says(host, a, NOW + 100)) == ["a"]
    host.disconnected(NOW + 200)
    host.connected(NOW + 200)
    _comes_back(host, a, 3, NOW + 900)

    assert _asked(host.tick(NOW + 1_800)) == []
    assert _asked(host.tick(NOW + 1_900)) == ["b", "c"]


def test_who_is_known_to_be_there_is_asked_while_others_come_back() -> None:
    """Where first requests are spread over time, its turn may come in the middle of that."""
    host, (a, b, _) = _three_lines(spread_ms=5_000)
    _comes_back(host, a, 2, NOW, is_heard=False)
    asked = _asked(_says(host, a, NOW))
    for number in range(10):
        _comes_back(host, b, 2 + number, NOW + 500 * number)
        asked += _asked(host.tick(NOW + 500 * number + 400))
    asked += _asked(host.tick(NOW + 5_000))

    assert asked == ["a"]
