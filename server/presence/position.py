"""Where a device is on the map: a Kalman filter per device, over arrays.

The velocity of people and cars lasts some seconds and then is another (Singer, IEEE Trans. AES-6, 1970, whose driving noise is on
the velocity here): how fast it may be is learned of each device (its pace). The covariance is shared by both axes,
since a fix claims one radius. Claimed accuracy is taken seriously but not literally. A `Course` tells where devices are now, where they
will be in some seconds, and where they were between two fixes, given the later one (Rauch, Tung and Striebel, 1965,
over one step).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from server.presence.sighting import Fixes
from server.presence.tracks import NEVER, Rows
from server.zones.shape import Floats, Indexes

#: The accuracy a phone claims is the radius that holds 68 % (Android's definition); per axis that is accuracy / 1.515.
RADIUS_68 = 1.515
#: No fix among houses is better than this per axis (open road: .5 to 1.5 m, of which half still stands a minute later).
BEST_SIGMA_M = 1.5
#: Network fixes lay within their claimed radius only 61 % of the time: beyond this claim we trust them less.
COARSE_M, COARSE_FACTOR = 25.0, 1.3
#: Errors last: autocorrelation .84 at 1 s, .46 at 5 s. Fixes closer than this share what they know. (Measured in simulation against a
#: state for the error itself, with memories of 4 s and 60 s: as good, at a third of the cost.)
ERROR_LASTS_S = 5.0
#: For how long a velocity lasts: a block, an aisle.
STRAIGHT_S = 20.0
#: The share of the pace's square that is velocity in any one direction at any time: the rest stands or waits.
GOING_SHARE = 0.25
#: Paces, m/s: who stands still; a brisk walk, which anybody may break into; and of whom nothing is known yet.
STANDING_MPS, WALKING_MPS, FIRST_MPS = 0.05, 2.0, 3.0
#: A pace is forgotten within this time: red lights are shorter than a few of it.
PACE_LASTS_S = 20.0
#: Who stays this long within a few metres stands: the mean position of that time tells walkers from noise. Who goes straight at
#: some pace is ahead of that mean by pace times time; half as much again is allowed for.
STANDS_S, WANDERS = 60.0, 1.5
#: An innovation beyond this many sigmas means that the device set off meanwhile, as fast as a car may (m/s2, up to m/s), ...
ODD_SIGMAS = 3.0
SETS_OFF_MPS2, SETS_OFF_MPS = 1.5, 15.0
#: ... or, if even that does not explain it, a fix that is off. Fixes that are not believed but agree among themselves for this long
#: are right: it is the filter that is lost. As long as an error lasts, or two with the same error would convince it.
CONVINCED_AFTER_S = 5.0
#: Between sparse fixes anything may have happened, a tram ride too: metres a second (sd), after half a minute unseen.
TRAVEL_MPS, UNSEEN_S = 6.0, 30.0
#: Past this distance from its origin a device's flat map is drawn anew (error < .1 % within 5 km).
REDRAW_M = 4_000.0
#: What a phone says of its speed: sd in m/s, and as a share of it (Doppler; the heading is ours). Slower than this it stands.
SPEED_SD, SPEED_SD_SHARE, STANDS_MPS = 0.4, 0.1, 0.5


@dataclass(frozen=True, slots=True)
class Motion:
    """What is believed of some devices: position and velocity on their flat maps, the covariance that both axes share, their pace."""

    x: Floats
    y: Floats
    vx: Floats
    vy: Floats
    pp: Floats
    pv: Floats
    vv: Floats
    pace: Floats

    def of(self, some: Indexes) -> "Motion":
        return Motion(*(getattr(self, name)[some] for name in Motion.__slots__))

    def after(self, gap_s: Floats) -> "Motion":
        """The same so much later, without news."""
        fade = np.exp(-gap_s / STRAIGHT_S)
        reach = STRAIGHT_S * (1.0 - fade)
        going = GOING_SHARE * self.pace**2
        strayed = going * STRAIGHT_S * np.maximum(2.0 * gap_s - STRAIGHT_S * (1.0 - fade) * (3.0 - fade), 0.0)
        travelled = TRAVEL_MPS * np.maximum(gap_s - UNSEEN_S, 0.0)
        return Motion(
            self.x + reach * self.vx,
            self.y + reach * self.vy,
            fade * self.vx,
            fade * self.vy,
            self.pp + 2.0 * reach * self.pv + reach**2 * self.vv + strayed + travelled**2,
            fade * (self.pv + reach * self.vv) + going * STRAIGHT_S * (1.0 - fade) ** 2,
            fade**2 * self.vv + going * (1.0 - fade**2),
            self.pace,
        )


@dataclass(frozen=True, slots=True)
class Maps:
    """The flat map of each row: its origin (degrees), and metres in a degree there."""

    lat0: Floats
    lon0: Floats
    per_lat: Floats
    per_lon: Floats

    def of(self, some: Indexes) -> "Maps":
        return Maps(self.lat0[some], self.lon0[some], self.per_lat[some], self.per_lon[some])

    def metres(self, lat: Floats, lon: Floats) -> tuple[Floats, Floats]:
        return _wrapped(lon - self.lon0) * self.per_lon, (lat - self.lat0) * self.per_lat

    def degrees(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """(latitude, longitude)."""
        return self.lat0 + y / self.per_lat, _wrapped(self.lon0 + x / self.per_lon)


Where = tuple[Floats, Floats, Floats]  # latitude, longitude, sigma in metres per axis


@dataclass(frozen=True, slots=True)
class Course:
    """How some devices moved by one fix each, row by row: `before` it, `gap_s` earlier, and since.

    `off_x`, `off_y` and `spread` are the innovation of the fix and its variance. A `fresh` row began with this fix.
    """

    maps: Maps
    at: Floats
    gap_s: Floats
    fresh: NDArray[np.bool_]
    before: Motion
    now: Motion
    off_x: Floats
    off_y: Floats
    spread: Floats

    @property
    def moved_m(self) -> Floats:
        return np.asarray(np.hypot(self.now.x - self.before.x, self.now.y - self.before.y), np.float64)

    def here(self) -> Where:
        return (*self.maps.degrees(self.now.x, self.now.y), np.sqrt(self.now.pp))

    def ahead(self, some: Indexes, seconds: Floats) -> Where:
        """Where they will be so many seconds later."""
        then = self.now.of(some).after(seconds)
        return (*self.maps.of(some).degrees(then.x, then.y), np.sqrt(then.pp))

    def between(self, some: Indexes, share: float) -> Where:
        """Where they were when that share of the time between the two fixes had passed, as both tell."""
        passed = share * self.gap_s[some]
        then = self.before.of(some).after(passed)
        reach = STRAIGHT_S * (1.0 - np.exp(-(self.gap_s[some] - passed) / STRAIGHT_S))
        shared = then.pp + reach * then.pv
        gain = shared / self.spread[some]
        x, y = then.x + gain * self.off_x[some], then.y + gain * self.off_y[some]
        return (*self.maps.of(some).degrees(x, y), np.sqrt(np.maximum(then.pp - gain * shared, 0.01)))


def follow_fixes(rows: Rows, which: Indexes, fixes: Fixes, items: Indexes) -> Course:
    """Moves the filters of `rows[which]` by `fixes[items]`, in place."""
    at = fixes.at[items]
    known = rows.fix_at[which] > NEVER
    maps = _maps(rows, which, ~known, fixes.lat[items], fixes.lon[items])
    x, y = maps.metres(fixes.lat[items], fixes.lon[items])
    sigma = _sigma(fixes.accuracy_m[items])
    gap = np.where(known, at - np.where(known, rows.fix_at[which], at), 0.0)
    before = Motion(
        *(getattr(rows, name)[which] for name in ("x", "y", "vx", "vy", "pp", "pv", "vv", "pace"))
    )
    # Fixes that come faster than their errors change bring only their share of what they claim.
    noise = sigma**2 * np.maximum(1.0, ERROR_LASTS_S / np.maximum(gap, 0.5))
    then, odd = _expected(before, gap, noise, x, y)
    spread = then.pp + noise
    off_x, off_y = x - then.x, y - then.y
    spread = spread * np.maximum(odd, 1.0)
    fresh = ~known | _convinced(rows, which, x, y, sigma, at, odd > 1.0)

    gain_p, gain_v = then.pp / spread, then.pv / spread
    nothing = np.zeros(len(which))
    now = Motion(
        np.where(fresh, x, then.x + gain_p * off_x),
        np.where(fresh, y, then.y + gain_p * off_y),
        np.where(fresh, 0.0, then.vx + gain_v * off_x),
        np.where(fresh, 0.0, then.vy + gain_v * off_y),
        np.where(fresh, sigma**2, then.pp * (1.0 - gain_p)),
        np.where(fresh, nothing, then.pv * (1.0 - gain_p)),
        np.where(fresh, FIRST_MPS**2, then.vv - gain_v * then.pv),
        np.where(fresh, FIRST_MPS, then.pace),
    )
    now = _with_speed(now, np.where(fresh, np.nan, fixes.speed_mps[items]))
    now = _with_pace(rows, which, now, gap, fresh)
    for name in Motion.__slots__:
        getattr(rows, name)[which] = getattr(now, name)
    usual = rows.fix_gap_s[which]
    rows.fix_gap_s[which] = np.where(gap > 0, np.where(usual > 0, 0.8 * usual + 0.2 * gap, gap), usual)
    rows.fix_at[which] = at
    return Course(maps, at, gap, fresh, before, now, off_x, off_y, spread)


def believed(rows: Rows, which: Indexes) -> Where:
    """Where `rows[which]` were by their newest fix."""
    maps = Maps(rows.lat0[which], rows.lon0[which], *_scales(rows.lat0[which]))
    return (*maps.degrees(rows.x[which], rows.y[which]), np.sqrt(rows.pp[which]))


def _expected(before: Motion, gap: Floats, noise: Floats, x: Floats, y: Floats) -> tuple[Motion, Floats]:
    """Where each was expected, and how odd its fix is: the square of its innovation in units of ODD_SIGMAS.

    Where the fix is odd, it is first supposed that the device set off meanwhile.
    """
    then = before.after(gap)
    odd = ((x - then.x) ** 2 + (y - then.y) ** 2) / (then.pp + noise) / (2.0 * ODD_SIGMAS**2)
    strange = np.flatnonzero((odd > 1.0) & (gap > 0.0))
    if len(strange):
        going = before.of(strange)
        faster = np.maximum(going.pace, np.minimum(SETS_OFF_MPS2 * gap[strange], SETS_OFF_MPS))
        gone = replace(going, pace=faster).after(gap[strange])
        for name in Motion.__slots__:
            getattr(then, name)[strange] = getattr(gone, name)
        off = (x[strange] - gone.x) ** 2 + (y[strange] - gone.y) ** 2
        odd[strange] = off / (gone.pp + noise[strange]) / (2.0 * ODD_SIGMAS**2)
    return then, odd


def _with_speed(now: Motion, speed: Floats) -> Motion:
    """What the phone says of its own speed, taken along the heading that is believed; without one only standing tells."""
    known = np.flatnonzero(speed >= 0.0)
    if not len(known):
        return now
    said, vx, vy, vv, pv = speed[known], now.vx[known], now.vy[known], now.vv[known], now.pv[known]
    believed, sd = np.hypot(vx, vy), np.sqrt(vv)
    stands = said < STANDS_MPS
    turned = np.minimum(sd / np.maximum(believed, 1e-6), 1.0)  # radians by which the heading may be off
    noise = (SPEED_SD + SPEED_SD_SHARE * said) ** 2 + np.where(stands, 0.0, (said * turned) ** 2 / 2.0)
    tells = stands | (believed > sd)
    scale = np.where(stands, 0.0, said / np.maximum(believed, 1e-6)) - 1.0
    gain_v, gain_p = np.where(tells, vv / (vv + noise), 0.0), np.where(tells, pv / (vv + noise), 0.0)
    for column, change in (
        (now.x, gain_p * scale * vx),
        (now.y, gain_p * scale * vy),
        (now.vx, gain_v * scale * vx),
        (now.vy, gain_v * scale * vy),
        (now.pp, -gain_p * pv),
        (now.pv, -gain_v * pv),
        (now.vv, -gain_v * vv),
    ):
        column[known] += change
    return now


def _with_pace(rows: Rows, which: Indexes, now: Motion, gap: Floats, fresh: NDArray[np.bool_]) -> Motion:
    """The pace that goes on: that of the moment, or what is left of a faster one; nobody is slower than their wandering tells."""
    share = np.where(fresh, 1.0, 1.0 - np.exp(-gap / STANDS_S))
    mean_x = rows.mean_x[which] + share * (now.x - rows.mean_x[which])
    mean_y = rows.mean_y[which] + share * (now.y - rows.mean_y[which])
    rows.mean_x[which], rows.mean_y[which] = mean_x, mean_y
    wandering = WANDERS / STANDS_S * np.hypot(now.x - mean_x, now.y - mean_y)
    moment = np.maximum(np.hypot(now.vx, now.vy), np.clip(wandering, STANDING_MPS, WALKING_MPS))
    left = moment + np.exp(-gap / PACE_LASTS_S) * (now.pace - moment)
    now.pace[:] = np.where(fresh, now.pace, np.maximum(moment, left))
    return now


def _maps(rows: Rows, which: Indexes, fresh: NDArray[np.bool_], lat: Floats, lon: Floats) -> Maps:
    """A new device's map begins at its first fix; one that has gone far gets a new one where it is."""
    lat0, lon0 = np.where(fresh, lat, rows.lat0[which]), np.where(fresh, lon, rows.lon0[which])
    per_lat, per_lon = _scales(lat0)
    far = ~fresh & (np.hypot(rows.x[which], rows.y[which]) > REDRAW_M)
    if far.any():
        some = which[far]
        x, y = rows.x[some], rows.y[some]
        lat0[far] += y / per_lat[far]
        lon0[far] = _wrapped(lon0[far] + x / per_lon[far])
        rows.mean_x[some] -= x
        rows.mean_y[some] -= y
        rows.x[some], rows.y[some], rows.doubt_at[some] = 0.0, 0.0, NEVER
        per_lat, per_lon = _scales(lat0)
    rows.lat0[which], rows.lon0[which] = lat0, lon0
    return Maps(lat0, lon0, per_lat, per_lon)


