"""Thinks: do we speak? Moments in, decisions with their reasons out. No clock, no randomness, no IO."""

from server.campaigns.campaign import Campaign, Trigger, Where
from server.campaigns.compiled import Compiled, compile_campaigns
from server.campaigns.condition import BrokenCondition, Condition
from server.campaigns.conditions import CONDITIONS
from server.campaigns.daytime import Daytime
from server.campaigns.decide import decide, decide_in_turn, objections
from server.campaigns.decision import Decision, Exposed, Hold, HoldOut, Reason, Send, Verdict, Withhold
from server.campaigns.moment import (
    ConsentGiven,
    DeviceFacts,
    Fact,
    Happening,
    Held,
    Issued,
    Moment,
    OfferFacts,
    Purpose,
    RedeemedOffer,
    SentOffer,
    ShopperFacts,
    Spent,
    ZoneFacts,
    ZonePast,
    gather,
)
from server.campaigns.offer import Offer, OfferText
from server.campaigns.reading import (
    BadCampaign,
    BadDocument,
    BadSegment,
    Fault,
    read_campaign,
    read_campaigns,
    read_segment,
    write_campaign,
    write_segment,
)
from server.campaigns.segment_rule import NamedSegment, SegmentRule, named_by, with_segments

__all__ = [
    "CONDITIONS",
    "BadCampaign",
    "BadDocument",
    "BadSegment",
    "BrokenCondition",
    "Campaign",
    "Compiled",
    "Condition",
    "ConsentGiven",
    "Daytime",
    "Decision",
    "DeviceFacts",
    "Exposed",
    "Fact",
    "Fault",
    "Happening",
    "Held",
    "Hold",
    "HoldOut",
    "Issued",
    "Moment",
    "NamedSegment",
    "Offer",
    "OfferFacts",
    "OfferText",
    "Purpose",
    "Reason",
    "RedeemedOffer",
    "SegmentRule",
    "Send",
    "SentOffer",
    "ShopperFacts",
    "Spent",
    "Trigger",
    "Verdict",
    "Where",
    "Withhold",
    "ZoneFacts",
    "ZonePast",
    "compile_campaigns",
    "decide",
    "decide_in_turn",
    "gather",
    "named_by",
    "objections",
    "read_campaign",
    "read_campaigns",
    "read_segment",
    "with_segments",
    "write_campaign",
    "write_segment",
]
