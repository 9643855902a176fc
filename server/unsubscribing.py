"""The word in an e-mail that takes its reader's consent back: the reader's id, signed so that nobody makes one up. Pure.

In: a key and a shopper. Out: the token that the e-mail carries (RFC 8058 asks for one that needs no log-in), and the shopper back. No offer
is named: a shop may have forgotten it when the link is followed (e-mails of before named theirs, and still hold).
"""

import hmac

_SIGNATURE_CHARACTERS = 32  # 128 bits in hex: nobody guesses that at a door


def token_for(key: str, shopper: str) -> str:
    """What stands in the link."""
    return f"{shopper}.{_signed(key, shopper)}"


def reader_of(key: str, token: str) -> str | None:
    """Whose e-mail carried this token, or the offer that it was of; None for a token that is none of ours."""
    reader, _, signature = token.rpartition(".")
    return reader if hmac.compare_digest(_signed(key, reader), signature) else None


def _signed(key: str, reader: str) -> str:
    return hmac.digest(key.encode(), b"soglia-unsubscribe-v1." + reader.encode(), "sha256").hex()[
        :_SIGNATURE_CHARACTERS
    ]
