"""Where a device is on the map: a Kalman filter per device, over arrays.

Constant velocity with white acceleration (Bar-Shalom, Estimation with Applications to Tracking and Navigation, 2001, 6.2),
the covariance shared by both axes since a fix claims one radius. Claimed accuracy is taken seriously but not literally.
"""

import numpy as np

from server.presence.sighting import Fixes
from server.presence.tracks import Floats, Indexes, Rows

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
#: A first fix says nothing of speed: walking or driving, sd per axis.
FIRST_SPEED_SD = 3.0
#: Speed believed in between fixes fades: nobody walks straight for longer than this.
STRAIGHT_S = 20.0


def follow_fixes(rows: Rows, which: Indexes, fixes: Fixes, items: Indexes) -> tuple[Floats, Floats, Floats]:
    """Moves the filters of `rows[which]` by `fixes[items]`, in place. Out: latitude, longitude, sigma in metres per axis."""
    at = fixes.at[items]
    sigma = _sigma(fixes.accuracy_m[items])
    lat, lon = fixes.lat[items], fixes.lon[items]
    first = ~(rows.fix_at[which] > -np.inf)
    per_lat, per_lon = _scales(np.where(first, lat, rows.lat0[which]))
    far = np.hypot((lat - rows.lat0[which]) * per_lat, _wrapped(lon - rows.lon0[which]) * per_lon) > REDRAW_M
    fresh = first | far
    lat0, lon0 = np.where(fresh, lat, rows.lat0[which]), np.where(fresh, lon, rows.lon0[which])
    per_lat, per_lon = _scales(lat0)
    seen_x, seen_y = _wrapped(lon - lon0) * per_lon, (lat - lat0) * per_lat

    gap = np.where(fresh, 0.0, at - np.where(fresh, at, rows.fix_at[which]))
    x, y, vx, vy, pp, pv, vv = _predicted(rows, which, gap)

    # Fixes that come faster than their errors change bring only their share of what they claim.
    noise = sigma**2 * np.maximum(1.0, ERROR_LASTS_S / np.maximum(gap, 0.5))
    off_x, off_y = seen_x - x, seen_y - y
    odd = (off_x**2 + off_y**2) / (2.0 * (pp + noise)) / OUTLIER_SIGMAS**2
    noise = np.where(odd > 1.0, noise * odd, noise)
    gain_p, gain_v = pp / (pp + noise), pv / (pp + noise)

    rows.lat0[which], rows.lon0[which] = lat0, lon0
    rows.x[which] = np.where(fresh, seen_x, x + gain_p * off_x)
    rows.y[which] = np.where(fresh, seen_y, y + gain_p * off_y)
    rows.vx[which] = np.where(fresh, 0.0, vx + gain_v * off_x)
    rows.vy[which] = np.where(fresh, 0.0, vy + gain_v * off_y)
    rows.pp[which] = np.where(fresh, sigma**2, pp * (1 - gain_p))
    rows.vv[which] = np.where(fresh, FIRST_SPEED_SD**2, vv - gain_v * pv)
    rows.pv[which] = np.where(fresh, 0.0, pv * (1 - gain_p))
    usual = rows.fix_gap_s[which]
    rows.fix_gap_s[which] = np.where(fresh, usual, np.where(usual > 0, 0.8 * usual + 0.2 * gap, gap))
    rows.fix_at[which] = at
    believed_lat = lat0 + rows.y[which] / per_lat
    believed_lon = _wrapped(lon0 + rows.x[which] / per_lon)
    return believed_lat, believed_lon, np.sqrt(rows.pp[which] + (LASTING_SHARE * sigma) ** 2)


def _sigma(accuracy_m: Floats) -> Floats:
    claimed = np.where(accuracy_m > COARSE_M, accuracy_m * COARSE_FACTOR, accuracy_m) / RADIUS_68
    return np.maximum(claimed, BEST_SIGMA_M)


def _predicted(rows: Rows, which: Indexes, gap_s: Floats) -> tuple[Floats, ...]:
    """State and covariance `gap_s` later; the velocity fades (Singer's model in its simplest form)."""
    vx, vy, vv, pv = rows.vx[which], rows.vy[which], rows.vv[which], rows.pv[which]
    fade = np.exp(-gap_s / STRAIGHT_S)
    reach = STRAIGHT_S * (1.0 - fade)
    pp = rows.pp[which] + 2 * reach * pv + reach**2 * vv + RESTLESSNESS * gap_s * reach**2 / 3
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
