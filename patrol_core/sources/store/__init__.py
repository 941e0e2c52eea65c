"""The store: pulled and imported data on disk, as Parquet files under one catalogue."""

from __future__ import annotations

from patrol_core.sources.store.base import Store
from patrol_core.sources.store.bulk_import import import_files
from patrol_core.sources.store.bundle import export_store, import_bundle, is_bundle
from patrol_core.sources.store.fetch import fetch_area
from patrol_core.sources.store.labels import Label, keep_labels, kept_labels, labels_state
from patrol_core.sources.store.records import DATASETS, Part, Pull

__all__ = [
    "DATASETS",
    "Label",
    "Part",
    "Pull",
    "Store",
    "export_store",
    "fetch_area",
    "import_bundle",
    "import_files",
    "is_bundle",
    "keep_labels",
    "kept_labels",
    "labels_state",
]
