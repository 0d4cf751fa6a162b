"""Both versions of MQTT for whatever speaks to a broker."""

from __future__ import annotations

import pytest

from tests.conformance.rigs import Protocol


@pytest.fixture(params=[4, 5], ids=["MQTT 3.1.1", "MQTT 5"])
def protocol(request: pytest.FixtureRequest) -> Protocol:
    """The version that our side speaks."""
    version: Protocol = request.param
    return version
