"""Edge nodes of the fake site: services, controllers of the lines, one node that no mapping rule places."""

from datetime import datetime, timedelta

from services.console.ports import NodeView

MES = ("mes-work-order", "mes-oee", "mes-namespace-state", "mes-console", "mes-simulator")
_CATCHING_UP = "catching up with work_order: 1,204 events behind"


def mes_service(name: str, *, seq: int, started: datetime, now: datetime) -> NodeView:
    """Return a service's node; oee is catching up at first."""
    behind = name == "mes-oee" and seq <= 20
    return NodeView(
        group_id="Acme:Dallas",
        edge_node_id=name,
        kind="mes",
        state="online",
        since=started,
        last_seen_at=now,
        seq=seq % 256,
        bd_seq=3,
        rebirths=1,
        devices=5,
        dead_devices=0,
        metrics=120,
        places=(),
        version="0.1.0",
        ready=not behind,
        reasons=(_CATCHING_UP,) if behind else (),
    )


def machine(node: str, place: str, *, devices: int, seq: int, now: datetime, died_at: datetime | None) -> NodeView:
    """Return the node of a line's controller."""
    group_id, _, edge_node_id = node.partition("/")
    return NodeView(
        group_id=group_id,
        edge_node_id=edge_node_id,
        kind="machine",
        state="offline" if died_at else "online",
        since=died_at or now - timedelta(hours=3),
        last_seen_at=died_at or now,
        seq=(seq * 3) % 256,
        bd_seq=12,
        rebirths=2,
        devices=devices,
        dead_devices=devices if died_at else 0,
        metrics=9 * devices,
        places=(place,),
        version=None,
        ready=None,
        reasons=(),
        rejected=4 if "Blending" in node else 0,
    )


def unplaced(seq: int, now: datetime) -> NodeView:
    """Return a node that speaks and has no place."""
    return NodeView(
        group_id="Legacy",
        edge_node_id="ignition-edge-07",
        kind="machine",
        state="online",
        since=now - timedelta(days=3),
        last_seen_at=now,
        seq=seq % 256,
        bd_seq=88,
        rebirths=0,
        devices=1,
        dead_devices=0,
        metrics=4,
        places=(),
        version=None,
        ready=None,
        reasons=(),
    )
