"""ONS geography and Nomis on this machine: generated areas, the services' own oddities, and faults to order.

Known of the real ones: an ArcGIS service caps every answer at its own limit, says so in one of two places, and
reports mistakes under HTTP 200; Nomis cuts an answer after 25,000 cells without a word and answers a misspelt
question with nothing.
"""

from __future__ import annotations

import csv
import io
import json
import re
import threading
from http.server import ThreadingHTTPServer
from typing import Any

import geopandas as gpd
import shapely
from shapely.geometry import box

from tests.sources.fake_police import FakePolice, Fault, _Handler

LSOA21, LSOA11 = (
    "Lower_layer_Super_Output_Areas_December_2021_Boundaries_EW_BGC_V5",
    "LSOA_Dec_2011_Boundaries_Generalised_Clipped_BGC_EW_V3",
)
WARD, LAD = (
    "Wards_December_2024_Boundaries_UK_BGC",
    "Local_Authority_Districts_December_2024_Boundaries_UK_BGC",
)
FORCE, BEST_FIT, PAIRS = (
    "Police_Force_Areas_December_2023_EW_BGC",
    "LSOA21_WD24_LAD24_EW_LU",
    "LSOA11_LSOA21_LAD22_EW_LU_v5",
)

Row = tuple[dict[str, Any], Any]
_EAST, _NORTH, _SIDE = 529_000.0, 180_000.0, 400.0

#: Categories of the census tables: dimension, then code and name of each cell, and how its value follows from a seed.
TENURE = (
    ("0", "Total: All households", lambda s: 400 + s),
    ("1001", "Owned", lambda s: 100 + s),
    ("1", "Owned: Owns outright", lambda s: 60 + s),
    ("2", "Owned: Owns with a mortgage or loan", lambda s: 40),
    ("1002", "Shared ownership", lambda s: 10),
    ("3", "Shared ownership: Shared ownership", lambda s: 10),
    ("1003", "Social rented", lambda s: 150),
    ("4", "Social rented: Rents from council or Local Authority", lambda s: 90),
    ("5", "Social rented: Other social rented", lambda s: 60),
    ("1004", "Private rented", lambda s: 130),
    ("6", "Private rented: Private landlord or letting agency", lambda s: 120),
    ("7", "Private rented: Other private rented", lambda s: 10),
    ("8", "Lives rent free", lambda s: 10),
    ("9997", "Private rented or lives rent free", lambda s: 140),
)
_GROUPS = (
    ("1001", "Asian, Asian British or Asian Welsh", 200),
    ("12", "Asian, Asian British or Asian Welsh: Bangladeshi", 50),
    ("10", "Asian, Asian British or Asian Welsh: Other Asian", 150),
    ("1002", "Black, Black British, Black Welsh, Caribbean or African", 100),
    ("1003", "Mixed or Multiple ethnic groups", 80),
    ("8", "Mixed or Multiple ethnic groups: White and Asian", 80),
    ("1005", "Other ethnic group", 20),
    ("19", "Other ethnic group: Any other ethnic group", 20),
)
_STUDENT = "Economically active and a full-time student"
_ACTIVE = "Economically active (excluding full-time students)"


def _ages() -> list[tuple[str, str, Any]]:
    cells = [("0", "Total", lambda s: 1000 + s), ("1", "Aged 4 years and under", lambda s: 50)]
    for number, low in enumerate(range(5, 85, 5), start=2):
        cells.append((str(number), f"Aged {low} to {low + 4} years", lambda s: 50))
    return [*cells, ("18", "Aged 85 years and over", lambda s: 150 + s)]


