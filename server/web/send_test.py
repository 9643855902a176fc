"""A campaign sent to a tester's own phone, to see it there before any shopper does: a draft too.

In: a campaign, a tester, a language, and whom the text is written for: a real shopper or one made up. Out: what the phone was sent and what each
channel answered. It goes the real way (address, channel, rate, breaker) and is marked as a test; nothing of it is kept, so that no report,
cap, stock, hold-out or journey ever counts it, and receipts and claims find no offer. A dead address that it meets is buried.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from fastapi import APIRouter
from pydantic import BaseModel, Field

from server.campaigns import read_campaign
from server.campaigns.campaign import Campaign, Channels
from server.campaigns.offer import LONGEST_TITLE, Offer, OfferText
from server.campaigns.wording import NotWritten, facts_of, written
from server.records import campaigns, consents, devices, testers, zones
from server.records.database import Connection, Database
from server.records.naming import fresh_id
from server.records.parcels import Address, Outcome, Parcel, Sent, Untried, Way
from server.records.refusal import Refusal
from server.records.tables import AddressRow, ShopperRow, TesterRow
from server.web.clock import Clock, utc_now
from server.web.fields import CampaignPath, Id, Language, OwnId, PlaceId
from server.web.guard import Guard
from server.web.imagined import MadeUp, PartAsked, meant, moment_of, place_of, shopper_named
from server.web.limits import Throttle
from server.web.problem import Fault, Problem
from server.zones.zone import Zone

#: What a tester reads before the title, and what the app is told besides: nobody takes a test for an offer.
MARK: Final = "[TEST] "
MARKED: Final = {"test": "true"}

#: Tests a tester gets in a minute: a campaign in two languages and each of its variants, and no flood on somebody's phone or bill. Each process
#: counts by itself: of several behind one address each lets so many through.
TESTS_A_MINUTE: Final = 10

#: Sends one parcel at once and once, and says what became of it.
Try = Callable[[Parcel], Awaitable[Outcome | Untried]]


class Unwritable(Refusal):
    """The text cannot be written for whom it is meant; its own text is the reason."""


class SendTestAsked(PartAsked):
    """To whom, and for whom it is written: `shopper` or `own_id` names a real one, else the one made up is meant."""

    tester: Id
    language: Language | None = Field(
        None, description="of the text; else the one that the shopper would get"
    )
    shopper: Id | None = None
    own_id: OwnId | None = Field(None, description="the shop's own name for the shopper")
    made_up: MadeUp = MadeUp()
    zone: PlaceId | None = Field(None, description="where they would stand; else the campaign's first place")
    channels: Channels | None = Field(
        None, description="which to try; else all of the campaign's, each of them"
    )


class TryShown(BaseModel):
    """What one channel answered."""

    channel: str
    outcome: str = Field(
        description="sent; postponed (a passing fault: a real offer would be tried again); unreachable, refused, returned or expired, as "
        "an offer's; untried where the channel was not asked"
    )
    why: str | None = Field(description="what stood against it; null where it was sent")
    receipt: str | None = Field(description="the channel's own name for the message, where it was sent")


class TestSent(BaseModel):
    id: str
    tester: str
    language: str
    title: str
    body: str
    told: dict[str, str] = Field(description="what the app is told besides")
    ends_at: datetime
    tries: list[TryShown]


@dataclass(frozen=True, slots=True)
class _Found:
    """What the records hold that a test needs."""

    campaign: Campaign
    tester: TesterRow
    addresses: Sequence[AddressRow]
    reader: ShopperRow
    places: Mapping[str, Zone]
    withdrawn: frozenset[str]  # purposes that the tester said no to since they joined


def send_test_routes(
    database: Database, guard: Guard, ways: Mapping[str, Way], try_once: Try, clock: Clock = utc_now
) -> APIRouter:
    """`ways` are the channels that this house has."""
    router = APIRouter(tags=["campaigns"])
    throttle = Throttle(TESTS_A_MINUTE, per_s=60.0)

    @router.post(
        "/v1/campaigns/{campaign}/test-send",
        dependencies=[guard.marketer],
        responses={
            404: {},
            422: {"description": "Also where the text cannot be written"},
            429: {"description": "The tester got enough for this minute"},
        },
    )
    async def test_send(campaign: CampaignPath, body: SendTestAsked) -> TestSent:
        """Sends the campaign as it is kept, a draft too, to a tester's phone through each channel. It counts nowhere."""
        throttle.spend(body.tester, "tests of this tester")
        try:
            return await send_test(database, campaign, body, ways, try_once, clock())
        except Unwritable as unwritable:
            faults = [Fault(place="body", reason=str(unwritable))]
            raise Problem(422, "The text cannot be written", "Nothing was sent.", errors=faults) from None

    return router


