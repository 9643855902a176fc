"""Where a device is on the map: a Kalman filter per device, over arrays.

The velocity of people and cars lasts some seconds and then is another (Singer, IEEE Trans. AES-6, 1970, whose driving noise is on
the velocity here): how fast it may be is learned of each device (its pace). The covariance is shared by both axes,
since a fix claims one radius. Claimed accuracy is taken seriously but not literally. A `Course` tells where devices are now, where they
will be in some seconds, and where they were between two fixes, given the later one (Rauch, Tung and Striebel, 1965,
over one step).
"""

from dataclasses import dataclass

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
ERROR_LASTS_S = 4.5
#: For how long a velocity lasts: a block, an aisle.
STRAIGHT_S = 20.0
#: The share of the pace's square that is velocity in any one direction at any time: the rest stands or waits.
GOING_SHARE = 0.3
#: Paces, m/s: who stands still; a brisk walk, which anybody may break into; and of whom nothing is known yet.
STANDING_MPS, WALKING_MPS, FIRST_MPS = 0.05, 2.0, 3.0
#: A pace is forgotten within this time: red lights are shorter than a few of it.
PACE_LASTS_S = 20.0
#: Who stays this long within a few metres stands: the mean position of that time tells walkers from noise. Who goes straight at
#: some pace is ahead of that mean by pace times time; half as much again is allowed for.
STANDS_S, WANDERS = 60.0, 1.5
#: An innovation beyond this many sigmas means that the device set off meanwhile, as fast as a car may (m/s2, up to m/s); between
#: sparse fixes anything may have happened, a tram ride too: metres a second (sd), after half a minute unseen ...
ODD_SIGMAS = 3.0
SETS_OFF_MPS2, SETS_OFF_MPS = 1.5, 15.0
TRAVEL_MPS, UNSEEN_S = 6.0, 30.0
#: ... or, if even that does not explain it, a fix that is off. Fixes that are not believed but agree among themselves for this long
#: are right: it is the filter that is lost. As long as an error lasts, or two with the same error would convince it.
CONVINCED_AFTER_S = 5.0
#: Past this distance from its origin a device's flat map is drawn anew (error < .1 % within 5 km).
REDRAW_M = 4_000.0
#: What a phone says of its speed: sd in m/s, and as a share of it (Doppler; the heading is ours). Slower than this it stands.
SPEED_SD, SPEED_SD_SHARE, STANDS_MPS = 0.4, 0.1, 0.5
#: Nobody who claims to be faster than an airliner tells us anything.
FASTEST_SAID_MPS = 350.0


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
        fade = np.exp(gap_s * (-1.0 / STRAIGHT_S))
        reach = STRAIGHT_S * (1.0 - fade)
        going = GOING_SHARE * self.pace**2
        gained = self.pv + reach * self.vv
        strayed = (
            (2.0 * STRAIGHT_S) * gap_s - (STRAIGHT_S + 2.0 * STRAIGHT_S) * reach + fade * STRAIGHT_S * reach
        )
        pp = self.pp + reach * (self.pv + gained) + going * np.maximum(strayed, 0.0)
        return Motion(
            self.x + reach * self.vx,
            self.y + reach * self.vy,
            fade * self.vx,
            fade * self.vy,
            pp,
            fade * gained + going * (reach * reach / STRAIGHT_S),
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
    at, accuracy_m = fixes.at[items], fixes.accuracy_m[items]
    fresh = rows.fix_at[which] == NEVER
    maps = _maps(rows, which, fresh, fixes.lat[items], fixes.lon[items])
    x, y = maps.metres(fixes.lat[items], fixes.lon[items])
    claimed = np.where(accuracy_m > COARSE_M, accuracy_m * COARSE_FACTOR, accuracy_m) * (1.0 / RADIUS_68)
    sigma = np.maximum(claimed, BEST_SIGMA_M)
    gap = at - rows.fix_at[which]
    gap[fresh] = 0.0
    # A fix that comes faster than errors change brings only its share of what it claims; one that is far better than the one
    # before owes it nothing, since it is from another source.
    alike = np.minimum(sigma / rows.fix_sigma_m[which], 1.0) ** 2
    noise = sigma**2 * (1.0 + alike * np.maximum(ERROR_LASTS_S / np.maximum(gap, 0.5) - 1.0, 0.0))
    before, then, spread, odd = _expected(_motion(rows, which), gap, noise, (x, y))
    off_x, off_y = x - then.x, y - then.y
    doubtful = np.flatnonzero(odd | (rows.doubt_at[which] > NEVER))
    if len(doubtful):
        fresh[doubtful] |= _convinced(
            rows, which[doubtful], x[doubtful], y[doubtful], sigma[doubtful], at[doubtful], odd[doubtful]
        )
    gain_p, gain_v = then.pp / spread, then.pv / spread
    now = Motion(
        then.x + gain_p * off_x,
        then.y + gain_p * off_y,
        then.vx + gain_v * off_x,
        then.vy + gain_v * off_y,
        then.pp * (1.0 - gain_p),
        then.pv * (1.0 - gain_p),
        then.vv - gain_v * then.pv,
        then.pace.copy(),
    )
    _hear_speed(now, fixes.speed_mps[items])
    _keep_pace(rows, which, now, gap)
    begun = np.flatnonzero(fresh)
    if len(begun):
        _begin(rows, which[begun], now, begun, (x[begun], y[begun], sigma[begun]))
    for name in Motion.__slots__:
        getattr(rows, name)[which] = getattr(now, name)
    usual = rows.fix_gap_s[which]
    rows.fix_gap_s[which] = np.where(gap > 0, np.where(usual > 0, 0.8 * usual + 0.2 * gap, gap), usual)
    rows.fix_at[which], rows.fix_sigma_m[which] = at, sigma
    return Course(maps, at, gap, fresh, before, now, off_x, off_y, spread)


def _motion(rows: Rows, which: Indexes) -> Motion:
    return Motion(*(getattr(rows, name)[which] for name in Motion.__slots__))


def _begin(
    rows: Rows, which: Indexes, now: Motion, begun: Indexes, fix: tuple[Floats, Floats, Floats]
) -> None:
    """Begins anew at a fix (x, y, sigma), in place."""
    x, y, sigma = fix
    for name, value in zip(
        Motion.__slots__, (x, y, 0.0, 0.0, sigma**2, 0.0, FIRST_MPS**2, FIRST_MPS), strict=True
    ):
        getattr(now, name)[begun] = value
    rows.mean_x[which], rows.mean_y[which] = x, y


def believed(rows: Rows, which: Indexes) -> Where:
    """Where `rows[which]` were by their newest fix."""
    maps = Maps(rows.lat0[which], rows.lon0[which], rows.m_per_lat[which], rows.m_per_lon[which])
    return (*maps.degrees(rows.x[which], rows.y[which]), np.sqrt(rows.pp[which]))


def _expected(
    before: Motion, gap: Floats, noise: Floats, seen: tuple[Floats, Floats]
) -> tuple[Motion, Motion, Floats, NDArray[np.bool_]]:
    """Where each was expected to be seen, with what variance, and whether that is odd all the same.

    Where the fix would be odd, it is first supposed that the device set off meanwhile: `before` comes back with the pace that says so.
    What is odd even then is weighed down.
    """
    x, y = seen
    then = before.after(gap)
    spread = then.pp + noise
    odd = ((x - then.x) ** 2 + (y - then.y) ** 2) / ((2.0 * ODD_SIGMAS**2) * spread)
    strange = np.flatnonzero((odd > 1.0) & (gap > 0.0))
    if len(strange):
        before.pace[strange] = np.maximum(
            before.pace[strange], np.minimum(SETS_OFF_MPS2 * gap[strange], SETS_OFF_MPS)
        )
        gone = before.of(strange).after(gap[strange])
        gone.pp[:] += (TRAVEL_MPS * np.maximum(gap[strange] - UNSEEN_S, 0.0)) ** 2
        for name in Motion.__slots__:
            getattr(then, name)[strange] = getattr(gone, name)
        spread[strange] = gone.pp + noise[strange]
        off = (x[strange] - gone.x) ** 2 + (y[strange] - gone.y) ** 2
        odd[strange] = off / ((2.0 * ODD_SIGMAS**2) * spread[strange])
        spread[strange] *= np.maximum(odd[strange], 1.0)
    return before, then, spread, odd > 1.0


def _hear_speed(now: Motion, speed: Floats) -> None:
    """What the phone says of its own speed, taken along the heading that is believed; without one only standing tells. In place."""
    tells = (speed >= 0.0) & (speed < FASTEST_SAID_MPS)
    if not tells.any():
        return
    said = np.where(tells, speed, 0.0)
    believed2, vv = now.vx**2 + now.vy**2, now.vv
    stands = said < STANDS_MPS
    # The heading may be off by sd / believed radians.
    turned2 = np.minimum(vv / np.maximum(believed2, 1e-12), 1.0)
    noise = (SPEED_SD + SPEED_SD_SHARE * said) ** 2 + np.where(stands, 0.0, 0.5 * said**2 * turned2)
    tells &= stands | (believed2 > vv)
    share = np.where(tells, 1.0 / (vv + noise), 0.0)
    scale = np.where(stands, -1.0, said / np.sqrt(np.maximum(believed2, 1e-12)) - 1.0) * share
    along_p, along_v = now.pv * scale, vv * scale
    now.x[:] += along_p * now.vx
    now.y[:] += along_p * now.vy
    now.vx[:] += along_v * now.vx
    now.vy[:] += along_v * now.vy
    now.pp[:] -= share * now.pv**2
    now.pv[:] -= share * vv * now.pv
    now.vv[:] -= share * vv**2


def _keep_pace(rows: Rows, which: Indexes, now: Motion, gap: Floats) -> None:
    """The pace that goes on: that of the moment, or what is left of a faster one; nobody is slower than their wandering tells."""
    share = 1.0 - np.exp(gap * (-1.0 / STANDS_S))
    off_x, off_y = now.x - rows.mean_x[which], now.y - rows.mean_y[which]
    rows.mean_x[which] += share * off_x
    rows.mean_y[which] += share * off_y
    wandering = (WANDERS / STANDS_S) * (1.0 - share) * np.sqrt(off_x**2 + off_y**2)
    moment = np.maximum(
        np.sqrt(now.vx**2 + now.vy**2), np.minimum(np.maximum(wandering, STANDING_MPS), WALKING_MPS)
    )
    left = moment + np.exp(gap * (-1.0 / PACE_LASTS_S)) * (now.pace - moment)
    np.maximum(moment, left, out=now.pace)


def _maps(rows: Rows, which: Indexes, fresh: NDArray[np.bool_], lat: Floats, lon: Floats) -> Maps:
    """A new device's map begins at its first fix; one that has gone far gets a new one where it is."""
    x, y = rows.x[which], rows.y[which]
    anew = np.flatnonzero(fresh | (x**2 + y**2 > REDRAW_M**2))
    if len(anew):
        some, new = which[anew], fresh[anew]
        here = believed(rows, some)
        lat0, lon0 = np.where(new, lat[anew], here[0]), np.where(new, lon[anew], here[1])
        per_lat, per_lon = _scales(lat0)
        for column, value in (
            (rows.lat0, lat0),
            (rows.lon0, lon0),
            (rows.m_per_lat, per_lat),
            (rows.m_per_lon, per_lon),
            (rows.mean_x, rows.mean_x[some] - x[anew]),
            (rows.mean_y, rows.mean_y[some] - y[anew]),
            (rows.x, 0.0),
            (rows.y, 0.0),
            (rows.doubt_at, NEVER),
        ):
            column[some] = value
    return Maps(rows.lat0[which], rows.lon0[which], rows.m_per_lat[which], rows.m_per_lon[which])


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


def _scales(lat: Floats) -> tuple[Floats, Floats]:
    """Metres in a degree of latitude and of longitude, for each latitude: as LocalMetres, for many origins at once."""
    turn = np.radians(np.clip(lat, -85.0, 85.0))
    w = 1.0 - 0.00669437999014 * np.sin(turn) ** 2
    return np.radians(6_335_439.327) / w**1.5, np.radians(6_378_137.0) * np.cos(turn) / np.sqrt(w)


def _wrapped(lon: Floats) -> Floats:
    """Degrees within 180 of zero. Hardly anybody is at the antimeridian, and a remainder costs more than looking."""
    if np.abs(lon).max(initial=0.0) <= 180.0:
        return lon
    return np.asarray((lon + 180.0) % 360.0 - 180.0, np.float64)
