"""Password hashes and rules."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.console.domain.passwords import (
    MAX_LENGTH,
    PasswordRefused,
    ScryptCost,
    check_password,
    hash_password,
    verify_password,
)

CHEAP = ScryptCost(log2_n=2, r=1)
SALT = b"0123456789abcdef"


@settings(max_examples=30, deadline=None)
@given(right=st.text(max_size=40), wrong=st.text(max_size=40))
def test_a_hash_opens_for_its_password_alone(right: str, wrong: str) -> None:
    stored = hash_password(right, SALT, CHEAP)
    assert verify_password(right, stored)
    assert verify_password(wrong, stored) is (right == wrong)


def test_the_hash_is_scrypt_with_its_cost_written_into_it() -> None:
    stored = hash_password("password", b"NaCl", ScryptCost(log2_n=10, r=8, p=16))
    scheme, log2_n, r, p, _, key = stored.split("$")
    assert (scheme, log2_n, r, p) == ("scrypt", "10", "8", "16")
    # RFC 7914 section 12, the first 32 bytes of scrypt(P="password", S="NaCl", N=1024, r=8, p=16)
    expected = bytes.fromhex("fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162")
    assert hashlib.sha256(expected).digest() == hashlib.sha256(_decoded(key)).digest()


def test_a_hash_of_a_former_cost_still_opens() -> None:
    assert verify_password("secret-1", hash_password("secret-1", SALT, ScryptCost(log2_n=3, r=2, p=2)))


def test_the_same_password_has_another_hash_with_another_salt() -> None:
    assert hash_password("secret-1", SALT, CHEAP) != hash_password("secret-1", SALT[::-1], CHEAP)


def test_an_unknown_scheme_is_named() -> None:
    with pytest.raises(ValueError, match="uns user password"):
        verify_password("x", "md5$1$1$1$aa$bb")


@pytest.mark.parametrize(
    ("password", "reason"),
    [("short", "at least 8"), ("x" * (MAX_LENGTH + 1), "at most"), ("Operator1", "differ from the user name")],
)
def test_a_bad_password_is_refused_with_the_rule(password: str, reason: str) -> None:
    with pytest.raises(PasswordRefused, match=reason):
        check_password(password, "operator1")


def _decoded(key: str) -> bytes:
    import base64

    return base64.b64decode(key)
