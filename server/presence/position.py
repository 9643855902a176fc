"""Where a device is on the map: a Kalman filter per device, over arrays.

Constant velocity with white acceleration (Bar-Shalom, Estimation with Applications to Tracking and Navigation, 2001, 6.2),
the covariance shared by both axes since a fix claims one radius. Claimed accuracy is taken seriously but not literally.
"""

import numpy as np
from numpy.typing import NDArray

from server.presence.sighting import Fixes
from server.presence.tracks import NEVER, Rows
from server.zones.shape import Floats, Indexes

#: Spectral density of acceleration, m2/s3: people turn and stop within a few steps.
RESTLESSNESS = 0.5
#: The accuracy a phone claims is the radius that holds 68 % (Android's definition); per axis that is accuracy / 1.515.
RADIUS_68 = 1.515
#: No fix among houses is better than this per axis (open road: .5 to 1.5 m, of which half still stands a minute later).
BEST_SIGMA_M = 2.5
#: Network fixes lay within their claimed radius only 61 % of the time: beyond this claim we trust them less.
COARSE_M, COARSE_FACTOR = 25.0, 1.3
#: Errors last: autocorrelation .46 at 5 s, .26 at 15 s. Fixes closer than this share what they know.
ERROR_LASTS_S = 6.0
#: The share of a fix's error that no averaging removes.
LASTING_SHARE = 0.45
#: An innovation beyond this many sigmas is an outlier as likely as a jump: it is weighed down.
OUTLIER_SIGMAS = 3.0
#: Past this distance from its origin a device's flat map is drawn anew (error < .1 % within 5 km).
REDRAW_M = 4_000.0
#: Fixes that are not believed but agree among themselves for this long are right: it is the filter that is lost. As long as an
#: error lasts, or two fixes with the same error would convince it.
CONVINCED_AFTER_S = 5.0
#: Between sparse fixes anything may have happened, a tram ride too: metres a second (sd), after half a minute unseen.
TRAVEL_MPS, UNSEEN_S = 6.0, 30.0
#: A first fix says nothing of speed: walking or driving, sd per axis.
FIRST_SPEED_SD = 3.0
#: Speed believed in between fixes fades: nobody walks straight for longer than this.
STRAIGHT_S = 20.0


def follow_fixes(rows: Rows, which: Indexes, fixes: Fixes, items: Indexes) -> tuple[Floats, Floats, Floats]:
    """Moves the filters of `rows[which]` by `fixes[items]`, in place. Out: latitude, longitude, sigma in metres per axis."""
    at, lat, lon = fixes.at[items], fixes.lat[items], fixes.lon[items]
    sigma = _sigma(fixes.accuracy_m[items])
    fresh = ~(rows.fix_at[which] > NEVER)
    lat0, lon0, per_lat, per_lon = _origins(rows, which, fresh, lat, lon)
    seen_x, seen_y = _wrapped(lon - lon0) * per_lon, (lat - lat0) * per_lat
    gap = np.where(fresh, 0.0, at - np.where(fresh, at, rows.fix_at[which]))
    x, y, vx, vy, pp, pv, vv = _predicted(rows, which, gap)

    # Fixes that come faster than their errors change bring only their share of what they claim.
    noise = sigma**2 * np.maximum(1.0, ERROR_LASTS_S / np.maximum(gap, 0.5))
    off_x, off_y = seen_x - x, seen_y - y
    odd = (off_x**2 + off_y**2) / (2.0 * (pp + noise)) / OUTLIER_SIGMAS**2
    noise = np.where(odd > 1.0, noise * odd, noise)
    gain_p, gain_v = pp / (pp + noise), pv / (pp + noise)
    fresh |= _convinced(rows, which, seen_x, seen_y, sigma, at, odd > 1.0)

    rows.x[which] = np.where(fresh, seen_x, x + gain_p * off_x)
    rows.y[which] = np.where(fresh, seen_y, y + gain_p * off_y)
    rows.vx[which] = np.where(fresh, 0.0, vx + gain_v * off_x)
    rows.vy[which] = np.where(fresh, 0.0, vy + gain_v * off_y)
    rows.pp[which] = np.where(fresh, sigma**2, pp * (1 - gain_p))
    rows.vv[which] = np.where(fresh, FIRST_SPEED_SD**2, vv - gain_v * pv)
    rows.pv[which] = np.where(fresh, 0.0, pv * (1 - gain_p))
    usual = rows.fix_gap_s[which]
    rows.fix_gap_s[which] = np.where(gap > 0, np.where(usual > 0, 0.8 * usual + 0.2 * gap, gap), usual)
    rows.fix_at[which] = at
    believed_lat = lat0 + rows.y[which] / per_lat
    believed_lon = _wrapped(lon0 + rows.x[which] / per_lon)
    return believed_lat, believed_lon, np.sqrt(rows.pp[which] + (LASTING_SHARE * sigma) ** 2)


