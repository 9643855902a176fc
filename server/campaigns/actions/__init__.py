"""One file a call to action; this finds them. A file that breaks the contract stops the start, not the first shopper."""

from server.campaigns.action import Action, actions_in

ACTIONS: dict[str, type[Action]] = actions_in(__name__, __path__)
"""kind -> action."""
