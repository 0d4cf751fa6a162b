"""What is written into the broker's files means what was asked for, and nothing can bend a line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from namespace.contracts.access import read, write
from namespace.servers.acl import BrokerAccount, hash_password, is_account_name, render_acl, render_passwords


def test_each_account_has_a_block_with_its_rules_in_order() -> None:
    accounts = [BrokerAccount("press", "$7$x", (read("a/+"), write("b/#"))), BrokerAccount("idle", "$7$y", ())]
    assert render_acl(accounts) == "user press\ntopic read a/+\ntopic write b/#\n\nuser idle\n"
    assert render_passwords(accounts) == "press:$7$x\nidle:$7$y\n"


def test_a_password_hash_has_the_form_that_mosquitto_reads() -> None:
    """Computed with Python's hashlib for this salt; Mosquitto 2.0.11 accepts it (see test_mosquitto)."""
    kind, iterations, salt, digest = hash_password("secret", salt=b"0" * 12).split("$")[1:]
    assert (kind, iterations, salt) == ("7", "1000", "MDAwMDAwMDAwMDAw")
    assert len(digest) == 88
    assert hash_password("secret") != hash_password("secret")


@pytest.mark.parametrize("topic_filter", ["", "a/#/b", "a#", "a/b+", "a\nuser root", " a", "a\x00"])
def test_a_filter_that_would_mean_something_else_is_refused(topic_filter: str) -> None:
    with pytest.raises(ValueError, match="topic filter"):
        BrokerAccount("press", "", (read(topic_filter),))


@given(st.text(max_size=80))
def test_no_account_name_can_bend_a_line(name: str) -> None:
    if is_account_name(name):
        assert not set(name) & set(":\n\r #+/$")
        assert 0 < len(name) <= 64
    else:
        with pytest.raises(ValueError, match="account name"):
            BrokerAccount(name, "", ())
