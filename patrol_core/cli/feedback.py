"""``patrol feedback``: what becomes of a plan that is re-made from the records its own patrols bring."""

from __future__ import annotations

import argparse
from typing import Any

from patrol_core.cli.files import write_folder
from patrol_core.cli.options import add_choices, add_folder, add_place, place_and_choices, scenario_of
from patrol_core.cli.output import tell

NUMBERS = {
    "rounds": (int, "plans made, one a month (default 24)"),
    "memory": (int, "rounds of records a plan is made from (default 6)"),
    "runs": (int, "independent runs (default 20)"),
    "reported": (float, "share of ordinary crime reported anyway (default 0.5)"),
    "reported-found": (float, "the same for patrol-generated types (default 0.05)"),
    "base": (float, "chance that police find an unreported crime without patrol (default 0.05)"),
    "effect": (float, "what a permanent patrol adds to it; 0 is no loop (default 0.5)"),
    "believed": (float, "what the correction takes for the effect, times the true one (default 1)"),
}
"""Parameters of the simulation: type and help."""
PLANNERS = {
    "game": "Plan for offenders who watch perfectly",
    "proportional": "Proportional to risk",
    "hot-spots": "Hot spots first",
}
STARTS = {"plan": "plan", "hot-spots": "hot spots", "next-best": "next best"}


DESCRIPTION = (
    "Feedback loop check: records grow with patrol, the plan is re-made from them each round. Says how far plan and "
    "records drift from the truth, and how much of it leaving out patrol-generated offences and a detection correction remove."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add_place(parser)
    add_choices(parser, "data", "game")
    add = parser.add_argument_group("simulation").add_argument
    for name, (kind, words) in NUMBERS.items():
        add(f"--{name}", dest=f"feedback_{name}", type=kind, metavar="N", help=words)
    add("--planner", choices=PLANNERS, default="game", help="how plans are made (default game)")
    add("--start", choices=STARTS, default="plan", help="patrols before the first round (default plan)")
    add(
        "--as-recorded",
        action="store_true",
        help="true drugs and weapons crime lies where it was recorded, instead of evenly over residents",
    )
    add_folder(parser)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Simulate; writes the files when ``--out`` is given and returns the summary."""
    from patrol_core.evaluation import Detection, Rounds, simulate_feedback, world_of
    from patrol_core.planning import game_of, harm_table, prepare
    from patrol_core.reports.bundles.feedback import feedback_files, feedback_summary

    scenario = scenario_of(arguments)
    given = {name: value for name in NUMBERS if (value := getattr(arguments, f"feedback_{name}")) is not None}
    named = {"reported": "reported", "reported-found": "reported_found", "base": "base", "effect": "effect"}
    detection = Detection(**{field: given[name] for name, field in named.items() if name in given})
    length = {"rounds": "rounds", "memory": "memory", "runs": "seeds", "believed": "believed"}
    rounds = Rounds(
        **{field: given[name] for name, field in length.items() if name in given},
        seed=scenario.seed,
        planner=PLANNERS[arguments.planner],
        start=STARTS[arguments.start],
    )
    data, scenario = place_and_choices(arguments, scenario)
    prepared = prepare(data, scenario)
    even = not arguments.as_recorded
    world = world_of(
        game_of(prepared, scenario),
        prepared.counts,
        len(prepared.months),
        crime_types=prepared.crime_types,
        weights_of=harm_table(scenario).weights_of,
        even_found=even,
    )
    found = simulate_feedback(world, detection, rounds)
    write_folder(arguments.out, feedback_files(found, prepared, even_found=even))
    tell(prepared.findings)
    return feedback_summary(found, prepared, even_found=even)
