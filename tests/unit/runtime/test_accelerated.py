"""Compiled steps are looked for, never required, and can be switched off."""

from __future__ import annotations

import pytest

from namespace.runtime.accelerated import compiled, compiled_walk
from namespace.runtime.settings import SettingsError, settings_from


def test_what_is_not_built_is_not_missed() -> None:
    with settings_from({}):
        assert compiled("namespace.sparkplug._fast.nothing") is None


def test_steps_are_used_unless_switched_off() -> None:
    with settings_from({}):
        assert compiled("json") is not None
    with settings_from({"UNS_ACCELERATE": "0"}):
        assert compiled("json") is None
        assert compiled_walk() is None


def test_a_switch_that_says_neither_yes_nor_no_is_refused() -> None:
    with settings_from({"UNS_ACCELERATE": "perhaps"}), pytest.raises(SettingsError, match="UNS_ACCELERATE"):
        compiled_walk()
