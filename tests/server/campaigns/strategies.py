"""Any moment, any condition, any campaign: what the laws of this room are tried on."""

import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from pydantic import ValidationError

from server.campaigns import (
    CONDITIONS,
    Campaign,
    Condition,
    ConsentGiven,
    Daytime,
    DeviceFacts,
    Happening,
    Issued,
    Moment,
    OfferFacts,
    RedeemedOffer,
    SentOffer,
    ShopperFacts,
    Spent,
    ZoneFacts,
    ZonePast,
)
from server.presence.visit import ZoneEvent
from tests.server.campaigns.makers import ANCESTORS, ZONES, a_campaign, listens

CLOCKS = [ZoneInfo(name) for name in ("Europe/Rome", "America/New_York", "Asia/Kathmandu", "Pacific/Apia")]
CAMPAIGNS = ["alpha", "beta", "gamma", "delta"]
GROUPS = st.none() | st.sampled_from(["spring", "loyalty"])

words = st.text(string.printable, min_size=1, max_size=8)
times = st.datetimes(datetime(2011, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
daytimes = st.builds(
    Daytime, start=st.times().map(_whole := lambda at: at.replace(microsecond=0)), end=st.times().map(_whole)
)
spans = st.timedeltas(timedelta(), timedelta(days=40))


# Made once: to make a strategy costs more than to draw from it.
tags = st.frozensets(words, max_size=3)
attributes = st.dictionaries(words, words | st.integers() | st.floats() | st.booleans(), max_size=3)
purposes = st.sampled_from(["location", "push", "profiling", "email", "sms"])
answers = st.just({"location": True, "push": True}) | st.dictionaries(purposes, st.booleans())


@st.composite
def sent_offers(draw: st.DrawFn, now: datetime) -> SentOffer:
    at = now - draw(spans)
    return SentOffer(
        campaign=draw(st.sampled_from(CAMPAIGNS)),
        at=at,
        visit=draw(st.sampled_from(["v_1", "v_2", "v_3"])),
        zone=draw(st.sampled_from(ZONES)).id,
        device=draw(st.sampled_from(["d_1", "d_2"])),
        entered_at=at - draw(spans),
        exited_at=draw(st.none() | spans.map(lambda stay: at + stay)),
        group=draw(GROUPS),
    )


@st.composite
def pasts(draw: st.DrawFn, now: datetime) -> ZonePast:
    entered_at = now - draw(spans)
    return ZonePast(
        visits=draw(st.integers(1, 12)),
        first_at=entered_at - draw(spans),
        last_entered_at=entered_at,
        last_exited_at=draw(st.none() | spans.map(lambda stay: entered_at + stay)),
        longest_s=draw(st.floats(0, 90_000)),
    )


@st.composite
def redemptions(draw: st.DrawFn, now: datetime) -> RedeemedOffer:
    return RedeemedOffer(
        campaign=draw(st.sampled_from(CAMPAIGNS)),
        at=now - draw(spans),
        amount=draw(st.none() | st.floats(0, 1000)),
    )


@st.composite
def shoppers(draw: st.DrawFn, now: datetime) -> ShopperFacts:
    agreed = draw(answers)
    return ShopperFacts(
        id=draw(st.sampled_from(["sh_1", "sh_2"])),
        language=draw(st.none() | st.sampled_from(["it", "en-GB", "DE_at", "", "-"])),
        time_zone=draw(st.none() | st.sampled_from(CLOCKS)),
        quiet_hours=draw(st.none() | daytimes),
        attributes=draw(attributes),
        tags=draw(tags),
        consents={purpose: ConsentGiven(granted=said, at=now) for purpose, said in agreed.items()},
        sent=tuple(draw(st.lists(sent_offers(now), max_size=4))),
        past=draw(
            st.none() | st.dictionaries(st.sampled_from([zone.id for zone in ZONES]), pasts(now), max_size=2)
        ),
        redeemed=draw(st.none() | st.lists(redemptions(now), max_size=2).map(tuple)),
        reach=draw(st.frozensets(st.sampled_from(["fcm", "webpush", "email", "inbox"]))),
    )


@st.composite
def happenings(draw: st.DrawFn, at: datetime, device: str, now: datetime) -> Happening:
    zone = draw(st.sampled_from(ZONES))
    kind = draw(st.sampled_from(["entered", "dwelled", "exited"]))
    event = ZoneEvent(
        kind=kind,
        device=device,
        zone=zone.id,
        visit=draw(st.sampled_from(["v_1", "v_2", "v_3"])),
        at=at,
        entered_at=at - draw(spans),
        dwelled_s=0.0 if kind == "entered" else draw(st.sampled_from([60.0, 300.0])),
        late=draw(st.booleans()),
    )
    facts = ZoneFacts(
        id=zone.id,
        name=draw(words),
        level=zone.level,
        time_zone=draw(st.sampled_from(CLOCKS)),
        groups=frozenset(zone.groups),
        ancestors=ANCESTORS[zone.id],
        open=draw(st.sampled_from([True, False, None])),
        opens_at=draw(st.none() | spans.map(lambda span: now + span)),
        closes_at=draw(st.none() | spans.map(lambda span: now + span)),
        sensitive=draw(st.integers(0, 9)) == 0,
        holidays=draw(st.just(frozenset()) | st.just(frozenset({now.date()}))),
        language=draw(st.none() | st.sampled_from(["it", "fr"])),
    )
    return Happening(event, facts, waited_s=draw(st.sampled_from([0.0, 10.0, 3600.0])))


def _what_happened(happening: Happening) -> tuple[str, str, str, float]:
    event = happening.event
    return event.zone, event.kind, event.visit, event.dwelled_s


counts = st.integers(0, 20)
issues = st.builds(Issued, total=counts, today=counts, today_here=counts)
amounts = st.builds(Spent, total=st.floats(0, 1e6), today=st.floats(0, 1e6))


@st.composite
def offers(draw: st.DrawFn, now: datetime) -> OfferFacts:
    return OfferFacts(
        ends_at=now + draw(spans) - timedelta(days=1),
        redeemable_until=draw(st.none() | spans.map(lambda span: now + span - timedelta(days=1))),
        cost=draw(st.none() | st.floats(0, 100)),
    )


@st.composite
def moments(draw: st.DrawFn) -> Moment:
    """Anything that may come: strangers, history, clocks ahead of ours, several zones at once, any day of DST."""
    now = draw(times)
    device = draw(st.sampled_from(["d_1", "d_2"]))
    at = now - draw(st.sampled_from([timedelta(), timedelta(seconds=90), timedelta(hours=-1)]) | spans)
    return Moment(
        now=now,
        happenings=tuple(
            draw(st.lists(happenings(at, device, now), min_size=1, max_size=3, unique_by=_what_happened))
        ),
        device=DeviceFacts(device, draw(st.sampled_from(["phone", "fob"])), has_address=draw(st.booleans())),
        shopper=draw(st.none() | shoppers(now)),
        campaign=draw(st.sampled_from(CAMPAIGNS)),
        group=draw(GROUPS),
        offer=draw(st.none() | offers(now)),
        issued=draw(st.none() | st.dictionaries(st.sampled_from(CAMPAIGNS), issues)),
        budget_spent=draw(st.none() | st.dictionaries(st.sampled_from(CAMPAIGNS), amounts)),
    )


def calm(moment: Moment) -> Moment:
    """The same moment with a willing shopper and fresh news: here campaigns really compete."""
    woken = tuple(
        replace(each, event=replace(each.event, late=False, at=moment.now)) for each in moment.happenings
    )
    consents = {purpose: ConsentGiven(granted=True, at=moment.now) for purpose in ("location", "push")}
    shopper = replace(
        moment.shopper or ShopperFacts("sh_1"),
        consents=consents,
        quiet_hours=None,
        reach=frozenset({"fcm"}),
        sent=(),
    )
    return replace(moment, happenings=woken, shopper=shopper)


def documents(schema: dict[str, Any], parts: dict[str, Any]) -> st.SearchStrategy[Any]:
    """What a form drawn from this JSON schema may send: only the words of JSON schema that our conditions use."""
    if "$ref" in schema:
        return documents(parts[schema["$ref"].rpartition("/")[2]], parts)
    if "anyOf" in schema:
        return st.one_of([documents(each, parts) for each in schema["anyOf"]])
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema.get("enum", [schema.get("const")]))
    return BY_TYPE[schema["type"]](schema, parts)


def _objects(schema: dict[str, Any], parts: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "properties" not in schema:
        return st.dictionaries(words, documents(schema["additionalProperties"], parts), max_size=3)
    fields = {name: documents(each, parts) for name, each in schema["properties"].items()}
    needed = {name: fields.pop(name) for name in schema.get("required", [])}
    return st.fixed_dictionaries(needed, optional=fields)


def _texts(schema: dict[str, Any], _: dict[str, Any]) -> st.SearchStrategy[str]:
    if "pattern" in schema:
        return st.from_regex(schema["pattern"].replace("$", r"\Z"))
    return st.dates().map(str) if schema.get("format") == "date" else words


BY_TYPE = {
    "object": _objects,
    "array": lambda schema, parts: st.lists(documents(schema["items"], parts), max_size=3),
    "string": _texts,
    "integer": lambda schema, _: st.integers(schema.get("minimum"), schema.get("maximum")),
    "number": lambda schema, _: st.floats(
        schema.get("exclusiveMinimum", schema.get("minimum")),
        schema.get("maximum"),
        exclude_min="exclusiveMinimum" in schema,
        allow_nan=False,
        allow_infinity=False,
    ),
    "boolean": lambda *_: st.booleans(),
    "null": lambda *_: st.none(),
}


def conditions(kind: str) -> st.SearchStrategy[Condition]:
    """Any condition of this kind that its form can say."""
    model = CONDITIONS[kind]
    schema = model.model_json_schema()
    return documents(schema, schema.get("$defs", {})).map(_read(model)).filter(lambda read: read is not None)


def _read(model: type[Condition]) -> Any:
    def read(document: Any) -> Condition | None:
        try:
            return model.model_validate(document)
        except ValidationError:
            return None

    return read


any_condition = st.one_of([conditions(kind) for kind in CONDITIONS])

wheres = st.sampled_from(
    [
        {"zones": ["z_shoes"]},
        {"zones": ["z_shelf", "z_bags"]},
        {"group": "fashion"},
        {"site": "z_store"},
        {"site": "z_gone"},
    ]
)
triggers = st.one_of(
    st.builds(lambda on, where: listens(on, **where), st.sampled_from(["entered", "exited"]), wheres),
    st.builds(
        lambda after_s, where: listens("dwelled", after_s=after_s, **where),
        st.sampled_from([60, 300]),
        wheres,
    ),
)


channel_orders = st.sampled_from([("fcm",), ("email", "fcm"), ("fcm", "inbox")])
variants = st.just(
    (
        {"id": "ours", "weight": 2},
        {
            "id": "other",
            "offer": {
                "title": {"it": "Altro", "en": "Other"},
                "body": {"it": "Meno 10 %", "en": "10 % off"},
                "default_language": "en",
            },
        },
    )
)

follow_ups = st.just(({"when": "not_opened", "after": "30m", "channels": ("email",)},))


@st.composite
def campaigns(draw: st.DrawFn) -> list[Campaign]:
    """Up to four campaigns, most of them live, few with conditions of their own."""
    chosen = draw(st.lists(st.sampled_from(CAMPAIGNS), unique=True, max_size=len(CAMPAIGNS)))
    return [
        a_campaign(
            name,
            state=draw(st.sampled_from(["live", "live", "live", "draft", "paused", "ended"])),
            trigger=draw(triggers),
            priority=draw(st.integers(0, 2)),
            value=draw(st.sampled_from([0.0, 2.5])),
            group=draw(st.none() | st.just("news")),
            channels=draw(channel_orders),
            one_a_visit=draw(st.booleans()),
            hold=draw(st.none() | st.just({"at_most": "4h"})),
            hold_out=draw(st.sampled_from([0.0, 0.0, 0.5])),
            variants=draw(st.just(()) | variants),
            follow_ups=draw(st.just(()) | follow_ups),
            conditions=draw(st.just(()) | st.lists(any_condition, max_size=2).map(tuple)),
        )
        for name in chosen
    ]
