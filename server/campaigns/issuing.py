"""What a batch has given so far, on top of what was counted before it: stock and budget hold within a batch too.

In: the offers of the moments before. Out: the moment with its counts as they stand then.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from server.campaigns.decision import Send
from server.campaigns.moment import Issued, Moment, Spent

NONE_ISSUED, NOTHING_SPENT = Issued(), Spent()


class Given:
    """The offers of a batch, noted as they are decided."""

    def __init__(self) -> None:
        self._sends: dict[str, list[Send]] = {}

    def note(self, sends: Iterable[Send]) -> None:
        for send in sends:
            self._sends.setdefault(send.campaign, []).append(send)

    def added_to(self, moment: Moment) -> Moment:
        """The same moment after these offers were given; as it is where nobody counts."""
        if moment.issued is None or not self._sends:
            return moment
        site = moment.zone.shop
        today = moment.local_time("shop").date().isoformat()
        issued: Mapping[str, Issued] = {
            campaign: _issued(moment.issued.get(campaign, NONE_ISSUED), sends, site, today)
            for campaign, sends in self._sends.items()
        }
        before = moment.budget_spent or {}
        spent = {
            campaign: _spent(before.get(campaign, NOTHING_SPENT), sends, today)
            for campaign, sends in self._sends.items()
        }
        return replace(moment, issued={**moment.issued, **issued}, budget_spent={**before, **spent})


def _issued(before: Issued, sends: list[Send], site: str, today: str) -> Issued:
    of_today = [send for send in sends if send.day == today]
    return Issued(
        total=before.total + len(sends),
        today=before.today + len(of_today),
        today_here=before.today_here + sum(send.site == site for send in of_today),
    )


def _spent(before: Spent, sends: list[Send], today: str) -> Spent:
    return Spent(
        total=before.total + sum(send.cost for send in sends),
        today=before.today + sum(send.cost for send in sends if send.day == today),
    )
