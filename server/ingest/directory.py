"""Who is meant by an id on the air: devices, gateways' anchors and fixed beacons, held in memory for the hot doors.

In: records, again whenever news say that they changed. Out: look-ups that cost nothing. A device whose shopper has not agreed to
being located is known as such: its sightings are refused at the door and leave no trace.
"""

import asyncio
from collections.abc import Collection, Iterable

from server.ingest.eid import Rotation
from server.ingest.looks import Looks
from server.ingest.rotating import RotatingIds
from server.presence.sighting import Verdict
from server.records import consents, directory
from server.records.database import Connection, Database
from server.records.devices import Identity

#: How often `rotate` must be called: well within rotating.AHEAD_S.
ROTATE_EACH_S = 60.0


class _People:
    """Devices by what they are known by, and whether their shopper agreed."""

    def __init__(self) -> None:
        self.agreed: dict[str, bool] = {}
        self.of_beacon: dict[str, str] = {}
        self.devices_of: dict[str, list[str]] = {}
        self._identities: dict[str, Identity] = {}

    def learn(self, identity: Identity, *, agreed: bool) -> None:
        self.agreed[identity.device] = agreed
        self._identities[identity.device] = identity
        self.devices_of.setdefault(identity.shopper, []).append(identity.device)
        if identity.beacon is not None:
            self.of_beacon[identity.beacon] = identity.device

    def owners(self, devices: Iterable[str]) -> set[str]:
        """The shoppers of those of these devices that are known."""
        return {self._identities[device].shopper for device in devices if device in self._identities}

    def forget(self, shopper: str) -> list[tuple[str, bool]]:
        """Drops all devices of a shopper and gives their ids, with whether evidence about them was taken."""
        dropped = [(device, self.agreed.pop(device)) for device in self.devices_of.pop(shopper, [])]
        for device, _ in dropped:
            beacon = self._identities.pop(device).beacon
            if beacon is not None:
                self.of_beacon.pop(beacon, None)
        return dropped


class Directory:
    """See the module's text.

    Whoever reads the records waits for those who read before: what is in memory is never replaced by something older.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = asyncio.Lock()
        self._looks = Looks()
        self._people = _People()
        self._rotating = RotatingIds()
        self._anchor_of_gateway: dict[str, str] = {}
        self._anchor_of_beacon: dict[str, str] = {}

    async def load(self, now_s: float) -> list[str]:
        """Reads everything. Out: the devices that may not be followed any more: erased, or their shopper withdrew."""
        people = _People()
        async with self._turn:
            async with self._database.reading() as connection:
                agreed = await consents.granted(connection, "location")
                async for some in directory.everybody(connection):  # other tasks get their turn in between
                    for identity in some:
                        people.learn(identity, agreed=identity.shopper in agreed)
                        self._learn_rotation(identity, now_s)
                await self._load_anchors(connection)
            lost = [
                device for device, had in self._people.agreed.items() if had and not people.agreed.get(device)
            ]
            self._people = people
            self._rotating.drop_all_but(people.agreed)
        return lost

    async def load_anchors(self) -> None:
        """Reads gateways and fixed beacons again."""
        async with self._turn, self._database.reading() as connection:
            await self._load_anchors(connection)

    async def learn_about(self, shopper: str, now_s: float) -> list[str]:
        """Reads one shopper again: they agreed, withdrew, got a fob, or left for good. Out: their devices not to be followed any more."""
        async with self._turn:
            return await self._learn({shopper}, (), now_s)

    async def learn_devices(self, some: Collection[str], now_s: float) -> list[str]:
        """Reads the shoppers of these devices again, with all their devices. Out: those not to be followed any more."""
        async with self._turn:
            return await self._learn(self._people.owners(some), some, now_s)

    async def look_again(self, refused: Collection[str], now_s: float) -> None:
        """Reads devices again that are about to be refused: another process may have changed that a moment ago.

        Looks are few (looks.py): a device that was looked for within the last second is left as it is.
        """
        async with self._turn:
            # Of two doors that ask for the same device, the second finds what the first one read.
            some = self._looks.worth(self.refused(refused), now_s)
            if some:
                await self._learn(self._people.owners(some), some, now_s)

    def rotate(self, now_s: float) -> None:
        """Makes the ids that rotating devices send next."""
        self._rotating.turn(now_s)

    def verdict(self, device: str) -> Verdict:
        """Whether evidence about a device may be taken: ACCEPTED, NO_CONSENT or UNKNOWN_DEVICE."""
        agreed = self._people.agreed.get(device)
        if agreed is None:
            return Verdict.UNKNOWN_DEVICE
        return Verdict.ACCEPTED if agreed else Verdict.NO_CONSENT

    def refused(self, devices: Collection[str]) -> set[str]:
        """Those of these devices about which evidence may not be taken."""
        agreed = self._people.agreed
        if all(map(agreed.get, devices)):  # mostly: and this costs a tenth of looking who it is
            return set()
        return {device for device in devices if not agreed.get(device)}

    def device(self, beacon: str, at_s: float) -> str | None:
        """Whose beacon id this was at an epoch second."""
        return self._people.of_beacon.get(beacon) or self._rotating.device(beacon, at_s)

    def anchor_of_gateway(self, gateway: str) -> str | None:
        return self._anchor_of_gateway.get(gateway)

    def anchor_of_beacon(self, beacon: str) -> str | None:
        return self._anchor_of_beacon.get(beacon)

    async def _learn(self, shoppers: Collection[str], devices: Collection[str], now_s: float) -> list[str]:
        """Reads these shoppers and the owners of these devices. Out: their devices not to be followed any more."""
        async with self._database.reading() as connection:
            found = await directory.identities_of(connection, shoppers, devices)
            owners = {identity.shopper for identity in found}
            agreed = await consents.granted_by(connection, owners) if owners else {}
        before = [each for shopper in {*shoppers, *owners} for each in self._people.forget(shopper)]
        for identity in found:
            self._people.learn(identity, agreed="location" in agreed[identity.shopper])
            self._learn_rotation(identity, now_s)
        for device, _ in before:
            if device not in self._people.agreed:
                self._rotating.drop(device)
        return [device for device, had in before if had and not self._people.agreed.get(device)]

    def _learn_rotation(self, identity: Identity, now_s: float) -> None:
        rotation = _rotation(identity)
        if rotation is not None:
            self._rotating.add(identity.device, rotation, now_s)

    async def _load_anchors(self, connection: Connection) -> None:
        self._anchor_of_gateway = await directory.anchors_by_gateway(connection)
        self._anchor_of_beacon = await directory.anchors_by_beacon(connection)


def _rotation(identity: Identity) -> Rotation | None:
    if identity.eid_key is None or identity.eid_exponent is None or identity.eid_epoch is None:
        return None
    return Rotation(identity.eid_key, identity.eid_exponent, identity.eid_epoch.timestamp())