CENSUS: dict[str, tuple[str, Any]] = {
    "NM_2021_1": (
        "c2021_restype_3",
        [
            ("0", "Total: All usual residents", lambda s: 1000 + s),
            ("1", "Lives in a household", lambda s: 990 + s),
            ("2", "Lives in a communal establishment", lambda s: 10),
        ],
    ),
    "NM_2020_1": ("c2021_age_19", _ages()),
    "NM_2041_1": (
        "c2021_eth_20",
        [
            ("0", "Total: All usual residents", lambda s: 1000 + s),
            *((c, n, lambda s, v=v: v) for c, n, v in _GROUPS),
            ("1004", "White", lambda s: 600 + s),
            ("1", "White: English, Welsh, Scottish, Northern Irish or British", lambda s: 600 + s),
        ],
    ),
    "NM_2059_1": ("c2021_hh_1", [("0", "Number of households", lambda s: 401 + s)]),
    "NM_2072_1": ("c2021_tenure_9", TENURE),
    "NM_2083_1": (
        "c2021_eastat_20",
        [
            ("0", "Total: All usual residents aged 16 years and over", lambda s: 800),
            ("1001", _ACTIVE, lambda s: 500),
            ("1002", f"{_ACTIVE}:In employment", lambda s: 450),
            ("1003", f"{_ACTIVE}: In employment: Employee", lambda s: 400),
            ("7", f"{_ACTIVE}: Unemployed", lambda s: 50),
            ("1006", _STUDENT, lambda s: 60),
            ("1007", f"{_STUDENT}: In employment", lambda s: 40),
            ("14", f"{_STUDENT}: Unemployed", lambda s: 20),
            ("1011", "Economically inactive", lambda s: 240),
            ("15", "Economically inactive: Retired", lambda s: 240),
        ],
    ),
}


def code(number: int, letters: str = "E01") -> str:
    return f"{letters}{number:06d}"


def square(i: int, j: int, wide: int = 1, high: int = 1) -> Any:
    """A square of the generated town, metres."""
    west, south = _EAST + i * _SIDE, _NORTH + j * _SIDE
    return box(west, south, west + wide * _SIDE, south + high * _SIDE)


def degrees(shapes: list[Any]) -> list[Any]:
    return list(gpd.GeoSeries(shapes, crs=27700).to_crs(4326))


