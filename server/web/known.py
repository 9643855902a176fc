"""How shoppers, devices and consents look from outside: the shapes that the phones' doors and the till's share.

In: bodies. Out: values for the verbs of records; and rows as answers.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, Field, FiniteFloat, StringConstraints, model_validator

from server.campaigns.daytime import TimeOfDay
from server.campaigns.moment import Attribute, Purpose
from server.records import shoppers
from server.records.consents import Wording
from server.records.database import Connection
from server.records.devices import AddressKind, Kind, Rotating
from server.records.shoppers import Said
from server.records.tables import AddressRow, ConsentRow, DeviceRow, ShopperRow
from server.web.fields import BeaconId, Given, Language, Name, OwnId, Time, TimeZone, Word
from server.web.guard import about


class Identified(Given):
    """By what a device may be heard: a fixed beacon id, or a rotating one (Eddystone-EID), or neither."""

    name: Name | None = None
    beacon: BeaconId | None = Field(None, description="the id text of a fixed beacon")
    eid_key: Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{32}$")] | None = Field(
        None, description="Eddystone-EID: the identity key, 16 bytes in hex"
    )
    eid_exponent: int | None = Field(
        None, ge=0, le=15, description="Eddystone-EID: the id changes every 2^exponent seconds"
    )
    eid_epoch: Time | None = Field(None, description="Eddystone-EID: when the beacon's clock was 0")

    @model_validator(mode="after")
    def _is_one_or_the_other(self) -> Self:
        rotating = (self.eid_key, self.eid_exponent, self.eid_epoch)
        if any(part is not None for part in rotating) and None in rotating:
            raise ValueError("eid_key, eid_exponent and eid_epoch go together")
        if self.beacon and self.eid_key:
            raise ValueError("a device has a fixed beacon id or a rotating one, not both")
        return self

    @property
    def rotating(self) -> Rotating | None:
        if self.eid_key is None or self.eid_exponent is None or self.eid_epoch is None:
            return None
        return Rotating(bytes.fromhex(self.eid_key), self.eid_exponent, self.eid_epoch)


class ConsentsGiven(Given):
    """Answers to purposes, in the words of one version of the text that the shopper read."""

    purposes: dict[Purpose, bool] = Field(min_length=1)
    version: Word = Field(
        description="which text the shopper read: of GET /v1/consent-texts, where the shop has any"
    )
    language: Language | None = Field(None, description="in which language they read it")

    def wording(self, how: str) -> Wording:
        return Wording(self.version, self.language, how)


#: An Attribute that every database can hold, and every JSON reader read: integers as doubles know them, no NaN.
AttributeGiven = (
    Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00]*$")]
    | bool
    | Annotated[int, Field(ge=-(2**53), le=2**53)]
    | FiniteFloat
)


async def whose(connection: Connection, name: str | None) -> str | None:
    """The id of the shopper of this name, ours or the shop's own; None where nobody is asked for.

    Raises NotFound: an empty list would say "nothing happened".
    """
    if name is None:
        return None
    shopper = await shoppers.known_as(connection, name)
    about("shopper", shopper)
    return shopper


class QuietHoursGiven(Given):
    """No push from one time of day until another, by the shopper's own clock; the same twice is all day."""

    start: TimeOfDay = Field(alias="from")
    until: TimeOfDay


class ShopperGiven(Given):
    """What the shop's systems say of a shopper. What is left out stays as it is; null empties it."""

    own_id: OwnId = Field(description="the shop's own name for them, such as a loyalty number")
    language: Language | None = None
    time_zone: TimeZone | None = None
    quiet_hours: QuietHoursGiven | None = None
    attributes: dict[Word, AttributeGiven | None] = Field(
        default={}, max_length=200, description="set one by one; null removes one"
    )
    tags: list[Word] | None = Field(None, max_length=200, description="replace all tags")

    def said(self) -> Said:
        """What is to be kept: of the facts only those that the body names."""
        facts: dict[str, str | None] = {
            name: getattr(self, name) for name in ("language", "time_zone") if name in self.model_fields_set
        }
        if "quiet_hours" in self.model_fields_set:
            quiet = self.quiet_hours
            facts["quiet_from"] = quiet.start.isoformat("minutes") if quiet else None
            facts["quiet_until"] = quiet.until.isoformat("minutes") if quiet else None
        return Said(facts, self.attributes, self.tags)


class ConsentShown(BaseModel):
    granted: bool = Field(
        description="what counts now: true only where they said yes, and no newer text asks anew (`ask_anew`)"
    )
    version: str
    language: str | None
    how: str
    given_at: datetime
    ask_anew: bool = Field(
        description="true: a newer text asks anew, and until it is answered this counts as not given"
    )

    @classmethod
    def of(cls, row: ConsentRow) -> Self:
        return cls(
            granted=row.granted and row.lapsed_at is None,
            version=row.text_version,
            language=row.language,
            how=row.how,
            given_at=row.given_at,
            ask_anew=row.lapsed_at is not None,
        )


class ConsentsShown(BaseModel):
    """What holds now. A purpose that is not there was never asked about, which means no."""

    consents: dict[str, ConsentShown]

    @classmethod
    def of(cls, current: Mapping[str, ConsentRow]) -> Self:
        return cls(consents={purpose: ConsentShown.of(row) for purpose, row in sorted(current.items())})


class AddressShown(BaseModel):
    """A way to reach a phone, without the address itself."""

    kind: AddressKind
    created_at: datetime
    dead_at: datetime | None
    dead_why: str | None


class DeviceShown(BaseModel):
    device: str
    shopper: str
    kind: Kind
    name: str | None
    beacon: str | None
    rotating: bool
    created_at: datetime
    addresses: list[AddressShown] = []

    @classmethod
    def of(cls, row: DeviceRow, addresses: Sequence[AddressRow] = ()) -> Self:
        return cls(
            device=row.id,
            shopper=row.shopper_id,
            kind=row.kind,
            name=row.name,
            beacon=row.beacon,
            rotating=row.eid_key is not None,
            created_at=row.created_at,
            addresses=[AddressShown.model_validate(address, from_attributes=True) for address in addresses],
        )


class QuietHoursShown(BaseModel):
    start: str = Field(serialization_alias="from")
    until: str


class ShopperShown(BaseModel):
    shopper: str
    own_id: str | None
    language: str | None
    time_zone: str | None
    quiet_hours: QuietHoursShown | None
    attributes: dict[str, Attribute]
    tags: list[str]
    created_at: datetime

    @classmethod
    def of(cls, row: ShopperRow) -> Self:
        quiet = row.quiet_from and row.quiet_until
        return cls(
            shopper=row.id,
            own_id=row.own_id,
            language=row.language,
            time_zone=row.time_zone,
            quiet_hours=QuietHoursShown(start=row.quiet_from, until=row.quiet_until) if quiet else None,
            attributes=row.attributes,
            tags=row.tags,
            created_at=row.created_at,
        )
