"""The sections of the settings that are no channel's: every key typed, with its default and its reason.

In: nothing. Out: the classes that `settings.py` reads a file and the environment into.
"""

from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, IPvAnyNetwork, model_validator

from server.records.database import file_of, with_our_driver
from server.section import Section

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Days = Annotated[int, Field(ge=1, le=36_500)]


class ServerSettings(Section):
    """The doors."""

    host: str = Field(
        "127.0.0.1",
        min_length=1,
        description="Address to listen on. 0.0.0.0 for all; behind a proxy leave it.",
    )
    port: int = Field(8080, ge=0, le=65_535, description="Port to listen on; 0 takes any free one.")
    trusted_proxies: tuple[IPvAnyNetwork, ...] = Field(
        (),
        description="Addresses or networks of your own reverse proxies, whose word on who calls (X-Forwarded-For) is "
        "believed. None: believing anybody would let callers pick their address, and so get past every limit.",
    )
    body_limit_bytes: int = Field(
        2 * 1024 * 1024,
        ge=1024,
        le=1024**3,
        description="Largest body. 2 MiB hold some 15,000 pings: more than the batch limit asks for.",
    )
    batch_limit: int = Field(
        5_000,
        ge=1,
        le=100_000,
        description="Most items in one body: some 20 ms of work, so that nobody else's request waits long behind it.",
    )
    registrations_per_minute: int = Field(
        600,
        ge=1,
        description="New devices from one network address with an app key. A whole shop's Wi-Fi may be one address.",
    )
    session_hours: float = Field(
        12, gt=0, le=24 * 30, description="How long a log-in of staff holds: a long day in the shop."
    )


class DatabaseSettings(Section):
    """The records."""

    secrets: ClassVar[frozenset[str]] = frozenset({"url"})
    url: Annotated[str, AfterValidator(with_our_driver)] = Field(
        "sqlite:///soglia.sqlite3",
        validate_default=True,
        repr=False,
        description="sqlite:///file (one process, nothing to install) or postgresql://user:password@host/name.",
    )

    @property
    def file(self) -> Path | None:
        """Where SQLite keeps the records; None for another database."""
        return file_of(self.url)


class FreshnessSettings(Section):
    """Event time: what is too old to speak of, and what is too strange to believe."""

    limit_s: Seconds = Field(
        120.0,
        description="Evidence older than this changes visits and reports and sends nothing: the shopper has moved on.",
    )
    oldest_s: Seconds = Field(
        7 * 86_400.0,
        description="Evidence older than this is refused: a week is what a gateway's spool may hold after a long outage.",
    )
    future_s: float = Field(
        60.0,
        ge=0,
        le=3_600,
        description="How far ahead of ours a clock may run, after it was corrected by `sent_at`.",
    )

    @model_validator(mode="after")
    def _are_in_order(self) -> Self:
        if self.limit_s > self.oldest_s:
            raise ValueError("limit_s cannot be longer than oldest_s: what is refused cannot be fresh")
        return self


class PresenceSettings(Section):
    """How long a silence must be before it ends a stay: some usual gaps of the device, within bounds."""

    radio_gaps: float = Field(
        10.0, gt=0, description="Usual gaps of a fob: walls and bodies swallow runs of packets."
    )
    radio_least_s: Seconds = Field(15.0, description="Never sooner: a fob at rest is unheard for up to 10 s.")
    radio_most_s: Seconds = Field(
        180.0, description="Never later: who is unheard for three minutes has left."
    )
    fix_gaps: float = Field(
        4.0, gt=0, description="Usual gaps of a phone's fixes, which come minutes apart in a pocket."
    )
    fix_least_s: Seconds = Field(
        1_800.0, description="Never sooner: a phone that lies still may send none for long."
    )
    fix_most_s: Seconds = Field(
        4 * 3_600.0, description="Never later: nobody stands in a shop for longer unseen."
    )
    deaf_most_s: Seconds = Field(
        3_600.0,
        description="While a gateway is off, broken or cut off nobody who was heard by it leaves by silence, for this long at "
        "most: by then most people have left, and the machine is seen to.",
    )

    @model_validator(mode="after")
    def _are_in_order(self) -> Self:
        for evidence in ("radio", "fix"):
            if getattr(self, f"{evidence}_least_s") > getattr(self, f"{evidence}_most_s"):
                raise ValueError(f"{evidence}_least_s cannot be longer than {evidence}_most_s")
        return self


class OutboxSettings(Section):
    """How offers are sent and tried again."""

    poll_s: Seconds = Field(
        1.0,
        description="How late a retry may be noticed. New offers do not wait for this: they are announced.",
    )
    lease_s: float = Field(
        60.0,
        ge=30,
        description="How long a sender holds what it took. After a crash this passes before somebody else tries: longer "
        "than two of the longest sends (15 s each), or two would send the same.",
    )
    at_once: int = Field(200, ge=1, le=10_000, description="Offers under way at the same time.")
    probe_s: Seconds = Field(30.0, description="How often a channel that is down is tried.")
    trip_after: int = Field(
        25,
        ge=2,
        description="So many tries in a row that failed bring a channel down: a few may be some phones' own fault.",
    )
    most_attempts: int = Field(
        20,
        ge=1,
        description="So many tries of one offer on one channel, then the next channel has it, or it is a dead letter. Twenty "
        "take half an hour, and those that an outage spoils are not counted once the channel is down.",
    )
    stop_limit_s: Seconds = Field(5.0, description="How long a stop waits for sends under way.")


