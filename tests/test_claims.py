"""What README and docs say in numbers, commands and columns is what the program does.

A figure of the program stands in the text as ``**41.6**<!-- claim: sample.worst_case -->`` and is computed here
under that name, then compared at the printed precision. Figures that read better without a mark, and those that
state a default, are listed in ``STATED`` with the sentence they stand in.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from patrol_core.analysis import Planner, Prepared, game_of, prepare
from patrol_core.areas import load_area
from patrol_core.cli import build_parser
from patrol_core.errors import InfeasibleError, InputError, SourceError
from patrol_core.evaluation import baselines
from patrol_core.games.zone import Strategy
from patrol_core.reports.plan_files import CONTRACT
from patrol_core.scenario import Scenario, choices

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "data" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
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
    "default.ward_hours": lambda: Scenario().ward_hours or 0.0,
    "default.min_per_day": lambda: Scenario().min_per_day,
    "default.max_per_day": lambda: Scenario().max_per_day,
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


def options() -> dict[str, set[str]]:
    """Flags of each command."""
    parsers = build_parser()._subparsers._group_actions[0].choices
    return {
        name: {flag for action in parser._actions for flag in action.option_strings if flag.startswith("--")}
        for name, parser in parsers.items()
    }


def commands() -> list[list[str]]:
    """Every ``patrol …`` line in a shell block."""
    lines = [
        line
        for path in PAGES
        for block in re.findall(r"```sh\n(.*?)```", text_of(path), flags=re.DOTALL)
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
            row.check("?")
        accepted = re.findall(r"'([a-z-]+)'", str(refused.value).split("cannot be '?'")[1])
        listed = re.findall(rf"{row.flag} ([a-z|-]+)", text)
        assert any(set(accepted) == set(found.split("|")) for found in listed), (row.flag, listed)


def test_python_in_the_readme_runs(capsys):
    blocks = re.findall(r"```python\n(.*?)```", text_of(ROOT / "README.md"), flags=re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})
    assert "{'a': 0.625, 'b': 0.375} 3.75" in capsys.readouterr().out


def test_links_lead_somewhere():
    for path in PAGES:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text_of(path)):
            if not re.match(r"[a-z]+:", target):
                assert (path.parent / target).exists(), f"{path.relative_to(ROOT)} links to {target}"
