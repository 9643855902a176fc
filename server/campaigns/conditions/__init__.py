"""One file a condition; this finds them. A file that breaks the contract stops the start, not the first shopper."""

from server.campaigns.condition import Condition, conditions_in

CONDITIONS: dict[str, type[Condition]] = conditions_in(__name__, __path__)
"""kind -> condition."""
