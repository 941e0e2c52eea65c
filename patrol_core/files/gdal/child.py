"""The one place where GDAL opens a file: a process of its own with one driver, no network, and little memory and time.

Run by :mod:`patrol_core.files.gdal.guard`, never imported. It must not import ``patrol_core``: what it needs comes as one JSON
argument, what it found goes into an Arrow file beside the input. Exit code 3 means that the file cannot be read.
"""

from __future__ import annotations

import json
import sys
import warnings

UNREADABLE = 3


def _confine(memory_bytes: int, seconds: int) -> None:
    """Limit memory and processor time where the system can."""
    try:
        import resource
    except ImportError:  # Windows: the parent's time limit remains
        return
    for kind, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        given = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (given, hard))


def main(job: dict[str, object]) -> int:
    """Read one layer; see :func:`patrol_core.files.gdal.guard.read_layer`."""
    _confine(int(str(job["memory_bytes"])), int(str(job["seconds"])))
    warnings.simplefilter("ignore")
    import pyarrow as pa
    import pyogrio
    import pyogrio.raw

    if list(pyogrio.list_drivers()) != [job["driver"]]:
        print("other drivers are still there", file=sys.stderr)  # noqa: T201 - the parent reads it
        return 1
    try:
        layers = [str(row[0]) for row in pyogrio.list_layers(job["path"]) if row[1] is not None]
        layer = job["layer"] or (layers[0] if layers else None)
        if layer not in layers:
            return UNREADABLE
        meta, _, shapes, values = pyogrio.raw.read(
            job["path"], layer=layer, where=job["where"], max_features=job["max_features"], force_2d=True
        )
        columns = {
            name: pa.array(column, from_pandas=True)
            for name, column in zip(meta["fields"], values, strict=True)
        }
        about = {"crs": meta["crs"] or "", "fields": list(columns)}
        table = pa.table(
            [*columns.values(), pa.array(shapes, type=pa.large_binary())],
            names=[*columns, "geometry of the feature"],
        )
    except Exception:  # whatever a reader raises at a damaged file, it means the same to the user
        return UNREADABLE
    table = table.replace_schema_metadata({"patrol": json.dumps(about)})
    with pa.OSFile(str(job["answer"]), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return 0


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
