"""Every opening of a file by GDAL goes through here.

GDAL picks its reader by content, and some readers open other files or the network (VRT, GML, WFS, ...). pyogrio cannot be told
which driver to use, and drivers taken away in this process would be gone for everybody in it. So the file is first known by its
own mark, and then read by a child process (:mod:`patrol_core.files.gdal.child`) in which GDAL has this one driver only, no
network, and limits of memory and time; a crash of a reader ends the child, not the server.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from patrol_core.errors import InputError
from patrol_core.files import outlines
from patrol_core.files.crs import crs_of

if TYPE_CHECKING:
    import geopandas as gpd

SHAPEFILE, OSM = "ESRI Shapefile", "OSM"
#: Parts of a Shapefile that are read.
PARTS: tuple[str, ...] = (".shp", ".shx", ".dbf", ".prj", ".cpg")
#: Most seconds and bytes of memory that one reading may take.
SECONDS, MEMORY_BYTES = 120, 6 * 2**30
#: Where every PBF extract says what it is, after the four bytes of a length.
PBF_MARK = b"\x0a\x09OSMHeader"

_CHILD = Path(__file__).with_name("child.py")
_SHAPE_TYPES = frozenset([0, 1, 3, 5, 8, 11, 13, 15, 18, 21, 23, 25, 28, 31])
_DBF_VERSIONS = frozenset(
    [0x02, 0x03, 0x04, 0x05, 0x30, 0x31, 0x32, 0x43, 0x63, 0x83, 0x8B, 0x8C, 0xCB, 0xF5, 0xFB]
)
_PRJ = (
    b"PROJCS",
    b"GEOGCS",
    b"PROJCRS",
    b"GEOGCRS",
    b"LOCAL_CS",
    b"COMPD_CS",
    b"GEODCRS",
    b"COMPOUNDCRS",
    b"BOUNDCRS",
)
_SMALL = 64 * 2**10
#: Nothing of the machine's own settings for GDAL reaches the child, and no way to a network.
_ENVIRONMENT = {
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    "CPL_VSIL_CURL_USE_HEAD": "NO",
    "GDAL_HTTP_PROXY": "127.0.0.1:9",
    "GDAL_HTTP_MAX_RETRY": "0",
    "GDAL_HTTP_TIMEOUT": "1",
    "GDAL_HTTP_CONNECTTIMEOUT": "1",
    "GDAL_DRIVER_PATH": "disable",
    "OGR_SQLITE_LOAD_EXTENSIONS": "",
    "OGR_SQLITE_ALLOW_EXTERNAL_ACCESS": "NO",
    "GDAL_VRT_ENABLE_PYTHON": "NO",
    "SHAPE_RESTORE_SHX": "NO",
    "PROJ_NETWORK": "OFF",
}


def check_shapefile(name: str, parts: Mapping[str, bytes]) -> None:
    """See that every part of a Shapefile is what its ending says.

    Args:
        name: Of the file, for messages.
        parts: Bytes by ending: ``.shp``, ``.shx``, ``.dbf``, ``.prj`` and, where there is one, ``.cpg``.

    Raises:
        InputError: When a part has not the mark of its kind, or counts more than it holds.
    """
    for end in (".shp", ".shx"):
        head = parts[end][:100]
        if len(head) < 100 or head[:4] != b"\x00\x00\x27\x0a" or head[28:32] != b"\xe8\x03\x00\x00":
            raise InputError(f"{name}: its {end} is no part of a Shapefile; export it again.")
        if struct.unpack("<i", head[32:36])[0] not in _SHAPE_TYPES:
            raise InputError(f"{name}: its {end} has an unknown kind of shape; export it again.")
        if struct.unpack(">i", head[24:28])[0] * 2 > len(parts[end]):
            raise InputError(f"{name}: its {end} is cut off; export it again.")
    dbf = parts[".dbf"]
    if len(dbf) < 33 or dbf[0] not in _DBF_VERSIONS:
        raise InputError(f"{name}: its .dbf is no table of a Shapefile; export it again.")
    rows, header, width = struct.unpack("<IHH", dbf[4:12])
    if (
        header < 33 or width < 1 or header + rows * width > len(dbf) + 1
    ):  # some writers leave the end mark out
        raise InputError(f"{name}: its .dbf says {rows:,} rows but is shorter; export it again.")
    if (len(parts[".shx"]) - 100) // 8 != rows:
        raise InputError(
            f"{name}: its .shx lists {(len(parts['.shx']) - 100) // 8:,} shapes, its .dbf {rows:,} rows; export it again."
        )
    prj = parts[".prj"].removeprefix(b"\xef\xbb\xbf").lstrip()
    if len(prj) > _SMALL or not prj.upper().startswith(_PRJ):
        raise InputError(f"{name}: its .prj is no coordinate reference system; export it again.")
    cpg = parts.get(".cpg", b"")
    if len(cpg) > 100 or not cpg.isascii():
        raise InputError(f"{name}: its .cpg is no name of an encoding; take it out of the zip.")


def check_pbf(name: str, data: bytes) -> None:
    """See that bytes are an OpenStreetMap extract as PBF; InputError when not."""
    if not is_pbf(data):
        raise InputError(f"{name} is no OpenStreetMap extract (.osm.pbf); download it again.")


def read_shapefile(name: str, parts: Mapping[str, bytes], *, most: int) -> gpd.GeoDataFrame:
    """The features of a Shapefile.

    Args:
        name, parts: As in :func:`check_shapefile`.
        most: Most features to read; one more than this is returned where there are more.

    Returns:
        GeoDataFrame: In the CRS of the ``.prj``.

    Raises:
        InputError: When a part is not what it says, is damaged, or reading takes too long.
    """
    check_shapefile(name, parts)
    files = {f"layer{end}": content for end, content in parts.items()}
    return read_layer(name, files, "layer.shp", SHAPEFILE, most=most)


def is_pbf(data: bytes) -> bool:
    """Whether bytes begin as an OpenStreetMap extract as PBF does."""
    return data[4 : 4 + len(PBF_MARK)] == PBF_MARK


def read_pbf_lines(name: str, data: bytes, *, where: str, most: int) -> gpd.GeoDataFrame:
    """The lines of an OpenStreetMap extract as PBF that meet ``where`` (SQL of GDAL), in EPSG:4326.

    Args:
        name: Of the file, for messages.
        data: Its bytes.
        where: Condition on the columns of GDAL's layer ``lines``.
        most: Most lines to read; one more than this is returned where there are more.

    Raises:
        InputError: When it is none, is damaged, or reading takes too long.
    """
    return _read_pbf(name, data, "lines", where, most)


def read_pbf_points(name: str, data: bytes, *, where: str, most: int) -> gpd.GeoDataFrame:
    """The points of an extract with tags of their own.

    Args:
        name, data, where, most: As of :func:`read_pbf_lines`, for GDAL's layer ``points``.
    """
    return _read_pbf(name, data, "points", where, most)


def _read_pbf(name: str, data: bytes, layer: str, where: str, most: int) -> gpd.GeoDataFrame:
    check_pbf(name, data)
    file = "extract.osm.pbf"
    return read_layer(name, {file: data}, file, OSM, layer=layer, where=where, most=most)


def read_layer(
    name: str,
    files: Mapping[str, bytes],
    main: str,
    driver: str,
    *,
    layer: str = "",
    where: str | None = None,
    most: int,
) -> gpd.GeoDataFrame:
    """One layer of files that have been checked, read by a child process with one driver.

    Args:
        name: Of the file, for messages.
        files: Bytes by plain file name; all that the child is given.
        main: The one of them to open.
        driver: The one driver that GDAL has there.
        layer: Which layer; the first when empty.
        where: SQL condition on its columns, written by this program, never by a user.
        most: Most features to read; one more than this is returned where there are more.

    Raises:
        InputError: When the child cannot read it, or takes too long or too much memory.
    """
    import pyarrow as pa

    with tempfile.TemporaryDirectory(prefix="patrol-") as folder:
        for plain, content in files.items():
            Path(folder, plain).write_bytes(content)
        answer = Path(folder, "answer.arrow")
        job = {
            "path": str(Path(folder, main)),
            "answer": str(answer),
            "driver": driver,
            "layer": layer,
            "where": where,
            "max_features": most + 1,
            "memory_bytes": MEMORY_BYTES,
            "seconds": SECONDS,
        }
        _run_child(name, job, folder, driver)
        try:
            with pa.OSFile(str(answer)) as source:
                return _as_frame(name, pa.ipc.open_file(source).read_all())
        except (pa.ArrowException, OSError):
            raise _damaged(name) from None


def _run_child(name: str, job: Mapping[str, object], folder: str, driver: str) -> None:
    import pyogrio

    others = ",".join(d for d in pyogrio.list_drivers() if d != driver)
    own = {
        key: value
        for key, value in os.environ.items()
        if not key.upper().startswith(("GDAL_", "OGR_", "CPL_", "SHAPE_", "OSM_", "AWS_", "PYTHONWARNINGS"))
    }
    try:
        done = subprocess.run(  # noqa: S603 - this program's own script; names are ours
            [sys.executable, "-P", str(_CHILD), json.dumps(job)],
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            cwd=folder,
            env={**own, **_ENVIRONMENT, "GDAL_SKIP": others},
            timeout=SECONDS * 2,
        )
    except subprocess.TimeoutExpired:
        raise InputError(f"{name} takes too long to read; give a smaller or generalised file.") from None
    if done.returncode == 1:  # the child itself, not the file: no driver to be had alone, or no library
        raise RuntimeError(
            f"the reader of {driver} files did not start: {done.stderr.decode(errors='replace')[-500:]}"
        )
    if done.returncode != 0:
        raise _damaged(name)


def _damaged(name: str) -> InputError:
    return InputError(f"{name} is damaged or cut off and cannot be read; export it again.")


def _as_frame(name: str, table: object) -> gpd.GeoDataFrame:
    import geopandas as gpd

    about = json.loads(table.schema.metadata[b"patrol"])  # type: ignore[attr-defined]
    frame = table.to_pandas()  # type: ignore[attr-defined]
    shapes = outlines.from_wkb(name, frame.pop(frame.columns[-1]).to_numpy(dtype=object))
    return gpd.GeoDataFrame(frame, geometry=shapes, crs=crs_of(name, about["crs"]) if about["crs"] else None)
