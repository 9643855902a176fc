"""Rotating ids of fobs and phones: Eddystone-EID (github google/eddystone, eddystone-eid; Apache-2.0).

In: the key a device shares with us, its rotation exponent, its clock. Out: the ids it sends at a time, so that one look-up tells
whose an id is. Nobody without the key can follow the device from one id to the next.
"""

from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


@dataclass(frozen=True, slots=True)
class Rotation:
    """A 16 byte identity key; a new id each 2**exponent seconds; `epoch_s`: UTC second at which its counter was 0."""

    key: bytes
    exponent: int
    epoch_s: float

    def counter(self, at_s: float) -> int:
        """The beacon's 32-bit seconds counter at an epoch second."""
        return int(at_s - self.epoch_s) & 0xFFFFFFFF

    def ids_near(self, at_s: float, quanta: int = 1) -> set[str]:
        """The ids of the quantum at `at_s` and of `quanta` before and after: fobs' clocks drift."""
        step = 1 << self.exponent
        now = self.counter(at_s)
        return {
            f"eddystone-eid:{ephemeral_id(self.key, self.exponent, (now + k * step) & 0xFFFFFFFF).hex()}"
            for k in range(-quanta, quanta + 1)
        }


def ephemeral_id(key: bytes, exponent: int, counter: int) -> bytes:
    """The 8 byte id for a counter value.

    Temporary key = AES-128(key, 11 zero bytes, FF, 00 00, top 16 bits of the counter); id = the first 8 bytes of
    AES-128(temporary key, 11 zero bytes, exponent, counter with its low `exponent` bits cleared).
    """
    temporary = _aes(key, bytes(11) + b"\xff" + bytes(2) + (counter >> 16).to_bytes(2, "big"))
    cleared = counter >> exponent << exponent
    return _aes(temporary, bytes(11) + bytes([exponent]) + cleared.to_bytes(4, "big"))[:8]


def _aes(key: bytes, block: bytes) -> bytes:
    # ECB of a single block is the bare cipher that the specification asks for.
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)  # noqa: S305
