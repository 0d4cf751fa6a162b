"""Password hashes: scrypt, its cost written into the hash so that it can be raised later.

The salt is an argument; nothing here reads randomness or a clock. Hashing takes about a tenth of a second and
32 MiB on purpose, so callers run it off the event loop.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass

MIN_LENGTH = 8
MAX_LENGTH = 256
SALT_BYTES = 16
_KEY_BYTES = 32
_SCHEME = "scrypt"


@dataclass(frozen=True, slots=True)
class ScryptCost:
    """Cost of one hash (RFC 7914): ``2**log2_n`` iterations, block size ``r``, ``p`` lanes."""

    log2_n: int = 15
    r: int = 8
    p: int = 1

    @property
    def memory_bytes(self) -> int:
        """Memory one hash needs, with head room for the library."""
        return 128 * self.r * ((1 << self.log2_n) + self.p) + (1 << 20)


class PasswordRefused(ValueError):
    """The password does not meet the rules; the text says which one."""


def check_password(password: str, user_id: str) -> None:
    """Refuse a password that is too short, too long, or the user's own name.

    Raises:
        PasswordRefused: With a sentence for the person who chose it.
    """
    if len(password) < MIN_LENGTH:
        raise PasswordRefused(f"A password needs at least {MIN_LENGTH} characters; this one has {len(password)}.")
    if len(password) > MAX_LENGTH:
        raise PasswordRefused(f"A password may have at most {MAX_LENGTH} characters.")
    if password.casefold() == user_id.casefold():
        raise PasswordRefused("The password must differ from the user name.")


def hash_password(password: str, salt: bytes, cost: ScryptCost | None = None) -> str:
    """Hash a password with the given salt.

    Args:
        password: What the person typed.
        salt: At least 16 random bytes, new for every hash.
        cost: Scrypt cost; the default when None.

    Returns:
        ``scrypt$<log2 n>$<r>$<p>$<salt>$<key>``, salt and key in base64.
    """
    cost = cost or ScryptCost()
    key = _derive(password, salt, cost)
    fields = (_SCHEME, str(cost.log2_n), str(cost.r), str(cost.p), _b64(salt), _b64(key))
    return "$".join(fields)


def verify_password(password: str, stored: str) -> bool:
    """Compare a password with a stored hash in constant time.

    Raises:
        ValueError: The stored text is not a hash this module wrote.
    """
    scheme, log2_n, r, p, salt, key = stored.split("$")
    if scheme != _SCHEME:
        raise ValueError(f"Unknown password scheme {scheme!r}; set the password anew with `uns user password`.")
    cost = ScryptCost(int(log2_n), int(r), int(p))
    return hmac.compare_digest(_derive(password, base64.b64decode(salt), cost), base64.b64decode(key))


def _derive(password: str, salt: bytes, cost: ScryptCost) -> bytes:
    return hashlib.scrypt(
        password.encode(),
        salt=salt,
        n=2**cost.log2_n,
        r=cost.r,
        p=cost.p,
        maxmem=cost.memory_bytes,
        dklen=_KEY_BYTES,
    )


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
