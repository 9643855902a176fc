"""Pictures that staff give us: PNG or SVG, nothing else, known by what they are and not by what they are called.

In: bytes from outside. Out: their media type and size in pixels, or words that say why not. An SVG is kept as it came: it is a document that
may hold scripts, so whoever shows one does it as an <img>, in which none runs, and the door that gives it out forbids them (SAFELY).
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["image/png", "image/svg+xml"]

#: A floor plan as PNG at 5,000 pixels is half of that.
MOST_BYTES: Final = 4 * 1024 * 1024

#: Browsers draw no larger ones.
MOST_PX: Final = 20_000

#: How a picture is given out: as nothing but a picture, in which nothing runs and which loads nothing.
SAFELY: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Content-Disposition": "inline",
}

_PNG: Final = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_ROOT: Final = re.compile(r"<svg\b[^>]{0,20000}>", re.IGNORECASE)
_NUMBER: Final = r"\s*([0-9]{1,7}(?:\.[0-9]{1,9})?)"
_VIEW_BOX: Final = re.compile(rf"viewBox\s*=\s*[\"']\s*[-0-9.]+[\s,]+[-0-9.]+[\s,]+{_NUMBER}[\s,]+{_NUMBER}")


class BadPicture(ValueError):
    """Says what the picture is not."""


@dataclass(frozen=True, slots=True)
class Picture:
    kind: Kind
    width_px: float
    height_px: float


def read_picture(content: bytes) -> Picture:
    """What a picture is. Raises BadPicture."""
    if len(content) > MOST_BYTES:
        raise BadPicture(f"a picture may have at most {MOST_BYTES // 1024 // 1024} MiB")
    if content.startswith(_PNG):
        return _sized(
            "image/png", *(int.from_bytes(content[at : at + 4], "big") for at in (len(_PNG), len(_PNG) + 4))
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadPicture("this is neither a PNG nor an SVG picture") from None
    root = _ROOT.search(text, 0, 100_000)
    if root is None:
        raise BadPicture("this is neither a PNG nor an SVG picture")
    if "<!ENTITY" in text.upper():
        raise BadPicture("an SVG with entities of its own is not taken: save it as a plain SVG")
    return _sized("image/svg+xml", *_size_of(root[0]))


def _size_of(root: str) -> tuple[float, float]:
    """The size of an SVG, from its viewBox, else its width and height."""
    box = _VIEW_BOX.search(root)
    found = [box[1], box[2]] if box else []
    for name in ("width", "height") if not found else ():
        said = re.search(rf"\b{name}\s*=\s*[\"']{_NUMBER}(?:px|mm|cm|pt|in)?\s*[\"']", root)
        if said is None:
            raise BadPicture("this SVG does not say how large it is: it needs a viewBox")
        found.append(said[1])
    return float(found[0]), float(found[1])


def _sized(kind: Kind, width: float, height: float) -> Picture:
    if not (0 < width <= MOST_PX and 0 < height <= MOST_PX):
        raise BadPicture(
            f"a picture of {width:g} by {height:g} pixels cannot be drawn; {MOST_PX:,} are the most"
        )
    return Picture(kind, width, height)
