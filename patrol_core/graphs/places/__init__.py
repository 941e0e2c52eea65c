"""Places for patrol games: parks, street networks and zones, from files, from areas, or from the library that ships."""

from __future__ import annotations

from patrol_core.graphs.places.features import WEIGHTS, read_facilities
from patrol_core.graphs.places.infrastructure import infrastructure_scene
from patrol_core.graphs.places.infrastructure_scores import published_weights
from patrol_core.graphs.places.lab_matrix import handy_moves, schedule_matrix, shortened
from patrol_core.graphs.places.library import LIBRARY, library_scene, zone_risk
from patrol_core.graphs.places.observations import Box, box_around, read_observations
from patrol_core.graphs.places.park import TITLE, generated_park
from patrol_core.graphs.places.random_games import random_schedules, random_values
from patrol_core.graphs.places.scenes.documents import SceneDocument, scene_document
from patrol_core.graphs.places.scenes.files import GUARD, kind_of, read_scene, read_street_files
from patrol_core.graphs.places.scenes.scene import PatrolScene
from patrol_core.graphs.places.urban import MOST_TARGETS, urban_street_scene, urban_zone_scene
from patrol_core.graphs.places.wildlife import CENTROID, DENSITY, wildlife_scene

__all__ = [
    "CENTROID",
    "DENSITY",
    "GUARD",
    "LIBRARY",
    "MOST_TARGETS",
    "TITLE",
    "WEIGHTS",
    "Box",
    "PatrolScene",
    "SceneDocument",
    "box_around",
    "generated_park",
    "handy_moves",
    "infrastructure_scene",
    "kind_of",
    "library_scene",
    "published_weights",
    "random_schedules",
    "random_values",
    "read_facilities",
    "read_observations",
    "read_scene",
    "read_street_files",
    "scene_document",
    "schedule_matrix",
    "shortened",
    "urban_street_scene",
    "urban_zone_scene",
    "wildlife_scene",
    "zone_risk",
]
