"""Home Assistant's mqtt_room, the usual reader of ESPresense: one held room and distance, and nobody ever leaves.

It takes a node's report if it is of the held room, or closer than the held distance, or if what it holds is older than 5 s.
"""

from collections import defaultdict
from typing import Final

from simulator.peers.espresense import Node
from simulator.peers.parts.holding import Holding
from simulator.peers.parts.stream import cycles, displays, homes, strength_at
from simulator.score.case import Case, Said, Sense

NAME: Final = "mqtt-room"
SENSE: Final[Sense] = "radio"
SOURCE: Final = (
    "github home-assistant/core, mqtt_room with its defaults (Apache 2.0), fed by ESPresense nodes"
)

HELD_FOR_S = 5.0


def play(case: Case) -> list[Said]:
    """The nodes look each second whether to report; away_timeout is 0 as by default, so that the last room is held for good."""
    home, shown = homes(case), displays(case)
    nodes: defaultdict[str, Node] = defaultdict(Node)
    holding = Holding()
    room, held_dbm, held_at = "", float("-inf"), float("-inf")
    for t, heard in cycles(case):
        for packet in heard:
            nodes[packet.anchor].hear(packet)
        for anchor, node in nodes.items():
            if not node.reports(t):
                continue
            if anchor == room or node.reported_dbm > held_dbm or t - held_at >= HELD_FOR_S:
                room, held_dbm, held_at = anchor, node.reported_dbm, t
        zones = {home[room]} if room in home else set()
        zones |= {
            each.zone for each in shown if each.anchor == room and held_dbm >= strength_at(each.radius_m)
        }
        holding.hold(zones, t)
    return holding.said
