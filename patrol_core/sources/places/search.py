"""Which place: presets, and places chosen by force, local authority, ward, neighbourhood, drawing or file.

A :class:`Place` is an outline with a name and, where it is an official area, its code. What is known of the
publishing of its force goes with it, so that missing data are not taken for safety.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon, box

from patrol_core.areas import Finding
from patrol_core.errors import InputError
from patrol_core.files import outlines
from patrol_core.files.archives import FileLike
from patrol_core.files.strict_json import load_json
from patrol_core.sources.police import check_polygon, polygonal

if TYPE_CHECKING:
    from patrol_core.sources.open_data import OnsGeography
    from patrol_core.sources.police import PoliceLists

Origin = Literal["authority", "ward", "neighbourhood", "force", "drawn", "file"]
_CODE = re.compile(r"[EW]\d{8}")
_SLUG = re.compile(r"[a-z][a-z-]*")

#: What a force does not publish, by police.uk id. Read on data.police.uk in October 2026.
KNOWN_GAPS: Mapping[str, Finding] = MappingProxyType(
    {
        "greater-manchester": Finding(
            "error",
            "Greater Manchester Police has published no crime since July 2019: what few rows there are come from "
            "the British Transport Police, and a plan made from them is worthless.",
        ),
        "devon-and-cornwall": Finding(
            "warning",
            "Devon and Cornwall Police supplied no crime for the last quarter of 2022, and its outcomes since are unreliable.",
        ),
        "avon-and-somerset": Finding(
            "warning",
            "Avon and Somerset Police publishes about 2,000 crimes a month without coordinates; they are in no answer for an "
            "area, so counts are too low.",
        ),
    }
)


@dataclass(frozen=True, eq=False)
class Place:
    """A place to get data for. Checked when made.

    Attributes:
        name: For people.
        polygon: Longitude, latitude (EPSG:4326).
        vintage: Of the LSOAs to use: ``2021`` or ``2011``.
        code: Code of the local authority, ward or police force area, "" for others.
        force: police.uk id of the force, "" if not known.
        origin: How it was chosen.
        exact: False where the polygon is only a box around the area named by ``code``, to show it on a map.
    """

    name: str
    polygon: Polygon | MultiPolygon
    vintage: str = "2021"
    code: str = ""
    force: str = ""
    origin: Origin = "drawn"
    exact: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "polygon", check_polygon(self.polygon))
        if not self.name.strip():
            raise InputError("The place has no name; give one.")
        if self.vintage not in ("2011", "2021"):
            raise InputError(f"There are no LSOAs of {self.vintage!r}; choose 2021 or 2011.")
        if self.code and not _CODE.fullmatch(self.code):
            raise InputError(
                f"{self.code!r} is no area code of England or Wales; give one such as E09000033."
            )
        if self.force and not _SLUG.fullmatch(self.force):
            raise InputError(f"{self.force!r} is no police.uk id of a force; give one such as metropolitan.")

    def findings(self) -> tuple[Finding, ...]:
        """What is known beforehand of data for this place."""
        gap = KNOWN_GAPS.get(self.force)
        return (gap,) if gap else ()


def _preset(
    name: str, code: str, force: str, west: float, south: float, east: float, north: float
) -> tuple[str, Place]:
    key = re.sub(r"[^a-z]+", "-", name.lower())
    return key, Place(name, box(west, south, east, north), "2021", code, force, "authority", exact=False)


#: Local authorities offered by name, the default first. Their polygons are boxes; the boundary comes with the data.
PRESETS: Mapping[str, Place] = MappingProxyType(
    dict(
        (
            _preset("Westminster", "E09000033", "metropolitan", -0.217, 51.483, -0.110, 51.541),
            _preset("City of London", "E09000001", "city-of-london", -0.114, 51.506, -0.072, 51.524),
            _preset("Camden", "E09000007", "metropolitan", -0.214, 51.512, -0.104, 51.574),
            _preset("Birmingham", "E08000025", "west-midlands", -2.034, 52.381, -1.728, 52.609),
            _preset("Bristol", "E06000023", "avon-and-somerset", -2.719, 51.397, -2.510, 51.545),
            _preset("Cardiff", "W06000015", "south-wales", -3.345, 51.437, -3.069, 51.562),
            _preset("Leeds", "E08000035", "west-yorkshire", -1.801, 53.698, -1.290, 53.946),
            _preset("Leicester", "E06000016", "leicestershire", -1.217, 52.580, -1.045, 52.692),
            _preset("Liverpool", "E08000012", "merseyside", -3.020, 53.311, -2.817, 53.476),
            _preset("Newcastle upon Tyne", "E08000021", "northumbria", -1.776, 54.958, -1.528, 55.080),
            _preset("Nottingham", "E06000018", "nottinghamshire", -1.248, 52.888, -1.085, 53.019),
            _preset("Swansea", "W06000011", "south-wales", -4.335, 51.536, -3.842, 51.774),
        )
    )
)


def preset(key: str) -> Place:
    """A preset by its key, such as ``westminster``."""
    found = PRESETS.get(key)
    if found is None:
        raise InputError(f"There is no preset {key!r}; choose one of {', '.join(PRESETS)}.")
    return found


def _authority(code: str, geography: OnsGeography) -> Place:
    outline = geography.outline("lad", code)
    return Place(outline.name, outline.polygon, code=code, origin="authority")


def _ward(code: str, geography: OnsGeography) -> Place:
    """A ward, with its boundary; its LSOAs are those the ONS fits to it best."""
    outline = geography.outline("ward", code)
    return Place(f"{outline.name} ward", outline.polygon, code=code, origin="ward")


def _neighbourhood(force: str, neighbourhood: str, api: PoliceLists) -> Place:
    polygon = api.neighbourhood_boundary(force, neighbourhood)
    names = {n.id: n.name for n in api.neighbourhoods(force)}
    return Place(names.get(neighbourhood) or neighbourhood, polygon, force=force, origin="neighbourhood")


def _force(force: str, geography: OnsGeography) -> Place:
    """A whole police force area, by the id police.uk gives the force.

    Some thousand LSOAs and up to 100,000 crimes a month: the police.uk archive files are the better way for crimes.
    """
    known = {_plain_force(n.name): n for n in geography.forces()}
    found = known.get(_plain_force(force))
    if found is None:
        raise InputError(
            f"There is no police force area for {force!r} among those of England and Wales "
            f"({', '.join(sorted(n.name for n in known.values())[:5])} ...); check the id."
        )
    outline = geography.outline("force", found.id)
    return Place(outline.name, outline.polygon, code=found.id, force=force, origin="force")


def _plain_force(name: str) -> str:
    """Force names of police.uk and the ONS in one form: London, City of; Devon & Cornwall; Metropolitan Police."""
    words = re.sub(r"[^a-z]+", " ", name.lower().replace("&", " and ")).split()
    return " ".join(sorted(w for w in words if w not in ("police", "of", "service", "constabulary")))


def drawn(shape: Mapping[str, Any] | str | bytes, *, name: str = "Drawn area") -> Place:
    """A polygon drawn on a map: GeoJSON (geometry, feature or collection), as text or read; longitude and latitude.

    Raises:
        InputError: If it is not one or several polygons, crosses itself or lies outside the United Kingdom.
    """
    return Place(name, shape_of(shape))


def by_file(file: FileLike, *, name: str = "") -> Place:
    """The ground covered by the polygons of a boundary file, any CRS; named after its only polygon, or the file."""
    from patrol_core.sources.zone_tables import read_polygons

    frame = read_polygons(file).to_crs(4326)
    title = name or (str(frame["name"].iloc[0]) if len(frame) == 1 else _file_name(file))
    return Place(title, polygonal(shapely.union_all(frame.geometry.to_numpy())), origin="file")


def choose(text: str, geography: OnsGeography, api: PoliceLists, *, vintage: str = "2021") -> Place:
    """A place from one line of text, for the command line.

    Args:
        text: A preset (``westminster``), ``lad:E09000033``, ``ward:E05013806``, ``force:metropolitan``,
            ``neighbourhood:metropolitan/E05013806``, ``file:area.geojson``, or GeoJSON.
        geography, api: Have the boundaries.
        vintage: Of the LSOAs to use.
    """
    found = _chosen(text.strip(), geography, api)
    return found if vintage == found.vintage else replace(found, vintage=vintage)


def _chosen(text: str, geography: OnsGeography, api: PoliceLists) -> Place:
    if text.startswith("{"):
        return drawn(text)
    how, colon, what = text.partition(":")
    if not colon:
        return preset(text.lower())
    choices: dict[str, Callable[[], Place]] = {
        "lad": lambda: _authority(what, geography),
        "ward": lambda: _ward(what, geography),
        "force": lambda: _force(what, geography),
        "neighbourhood": lambda: _neighbourhood(*_pair(what), api),
        "file": lambda: by_file(what),
    }
    if how not in choices or not what:
        raise InputError(
            f"{text!r} names no place; give a preset ({', '.join(list(PRESETS)[:3])} ...), lad:E09000033, ward:CODE, "
            "force:ID, neighbourhood:FORCE/ID or file:PATH."
        )
    return choices[how]()


def _pair(text: str) -> tuple[str, str]:
    force, slash, neighbourhood = text.partition("/")
    if not slash or not force or not neighbourhood:
        raise InputError(f"{text!r} names no neighbourhood; write force and id as in metropolitan/E05013806.")
    return force, neighbourhood


def shape_of(shape: Mapping[str, Any] | str | bytes) -> Polygon | MultiPolygon:
    """The polygons of a GeoJSON geometry, feature or collection, as one shape."""
    if isinstance(shape, str | bytes):
        try:
            shape = load_json(shape, "The drawn area")
        except InputError:
            raise InputError("The drawn area is not GeoJSON; draw it again.") from None
    parts = [p for geometry in _geometries(shape) for p in _parts(geometry)]
    if not parts:
        raise InputError("The drawn area holds no polygon; draw a closed shape.")
    if len(parts) == 1:
        return parts[0]  # as drawn: a crossing is named, not mended
    for part in parts:
        check_polygon(part)
    together = np.array(parts, dtype=object)
    outlines.check_cost("The drawn area", together)
    if outlines.crossings(together, most=outlines.MAX_ALL_CROSSINGS) > outlines.MAX_ALL_CROSSINGS:
        raise InputError("The parts of the drawn area cross each other too often; draw one simple shape.")
    return polygonal(shapely.union_all(parts))


def _geometries(plain: object) -> list[Mapping[str, Any]]:
    if not isinstance(plain, Mapping):
        raise InputError("The drawn area is not GeoJSON; draw it again.")
    kind = plain.get("type")
    if kind == "FeatureCollection":
        members = plain.get("features")
    elif kind == "GeometryCollection":
        members = plain.get("geometries")
    elif kind == "Feature":
        members = [plain.get("geometry")]
    else:
        return [plain]
    if not isinstance(members, list | tuple):
        raise InputError("The drawn area is not GeoJSON; draw it again.")
    return [g for member in members for g in _geometries(member)]


def _parts(geometry: Mapping[str, Any]) -> list[Polygon]:
    kind = geometry.get("type")
    if kind not in ("Polygon", "MultiPolygon"):
        raise InputError(
            f"The drawn area holds a {kind or 'thing without a type'}, not a polygon; draw a closed shape."
        )
    try:
        shape = shapely.force_2d(shapely.geometry.shape(geometry))
    except Exception:  # shapely raises many kinds for malformed coordinates; all mean the same to the user
        raise InputError("The drawn area has malformed coordinates; draw it again.") from None
    return [p for p in shapely.get_parts(shape) if not p.is_empty]


def _file_name(file: FileLike) -> str:
    return str(file[0] if isinstance(file, tuple) else file).replace("\\", "/").rsplit("/", 1)[-1]
