"""What README and docs say in numbers, commands and columns is what the program does.

A figure of the program stands in the text as ``**41.6**<!-- claim: sample.worst_case -->`` and is computed here
under that name, then compared at the printed precision. Figures that read better without a mark, and those that
state a default, are listed in ``STATED`` with the sentence they stand in.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from patrol_core.allocation.hours import HoursRules
from patrol_core.cli import build_parser
from patrol_core.errors import InfeasibleError, InputError, SourceError
from patrol_core.evaluation import baselines
from patrol_core.games.matrix.formats import read_matrix, write_matrix
from patrol_core.games.matrix.game import MOST_BYTES as MATRIX_BYTES
from patrol_core.games.matrix.solve import solve_matrix
from patrol_core.games.zone.game import Strategy
from patrol_core.graphs.patrol import game as graph_game
from patrol_core.graphs.patrol import input as game_input
from patrol_core.graphs.patrol.coverage.commitment import _TIE
from patrol_core.graphs.patrol.coverage.labels import MOST_LABELS
from patrol_core.graphs.patrol.coverage.walk_pricer import MOST_ARCS
from patrol_core.graphs.patrol.documents import PatrolGameDocument
from patrol_core.graphs.patrol.formats import game_from, solution_document
from patrol_core.graphs.patrol.moving.lists import MOST_ACTIONS
from patrol_core.graphs.patrol.solve import METHODS, solve_graph_game
from patrol_core.graphs.patrol.walks import MOST_BYTES as WALK_BYTES
from patrol_core.graphs.places.guard_files import guard_scene
from patrol_core.graphs.places.library import LIBRARY
from patrol_core.graphs.places.urban import MOST_TARGETS
from patrol_core.planning import CONTRACT, Planner, Prepared, game_of, prepare
from patrol_core.scenario import Scenario, choices, make_scenario
from patrol_core.sources.sample.embedded import load_area

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "data" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
MARK = re.compile(r"\*\*([^*\s]+)\*\*<!--\s*claim:\s*([\w.]+)\s*-->")


@cache
def sample() -> Prepared:
    return prepare(load_area("sample"), Scenario())


@cache
def plan() -> Strategy:
    return Planner(sample()).solve(Scenario())


def uniform_worst_case() -> float:
    game = game_of(sample(), Scenario())
    return float((game.values * (1 - game.effectiveness * baselines.uniform(game))).max())


def share_of_busiest(zones: int) -> float:
    """Percent of all placed crimes, of every type, in the busiest zones."""
    counts = sample().counts.groupby("zone_id", observed=False)["count"].sum().sort_values(ascending=False)
    return 100 * float(counts.iloc[:zones].sum() / counts.sum())


CLAIMS: dict[str, Callable[[], float]] = {
    "sample.worst_case": lambda: plan().worst_case,
    "sample.fair_worst_case": lambda: Planner(sample()).solve(Scenario(fairness=0.2)).worst_case,
    "sample.uniform_worst_case": uniform_worst_case,
    "sample.expected_residual": lambda: plan().expected_residual,
    "sample.zones": lambda: len(sample().zone_ids),
    "sample.wards": lambda: int(sample().zones["ward"].nunique()),
    "sample.rows": lambda: sample().placement.rows,
    "sample.months": lambda: len(sample().months),
    "sample.zones_patrolled": lambda: int((plan().coverage > 1e-9).sum()),
    "sample.budget": lambda: plan().budget_used,
    "sample.worth_of_one_more_unit": lambda: plan().budget_dual or 0.0,
    "sample.busiest_zone_percent": lambda: share_of_busiest(1),
    "sample.busiest_ten_percent": lambda: share_of_busiest(10),
    "columbus.zones": lambda: len(prepare(load_area("columbus"), Scenario()).zone_ids),
    "geodanet.rows": lambda: prepare(load_area("geodanet"), Scenario()).placement.rows,
    "geodanet.schools": lambda: len(load_area("geodanet").extra["schools"]),
    "geodanet.streets": lambda: len(load_area("geodanet").extra["streets"]),
    "default.budget": lambda: Scenario().budget,
    "default.ward_hours": lambda: HoursRules().ward_budget or 0.0,
    "default.min_per_day": lambda: HoursRules().min_per_day,
    "default.max_per_day": lambda: HoursRules().max_per_day,
    "patrol.most_moves": lambda: game_input.MOST_MOVES,
    "patrol.most_units": lambda: game_input.MOST_UNITS,
    "patrol.penalty": lambda: graph_game.DEFAULT_PENALTY,
    "patrol.most_labels": lambda: MOST_LABELS,
    "patrol.most_arcs": lambda: MOST_ARCS,
    "patrol.most_listed": lambda: MOST_ACTIONS,
    "patrol.matrix_gb": lambda: WALK_BYTES / 1e9,
    "matrix.gb": lambda: MATRIX_BYTES / 1e9,
    "urban.targets": lambda: MOST_TARGETS,
    "exit.input": lambda: InputError.exit_code,
    "exit.infeasible": lambda: InfeasibleError.exit_code,
    "exit.source": lambda: SourceError.exit_code,
}

#: (file, sentence with one group a figure, names of the figures): claims without a mark in the text.
STATED = [
    ("README.md", r"With ([\d.]+) units on patrol at once", ["default.budget"]),
    (
        "README.md",
        r"Exit codes: 0 done, (\d) bad input \(one\s+sentence on stderr\), (\d) infeasible \([^)]*\), (\d) a file or source",
        ["exit.input", "exit.infeasible", "exit.source"],
    ),
    (
        "data/README.md",
        r": ([\d,]+) zones the size of an LSOA in (\d+) wards",
        ["sample.zones", "sample.wards"],
    ),
    ("data/README.md", r"\| ([\d,]+) crimes, 2023-01 to 2025-12", ["sample.rows"]),
    (
        "data/README.md",
        r"ten zones hold (\d+) % of crime, the busiest ([\d.]+) %",
        ["sample.busiest_ten_percent", "sample.busiest_zone_percent"],
    ),
    ("docs/data.md", r"Columbus \((\d+) neighbourhoods", ["columbus.zones"]),
    (
        "docs/data.md",
        r"GeoDaNet \((\d+) streets, (\d+) crimes, (\d+) schools\)",
        ["geodanet.streets", "geodanet.rows", "geodanet.schools"],
    ),
    (
        "docs/files.md",
        r"--ward-budget (\d+) --city-budget none --min-per-day ([\d.]+) --max-per-day ([\d.]+)",
        ["default.ward_hours", "default.min_per_day", "default.max_per_day"],
    ),
    ("docs/files.md", r"moves \*T\*, 1 to ([\d,]+)", ["patrol.most_moves"]),
    ("docs/files.md", r"one object a unit, at most (\d+)", ["patrol.most_units"]),
    ("docs/files.md", r"`defender_penalty`, `attacker_penalty` \| (\d+) \|", ["patrol.penalty"]),
    ("docs/files.md", r"where it would take more than (\d+) GB", ["patrol.matrix_gb"]),
    ("docs/files.md", r"Two players, finite numbers, at most (\d+) GB", ["matrix.gb"]),
    ("docs/files.md", r"--most-targets (\d+) --suggest", ["urban.targets"]),
    ("docs/method.md", r"penalty factors[^(]*\((\d+) unless given\)", ["patrol.penalty"]),
    ("docs/method.md", r"\(at most\s+([\d,]+)\), combined by an integer program", ["patrol.most_labels"]),
    ("docs/method.md", r"A flow of more than ([\d,]+) arcs", ["patrol.most_arcs"]),
    ("docs/method.md", r"both sides are listed \(at most ([\d,]+) each\)", ["patrol.most_listed"]),
    ("docs/method.md", r"the (\d+) highest are targets", ["urban.targets"]),
]


def agrees(printed: str, value: float) -> bool:
    """Equal at the precision printed: ``41.6`` is anything that rounds to it."""
    plain = printed.replace(",", "").rstrip("%")
    digits = len(plain.partition(".")[2])
    return f"{float(value):.{digits}f}" == plain


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


MARKED = [
    pytest.param(path, printed, name, id=f"{path.relative_to(ROOT)}:{name}")
    for path in PAGES
    for printed, name in MARK.findall(text_of(path))
]


@pytest.mark.parametrize(("path", "printed", "name"), MARKED)
def test_a_marked_figure_is_what_the_program_computes(path, printed, name):
    assert name in CLAIMS, f"{path.name} claims {name!r}, which nothing here computes"
    assert agrees(printed, CLAIMS[name]()), f"{path.name} says {name} is {printed}; it is {CLAIMS[name]()}"


@pytest.mark.parametrize(("file", "sentence", "names"), STATED)
def test_a_stated_figure_is_what_the_program_computes(file, sentence, names):
    found = re.search(sentence, text_of(ROOT / file))
    assert found, f"{file} no longer says {sentence!r}; take it out of STATED, or mark the new figure"
    for printed, name in zip(found.groups(), names, strict=True):
        assert agrees(printed, CLAIMS[name]()), f"{file} says {name} is {printed}; it is {CLAIMS[name]()}"


def test_readme_has_marked_figures_and_every_marker_is_understood():
    assert len([path for path, *_ in (case.values for case in MARKED) if path.name == "README.md"]) >= 5
    for path in PAGES:
        text = text_of(path)
        assert len(re.findall(r"<!--\s*claim", text)) == len(MARK.findall(text)), (
            f"{path.name}: a malformed marker"
        )


def test_no_bold_figure_goes_without_a_marker():
    for path in PAGES:
        for match in re.finditer(r"\*\*[\d.,]*\d[\d.,]* ?%?\*\*", text_of(path)):
            assert MARK.match(text_of(path), match.start()), f"{path.name}: {match.group()} has no marker"


@pytest.mark.parametrize(
    ("printed", "value", "same"),
    [
        ("41.6", 41.5752, True),
        ("41.5", 41.5752, False),
        ("191,268", 191268, True),
        ("24", 24.4, True),
        ("24", 25, False),
        ("12.0", 12, True),
    ],
)
def test_figures_are_compared_at_the_printed_precision(printed, value, same):
    assert agrees(printed, value) is same


# -- commands, columns, links ---------------------------------------------------------------------------


def flags_of(parser: argparse.ArgumentParser) -> set[str]:
    """Its flags, and those of the parts it has (families of ``patrol-instance``)."""
    found = {flag for action in parser._actions for flag in action.option_strings if flag.startswith("--")}
    parts = [action.choices for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return found.union(*(flags_of(part) for choices in parts for part in choices.values()))


def options() -> dict[str, set[str]]:
    """Flags of each command."""
    parsers = build_parser()._subparsers._group_actions[0].choices
    return {name: flags_of(parser) for name, parser in parsers.items()}


def commands() -> list[list[str]]:
    """Every ``patrol …`` line in a shell block."""
    lines = [
        line
        for path in PAGES
        for block in re.findall(r"```(?:sh|console)\n(.*?)```", text_of(path), flags=re.DOTALL)
        for line in block.splitlines()
    ]
    found = (re.match(r"(?:\S*/)?(?:patrol|python -m patrol_core) (.*)", line) for line in lines)
    return [shlex.split(match.group(1), comments=True) for match in found if match]


def test_commands_in_the_text_are_understood():
    shown = [command for command in commands() if "--help" not in command]
    assert {command[0] for command in shown} >= {"plan", "game", "hours"}
    for command in shown:
        build_parser().parse_args(command)


def test_every_flag_in_the_text_exists_and_every_flag_of_a_plan_is_described():
    text = text_of(ROOT / "docs" / "files.md")
    named = set(re.findall(r"--[a-z][a-z-]+", text))
    have = options()
    assert named <= set().union(*have.values()), "docs/files.md names a flag that is not there"
    assert have["plan"] - {"--help"} <= named, "docs/files.md leaves out a flag of `patrol plan`"


def test_columns_in_the_text_are_those_of_the_files():
    text = text_of(ROOT / "docs" / "files.md")
    for name, columns in CONTRACT.items():
        row = re.search(rf"\| `{re.escape(name)}` \| (.*?) \|", text)
        assert row, name
        said = re.split(r"[(;]", row.group(1))[0]
        assert [word.strip() for word in said.split(",")] == list(columns)


def test_choices_with_few_values_are_listed_in_full():
    text = re.sub(r"\s+", " ", text_of(ROOT / "docs" / "files.md"))
    for name in ("zones", "weighting", "fairness_rule", "rounding"):
        row = choices()[name]
        with pytest.raises(InputError) as refused:
            make_scenario({name: "?"})
        accepted = re.findall(r"'([a-z-]+)'", str(refused.value).split("cannot be '?'")[1])
        listed = re.findall(rf"{row.flag} ([a-z|-]+)", text)
        assert any(set(accepted) == set(found.split("|")) for found in listed), (row.flag, listed)


# -- games on graphs and matrices ---------------------------------------------------------------------------


def blocks_of(section: str, kind: str = "json") -> list[str]:
    """Code blocks of a section of docs/files.md."""
    text = text_of(ROOT / "docs" / "files.md").partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return [held for named, held in re.findall(r"```(\w*)\n(.*?)```", text, flags=re.DOTALL) if named == kind]


def same(printed: object, computed: object) -> bool:
    """Equal, numbers at the precision printed (they were read as text)."""
    if isinstance(printed, dict):
        return isinstance(computed, dict) and all(same(held, computed[key]) for key, held in printed.items())
    if isinstance(printed, list):
        return len(printed) == len(computed) and all(map(same, printed, computed))
    return printed == computed or (not isinstance(computed, str) and agrees(str(printed), float(computed)))


def test_the_patrol_game_in_the_text_has_the_answer_in_the_text():
    given, answer = blocks_of("`patrol patrol-game FILE.json`")
    found = solution_document(solve_graph_game(game_from(json.loads(given))))
    assert same(json.loads(answer, parse_float=str), found), found
    again = solve_graph_game(game_from(json.loads(given)), method="double-oracle")
    assert again.value == pytest.approx(found["value"])


def test_every_key_of_a_patrol_game_is_described_with_its_default():
    text = text_of(ROOT / "docs" / "files.md")
    rows = re.findall(
        r"^\| (`[a-z_`, ]+`) \| (.*?) \|", text.partition("## `patrol patrol-game")[2], flags=re.MULTILINE
    )
    default = {key: said for keys, said in rows for key in re.findall(r"`([a-z_]+)`", keys)}
    assert set(PatrolGameDocument.model_fields) <= set(default)
    small = {
        "graph": {"edges": [[0, 1]]},
        "timesteps": 2,
        "defenders": [{"bases": [0]}],
        "targets": [{"node": 1, "value": 1}],
    }
    said = {
        key: json.loads(value) if value in ("true", "false") or value.isdigit() else value.strip("`")
        for key, value in default.items()
        if key in PatrolGameDocument.model_fields
        and re.fullmatch(r"`?\w+`?", value)
        and value not in ("needed", "none")
    }
    assert set(said) >= {
        "force_return",
        "tau",
        "form",
        "simple",
        "sum",
        "defender_penalty",
        "normalise",
        "mode",
        "waiting",
        "unreachable",
    }
    plain, stated = solution_document(solve_graph_game(game_from(small))), game_from(small | said)
    for key in set(said) - {"sum", "unreachable"}:
        assert getattr(stated, key) == getattr(game_from(small), key) == said[key], key
    assert solution_document(solve_graph_game(stated))["value"] == plain["value"]
    assert stated.general_sum is game_from(small).general_sum is False


def test_methods_and_places_are_listed_in_full():
    assert f"--method {'|'.join(METHODS)}" in text_of(ROOT / "docs" / "files.md")
    table = text_of(ROOT / "data" / "README.md").partition("## Places for patrol games")[2]
    rows = re.findall(r"^\| (`.*?) \|", table, flags=re.MULTILINE)
    assert {key for row in rows for key in re.findall(r"`([a-z-]+)`", row)} == set(LIBRARY)


def test_flags_of_the_commands_for_games_are_described():
    named = set(re.findall(r"--[a-z][a-z-]+", text_of(ROOT / "docs" / "files.md")))
    have = options()
    for command in ("patrol-game", "patrol-instance", "matrix", "convert-pickle"):
        assert have[command] - {"--help", "--alternate"} <= named, command


def test_a_tie_of_attackers_is_as_close_as_the_text_says():
    said = re.search(r"\(within\s+([\de-]+) of the largest payoff\)", text_of(ROOT / "docs" / "method.md"))
    assert said
    assert float(said.group(1)) == _TIE


def test_the_matrix_game_in_the_text_is_the_same_in_every_format():
    (shown,) = blocks_of("`patrol matrix FILE`")
    game = read_matrix("a.json", shown.encode())
    value = re.search(r"has the value (\S+)\. Result", text_of(ROOT / "docs" / "files.md"))
    assert value
    assert solve_matrix(game).value == pytest.approx(float(value.group(1)))
    nfg, gamut = blocks_of("`patrol matrix FILE`", "")
    for name, text in (("a.nfg", nfg), ("a.game", gamut)):
        found = read_matrix(name, text.encode())
        assert (found.row == game.row).all()
        assert found.zero_sum
        assert (read_matrix(name, write_matrix(game, name[2:])).row == game.row).all()


def test_the_published_game_in_the_text_has_the_value_in_the_text(shared_guard):
    text = re.sub(r"\s+", " ", text_of(ROOT / "docs" / "method.md")).replace("−", "-")
    said = re.search(
        r"Chinatown game \((\d+) moves, one unit, two attackers, \$\\tau = (\d)\$\) is a matrix of ([\d,]+) walks by (\d+) attacks; "
        r"(\d+) joint coverages give the same value, (-[\d.]+)\.",
        text,
    )
    assert said
    moves, tau, *figures = said.groups()
    table = read_matrix("c.npz", (shared_guard / "games" / "chinatown_nfg_isg_1.npz").read_bytes())
    scene = guard_scene(json.loads((shared_guard / "instances" / "isg_chinatown.json").read_text()))
    found = solve_graph_game(scene.game(moves=int(moves), tau=int(tau), attackers=2, normalise=True))
    for printed, value in zip(
        figures, (*table.shape, found.counts["joint coverages"], found.value), strict=True
    ):
        assert agrees(printed, value)
    assert solve_matrix(table).value == pytest.approx(found.value, abs=1e-9)


def test_links_lead_somewhere():
    for path in PAGES:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text_of(path)):
            if not re.match(r"[a-z]+:", target):
                assert (path.parent / target).exists(), f"{path.relative_to(ROOT)} links to {target}"
