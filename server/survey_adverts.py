"""What several gateways heard of one fob, put together. In: their recordings (`soglia-scanner listen --record`). Out: a recording.

One advertisement a line, JSON (scanner/recording.py writes it): `at` in UTC epoch seconds, `rssi` in dBm, `address`, and
`manufacturer_data` and `service_data` in hex. The fob is known by the id text that is on its beacon, or by its address.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from server.records.refusal import Refusal
from server.survey_files import Line, dbm, epoch, lines_of

#: What a radio reports that does not know (Core 5.4, vol 4, part E, 7.7.65.2, and bleak).
_UNKNOWN_DBM: Final = frozenset({-127.0, 127.0})
_ADDRESS: Final = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HEX: Final = re.compile(r"[0-9a-f]+")

Packet = tuple[float, str, float]


class Advert(msgspec.Struct, frozen=True):
    """One line; companies are four hex digits, services four or a whole UUID."""

    at: float
    rssi: float
    address: str | None = None
    manufacturer_data: dict[str, str] = {}
    service_data: dict[str, str] = {}


Says = Callable[[Advert], bool]

_reader = msgspec.json.Decoder(Advert)


class NoFob(Refusal):
    """The id names no fob."""


@dataclass(frozen=True, slots=True)
class Joined:
    """Packets of the fob as (at, anchor, rssi), in order of time; `addresses`: how often each address was heard at all."""

    packets: list[Packet]
    addresses: Counter[str]


def join(recorded: Sequence[tuple[str, Path]], fob: str) -> Joined:
    """`recorded` are pairs of an anchor and what its gateway recorded. Raises BadFile and NoFob."""
    says = said_by(fob)
    packets: list[Packet] = []
    addresses: Counter[str] = Counter()
    for anchor, path in recorded:
        for number, text in enumerate(lines_of(path), start=1):
            if not text.strip():
                continue
            with Line(path, number):
                advert = _advert(text)
                addresses[(advert.address or "").lower()] += 1
                if advert.rssi not in _UNKNOWN_DBM and says(advert):
                    packets.append((epoch(advert.at, advert.at), anchor, dbm(advert.rssi)))
    return Joined(sorted(packets), addresses)


def said_by(fob: str) -> Says:
    """Whether an advertisement is the fob's. Raises NoFob where the text is neither a beacon's id nor an address."""
    fob = fob.strip().lower()
    if _ADDRESS.fullmatch(fob):
        return lambda advert: (advert.address or "").lower() == fob
    parts = fob.split(":")
    match parts:
        case ["ibeacon", uuid, major, minor] if _hex(uuid.replace("-", ""), 32) and _u16(major, minor):
            return _maker("004c", f"0215{uuid.replace('-', '')}{int(major):04x}{int(minor):04x}")
        case ["altbeacon", company, identity] if _hex(company, 4) and _hex(identity, 40):
            return _maker(company, f"beac{identity}")
        case ["eddystone-uid", namespace, instance] if _hex(namespace, 20) and _hex(instance, 12):
            return lambda advert: _is_eddystone(advert, namespace + instance)
        case _:
            raise NoFob(
                f"{fob!r} is no fob: give ibeacon:<uuid>:<major>:<minor>, altbeacon:<company>:<id>, "
                "eddystone-uid:<namespace>:<instance>, or its address AA:BB:CC:DD:EE:FF"
            )


def _maker(company: str, begins: str) -> Says:
    return lambda advert: advert.manufacturer_data.get(company, "").lower().startswith(begins)


def _is_eddystone(advert: Advert, identity: str) -> bool:
    """Frame 00, a byte of power, then the id."""
    data = advert.service_data.get("feaa", "").lower()
    return data.startswith("00") and data[4:].startswith(identity)


def _hex(text: str, digits: int) -> bool:
    return len(text) == digits and bool(_HEX.fullmatch(text))


def _u16(*numbers: str) -> bool:
    return all(number.isascii() and number.isdigit() and int(number) <= 0xFFFF for number in numbers)


def _advert(text: str) -> Advert:
    """Raises ValueError in words."""
    try:
        return _reader.decode(text)
    except msgspec.DecodeError as error:
        raise ValueError(
            f"is not what `soglia-scanner listen --record` writes: {str(error).rstrip('.')}"
        ) from None
