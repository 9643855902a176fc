"""`GET /v1/blind-spots`: zones that nothing hears, and anchors that are neither gateway nor beacon. For any staff.

In: a language. Out: each with a sentence that says why, and what would help. Nobody's visits are looked at: it is told from where things are,
and from what gateways say of themselves, so that it is known before the first shopper is missed.
"""

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from server.campaigns.words import AllOf, Phrases, Sentence, say
from server.records import anchors, floor_plans, gateways, zones
from server.records.database import Database
from server.records.gateway_health import hears
from server.records.keys import Principal
from server.web.clock import Clock, utc_now
from server.web.fields import Language
from server.web.guard import Guard
from server.web.shops import Sight
from server.zones.blind import EARSHOT_M, Blind, blind_spots
from server.zones.zone import Anchor, AnchorSet, Disc

#: All gateways, floor plans and anchors are looked at; a chain has some hundreds.
_ALL: Final = 100_000

PHRASES: Final[Phrases] = {
    "en": {
        "deaf": "nothing hears here: {anchors} would have to, and does not just now",
        "unheard": "nothing hears here: no anchor that hears is within {metres} m on its floor plan",
        "partly": "{share} of 100 parts of it are heard: the rest is further than {metres} m from any anchor that hears",
        "mute": "is neither a gateway's nor has a beacon's id: nothing is ever heard of it",
    },
    "it": {
        "deaf": "qui non sente nessuno: dovrebbe sentire {anchors}, e adesso non sente",
        "unheard": "qui non sente nessuno: sulla piantina nessuna ancora che sente è entro {metres} m",
        "partly": "se ne sentono {share} parti su 100: il resto è a più di {metres} m da ogni ancora che sente",
        "mute": "non è di un gateway e non ha l'id di un beacon: non se ne sentirà mai nulla",
    },
}


class BlindZone(BaseModel):
    zone: str
    name: str
    heard: float = Field(description="which share of it is heard, in [0, 1]")
    words: str


class MuteAnchor(BaseModel):
    anchor: str
    name: str
    words: str


class BlindSpots(BaseModel):
    """What the radio cannot know of. Zones on the map need none, and are never here."""

    zones: list[BlindZone]
    anchors: list[MuteAnchor]


def blind_spot_routes(database: Database, guard: Guard, clock: Clock = utc_now) -> APIRouter:
    """`/v1/blind-spots`."""
    router = APIRouter(tags=["anchors and gateways"])

    @router.get("/v1/blind-spots")
    async def list_blind_spots(
        caller: Annotated[Principal, guard.reader],
        language: Annotated[Language, Query(description="the language of the words: en or it")] = "en",
    ) -> BlindSpots:
        """Zones that nothing hears, and anchors that hear nothing."""
        now = clock()
        async with database.reading() as connection:
            known_zones, known = await zones.load(connection), await anchors.load(connection)
            plans = {plan.id: plan for plan in await floor_plans.listed(connection, limit=_ALL)}
            machines = await gateways.listed(connection, limit=_ALL)
            mine = {row.id for row in await anchors.listed(connection, shops=caller.shops, limit=_ALL)}
            shown = await Sight.of(connection, caller.shops)
            beacons = {row.id for row in await anchors.listed(connection, limit=_ALL) if row.beacon}
        # Whether a fixed beacon is on the air only phones know: it is taken to be.
        hearing = {row.anchor_id for row in machines if hears(row, now)} | beacons
        speaking = {row.anchor_id for row in machines} | beacons
        names = {anchor.id: anchor for anchor in known}
        needed = {name for zone in known_zones for name in _named(zone.place)}
        return BlindSpots(
            zones=[
                _shown(blind, names, language)
                for blind in blind_spots(known_zones, known, plans, hearing)
                if shown.shows_zone(blind.zone.id)
            ],
            anchors=[
                MuteAnchor(
                    anchor=anchor.id, name=anchor.name, words=say(PHRASES, "mute").in_language(language)
                )
                for anchor in known
                if anchor.id in mine
                and anchor.id not in speaking
                and (anchor.plan is not None or anchor.id in needed)
            ],
        )

    return router


def _shown(blind: Blind, names: Mapping[str, Anchor], language: str) -> BlindZone:
    return BlindZone(
        zone=blind.zone.id,
        name=blind.zone.name,
        heard=blind.heard,
        words=_why(blind, names).in_language(language),
    )


def _why(blind: Blind, names: Mapping[str, Anchor]) -> Sentence:
    if blind.needs:
        called = [names[each].name if each in names else each for each in blind.needs]
        return say(PHRASES, "deaf", anchors=AllOf(called))
    if blind.heard > 0:
        return say(PHRASES, "partly", share=round(100 * blind.heard), metres=EARSHOT_M)
    return say(PHRASES, "unheard", metres=EARSHOT_M)


def _named(place: object) -> tuple[str, ...]:
    match place:
        case AnchorSet(anchors=names):
            return names
        case Disc(anchor=name):
            return (name,)
        case _:
            return ()
