"""Ids that nobody can guess, for things that follow from nothing: shoppers, devices, keys."""

import secrets
from base64 import b32encode

_BYTES = 15  # as server.zones.naming: 120 bits, 24 base32 letters without padding


def fresh_id(prefix: str) -> str:
    """`prefix_` and 24 letters of [a-z2-7], never given before."""
    return f"{prefix}_{b32encode(secrets.token_bytes(_BYTES)).decode('ascii').lower()}"