def believed(rows: Rows, which: Indexes) -> tuple[Floats, Floats, Floats]:
    """Where `rows[which]` were by their newest fix: latitude, longitude, sigma in metres per axis."""
    per_lat, per_lon = _scales(rows.lat0[which])
    lat = rows.lat0[which] + rows.y[which] / per_lat
    lon = _wrapped(rows.lon0[which] + rows.x[which] / per_lon)
    return lat, lon, np.sqrt(rows.pp[which] + (LASTING_SHARE * BEST_SIGMA_M) ** 2)


def _origins(
    rows: Rows, which: Indexes, fresh: NDArray[np.bool_], lat: Floats, lon: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """The flat map of each row: its origin, and metres in a degree there. A new device's begins at its first fix."""
    lat0, lon0 = np.where(fresh, lat, rows.lat0[which]), np.where(fresh, lon, rows.lon0[which])
    per_lat, per_lon = _scales(lat0)
    far = ~fresh & (np.hypot(rows.x[which], rows.y[which]) > REDRAW_M)
    if far.any():
        some = which[far]
        lat0[far] += rows.y[some] / per_lat[far]
        lon0[far] = _wrapped(lon0[far] + rows.x[some] / per_lon[far])
        rows.x[some], rows.y[some], rows.doubt_at[some] = 0.0, 0.0, NEVER
        per_lat, per_lon = _scales(lat0)
    rows.lat0[which], rows.lon0[which] = lat0, lon0
    return lat0, lon0, per_lat, per_lon


def _convinced(
    rows: Rows, which: Indexes, x: Floats, y: Floats, sigma: Floats, at: Floats, odd: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Whether an odd fix is one of several that agree, and so the truth; remembers the first of them."""
    since = rows.doubt_at[which]
    away = np.hypot(x - rows.doubt_x[which], y - rows.doubt_y[which])
    agrees = odd & (since > NEVER)
    agrees &= away <= 2 * OUTLIER_SIGMAS * sigma + TRAVEL_MPS * np.where(agrees, at - since, 0.0)
    convinced = agrees & (at - np.where(agrees, since, at) >= CONVINCED_AFTER_S)
    rows.doubt_at[which] = np.where(odd & ~convinced, np.where(agrees, since, at), NEVER)
    rows.doubt_x[which] = np.where(agrees, rows.doubt_x[which], x)
    rows.doubt_y[which] = np.where(agrees, rows.doubt_y[which], y)
    return convinced


def _sigma(accuracy_m: Floats) -> Floats:
    claimed = np.where(accuracy_m > COARSE_M, accuracy_m * COARSE_FACTOR, accuracy_m) / RADIUS_68
    return np.maximum(claimed, BEST_SIGMA_M)


def _predicted(rows: Rows, which: Indexes, gap_s: Floats) -> tuple[Floats, ...]:
    """State and covariance `gap_s` later; the velocity fades (Singer's model in its simplest form)."""
    vx, vy, vv, pv = rows.vx[which], rows.vy[which], rows.vv[which], rows.pv[which]
    fade = np.exp(-gap_s / STRAIGHT_S)
    reach = STRAIGHT_S * (1.0 - fade)
    travelled = TRAVEL_MPS * np.maximum(gap_s - UNSEEN_S, 0.0)
    pp = rows.pp[which] + 2 * reach * pv + reach**2 * vv + RESTLESSNESS * gap_s * reach**2 / 3 + travelled**2
    return (
        rows.x[which] + reach * vx,
        rows.y[which] + reach * vy,
        fade * vx,
        fade * vy,
        pp,
        fade * (pv + reach * vv) + RESTLESSNESS * reach**2 / 2,
        fade**2 * vv + RESTLESSNESS * reach,
    )


def _scales(lat: Floats) -> tuple[Floats, Floats]:
    """Metres in a degree of latitude and of longitude, for each latitude: as LocalMetres, for many origins at once."""
    turn = np.radians(np.clip(lat, -85.0, 85.0))
    w = 1.0 - 0.00669437999014 * np.sin(turn) ** 2
    return np.radians(6_335_439.327) / w**1.5, np.radians(6_378_137.0) * np.cos(turn) / np.sqrt(w)


def _wrapped(lon: Floats) -> Floats:
    return np.asarray((lon + 180.0) % 360.0 - 180.0, np.float64)
