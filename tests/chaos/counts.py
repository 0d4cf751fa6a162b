"""What `oee` has counted, from what it shows to everyone, compared with how many reports the meters have surely kept."""

from __future__ import annotations

import json
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

    def differences(self, kept: dict[str, int], *, sessions: int, restarts: int) -> list[str]:
        """Say where what is shown differs from what was kept by more than is known to be lost.

        Args:
            kept: Reports that surely reached a buffer, by edge node; each counts one unit.
            sessions: Most sessions of any node: the step to the value that the first birth of a session tells first is not counted, because
                a birth is a counter's new beginning.
            restarts: How often the meters' process was killed: each time one report of a node may have gone out that was never noted as
                kept, or its counter may begin anew one unit before it.
        """
        told = []
        for node, count in kept.items():
            least, most, shown = count - sessions - restarts, count + restarts, self.shown.get(node, 0)
            if not least <= shown <= most:
                told.append(f"oee shows {shown} units of {node}, which counted {count}: not from {least} to {most}")
        return told
