"""Broker URLs: what they mean, and that a password never shows."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from namespace.transport import BrokerUrl, BrokerUrlError


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("mqtt://127.0.0.1", BrokerUrl("127.0.0.1", 1883)),
        ("mqtts://broker.example", BrokerUrl("broker.example", 8883, tls=True)),
        (" mqtt://localhost:21883/ ", BrokerUrl("localhost", 21883)),
        ("mqtt://mes-oee@h", BrokerUrl("h", 1883, username="mes-oee")),
        ("mqtt://mes-oee:@h", BrokerUrl("h", 1883, username="mes-oee", password="")),
        ("mqtt://a%40b:p%3Aq%2F@h:1", BrokerUrl("h", 1, username="a@b", password="p:q/")),
        ("mqtt://[::1]:1884", BrokerUrl("::1", 1884)),
    ],
)
def test_a_url_is_read(text: str, url: BrokerUrl) -> None:
    assert BrokerUrl.parse(text) == url
    assert BrokerUrl.parse(url.with_credentials()) == url


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("", "mqtt://host:port"),
        ("127.0.0.1:1883", "mqtt://host:port"),
        ("http://u:hunter2@h", "mqtts://host:port"),
        ("mqtt://", "without a host"),
        ("mqtt://u:hunter2@", "without a host"),
        ("mqtt://h:0", "port 0"),
        ("mqtt://h:70000", "port is not a number"),
        ("mqtt://u:hunter2", "port is not a number"),
        ("mqtt://u:hunter2@h/topic", "after the port"),
        ("mqtt://u:hunter2@h?x=1", "after the port"),
        ("mqtt://[::1", "malformed"),
    ],
)
def test_a_url_that_cannot_be_used_says_what_to_write(text: str, remedy: str) -> None:
    with pytest.raises(BrokerUrlError) as refused:
        BrokerUrl.parse(text)
    assert remedy in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_the_password_does_not_show() -> None:
    url = BrokerUrl.parse("mqtt://mes-oee:hunter2@h:1")
    assert str(url) == "mqtt://h:1"
    assert "hunter2" not in repr(url)
    assert "hunter2" in url.with_credentials()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.10", "::1"])
def test_loopback_is_known(host: str) -> None:
    assert BrokerUrl(host, 1).is_loopback


@pytest.mark.parametrize("host", ["localhost.example", "10.0.0.1", "0.0.0.0", "::", "broker"])
def test_everything_else_is_beyond_loopback(host: str) -> None:
    assert not BrokerUrl(host, 1).is_loopback


@settings(max_examples=100, derandomize=True)
@given(
    st.text(min_size=1).filter(lambda text: text.isprintable()),
    st.none() | st.text(),
    st.booleans(),
    st.integers(1, 65_535),
)
def test_any_credentials_survive_the_round_trip(username: str, password: str | None, tls: bool, port: int) -> None:
    url = BrokerUrl("127.0.0.1", port, tls, username, password)
    assert BrokerUrl.parse(url.with_credentials()) == url
