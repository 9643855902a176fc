"""What was asked of a task: where its recordings lie, how they are thinned, what may be learned from. A value only."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from simulator.traces.trace import NoTrace

#: Learn from the data's own folder, and never from what is scored.
OWN: Final = "own"


#: Gateways tell the mean of each window, as soglia-scanner does, or every packet by itself.
Packets = Literal["windowed", "each"]

Learning = Path | Literal["own"] | None


def learning_from(text: str) -> Learning:
    """What `--survey` said: "none", "own" or a folder."""
    if text == OWN:
        return OWN
    return None if text == "none" else Path(text)


@dataclass(frozen=True, slots=True)
class Asked:
    """`thin` None: as the task usually is. `survey`: a folder in the data's layout, "own", or None for no survey.

    `repeated`: small recordings are played by several seeds (repeats.py) instead of `seed`.
    """

    data: Path
    survey: Learning = OWN
    thin: float | None = None
    every_s: float | None = None
    radius_m: float | None = None
    seed: int = 1
    packets: Packets = "windowed"
    repeated: bool = False

    @property
    def options(self) -> dict[str, str]:
        """What was asked otherwise than usual, by the names that the command line takes."""
        given = {
            "thin": self.thin,
            "every": self.every_s,
            "radius": self.radius_m,
            "survey": None if self.survey == OWN else self.survey or "none",
            "packets": None if self.packets == "windowed" else self.packets,
        }
        return {name: _word(value) for name, value in given.items() if value is not None}

    @property
    def elsewhere(self) -> Path | None:
        """The folder to learn from where that is another one than the data's own: naming the own one changes nothing."""
        if isinstance(self.survey, Path) and self.survey.resolve() != self.data.resolve():
            return self.survey
        return None

    def folder(self, kind: str) -> Path:
        """The recordings of one kind ("tetam", "flat" ...) in the data's folder. Raises NoTrace where there is no such folder."""
        return within(self.data, kind, "--data")


def within(data: Path, kind: str, option: str = "--survey") -> Path:
    """The folder of one kind of recording; a folder named directly is taken as it is. Raises NoTrace where there is none."""
    inner = data / kind
    holds_files = data.is_dir() and any(path.is_file() for path in data.iterdir())
    found = data if holds_files and not inner.is_dir() else inner
    if not data.is_dir():
        raise NoTrace(f"There is no folder {data}; {option} names the one that holds {kind}")
    if not found.is_dir():
        raise NoTrace(f"There is no folder {found}; {option} names the one that holds {kind}")
    return found


def _word(value: Path | float | str) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