async def send_test(
    database: Database,
    campaign: str,
    asked: SendTestAsked,
    ways: Mapping[str, Way],
    try_once: Try,
    now: datetime,
) -> TestSent:
    """Raises NotFound, and Unwritable; then nothing was sent."""
    async with database.reading() as connection:
        found = await _found(connection, campaign, asked, now)
    parcel, text, offer = _a_test(found, asked, now)
    names = asked.channels or found.campaign.channels
    return TestSent(
        id=parcel.id,
        tester=found.tester.id,
        language=text.language,
        title=parcel.title,
        body=parcel.body,
        told=offer.told(text.language) | MARKED,
        ends_at=parcel.expires_at,
        tries=[await _tried(parcel, name, found, ways, try_once) for name in names],
    )


async def _found(connection: Connection, campaign: str, asked: SendTestAsked, now: datetime) -> _Found:
    tester = await testers.phone_of(connection, asked.tester)
    answers = await consents.current(connection, tester.shopper_id or "")
    if asked.shopper is None and asked.own_id is None:
        reader = asked.made_up.as_row(now)
    else:
        reader = await shopper_named(connection, asked.shopper, asked.own_id)
    return _Found(
        campaign=meant(read_campaign((await campaigns.find(connection, campaign)).campaign), asked),
        tester=tester,
        addresses=await devices.addresses_of(connection, tester.device_id or ""),
        reader=reader,
        places={zone.id: zone for zone in await zones.load(connection)},
        withdrawn=frozenset(
            purpose
            for purpose, said in answers.items()
            if not said.granted and tester.joined_at is not None and said.given_at >= tester.joined_at
        ),
    )


def _a_test(found: _Found, asked: SendTestAsked, now: datetime) -> tuple[Parcel, OfferText, Offer]:
    """The parcel as a shopper's would be, but for its mark; its channel and address are still to be filled in."""
    campaign, places = found.campaign, dict(found.places)
    offer = campaign.offer
    zone = place_of(campaign, asked.zone, places)
    moment = moment_of(campaign, found.reader, zone, places, now)
    test, ends_at = fresh_id("test"), offer.ends(now)
    facts = facts_of(moment, test, offer, ends_at)
    text = written(offer, facts, asked.language, found.reader.language, moment.zone.language)
    if isinstance(text, NotWritten):
        raise Unwritable(text.reason)
    language = {"language": text.language}
    ours = {"offer": test, "visit": moment.event.visit, "campaign": campaign.id}
    parcel = Parcel(
        id=test,
        shopper=found.tester.shopper_id or "",
        device=found.tester.device_id,
        visit=moment.event.visit,
        campaign=campaign.id,
        channel="",
        address=None,
        title=(MARK + text.title)[:LONGEST_TITLE],
        body=text.body,
        data=language | offer.told(text.language) | ours | {"expires_at": ends_at.isoformat()} | MARKED,
        collapse_key=test,  # each test is shown, even where the one before is not wiped away yet
        expires_at=ends_at,
        attempts=0,
        heard_at=now,
        leased_until=now,
    )
    return parcel, text, offer


async def _tried(
    parcel: Parcel, channel: str, found: _Found, ways: Mapping[str, Way], try_once: Try
) -> TryShown:
    way = ways.get(channel)
    if way is not None and way.shows_outbox:
        return _shown(channel, Untried("it shows what is kept in the outbox, and a test is kept nowhere"))
    if way is not None and way.purpose in found.withdrawn:
        return _shown(channel, Untried(f"the tester said no to {way.purpose} after joining"))
    # The newest last, as the records give them: what a real offer would be sent to.
    living = [
        each
        for each in found.addresses
        if each.dead_at is None and way is not None and each.kind in way.kinds
    ]
    address = Address(living[-1].id, living[-1].kind, living[-1].value) if living else None
    if way is not None and way.kinds and address is None:
        return _shown(channel, Untried("the tester's phone has no live address for it"))
    return _shown(channel, await try_once(_through(parcel, channel, address, way)))


def _through(parcel: Parcel, channel: str, address: Address | None, way: Way | None) -> Parcel:
    needs_address = bool(way and way.kinds)
    return replace(parcel, channel=channel, address=address, needs_address=needs_address)


def _shown(channel: str, outcome: Outcome | Untried) -> TryShown:
    if isinstance(outcome, Sent):
        return TryShown(channel=channel, outcome=outcome.word, why=None, receipt=outcome.receipt)
    return TryShown(channel=channel, outcome=outcome.word, why=outcome.why, receipt=None)
