"""Rotating ids of fobs and phones: Eddystone-EID (github google/eddystone, eddystone-eid; Apache-2.0). Pure.

In: the key a device shares with us, its rotation exponent, its clock. Out: the id it sends in each turn. Nobody without the key can
follow the device from one id to the next.
"""

from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_COUNTER_BITS = 32


@dataclass(frozen=True, slots=True)
class Rotation:
    """A 16 byte identity key; a new id each 2**exponent seconds; `epoch_s`: UTC second at which its counter was 0.

    A turn is the stretch of time in which the id stays; turns are numbered from the epoch, below 0 before it.
    """

    key: bytes
    exponent: int
    epoch_s: float

    @property
    def turn_s(self) -> int:
        return 1 << self.exponent

    def turn(self, at_s: float) -> int:
        """The turn at an epoch second."""
        return int((at_s - self.epoch_s) // self.turn_s)

    def begins_s(self, turn: int) -> float:
        """When a turn begins, as an epoch second."""
        return self.epoch_s + turn * self.turn_s

    def id(self, turn: int) -> str:
        """The id text of a turn."""
        counter = (turn << self.exponent) % (1 << _COUNTER_BITS)
        return f"eddystone-eid:{ephemeral_id(self.key, self.exponent, counter).hex()}"


def ephemeral_id(key: bytes, exponent: int, counter: int) -> bytes:
    """The 8 byte id for a value of the beacon's 32 bit seconds counter.

    Temporary key = AES-128(key, 11 zero bytes, FF, 00 00, top 16 bits of the counter); id = the first 8 bytes of
    AES-128(temporary key, 11 zero bytes, exponent, counter with its low `exponent` bits cleared).
    """
    temporary = _aes(key, bytes(11) + b"\xff" + bytes(2) + (counter >> 16).to_bytes(2, "big"))
    cleared = counter >> exponent << exponent
    return _aes(temporary, bytes(11) + bytes([exponent]) + cleared.to_bytes(4, "big"))[:8]


def _aes(key: bytes, block: bytes) -> bytes:
    # ECB of a single block is the bare cipher that the specification asks for.
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)  # noqa: S305
