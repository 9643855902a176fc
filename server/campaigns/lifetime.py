"""How long a campaign lives: from a draft over scheduled, live and paused to ended, and when that changes by itself.

    draft ------> scheduled ----(starts_at)----> live <---> paused ----(ends_at)----> ended
      |                                           ^                                     ^
      +--------------- staff may go straight there+-------------------------------------+

- A draft and a scheduled campaign have not spoken: they may go back to a draft, and a draft may be removed.
- Who may have spoken (live, paused) never becomes a draft again: its caps and its report go on. It is paused, or ended.
- What has ended stays ended: a new campaign starts with a new id.

In: campaigns, and the time. Out: what they become, and when. Pure.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from server.campaigns.campaign import Campaign, State

#: state -> the states that staff may bring it to.
NEXT: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        "draft": frozenset({"scheduled", "live", "paused", "ended"}),
        "scheduled": frozenset({"draft", "live", "paused", "ended"}),
        "live": frozenset({"paused", "ended"}),
        "paused": frozenset({"live", "ended"}),
        "ended": frozenset(),
    }
)


def may_become(before: State, after: State) -> bool:
    return before == after or after in NEXT[before]


def turns_at(campaign: Campaign) -> datetime | None:
    """When (UTC) its state changes by itself; None where it does not."""
    if campaign.state == "scheduled":
        return campaign.starts_at
    return campaign.ends_at if campaign.state in {"live", "paused"} else None


def turned(campaign: Campaign, now: datetime) -> Campaign:
    """The campaign as it is at `now`: one that was scheduled is live from its time on, and ended after its last."""
    state = campaign.state
    if state == "scheduled" and campaign.starts_at and campaign.starts_at <= now:
        state = "live"
    if state in {"live", "paused"} and campaign.ends_at and campaign.ends_at <= now:
        state = "ended"
    return campaign if state == campaign.state else campaign.model_copy(update={"state": state})
