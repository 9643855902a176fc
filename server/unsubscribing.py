"""The word in an e-mail that takes its reader's consent back: an offer's id, signed so that nobody makes one up. Pure.

In: a key and an offer. Out: the token that the e-mail carries (RFC 8058 asks for one that needs no log-in), and the offer back.
"""

import hmac

_SIGNATURE_CHARACTERS = 32  # 128 bits in hex: nobody guesses that at a door


def token_for(key: str, offer: str) -> str:
    """What stands in the link."""
    return f"{offer}.{_signed(key, offer)}"


def offer_of(key: str, token: str) -> str | None:
    """The offer whose e-mail carried this token; None for a token that is none of ours."""
    offer, _, signature = token.rpartition(".")
    return offer if hmac.compare_digest(_signed(key, offer), signature) else None


def _signed(key: str, offer: str) -> str:
    return hmac.digest(key.encode(), b"soglia-unsubscribe-v1." + offer.encode(), "sha256").hex()[
        :_SIGNATURE_CHARACTERS
    ]
