"""Road networks: arrays, readers of every accepted kind of file, and what readers share."""

from __future__ import annotations

from patrol_core.roads.labels import labels_of
from patrol_core.roads.lines import network_from_lines
from patrol_core.roads.network import RoadNetwork, grid_city, make_network, path_nodes
from patrol_core.roads.osm import roads_from_osmnx
from patrol_core.roads.parts import Roads, count_note, counted, edge_lines, number, refuse_degrees, to_metres
from patrol_core.roads.read import geodanet_roads, outermost, read_roads
from patrol_core.roads.tables import EDGE_WORDS, NODE_WORDS, File

__all__ = [
    "EDGE_WORDS",
    "NODE_WORDS",
    "File",
    "RoadNetwork",
    "Roads",
    "count_note",
    "counted",
    "edge_lines",
    "geodanet_roads",
    "grid_city",
    "labels_of",
    "make_network",
    "network_from_lines",
    "number",
    "outermost",
    "path_nodes",
    "read_roads",
    "refuse_degrees",
    "roads_from_osmnx",
    "to_metres",
]
