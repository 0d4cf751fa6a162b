"""Who may say and hear what: the broker permissions that follow from the contracts.

The safety rule of the system is written here and nowhere else: no MES account may write a DCMD to a machine, and exactly one service may
write an NCMD to machine nodes (to ask for a rebirth). An access list sees topics, not payloads; that the one service sends nothing but
`Node Control/Rebirth` is the library's part.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from namespace.contracts.contract import ServiceContract, edge_node_id
from namespace.contracts.query import SiteTopics
from namespace.isa95 import EquipmentPath

_PUBLISHED = ("NBIRTH", "NDATA", "NDEATH", "DBIRTH", "DDATA", "DDEATH")
_CATCHES_UP_FROM = frozenset({"namespace_state", "historian"})
"""Who tells a service that reads machines what it missed: the present from the one, the past from the other."""


_REGISTRY = "namespace_state"
"""Who tells a service with an event log whether it was longer once."""


class Access(StrEnum):
    """What a rule permits."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True, order=True)
class AccessRule:
    """One permission of one account.

    Attributes:
        access: What is permitted.
        topic_filter: On which topics, an MQTT filter.
    """

    access: Access
    topic_filter: str


def read(topic_filter: str) -> AccessRule:
    """Permit subscribing to `topic_filter`."""
    return AccessRule(Access.READ, topic_filter)


def write(topic_filter: str) -> AccessRule:
    """Permit publishing to `topic_filter`."""
    return AccessRule(Access.WRITE, topic_filter)


@dataclass(frozen=True, slots=True)
class SiteAccess:
    """What the permissions of every account of one site depend on.

    Attributes:
        site: The site's path.
        areas: Names of its areas; the projection of each is one subtree.
        machine_groups: Group ids of foreign edge nodes (may hold `+`), from the site file's mapping rules.
        host_id: The primary host application's id.
        registered_groups: Group ids of edge nodes that have accounts, mapped or not; these too may be asked for a rebirth.
    """

    site: EquipmentPath
    areas: tuple[str, ...]
    machine_groups: tuple[str, ...]
    host_id: str
    registered_groups: tuple[str, ...] = ()

    @property
    def topics(self) -> SiteTopics:
        """The site's plain topics."""
        return SiteTopics(self.site)


def service_rules(contract: ServiceContract, access: SiteAccess) -> tuple[AccessRule, ...]:
    """Return the permissions of one MES service's account; everything not named is refused."""
    site, topics, account = access.site, access.topics, contract.edge_node_id
    rules = {*_own_node(contract, access)}
    for producer in contract.follows:
        rules.update(_follow(producer, site))
    for target in contract.commands_to:
        rules.update(_command(target, site))
    registry = {_REGISTRY} if contract.events and not contract.observes_everything else set()
    catches_up_from = _CATCHES_UP_FROM if contract.reads_machines else set()
    for asked in registry | catches_up_from | {*contract.follows, *contract.asks}:
        rules |= {write(topics.queries(asked)), read(topics.replies(account))}
    if contract.reads_machines:
        rules.update(read(f"spBv1.0/{group}/{kind}/#") for group in access.machine_groups for kind in _PUBLISHED)
    if contract.reads_projection:
        rules.update(read(topic_filter) for topic_filter in topics.projection(access.areas))
    if contract.observes_everything:
        rules |= {*_observer(access), read(topics.replies(account))}  # its echo tells where what is retained ends
    if contract.is_primary_host:
        rules |= {read("spBv1.0/#"), write(f"spBv1.0/STATE/{access.host_id}")}
    if contract.acts_as_edge_nodes:
        # A group with a wildcard would cover the site's own: whoever acts as machines there gets accounts of their own.
        literal = (group for group in access.machine_groups if "+" not in group)
        rules.update(rule for group in literal for rule in edge_node_rules(group, "+"))
    return tuple(sorted(rules))


def client_rules(account: str, access: SiteAccess, commanded: Iterable[str] = ()) -> tuple[AccessRule, ...]:
    """Return the permissions of a person's or another system's client: reads everything, asks everything, commands what is named.

    Args:
        account: The broker account; its replies are readable by it alone.
        access: The site.
        commanded: Services it may command.
    """
    topics = access.topics
    rules = {
        read("spBv1.0/#"),
        *(read(topic_filter) for topic_filter in topics.projection(access.areas)),
        read(topics.heard_log("+")),
        read(topics.replies(account)),
        write(f"{topics.root}/_query/#"),
        *(write(f"spBv1.0/{access.site.group_id}/NCMD/{edge_node_id(service)}") for service in commanded),
    }
    return tuple(sorted(rules))


def edge_node_rules(group_id: str, node_id: str) -> tuple[AccessRule, ...]:
    """Return the permissions of a foreign edge node: its own topics, its own commands, STATE.

    Args:
        group_id: Its Sparkplug group id.
        node_id: Its edge node id, or `+` for every node of the group.
    """
    published = (write(f"spBv1.0/{group_id}/{kind}/{node_id}") for kind in ("NBIRTH", "NDATA", "NDEATH"))
    devices = (write(f"spBv1.0/{group_id}/{kind}/{node_id}/+") for kind in ("DBIRTH", "DDATA", "DDEATH"))
    commands = (read(f"spBv1.0/{group_id}/NCMD/{node_id}"), read(f"spBv1.0/{group_id}/DCMD/{node_id}/+"))
    return tuple(sorted((*published, *devices, *commands, read("spBv1.0/STATE/+"))))


def _own_node(contract: ServiceContract, access: SiteAccess) -> Iterable[AccessRule]:
    """The service is one edge node, answers queries and reads STATE."""
    yield from edge_node_rules(access.site.group_id, contract.edge_node_id)
    yield read(access.topics.queries(contract.service))
    yield write(f"{access.topics.root}/_reply/#")


def _follow(producer: str, site: EquipmentPath) -> Iterable[AccessRule]:
    for kind in ("NBIRTH", "NDATA", "NDEATH"):
        yield read(f"spBv1.0/{site.group_id}/{kind}/{edge_node_id(producer)}")


def _command(target: str, site: EquipmentPath) -> Iterable[AccessRule]:
    """Commanding a service is writing its NCMD and hearing its answer in its NDATA."""
    yield write(f"spBv1.0/{site.group_id}/NCMD/{edge_node_id(target)}")
    yield read(f"spBv1.0/{site.group_id}/NDATA/{edge_node_id(target)}")


def _observer(access: SiteAccess) -> Iterable[AccessRule]:
    """Reads all Sparkplug traffic, writes the projection and NCMD; but commands no MES node."""
    yield read("spBv1.0/#")
    for group in {*access.machine_groups, *access.registered_groups}:
        yield write(f"spBv1.0/{group}/NCMD/+")
    yield write(f"spBv1.0/{access.site.group_id}/NCMD/+")
    for topic_filter in (*access.topics.projection(access.areas), access.topics.heard_log("+")):
        yield write(topic_filter)
        yield read(topic_filter)
