"""The rows of a snapshot, as whoever joins late reads them."""

import pytest

from namespace.contracts.snapshot import SnapshotReader, snapshot_rows
from namespace.sparkplug import DataType, EdgeNodeDescriptor, Metric, NodeSnapshot, RemoteProtocolError

NODES = tuple(
    NodeSnapshot(
        edge_node=EdgeNodeDescriptor("Plant", name),
        online=True,
        bd_seq=1,
        seq=0,
        sent_at=1_700_000_000_005,
        born_at=1_700_000_000_000,
        metrics=(Metric(name="m", timestamp=5, datatype=DataType.Int64, value=-1),),
        devices=(),
    )
    for name in ("a", "b", "c")
)


def test_an_edge_node_of_which_nothing_could_be_learned_is_passed_over_unread() -> None:
    """Its rows may say what they want, wherever they stand."""
    a, c = (list(snapshot_rows(node)) for node in (NODES[0], NODES[2]))
    b = list(snapshot_rows(NODES[1], lambda device_id: ["m"]))
    useless = [{**row, "metrics": "no base 64!"} for row in (*a, *c)]
    known = {NODES[0].edge_node, NODES[2].edge_node}
    reader = SnapshotReader(known.__contains__)
    found = reader.take([useless[0], *b, useless[1]])
    assert reader.quarantined == [(NODES[1].edge_node, None, "m")]

    assert [*found, *reader.rest()] == [NODES[1]]
    assert reader.quarantined == []
    with pytest.raises(RemoteProtocolError):
        SnapshotReader().take([useless[0], *b])


def test_who_else_claims_its_places_is_learned_also_of_an_edge_node_that_is_known() -> None:
    reader = SnapshotReader(lambda node: True)
    reader.take(list(snapshot_rows(NODES[0], lambda device_id: ["m"])))

    assert reader.rest() == [NODES[0]]
    assert reader.quarantined == [(NODES[0].edge_node, None, "m")]


@pytest.mark.parametrize("edge_node", [None, 5, "a", "Plant/a/b"])
def test_a_row_of_no_edge_node_is_refused(edge_node: object) -> None:
    """Also where some are passed over."""
    reader = SnapshotReader(lambda node: True)
    reader.take([{**row, "edge_node": edge_node} for row in snapshot_rows(NODES[0])])

    with pytest.raises(RemoteProtocolError):
        reader.rest()
