"""What `oee` has counted, from what it shows to everyone, compared with what the meters have counted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from namespace.runtime import SiteClient
from namespace.transport import Message

_SHOWN = "uns/v1/Acme/Chaos/Cells/+/Cell/OEE/PQ"


@dataclass
class Counts:
    """Listens for the produced quantity of each cell.

    Attributes:
        shown: The newest, by the edge node that counts there.
    """

    shown: dict[str, int] = field(default_factory=dict)

    def listen(self, client: SiteClient) -> None:
        """Listen as a guest; call before it connects."""
        client.listen(_SHOWN, self._look)

    def _look(self, message: Message) -> None:
        value = json.loads(message.payload)["value"] if message.payload else None
        self.shown[f"{message.topic.split('/')[5]}-PLC"] = value or 0

    def differences(self, counted: Mapping[str, int]) -> list[str]:
        """Say where what is shown is not what was counted, by edge node."""
        return [
            f"oee shows {self.shown.get(node, 0)} units of {node}, which counted {count}"
            for node, count in counted.items()
            if self.shown.get(node, 0) != count
        ]
