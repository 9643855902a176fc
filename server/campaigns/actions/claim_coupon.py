"""Claim a coupon: the shopper gets a code for the till, as long as there are some."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import StringConstraints

from server.campaigns.action import Action

CouponId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]


class ClaimCoupon(Action, frozen=True):
    """Gives the shopper a code of one of your coupons, to be shown at the till."""

    kind: Literal["claim_coupon"] = "claim_coupon"
    coupon: CouponId

    def told(self) -> Mapping[str, str]:
        """Which coupon; its code comes with the claim (`POST /v1/offers/{id}/claim`)."""
        return {"coupon": self.coupon}
