"""Why a verb of this room would not do what it was asked. The web turns these into problem documents by themselves.

Refusal
  NotFound    no such thing                                    404
  Taken       the name, id or offer already belongs elsewhere  409
"""


class Refusal(Exception):
    """`str(refusal)` is a sentence for whoever asked: it never carries secrets or anybody's data."""


class NotFound(Refusal):
    """There is no such thing, or not for whoever asks."""


class Taken(Refusal):
    """It was already used, or the name belongs to something else."""
