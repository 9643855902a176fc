"""The open office of the recorded traces as a shop: four departments, cut as SOURCES.md cuts them, and its scanners as anchors."""

import numpy as np
from shapely import box

from server.zones import Anchor, FloorPlan, FloorShape, Zone
from server.zones.survey import Labelled

WIDTH_M, HEIGHT_M = 20.7, 17.6
CUT_X_M, CUT_Y_M = 10.1, 9.2


def an_office(traces):
    """Recording, plan, zones and anchors of these traces, played one after another."""
    zones = [Zone("office", "Office", "site")]
    for name, corners in {
        "sw": (0, 0, CUT_X_M, CUT_Y_M),
        "se": (CUT_X_M, 0, WIDTH_M, CUT_Y_M),
        "nw": (0, CUT_Y_M, CUT_X_M, HEIGHT_M),
        "ne": (CUT_X_M, CUT_Y_M, WIDTH_M, HEIGHT_M),
    }.items():
        zones.append(Zone(name, name, parent="office", place=FloorShape("office", box(*corners))))
    anchors = [
        Anchor(name, name, "office", "office", x, y, z) for name, (x, y, z) in traces[0].anchors.items()
    ]
    at, x_m, y_m, rssi, names = [], [], [], [], []
    began = 0.0
    for trace in traces:
        for heard in trace.hearings:
            x, y = trace.truth.where(heard.at_s)
            at.append(heard.at_s + began)
            x_m.append(x)
            y_m.append(y)
            rssi.append(heard.rssi_dbm)
            names += [heard.anchor] * len(heard.at_s)
        began += trace.seconds + 60.0
    recording = Labelled(*map(np.concatenate, (at, x_m, y_m)), names, np.concatenate(rssi))
    return recording, FloorPlan("office", "Office", "office", WIDTH_M, HEIGHT_M), zones, anchors
