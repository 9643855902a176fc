"""Claim a coupon: the shopper gets a code for the till, as long as there are some."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from server.campaigns.action import Action
from server.campaigns.words import Phrases

CouponId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]


class ClaimCoupon(Action, frozen=True):
    """Gives the shopper a code of one of your coupons, to be shown at the till."""

    form: ClassVar[Phrases] = {
        "en": {
            "title": "Get a coupon",
            "help": "Gives the shopper a code to be shown at the till.",
            "coupon": "Which coupon",
        },
        "it": {
            "title": "Prendi un buono",
            "help": "Dà al cliente un codice da mostrare alla cassa.",
            "coupon": "Quale buono",
        },
    }
    kind: Literal["claim_coupon"] = "claim_coupon"
    coupon: CouponId = Field(json_schema_extra={"x-names": "coupon"})

    def told(self) -> Mapping[str, str]:
        """Which coupon; its code comes with the claim (`POST /v1/offers/{id}/claim`)."""
        return {"coupon": self.coupon}
