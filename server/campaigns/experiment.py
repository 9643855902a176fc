"""Who gets which variant, and who is held out: by a stable hash of shopper and experiment, never by chance at run time.

In: a shopper's id, a campaign, the share that all campaigns hold out. Out: the variant, or whose control group it is. The same
shopper falls on the same side for ever, on whatever phone, in whatever process (sticky); two experiments fall independently.

When it is drawn, and why then. Last of all: after consent, caps, conditions, arbitration and after every text of the campaign could be
written. Where the draw comes first, those who would never have been sent anything anyway (no consent, capped, no text) stay in the
control group and vanish from the treated, and the groups no longer compare: Braze documents that its control groups skip caps
and message aborts. Recording the exposure of the control exactly where the treated is exposed is the practice known as ghost ads
(Johnson, Lewis and Nubbemeyer, "Ghost Ads: Improving the Economics of Measuring Online Ad Effectiveness", Journal of Marketing
Research 54(6), 2017).

What a hold-out uses up. All that a message would have used up of the shopper's attention, as if it had been sent: the moment and the
visit it won, frequency caps, cooldowns. Otherwise the control group would come up again at each visit where the treated is capped, and
would get the runner-up's messages instead: the groups would differ in two things. (An advertiser's ghost ad lets the runner-up
show, since it is somebody else's; here it is our own and would blur what this campaign did.) It does not use up stock or
budget: those are things, and nothing was given away.
"""

from collections.abc import Sequence
from hashlib import sha256
from itertools import accumulate
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # campaign.py says what a variant is; this file is below it
    from server.campaigns.campaign import Campaign, Variant

Control = Literal["campaign", "all"]
"""Whose control group: of one campaign, or of all campaigns together."""


def stable_share(shopper: str, salt: str) -> float:
    """Where a shopper stands in an experiment: evenly spread in [0, 1), the same for ever for the same two texts.

    The first 53 bits of SHA-256 over the salt, a NUL and the shopper: as many as a float holds.
    """
    digest = sha256(salt.encode() + b"\0" + shopper.encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def control_of(campaign: "Campaign", shopper: str, global_hold_out: float) -> Control | None:
    """Whose control group the shopper is in, None where they are treated. The global one goes first: it gets nothing at all."""
    if stable_share(shopper, "hold-out of all campaigns") < global_hold_out:
        return "all"
    if stable_share(shopper, f"hold-out of {campaign.id}") < campaign.hold_out:
        return "campaign"
    return None


def variant_of(campaign: "Campaign", shopper: str) -> "Variant | None":
    """The variant that the shopper gets, or would get if they were not held out; None for a campaign without variants."""
    if not campaign.variants:
        return None
    return _at(campaign.variants, stable_share(shopper, f"variants of {campaign.id}"))


def _at(variants: "Sequence[Variant]", share: float) -> "Variant":
    """The variant whose stretch of [0, 1) holds `share`; stretches are as long as the weights, in the order given."""
    ends = list(accumulate(variant.weight for variant in variants))
    return next(
        (variant for variant, end in zip(variants, ends, strict=True) if share * ends[-1] < end), variants[-1]
    )
