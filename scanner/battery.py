"""How full a beacon's battery is, from its voltage: a pure rule."""

FULL_MV = 3000
"""A fresh lithium coin cell (CR2032, CR2477) under a beacon's small load."""
EMPTY_MV = 2000
"""Below this most beacon chips reset when they transmit."""


def coin_cell_left(millivolts: float) -> float:
    """Share left, 0..1, to two digits. A straight line between empty and full: enough to say "change it soon"."""
    share = (millivolts - EMPTY_MV) / (FULL_MV - EMPTY_MV)
    return round(min(1.0, max(0.0, share)), 2)