class FallbackSettings(Section):
    """When the next channel of a campaign's order is tried."""

    receipt_s: Seconds = Field(
        1_800.0,
        description="How long a channel has until a phone tells that the offer was shown or opened. Half an hour: sooner, who has "
        "the phone in a pocket is told twice.",
    )


class CampaignSettings(Section):
    """What holds for all campaigns."""

    global_hold_out: float = Field(
        0.0,
        ge=0,
        le=0.9,
        allow_inf_nan=False,
        description="The share of shoppers whom no campaign speaks to, always the same ones: what they buy tells what all campaigns "
        "together do. A twentieth (0.05) is usual; 0 speaks to everybody.",
    )


class WebhookSettings(Section):
    """How other systems are told what happened (the webhook channel, which sends offers, is another thing)."""

    retry_days: float = Field(
        3.0,
        gt=0,
        le=30,
        description="How long an event is tried before it is given up, ever more rarely: a week-end's outage is survived.",
    )
    at_once: int = Field(8, ge=1, le=1000, description="Posts under way to one webhook at the same time.")
    timeout_s: float = Field(
        10.0, gt=0, le=25, description="How long one post may take. A receiver should answer, then work."
    )
    allowed_networks: tuple[IPvAnyNetwork, ...] = Field(
        (),
        description="Private networks that webhooks may lead into, such as that of your CRM. None: whoever may set up a webhook "
        "could else make this server knock at the doors of your own machines.",
    )


class BusSettings(Section):
    """What waits between the doors and the path."""

    room: int = Field(
        200_000,
        ge=1,
        description="Sightings that may wait. A full bus answers 429: some seconds of work are better refused than late.",
    )


class LogSettings(Section):
    """What the server says of itself. Never positions, names or tokens."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least that is said.")
    format: Literal["json", "console"] = Field(
        "console", description="json, a line an event, for machines that collect logs; console for people."
    )


class RetentionSettings(Section):
    """How long is kept what is no longer needed. Positions are not kept at all."""

    idempotency_hours: int = Field(
        24,
        ge=1,
        le=24 * 30,
        description="Answers to requests with an Idempotency-Key: a day outlives every retry.",
    )
    outbox_days: Days = Field(
        400, description="Offers and what became of them: a cap of so many a year must see a whole year."
    )
    decisions_days: Days = Field(
        90,
        description="Why something was sent or not: questions come within weeks, and there are many decisions.",
    )
    visits_days: Days = Field(400, description="Visits: this year is compared with the last.")
    webhooks_days: Days = Field(
        30,
        description="What other systems were told, so that it can be sent again. Longer than it is tried: what is deleted is told to nobody.",
    )
    messages_days: Days = Field(
        90,
        description="The words of offers that are over: what became of them is kept with the offers, what they said is not needed.",
    )
    dead_letters_days: Days = Field(
        30, description="Offers that reached nobody can be looked at for so long; then they count as expired."
    )
    coupons_days: Days = Field(
        400,
        description="Codes and who claimed them, from their end on: so long a till can say that one is over.",
    )
    purchases_days: Days = Field(
        400, description="Orders, refunds and uses of codes: this year's revenue is compared with the last."
    )
    consents_days: Days = Field(
        3_650,
        description="Answers that another took the place of: the proof of what was agreed to then, for as long as anybody may ask.",
    )
    addresses_days: Days = Field(
        30, description="Addresses that are dead, so that staff see why nothing came."
    )
    keys_days: Days = Field(
        730, description="Keys and sessions that have ended: as long as the audit log, which names them."
    )
    testers_days: Days = Field(30, description="Invitations to be a tester that nobody took up.")
    audit_days: Days = Field(
        730, description="What staff did and saw: two years, within which such things are asked about."
    )


class PrivacySettings(Section):
    """How little is known of whom."""

    forget_after_s: float = Field(
        300.0,
        ge=0,
        le=86_400,
        description="At sites that forget on exit: seconds after the last device has left until nobody can tell whose visit it was. So long "
        "receipts, gateways that lag and the offers for who leaves still find it.",
    )


class ConsoleSettings(Section):
    """The staff console in the browser."""

    enabled: bool = Field(True, description="Whether this process serves it.")
    tiles_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s;,\"']+$",
        description="Map tiles, such as https://tiles.example/{z}/{x}/{y}.png. None: nothing is fetched from anywhere.",
    )
    tiles_attribution: str = Field("", description="Whom to name beside the tiles.")
    ground_file: Path | None = Field(
        None,
        description="A GeoJSON file of streets and walls, drawn under the zones where there are no tiles.",
    )
