"""Aliases: one number for each metric of an edge node, devices included.

A name keeps its number for as long as the process lives, through rebirths and returning devices, so that a
host that missed a birth cannot mistake one metric for another. Numbers start at 1: 0 is legal, but some peers
take it for absent.
"""


class AliasBook:
    """Gives out aliases that are unique over an edge node and all its devices.

    Sparkplug 3.0, tck-id-payloads-alias-uniqueness.
    """

    def __init__(self) -> None:
        self._given: dict[tuple[str | None, str], int] = {}

    def alias_of(self, device_id: str | None, name: str) -> int:
        """Return the alias of a metric, a new one at first sight.

        Args:
            device_id: the device it belongs to; None for the edge node itself.
            name: the metric name.
        """
        return self._given.setdefault((device_id, name), len(self._given) + 1)
