"""The order of channels: whose turn it is with an offer, and why the others were passed over. Pure.

In: an outbox row, what its shopper agreed to, their living addresses, and the ways that this house has. Out: the channel, the address,
the channels left.

A channel is passed over for the next one where the house has none of that name, the shopper does not agree to its purpose, has
no living address for it, or where it took nothing for too long. The last of the order is never passed over: it says what
became of the offer.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.records.parcels import Address, Way

#: Address rows of each shopper that are not dead, newest first.
LiveAddresses = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Turn:
    """The channel to be tried now. `withdrawn` names the purpose that the shopper does not agree to by now."""

    channel: str
    left: tuple[str, ...]
    address: Address | None
    passed_over: tuple[tuple[str, str], ...] = ()
    withdrawn: str | None = None


@dataclass(frozen=True, slots=True)
class Ways:
    """The channels that this house has, by name; and those of them that take nothing just now."""

    known: Mapping[str, Way]
    down: Collection[str] = ()

    def turn(self, row: Mapping[str, Any], agreed: Collection[str], living: LiveAddresses) -> Turn:
        """Whose turn it is. `agreed` are the purposes that the shopper agrees to now."""
        order = [row["channel"], *row["channels"]]
        passed_over: list[tuple[str, str]] = []
        for place, channel in enumerate(order[:-1]):
            objection = self._objection(channel, row, agreed, living)
            if objection is None:
                left, address = tuple(order[place + 1 :]), self.address(row, channel, living)
                return Turn(channel, left, address, tuple(passed_over))
            passed_over.append((channel, objection))
        last = order[-1]
        purpose = self.known[last].purpose if last in self.known else None
        return Turn(
            last,
            (),
            self.address(row, last, living),
            tuple(passed_over),
            purpose if purpose and purpose not in agreed else None,
        )

    def address(self, row: Mapping[str, Any], channel: str, living: LiveAddresses) -> Address | None:
        """Where a channel reaches the shopper: the address tried last while it lives, that of the visit's device, the newest."""
        fitting = [a for a in living.get(row["shopper_id"], ()) if a["kind"] in self.kinds(channel)]
        if not fitting:
            return None
        best = min(
            fitting, key=lambda a: (a["id"] != row["address_id"], a["device_id"] != row["device_id"])
        )  # min keeps the first of equals: the newest
        return Address(best["id"], best["kind"], best["value"])

    def kinds(self, channel: str) -> frozenset[str]:
        """The kinds of address that a channel sends to; none for a channel that we do not have."""
        return self.known[channel].kinds if channel in self.known else frozenset()

    def needs_address(self, channel: str) -> bool:
        """Whether a channel sends to addresses. One that we do not have is taken to, so that nothing is sent blindly."""
        return channel not in self.known or bool(self.known[channel].kinds)

    def _objection(
        self, channel: str, row: Mapping[str, Any], agreed: Collection[str], living: LiveAddresses
    ) -> str | None:
        way = self.known.get(channel)
        if way is None:
            return "it is not set up"
        if channel in self.down:
            return "it took nothing for too long"
        if way.purpose is not None and way.purpose not in agreed:
            return f"no consent to {way.purpose}"
        if way.kinds and self.address(row, channel, living) is None:
            return "no live address"
        return None
