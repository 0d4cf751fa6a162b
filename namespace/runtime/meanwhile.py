"""What comes, and is taken in at once, while a snapshot is asked for again: nobody waits for a registry that has not answered before.

An edge node that only the snapshot knows was not understood meanwhile; what it said is taken in once more behind it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from namespace.sparkplug import EdgeNodeDescriptor, Topic, TopicError, parse_topic
from namespace.transport import Message


class Meanwhile:
    """Keeps messages by edge node.

    Args:
        limit: How many it keeps.

    Attributes:
        by_node: What came, in order; nothing once there was too much.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._count = 0
        self.by_node: dict[EdgeNodeDescriptor, list[Message]] = {}

    @property
    def is_overflown(self) -> bool:
        """Whether more came than can be kept: the snapshot is of no use then."""
        return self._count > self._limit

    def take(self, messages: Sequence[Message]) -> None:
        """Keep messages."""
        self._count += len(messages)
        if self.is_overflown:
            self.by_node.clear()
            return
        for message in messages:
            with contextlib.suppress(TopicError):
                topic = parse_topic(message.topic)
                if isinstance(topic, Topic):
                    self.by_node.setdefault(topic.edge_node, []).append(message)
