"""Road networks of files of any accepted kind, told apart by their first bytes, and the shipped examples."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import shapely
from scipy.spatial import cKDTree

from patrol_core.arrays import Ints
from patrol_core.errors import InputError
from patrol_core.files.gdal.guard import PBF_MARK
from patrol_core.files.vector_files import load_bytes, read_features
from patrol_core.files.xml_files import is_xml, kind_of_xml
from patrol_core.roads.graphml import roads_from_graphml
from patrol_core.roads.lines import SNAP_M, network_from_lines
from patrol_core.roads.osm import roads_from_osm_xml, roads_from_overpass, roads_from_pbf
from patrol_core.roads.parts import Roads
from patrol_core.roads.tables import File, roads_from_tables

KINDS = "GraphML, GeoJSON, GeoPackage, zipped Shapefile, OpenStreetMap (.osm.pbf, .osm, Overpass JSON) or CSV of edges and nodes"
_ELEMENTS = re.compile(rb'"elements"\s*:\s*\[')


def read_roads(
    files: Sequence[File], *, snap_m: float = SNAP_M, respect_oneway: bool = False, on_foot: bool = False
) -> Roads:
    """Roads of one file, or of two tables.

    Args:
        files: (name, content); two only for CSV of edges and of nodes.
        snap_m: Lines (GeoJSON, GeoPackage, Shapefile): ends within this many metres are one crossing.
        respect_oneway: Keep one-way streets one-way.
        on_foot: OpenStreetMap: with footways, paths, steps and cycleways.

    Raises:
        InputError: One sentence: which file, what is wrong where, what to do.
    """
    if not files:
        raise InputError(f"No file was given; give {KINDS}.")
    loaded = [load_bytes(file) for file in files]
    kinds = [_kind(name, data) for name, data in loaded]
    if kinds == ["csv"] * len(kinds):
        return roads_from_tables(loaded, respect_oneway=respect_oneway)
    if len(loaded) > 1:
        raise InputError(f"{len(loaded)} files were given; give one, or a CSV of edges and one of nodes.")
    (name, data), kind = loaded[0], kinds[0]
    if kind == "graphml":
        return roads_from_graphml(name, data, respect_oneway=respect_oneway)
    if kind in ("pbf", "osm", "overpass"):
        read = {"pbf": roads_from_pbf, "osm": roads_from_osm_xml, "overpass": roads_from_overpass}[kind]
        return read(name, data, respect_oneway=respect_oneway, on_foot=on_foot)
    return network_from_lines(
        read_features(name, data, lines=True), name=name, snap_m=snap_m, respect_oneway=respect_oneway
    )


def _kind(name: str, data: bytes) -> str:
    if data[4:15] == PBF_MARK:
        return "pbf"
    if data[:16] == b"SQLite format 3\x00" or data[:2] == b"PK":
        return "lines"
    text = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] == b"{":
        return "overpass" if _ELEMENTS.search(text[:5000]) else "lines"
    if is_xml(text):
        root = kind_of_xml(name, text)
        if root not in ("graphml", "osm"):
            raise InputError(f"{name} is XML of the kind {root!r}; give {KINDS}.")
        return root
    if b"\x00" in data[:1000] or not name.lower().endswith((".csv", ".txt")):
        raise InputError(f"{name} is none of the kinds that can be read; give {KINDS}.")
    return "csv"


def geodanet_roads() -> tuple[Roads, Ints]:
    """The streets of GeoDaNet, and the crossing nearest to each of its eight schools, which bears the school's name."""
    from patrol_core.sources.sample import load_area

    data = load_area("geodanet")
    roads = network_from_lines(data.extra["streets"], name="GeoDaNet")
    assert roads.network.xy is not None
    schools = shapely.get_coordinates(data.extra["schools"].geometry.to_numpy())
    nearest = np.asarray(cKDTree(roads.network.xy).query(schools)[1], dtype=np.int64)
    names = list(roads.network.nodes)
    for number, node in enumerate(nearest.tolist(), start=1):
        names[node] = f"School {number}"
    named = replace(roads.network, nodes=tuple(names))
    return replace(roads, network=named, notes=(data.attribution,)), nearest


def outermost(roads: Roads, *, apart: Sequence[int] = ()) -> list[str]:
    """Nodes at the corners of the network, its convex hull, without some."""
    xy = roads.drawn_xy
    corners = shapely.get_coordinates(shapely.MultiPoint(xy).convex_hull)
    found = dict.fromkeys(cKDTree(xy).query(corners)[1].tolist())
    return [roads.network.nodes[k] for k in found if k not in set(apart)]
