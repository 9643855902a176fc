"""Eddystone-URL: service data FEAA, frame 10, power at 0 m, a code for the scheme, up to 17 bytes of shortened URL.

Source: google/eddystone, eddystone-url/README.md (the two tables are its). It identifies nobody, so it is never a
sighting; `listen` shows it.
"""

from dataclasses import dataclass
from typing import Annotated, Self

from annotated_types import Interval, Len

from scanner.advertisement import Advertisement
from scanner.beacon import Beacon
from scanner.eddystone import LOSS_TO_1M_DB, SERVICE

FRAME = 0x10
SCHEMES = ("http://www.", "https://www.", "http://", "https://")
ENDINGS = (".com", ".org", ".edu", ".net", ".info", ".biz", ".gov")
EXPANSIONS = (*(f"{ending}/" for ending in ENDINGS), *ENDINGS)
LONGEST = 17


def _expanded(byte: int) -> str:
    if byte < len(EXPANSIONS):
        return EXPANSIONS[byte]
    # Bytes outside printable ASCII are reserved: shown the way a URL shows them.
    return chr(byte) if 0x21 <= byte <= 0x7E else f"%{byte:02X}"


@dataclass(frozen=True, slots=True)
class EddystoneUrl(Beacon):
    """As on the air: `scheme` is the code 0..3, `shortened` the rest with its expansion codes; `url` reads it."""

    scheme: Annotated[int, Interval(ge=0, le=3)]
    shortened: Annotated[bytes, Len(0, LONGEST)]
    tx_at_0m: Annotated[int, Interval(ge=-128, le=127)]

    @classmethod
    def of(cls, url: str, tx_at_0m: int) -> Self:
        """The frame for a URL. Raises ValueError where its scheme has no code or it is longer than 17 bytes."""
        scheme = next((code for code, text in enumerate(SCHEMES) if url.startswith(text)), None)
        if scheme is None or not all("!" <= letter <= "~" for letter in url):
            raise ValueError("an Eddystone-URL is printable ASCII and starts with http:// or https://")
        rest = url.removeprefix(SCHEMES[scheme])
        for code, text in enumerate(EXPANSIONS):  # those with a slash come first: the longest match wins
            rest = rest.replace(text, chr(code))
        if len(rest) > LONGEST:
            raise ValueError(f"the URL takes {len(rest)} bytes, and {LONGEST} fit")
        return cls(scheme, rest.encode("ascii"), tx_at_0m)

    @property
    def url(self) -> str:
        return SCHEMES[self.scheme] + "".join(map(_expanded, self.shortened))

    @property
    def tx_at_1m(self) -> int:
        return self.tx_at_0m - LOSS_TO_1M_DB


def decode(advertisement: Advertisement) -> EddystoneUrl | None:
    data = advertisement.service_data.get(SERVICE)
    if data is None or not 3 <= len(data) <= 3 + LONGEST or data[0] != FRAME or data[2] >= len(SCHEMES):
        return None
    return EddystoneUrl(data[2], bytes(data[3:]), int.from_bytes(data[1:2], signed=True))


def encode(value: EddystoneUrl) -> Advertisement:
    tx_at_0m = value.tx_at_0m.to_bytes(1, signed=True)
    return Advertisement(
        service_data={SERVICE: bytes((FRAME,)) + tx_at_0m + bytes((value.scheme,)) + value.shortened}
    )
