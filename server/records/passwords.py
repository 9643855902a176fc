"""Passwords of staff, as Argon2id hashes (RFC 9106).

In: a password. Out: its hash, or whether it fits one. Hashing is meant to be slow and to take much memory: it runs in a
thread, and only so many at once, so that a flood of log-ins can neither stop the server nor eat its memory.
"""

import asyncio
from functools import cached_property

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

#: Length is what makes a password hard to guess (NIST SP 800-63B asks for 8, and for no rules about its letters).
LEAST_CHARACTERS = 12

#: Hashing at the same time, 64 MiB each at the default cost.
_AT_ONCE = 2


class Passwords:
    """Hashes and checks. The cost is RFC 9106's second recommendation: 3 passes over 64 MiB with 4 lanes."""

    def __init__(self, passes: int = 3, memory_kib: int = 65_536, lanes: int = 4) -> None:
        self._argon2 = PasswordHash(
            (Argon2Hasher(time_cost=passes, memory_cost=memory_kib, parallelism=lanes),)
        )
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def hashed(self, password: str) -> str:
        async with self._turns:
            return await asyncio.to_thread(self._argon2.hash, password)

    async def fits(self, password: str, password_hash: str | None) -> tuple[bool, str | None]:
        """Whether the password fits, and a new hash to keep where the old one was made at another cost.

        For nobody's hash (None) it takes as long as for somebody's, and never fits.
        """
        async with self._turns:
            return await asyncio.to_thread(self._check, password, password_hash)

    def _check(self, password: str, password_hash: str | None) -> tuple[bool, str | None]:
        if password_hash is None:
            self._argon2.verify(password, self._nobodys)
            return False, None
        return self._argon2.verify_and_update(password, password_hash)

    @cached_property
    def _nobodys(self) -> str:
        return self._argon2.hash("nobody's password")
