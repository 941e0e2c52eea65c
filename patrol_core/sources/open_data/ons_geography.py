"""Boundaries of small areas, wards, local authorities and police forces from the ONS Open Geography service.

Every layer is of one date, which its title names; an LSOA of 2011 and one of 2021 may share a code, so a table of
boundaries says its vintage. Boundaries are the generalised ones (20 m), clipped to the coast: good for maps and for
assigning points as coarse as those of police.uk.

LSOA boundaries do not name their local authority or ward. Which LSOAs belong to one is taken from the ONS best-fit
lookup, not from geometry, so that places chosen by code have exactly the LSOAs the ONS counts to them. Answers are
put through the same door as uploaded files (:func:`patrol_core.sources.zone_tables.boundaries.read_polygons`).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry import MultiPolygon, Polygon

from patrol_core.areas import Finding
from patrol_core.errors import InputError, SourceError
from patrol_core.sources.fields import Named
from patrol_core.sources.open_data import arcgis
from patrol_core.sources.open_data.arcgis_answers import Feature, Layer
from patrol_core.sources.open_data.ons_layers import LAYERS
from patrol_core.sources.open_data.services import Asker, ons_settings
from patrol_core.sources.zone_tables import read_polygons
from patrol_core.web import Answer, Cache, ServiceSettings

Kind = Literal["lsoa21", "lsoa11", "ward", "lad", "force"]

_VINTAGE = {"lsoa21": "2021", "lsoa11": "2011"}
#: An LSOA belongs to a drawn place when at least this share of its ground lies in it.
MOSTLY = 0.5


@dataclass(frozen=True, eq=False)
class Outline:
    """A named boundary: longitude and latitude (EPSG:4326), and where it came from."""

    code: str
    name: str
    polygon: Polygon | MultiPolygon
    answers: tuple[Answer, ...] = ()


class OnsGeography:
    """The service, asked through one paced client a call.

    Every method raises SourceError when the service cannot be reached or answers wrongly, InputError for a code
    it does not know, PullCancelled when ``cancel`` is set.

    Args:
        settings: Address and limits; :func:`patrol_core.sources.open_data.services.ons_settings` when not
            given.
        layers: Layers to use instead of those of :data:`LAYERS`, by the same keys; any of them may be left out.
        cache: Where answers are cached between runs.
        page: Features to ask for at a time.
    """

    def __init__(
        self,
        settings: ServiceSettings | None = None,
        *,
        layers: Mapping[str, Layer] | None = None,
        cache: Cache | None = None,
        page: int = arcgis.PAGE,
    ) -> None:
        self.settings = settings or ons_settings()
        self.layers = {**LAYERS, **(layers or {})}
        self._cache, self._page = cache, page

    # ---- lists ------------------------------------------------------------------------------------------

    def forces(self) -> tuple[Named, ...]:
        """Codes and names of the police force areas of England and Wales, by name."""
        layer = self.layers["force"]
        with self._asker(None) as asker:
            found = arcgis.features(asker, arcgis.Query(layer, shapes=False, page=self._page))
        rows = [Named(id=str(f.values[layer.code]), name=str(f.values[layer.name] or "")) for f in found]
        return tuple(sorted(rows, key=lambda n: (n.name, n.id)))

    # ---- boundaries -------------------------------------------------------------------------------------

    def outline(self, kind: Kind, code: str, *, cancel: threading.Event | None = None) -> Outline:
        """The boundary of one area.

        Args:
            kind: Ward, local authority, police force area or LSOA of a vintage.
            code: Its code.
            cancel: Set it to stop.
        """
        frame = self.boundaries(kind, codes=[code], cancel=cancel)
        shape = frame.to_crs(4326).geometry.iloc[0]
        return Outline(code, str(frame["name"].iloc[0]), shape, answers_of(frame))

    def boundaries(
        self,
        kind: Kind,
        *,
        codes: Sequence[str] | None = None,
        authority: str = "",
        ward: str = "",
        polygon: Polygon | MultiPolygon | None = None,
        cancel: threading.Event | None = None,
    ) -> gpd.GeoDataFrame:
        """Boundaries of one kind, chosen in one way.

        Args:
            kind: Of the areas.
            codes: Codes of the areas themselves.
            authority: Code of the local authority they belong to (LSOAs and wards).
            ward: Code of the ward they belong to (LSOAs).
            polygon: Longitude, latitude. Areas with at least half of their ground in it; where there is none,
                those that share any ground with it.
            cancel: Set it to stop.

        Returns:
            GeoDataFrame: As :func:`patrol_core.sources.zone_tables.boundaries.read_polygons` gives them: index
                ``zone_id`` sorted by code; ``name``, ``ward``, ``population`` (NaN), for LSOAs ``ward_code``
                and ``borough``; EPSG:27700. ``attrs``: ``vintage``, ``findings``, ``answers`` (provenance).
        """
        ways = [codes is not None, bool(authority), bool(ward), polygon is not None]
        if sum(ways) != 1:
            raise InputError("Choose boundaries in one way: by codes, local authority, ward or polygon.")
        with self._asker(cancel) as asker:
            found, wards = self._chosen(asker, kind, codes, authority, ward, polygon)
            frame = self._frame(kind, found, wards)
            if polygon is not None:
                frame = _mostly_in(frame, polygon)
            notes = [*frame.attrs["findings"], self._about(kind)]
            frame.attrs |= {"findings": tuple(notes), "answers": tuple(asker.answers)}
        return frame

    def _chosen(
        self,
        asker: Asker,
        kind: Kind,
        codes: Sequence[str] | None,
        authority: str,
        ward: str,
        polygon: Polygon | MultiPolygon | None,
    ) -> tuple[list[Feature], dict[str, Feature]]:
        """Features, and for LSOAs the row of the ward lookup of each."""
        layer, lookup = self.layers[kind], self.layers["lsoa21_ward"]
        if kind in _VINTAGE and (authority or ward):
            where = arcgis.is_one_of(lookup.parent if authority else lookup.fields[0], [authority or ward])
            rows = arcgis.features(asker, arcgis.Query(lookup, where=where, page=self._page))
            if not rows:
                raise InputError(f"{authority or ward} has no LSOA in the {lookup.title}; check the code.")
            codes = [str(r.values[lookup.code]) for r in rows]
            if kind == "lsoa11":
                return self._older(asker, codes, rows)
            found = arcgis.by_codes(asker, layer, layer.code, codes, page=self._page)
            self._require_all(layer, codes, found)
            return found, {str(r.values[lookup.code]): r for r in rows}
        if codes is not None:
            found = arcgis.by_codes(asker, layer, layer.code, codes, page=self._page)
            self._require_all(layer, codes, found)
        elif polygon is not None:
            found = arcgis.features(asker, arcgis.Query(layer, box=polygon.bounds, page=self._page))
        elif authority and layer.parent:
            found = arcgis.features(
                asker, arcgis.Query(layer, where=arcgis.is_one_of(layer.parent, [authority]), page=self._page)
            )
        else:
            raise InputError(
                f"The {layer.title} cannot be chosen by {'ward' if ward else 'local authority'}."
            )
        if not found:
            raise InputError(
                f"There is none of the {layer.title} there; the service has England and Wales only."
            )
        return found, self._wards_of(asker, kind, [str(f.values[layer.code]) for f in found])

    def _older(
        self, asker: Asker, codes: Sequence[str], rows: Sequence[Feature]
    ) -> tuple[list[Feature], dict[str, Feature]]:
        """LSOAs of 2011 that make up those of 2021, with the ward of the first successor."""
        layer, pairs = self.layers["lsoa11"], self.layers["lsoa11_lsoa21"]
        links = arcgis.by_codes(asker, pairs, pairs.pair, codes, page=self._page)
        ward = {str(r.values[self.layers["lsoa21_ward"].code]): r for r in rows}
        wards: dict[str, Feature] = {}
        for link in links:
            if (row := ward.get(str(link.values[pairs.pair]))) is not None:
                wards.setdefault(str(link.values[pairs.code]), row)
        found = arcgis.by_codes(asker, layer, layer.code, list(wards), page=self._page)
        self._require_all(layer, list(wards), found)
        return found, wards

    def _wards_of(self, asker: Asker, kind: Kind, codes: Sequence[str]) -> dict[str, Feature]:
        """Rows of the ward lookup of LSOAs; nothing for other kinds."""
        if kind not in _VINTAGE:
            return {}
        lookup, successor = self.layers["lsoa21_ward"], {c: c for c in codes}
        if kind == "lsoa11":
            pairs = self.layers["lsoa11_lsoa21"]
            links = arcgis.by_codes(asker, pairs, pairs.code, codes, page=self._page)
            successor = {}
            for link in links:
                successor.setdefault(str(link.values[pairs.code]), str(link.values[pairs.pair]))
        rows = arcgis.by_codes(asker, lookup, lookup.code, list(successor.values()), page=self._page)
        by_code = {str(r.values[lookup.code]): r for r in rows}
        return {old: by_code[new] for old, new in successor.items() if new in by_code}

    def _require_all(self, layer: Layer, codes: Iterable[str], found: Sequence[Feature]) -> None:
        missing = sorted(set(codes) - {str(f.values[layer.code]) for f in found})
        if missing:
            raise InputError(
                f"{len(missing):,} codes are not among the {layer.title} (first {missing[0]}); check them, and their vintage."
            )

    def _frame(self, kind: Kind, found: Sequence[Feature], wards: Mapping[str, Feature]) -> gpd.GeoDataFrame:
        layer = self.layers[kind]
        documents = []
        for feature in found:
            code = str(feature.values[layer.code])
            properties = {layer.code: code, layer.name: feature.values[layer.name]}
            if code in wards:
                properties |= {f: wards[code].values[f] for f in self.layers["lsoa21_ward"].fields}
            documents.append({"type": "Feature", "properties": properties, "geometry": feature.geometry})
        data = json.dumps({"type": "FeatureCollection", "features": documents}).encode()
        try:
            return read_polygons((layer.service, data), id_column=layer.code, name_column=layer.name)
        except InputError as err:  # it is the service's mistake, not the user's
            raise SourceError(
                f"{err} (so the ONS service gave it: try again later, or give a boundary file.)"
            ) from err

    def _about(self, kind: Kind) -> Finding:
        text = (
            f"Boundaries: {self.layers[kind].title} (ONS, generalised to 20 m, clipped to the coast); points within that "
            "distance of an edge may fall into the neighbour."
        )
        return Finding("info", text)

    # ---- lookups ----------------------------------------------------------------------------------------

    def vintages(
        self, codes: Sequence[str], *, vintage: str = "2021", cancel: threading.Event | None = None
    ) -> pd.DataFrame:
        """LSOA 2011 to LSOA 2021, as ``read_attributes`` gives such a lookup (index 2011, column ``lsoa21``).

        Args:
            codes: LSOAs of ``vintage``. All pairs they are part of are given, with the other parts of those
                that were split or merged, so that figures can be shared out rightly.
            vintage: ``2011`` or ``2021``.
            cancel: Set it to stop.
        """
        layer = self.layers["lsoa11_lsoa21"]
        near, far = (layer.code, layer.pair) if vintage == "2011" else (layer.pair, layer.code)
        with self._asker(cancel) as asker:
            links = arcgis.by_codes(asker, layer, near, codes, page=self._page)
            others = [str(f.values[far]) for f in links]
            links += arcgis.by_codes(asker, layer, far, others, page=self._page)
            answers = tuple(asker.answers)
        pairs = sorted({(str(f.values[layer.code]), str(f.values[layer.pair])) for f in links})
        old = pd.Index([p[0] for p in pairs], dtype="str", name="zone_id")
        out = pd.DataFrame({"lsoa21": [p[1] for p in pairs]}, index=old)
        out.attrs = {"file": layer.title, "kind": "vintage lookup", "vintage": "2011", "answers": answers}
        return out

    def _asker(self, cancel: threading.Event | None) -> Asker:
        return Asker(self.settings, cache=self._cache, cancel=cancel)


def answers_of(frame: pd.DataFrame) -> tuple[Answer, ...]:
    """Provenance of a table made here."""
    return tuple(frame.attrs.get("answers", ()))


def _mostly_in(frame: gpd.GeoDataFrame, polygon: Polygon | MultiPolygon) -> gpd.GeoDataFrame:
    """Areas with at least half of their ground in the polygon, else those that share any with it."""
    place = gpd.GeoSeries([polygon], crs=4326).to_crs(frame.crs).iloc[0]
    shapes = frame.geometry.to_numpy()
    ground = shapely.area(shapes)
    shapely.prepare(place)
    whole = shapely.covers(place, shapes)
    edge = ~whole & shapely.intersects(place, shapes)
    shared = np.where(whole, ground, 0.0)
    shared[edge] = shapely.area(shapely.intersection(shapes[edge], place))  # slow, so only where needed
    chosen = shared >= MOSTLY * ground
    if not chosen.any():
        chosen = shared > 0
    if not chosen.any():
        raise InputError(
            "The polygon shares no ground with any area of England and Wales; draw it elsewhere."
        )
    covered = float(shared[chosen].sum()) / place.area
    out = frame[chosen].copy()
    out.attrs = dict(frame.attrs)
    left = int(np.count_nonzero(shared > 0)) - len(out)
    out.attrs["findings"] = (
        *frame.attrs["findings"],
        Finding(
            "info",
            f"{len(out):,} areas with at least half of their ground in the place stand for it; they cover {covered:.0%} of it, "
            f"and {left:,} areas at its edge were left out.",
        ),
    )
    return out