def _convinced(
    rows: Rows, which: Indexes, x: Floats, y: Floats, sigma: Floats, at: Floats, odd: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Whether an odd fix is one of several that agree, and so the truth; remembers the first of them."""
    since = rows.doubt_at[which]
    away = np.hypot(x - rows.doubt_x[which], y - rows.doubt_y[which])
    agrees = odd & (since > NEVER)
    agrees &= away <= 2 * ODD_SIGMAS * sigma + TRAVEL_MPS * np.where(agrees, at - since, 0.0)
    convinced = agrees & (at - np.where(agrees, since, at) >= CONVINCED_AFTER_S)
    rows.doubt_at[which] = np.where(odd & ~convinced, np.where(agrees, since, at), NEVER)
    rows.doubt_x[which] = np.where(agrees, rows.doubt_x[which], x)
    rows.doubt_y[which] = np.where(agrees, rows.doubt_y[which], y)
    return convinced


def _sigma(accuracy_m: Floats) -> Floats:
    claimed = np.where(accuracy_m > COARSE_M, accuracy_m * COARSE_FACTOR, accuracy_m) / RADIUS_68
    return np.maximum(claimed, BEST_SIGMA_M)


def _scales(lat: Floats) -> tuple[Floats, Floats]:
    """Metres in a degree of latitude and of longitude, for each latitude: as LocalMetres, for many origins at once."""
    turn = np.radians(np.clip(lat, -85.0, 85.0))
    w = 1.0 - 0.00669437999014 * np.sin(turn) ** 2
    return np.radians(6_335_439.327) / w**1.5, np.radians(6_378_137.0) * np.cos(turn) / np.sqrt(w)


def _wrapped(lon: Floats) -> Floats:
    return np.asarray((lon + 180.0) % 360.0 - 180.0, np.float64)
