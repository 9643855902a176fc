"""Who is meant by an id on the air: devices, gateways' anchors and fixed beacons, held in memory for the hot doors.

In: records, again whenever news say that they changed. Out: look-ups that cost nothing. A device whose shopper has not agreed to
being located is known as such: its sightings are refused at the door and leave no trace.
"""

from collections.abc import Iterable

from server.ingest.eid import Rotation
from server.presence.sighting import Verdict
from server.records import consents, devices, directory
from server.records.database import Connection, Database

#: Rotating ids are made anew this often; the shortest usual quantum is 512 s and one quantum either side is known.
ROTATE_EACH_S = 60.0


class Directory:
    """See the module's text. Everything is by id text."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._agreed: dict[str, bool] = {}
        self._of_beacon: dict[str, str] = {}
        self._rotations: dict[str, Rotation] = {}
        self._of_rotating: dict[str, str] = {}
        self._anchor_of_gateway: dict[str, str] = {}
        self._anchor_of_beacon: dict[str, str] = {}

    async def load(self, now_s: float) -> None:
        """Reads everything."""
        async with self._database.reading() as connection:
            everyone = await devices.identities(connection)
            agreed = await consents.granted(connection, "location")
            await self._load_anchors(connection)
        self._agreed, self._of_beacon, self._rotations = {}, {}, {}
        for identity in everyone:
            self._learn(identity, agreed=identity.shopper in agreed)
        self.rotate(now_s)

    async def load_anchors(self) -> None:
        """Reads gateways and fixed beacons again."""
        async with self._database.reading() as connection:
            await self._load_anchors(connection)

    async def learn_about(self, shopper: str, now_s: float) -> None:
        """Reads the devices of one shopper again: one registered, agreed, withdrew, or left for good."""
        async with self._database.reading() as connection:
            theirs = await directory.identities_of(connection, shopper)
            agreed = "location" in (await consents.granted_by(connection, [shopper]))[shopper]
        for identity in theirs:
            self._learn(identity, agreed=agreed)
        self.rotate(now_s, [identity.device for identity in theirs])

    async def learn_devices(self, unknown: Iterable[str]) -> None:
        """Looks once more for devices that we do not know: another process may have registered them a moment ago."""
        async with self._database.reading() as connection:
            found = await directory.identities_among(connection, sorted(set(unknown)))
            agreed = await consents.granted_by(connection, {identity.shopper for identity in found})
        for identity in found:
            self._learn(identity, agreed="location" in agreed[identity.shopper])

    def forget(self, gone: Iterable[str]) -> None:
        """Drops devices that are no more."""
        for device in gone:
            self._agreed.pop(device, None)
            self._rotations.pop(device, None)
        dropped = set(gone)
        self._of_beacon = {beacon: d for beacon, d in self._of_beacon.items() if d not in dropped}
        self._of_rotating = {beacon: d for beacon, d in self._of_rotating.items() if d not in dropped}

    def rotate(self, now_s: float, only: Iterable[str] | None = None) -> None:
        """Makes the ids that rotating devices send about now."""
        some = (
            self._rotations if only is None else {d: self._rotations[d] for d in only if d in self._rotations}
        )
        fresh = {beacon: device for device, each in some.items() for beacon in each.ids_near(now_s)}
        self._of_rotating = fresh if only is None else self._of_rotating | fresh

    def verdict(self, device: str) -> Verdict:
        """Whether evidence about a device may be taken: ACCEPTED, NO_CONSENT or UNKNOWN_DEVICE."""
        agreed = self._agreed.get(device)
        if agreed is None:
            return Verdict.UNKNOWN_DEVICE
        return Verdict.ACCEPTED if agreed else Verdict.NO_CONSENT

    def device(self, beacon: str) -> str | None:
        return self._of_beacon.get(beacon) or self._of_rotating.get(beacon)

    def anchor_of_gateway(self, gateway: str) -> str | None:
        return self._anchor_of_gateway.get(gateway)

    def anchor_of_beacon(self, beacon: str) -> str | None:
        return self._anchor_of_beacon.get(beacon)

    def _learn(self, identity: devices.Identity, *, agreed: bool) -> None:
        self._agreed[identity.device] = agreed
        if identity.beacon is not None:
            self._of_beacon[identity.beacon] = identity.device
        if (
            identity.eid_key is not None
            and identity.eid_exponent is not None
            and identity.eid_epoch is not None
        ):
            self._rotations[identity.device] = Rotation(
                identity.eid_key, identity.eid_exponent, identity.eid_epoch.timestamp()
            )

    async def _load_anchors(self, connection: Connection) -> None:
        self._anchor_of_gateway = await directory.anchors_by_gateway(connection)
        self._anchor_of_beacon = await directory.anchors_by_beacon(connection)
