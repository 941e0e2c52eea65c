"""Certificates: every model says in words what its objective counts, whatever way it was solved."""

from __future__ import annotations

import json

import pytest

VALUES = {"a": 10, "b": 6, "c": 3}
TARGETS = [
    {"id": name, "defender_covered": 0, "defender_uncovered": -value, "attacker_covered": -1, "attacker_uncovered": value}
    for name, value in VALUES.items()
]  # fmt: skip
ZONE = {"kind": "zone", "values": VALUES, "budget": 1}
GENERAL = {"kind": "general", "budget": 1, "targets": TARGETS}
TYPES = [
    {"id": "x", "prior": 0.6, "values": VALUES},
    {"id": "y", "prior": 0.4, "values": {"a": 1, "b": 2, "c": 9}},
]
EVENT = {
    "duration": 6, "resources": 2, "lambda": 1.0, "travel_time": [[0, 0.5], [0.5, 0]],
    "targets": [{"id": "s", "value": [[0, 10], [6, 1]]}, {"id": "t", "value": [[0, 1], [6, 10]]}],
}  # fmt: skip
ROADS = {
    "edges": [["s", "a"], ["a", "t"], ["s", "t"]],
    "sources": ["s"],
    "targets": {"t": -5.0},
    "checkpoints": 1,
}
NIGHT = {
    "graph": {"edges": [["d", "m"], ["m", "s"], ["s", "p"], ["p", "d"]]}, "timesteps": 4,
    "defenders": [{"bases": ["d"]}], "targets": [{"node": "m", "value": 8}, {"node": "s", "value": 6}],
}  # fmt: skip
MATRIX = {"row": [[3, -1], [-2, 4]]}
DEMAND = "Month,Ward,LSOA_Code,area_km2,Predicted_Burglaries\n2025-01,W,E01000001,1.2,12\n2025-01,W,E01000002,0.6,5\n"

CASES = [
    ("game", ZONE),
    ("game", ZONE | {"objective": "total"}),
    ("game", ZONE | {"objective": "regret", "intervals": {"a": [8, 12], "b": [5, 9], "c": [1, 4]}}),
    ("game", ZONE | {"attacker": {"model": "quantal", "lambda": 0.6}}),
    ("game", ZONE | {"attacker": {"model": "suqr", "weights": [-9.85, 0.37, 0.15]}}),
    *(("game", GENERAL | {"method": method}) for method in ("auto", "multiple-lp", "eraser", "origami")),
    ("game", {"kind": "bayesian", "budget": 1, "types": TYPES}),
    ("event", EVENT),
    ("event --method no-travel", EVENT),
    *(("checkpoints", ROADS | {"method": method}) for method in ("exact", "ranger+radius", "ranger+comb")),
    ("patrol-game", NIGHT),
    ("patrol-game --method double-oracle", NIGHT),
    ("patrol-game", NIGHT | {"form": "schedule", "tau": 2}),
    ("patrol-game", NIGHT | {"form": "schedule", "simple": True}),
    ("patrol-game", NIGHT | {"sum": "general"}),
    ("patrol-game", NIGHT | {"moving_attackers": [{"starts": ["s"]}]}),
    *((f"matrix --solve {name}", MATRIX) for name in ("nash", "sse", "rm", "rm+", "prm+", "double-oracle")),
    ("matrix --support 1", MATRIX),
    ("hours", DEMAND),
]  # fmt: skip


@pytest.mark.parametrize(("command", "given"), CASES, ids=lambda part: part if isinstance(part, str) else "")
def test_what_the_objective_counts_is_said(patrol, tmp_path, command, given):
    name, *flags = command.split()
    file = tmp_path / ("in.csv" if name == "hours" else "in.json")
    file.write_text(given if isinstance(given, str) else json.dumps(given))
    assert patrol(name, file, *flags).json["objective_is"]


@pytest.mark.parametrize(
    "command", ["beats --area columbus --count 3", "roster --area columbus --visit-minutes 60"]
)
def test_rosters_and_patrol_areas_say_it_too(patrol, command):
    assert patrol(*command.split()).json["objective_is"]