def town(columns: int = 6, rows: int = 4) -> dict[str, list[Row]]:
    """Squares as LSOAs: the west half is Westminster (two wards, one over the other), the east half Camden.

    LSOA 0 and 1 of 2021 are halves of one of 2011 (E01900000); LSOA 2 of 2021 was two in 2011 (E01900001, E01900002).
    """
    half, cells = columns // 2, [(i, j) for j in range(rows) for i in range(columns)]
    names = {code(n): cell for n, cell in enumerate(cells)}
    tables: dict[str, list[Row]] = {s: [] for s in (LSOA21, LSOA11, WARD, LAD, FORCE, BEST_FIT, PAIRS)}
    lads = {
        "E09000033": ("Westminster", square(0, 0, half, rows)),
        "E09000007": ("Camden", square(half, 0, half, rows)),
        "S12000033": ("Aberdeen City", square(50, 0)),
    }
    for (lad, (name, _)), shape in zip(lads.items(), degrees([s for _, s in lads.values()]), strict=True):
        tables[LAD].append(({"LAD24CD": lad, "LAD24NM": name}, shape))
    wards = {
        f"E0500000{k}": (lad, f"{lads[lad][0]} {word}", square(i, j, half, rows // 2))
        for k, (lad, word, i, j) in enumerate(
            (lad, word, i, j)
            for lad, i in (("E09000033", 0), ("E09000007", half))
            for word, j in (("South", 0), ("North", rows // 2))
        )
    }
    for (ward, (lad, name, _)), shape in zip(
        wards.items(), degrees([w[2] for w in wards.values()]), strict=True
    ):
        tables[WARD].append(({"WD24CD": ward, "WD24NM": name, "LAD24CD": lad}, shape))
    forces = ["Metropolitan Police", "London, City of", "Devon & Cornwall", "Dyfed-Powys"]
    for n, shape in enumerate(degrees([square(0, 0, columns, rows), *(square(60 + n, 0) for n in range(3))])):
        tables[FORCE].append(({"PFA23CD": code(n, "E23"), "PFA23NM": forces[n]}, shape))
    old = {code(0): ["E01900000"], code(1): ["E01900000"], code(2): ["E01900001", "E01900002"]}
    west, east = square(2, 0, 1, 1), square(2, 0, 1, 1)
    halves = {
        "E01900000": square(0, 0, 2, 1),
        "E01900001": west.intersection(box(0, 0, west.centroid.x, 1e7)),
        "E01900002": east.intersection(box(east.centroid.x, 0, 1e7, 1e7)),
    }
    older = {**halves, **{c: square(*names[c]) for c in names if c not in old}}
    for c, shape in zip(older, degrees(list(older.values())), strict=True):
        tables[LSOA11].append(({"LSOA11CD": c, "LSOA11NM": f"Old {c}"}, shape))
    for (c, (i, j)), shape in zip(names.items(), degrees([square(*v) for v in names.values()]), strict=True):
        lad = "E09000033" if i < half else "E09000007"
        ward = next(w for w, (of, _, s) in wards.items() if of == lad and s.contains(square(i, j).centroid))
        tables[LSOA21].append(({"LSOA21CD": c, "LSOA21NM": f"Town {c}"}, shape))
        best = {
            "LSOA21CD": c,
            "LSOA21NM": f"Town {c}",
            "WD24CD": ward,
            "WD24NM": wards[ward][1],
            "LAD24CD": lad,
            "LAD24NM": lads[lad][0],
        }
        tables[BEST_FIT].append((best, None))
        for before in old.get(c, [c]):
            tables[PAIRS].append(
                ({"LSOA11CD": before, "LSOA11NM": f"Old {before}", "LSOA21CD": c, "LAD22CD": lad}, None)
            )
    return tables


class FakeOpen(FakePolice):
    """Both services at one address; start with ``with``.

    Parameters
    ----------
    tables
        Rows of each feature service: attributes and shape (degrees).
    most
        Features an answer holds at most.
    flag
        Where ``exceededTransferLimit`` is put in GeoJSON: "properties", "top" or "nowhere".
    cells
        Cells a census answer holds at most.
    """

    def __init__(
        self,
        tables: dict[str, list[Row]] | None = None,
        *,
        most: int = 2000,
        flag: str = "properties",
        cells: int = 25_000,
    ) -> None:
        super().__init__()
        self.tables = town() if tables is None else tables
        self.most, self.flag, self.cells = most, flag, cells
        self.census = dict(CENSUS)
        self.known = {r[0]["LSOA21CD"] for r in self.tables.get(LSOA21, [])}
        self.ignores_offset = False
        self.counts: dict[str, int] = {}

    def __enter__(self) -> FakeOpen:
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Handler", (_OpenHandler,), {"service": self})
        )
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def answer(self, path: str, params: dict[str, str]) -> tuple[int, Any]:
        if match := re.fullmatch(r"(\w+)/FeatureServer/0/query", path):
            return 200, self._query(match.group(1), params)
        if match := re.fullmatch(r"dataset/(\w+)\.data\.csv", path):
            return 200, self._census(match.group(1), params)
        if path == "":
            services = [{"name": name, "type": "FeatureServer"} for name in self.tables]
            return 200, {
                "currentVersion": 11.5,
                "services": [*services, {"name": "Map", "type": "MapServer"}],
            }
        return 404, None

    # ---- feature services -------------------------------------------------------------------------------

    def _query(self, service: str, params: dict[str, str]) -> Any:
        if service not in self.tables:
            return {"error": {"code": 400, "message": "Invalid URL", "details": ["Invalid URL"]}}
        try:
            found = [
                r for r in self.tables[service] if _meets(r[0], params["where"]) and _touches(r[1], params)
            ]
        except (KeyError, ValueError):
            return {
                "error": {
                    "code": 400,
                    "message": "Cannot perform query. Invalid query parameters.",
                    "details": ["'where' clause is invalid"],
                }
            }
        if params.get("returnCountOnly") == "true":
            return {"count": self.counts.get(service, len(found))}
        order = [f for f in params.get("orderByFields", "").split(",") if f]
        found.sort(key=lambda r: [r[0][f] for f in order])
        start = 0 if self.ignores_offset else int(params.get("resultOffset", 0))
        size = min(self.most, int(params.get("resultRecordCount", self.most)))
        page, more = found[start : start + size], start + size < len(found)
        wanted = params["outFields"].split(",")
        rows = [({f: v for f, v in values.items() if f in wanted}, shape) for values, shape in page]
        if params["f"] == "json":
            return {"features": [{"attributes": v} for v, _ in rows]} | (
                {"exceededTransferLimit": True} if more else {}
            )
        out: dict[str, Any] = {
            "type": "FeatureCollection",
            "features": [_feature(n, v, s) for n, (v, s) in enumerate(rows)],
        }
        if more and self.flag == "properties":
            out["properties"] = {"exceededTransferLimit": True}
        if more and self.flag == "top":
            out["exceededTransferLimit"] = True
        return out

    # ---- census -----------------------------------------------------------------------------------------

    def _census(self, dataset: str, params: dict[str, str]) -> bytes:
        if dataset not in self.census or params.get("measures") != "20100":
            return b""
        dimension, cells = self.census[dataset]
        areas = [a for a in params["geography"].split(",") if a in self.known]
        rows = [(a, c, n, value(int(a[3:]))) for a in areas for c, n, value in cells]
        start = int(params.get("recordoffset", 0))
        page = rows[start : start + min(self.cells, int(params.get("recordlimit", self.cells)))]
        if not page:
            return b""
        columns = params["select"].upper().split(",")
        assert columns == [
            "GEOGRAPHY_CODE",
            dimension.upper(),
            f"{dimension}_NAME".upper(),
            "OBS_VALUE",
            "RECORD_COUNT",
        ]
        text = io.StringIO()
        writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC)
        writer.writerow(columns)
        writer.writerows((*row, len(rows)) for row in page)
        return text.getvalue().encode()


def _meets(values: dict[str, Any], where: str) -> bool:
    if where == "1=1":
        return True
    match = re.fullmatch(r"(\w+)(?:=('[^']*')| IN \(((?:'[^']*',?)+)\))", where)
    if match is None:
        raise ValueError(where)
    return values[match.group(1)] in re.findall(r"'([^']*)'", match.group(2) or match.group(3))


def _touches(shape: Any, params: dict[str, str]) -> bool:
    if "geometry" not in params:
        return True
    assert params["geometryType"] == "esriGeometryEnvelope"
    assert params["inSR"] == "4326"
    return bool(shape.intersects(box(*(float(v) for v in params["geometry"].split(",")))))


def _feature(number: int, values: dict[str, Any], shape: Any) -> dict[str, Any]:
    geometry = json.loads(shapely.to_geojson(shapely.transform(shape, lambda xy: xy.round(7))))
    return {"type": "Feature", "id": number + 1, "properties": values, "geometry": geometry}


class _OpenHandler(_Handler):
    def _send(self, status: int, body: Any) -> None:
        if isinstance(body, bytes):
            self._write(status, body)
        else:
            super()._send(status, body)

    def _faulty(self, fault: Fault, status: int, body: Any) -> None:
        if not isinstance(body, bytes):
            super()._faulty(fault, status, body)
        elif fault.what == "change":
            assert fault.change is not None
            self._write(status, fault.change(body))
        elif fault.what in ("truncated", "short"):
            length = {"Content-Length": str(len(body))} if fault.what == "short" else None
            self.close_connection = True
            self._write(status, body[: len(body) // 2], length)
        else:
            super()._faulty(fault, status, None if fault.what != "slow" else body)
