"""The patrol half of the page: four figures, and the map."""

from __future__ import annotations

import math
from dataclasses import dataclass

import streamlit as st

from patrol_core.certificate import Status
from patrol_core.figures.maps.patrol import Ground, Marks, patrol_map
from patrol_core.figures.maps.plane import MOST_CLICKABLE
from patrol_core.graphs.patrol import NOBODY, ONE_ROUTE, WANDERING, GraphGame, GraphSolution
from patrol_core.graphs.places import PatrolScene
from patrol_core.reports.bundles.patrol import edge_use
from patrol_core.ui.lab.job import SLOT, search, search_key
from patrol_core.ui.lab.picks import NOTHING, Picks, click_mode, take_click
from patrol_core.ui.memo import lab_results
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell.jobs import Job
from patrol_core.ui.shell.node_clicks import node_chart
from patrol_core.ui.shell.widgets import Figure, figures
from patrol_core.words import figure as number

ASKED = "lab_asked"
"""Keys of games that are solved although they look too large."""
BRIEFLY = {WANDERING: "wandering units", NOBODY: "no patrol"}
"""Names of simpler plans that fit under a figure."""
SMALL = 1e-9


@dataclass(frozen=True, eq=False)
class Shown:
    """A solved game and where it is drawn."""

    scene: PatrolScene
    game: GraphGame
    ground: Ground
    solution: GraphSolution

    @property
    def unit(self) -> str:
        """What a payoff counts."""
        return "of the largest payoff" if self.game.normalise else self.scene.unit


def amount(value: float, size: float = 1.0) -> str:
    """A number to four significant digits, without exponent where one can be spared.

    Args:
        value: The number.
        size: Of what it is made of, in its unit: what is below a millionth of it is rounding.
    """
    if abs(value) < 1e-6 * size or value == 0.0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    return f"{number(value, 4)}" if size < -4 or size > 11 else f"{value:,.{max(0, 3 - size)}f}"


# -- solving ----------------------------------------------------------------------------------------


def size_line(game: GraphGame) -> None:
    """What the game would be written out, and what solving it means."""
    found = lab_results.size_of(game)
    words = f"Joint walks: {short_count(found.walks)}. "
    if found.rows is not None:
        words += f"Written out: {short_count(f'{found.rows:,}')} rows by {found.columns:,} columns, {_bytes(found.matrix_bytes)}. "
    st.caption(escape(words + found.verdict))


def short_count(digits: str) -> str:
    """A whole number with thousands marked; a long one in words."""
    plain = digits.replace(",", "")
    return digits if len(plain) <= 15 else f"about {plain[0]}.{plain[1:3]} times 10 to the {len(plain) - 1}"


def _bytes(count: float | None) -> str:
    if count is None:
        return "size unknown"
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if count < 1000:
            return f"{count:,.0f} {unit}"
        count /= 1000
    return "more than any computer has" if count > 1000 else f"{number(count)} PB"


def solved(scene: PatrolScene, game: GraphGame, limit: float) -> Shown | None:
    """The plan of a game, or None while there is none; what is going on is said.

    Args:
        scene, game: The scene, and the game at it.
        limit: Seconds it may take.
    """
    key = search_key(game, limit)
    asked: set[str] = st.session_state.setdefault(ASKED, set())
    job = search(game, limit, begin=lab_results.size_of(game).practical or key in asked)
    if job is None:
        st.warning(
            "This game looks too large to be solved while you wait. Take fewer moves, units or targets, or try.",
            icon=":material/hourglass_disabled:",
        )
        st.button(
            f"Solve it for at most {limit:g} s",
            on_click=lambda: asked.add(key),
            type="primary",
            icon=":material/play_arrow:",
            key="_lab_try",
        )
        return None
    _job_note(job)
    if job.result is None:
        return None
    return Shown(scene, game, lab_results.ground(scene), job.result)


def _job_note(job: Job[GraphSolution]) -> None:
    if job.running:
        st.info(
            "The game is being solved; the plan appears when it is done.", icon=":material/hourglass_top:"
        )
        SLOT.show()
    elif job.fault:
        st.error(escape(job.fault), icon=":material/error:")
    elif job.result is not None and job.result.certificate.status is not Status.OPTIMAL:
        words = "It was stopped" if job.cancel.is_set() else "The time was over"
        st.warning(
            f"{words} after {job.result.seconds:.0f} s: the plan is the best so far, and how far it can be from the best of all is shown.",
            icon=":material/timer:",
        )


# -- figures ----------------------------------------------------------------------------------------


def lab_metrics(shown: Shown) -> None:
    """Four figures: what is lost, how sure that is, how many routes, how long it took."""
    found, game = shown.solution, shown.game
    others = lab_results.simpler(found)
    unit = f" ({escape(shown.unit)})" if shown.unit else ""
    rival = WANDERING if WANDERING in others else NOBODY
    size, general = float(game.values.max()) / found.scale, game.general_sum
    change = _change(found.value, others.get(rival), BRIEFLY[rival], size, general=general)
    proved = found.certificate.status is Status.OPTIMAL
    bound = found.certificate.bound
    at_best = f"at best {amount(bound if general else 0.0 - bound, size)}"
    gap = found.certificate.gap
    figures(
        Figure(
            f"Stackelberg value{unit}",
            amount(found.value, size),
            change,
            good="higher",
            help="Expected payoff of the patrols when the attacker knows the plan, and answers best.",
        )
        if general
        else Figure(
            f"Worst-case loss{unit}",
            amount(0.0 - found.value, size),
            change,
            good="lower",
            help="Expected loss when the attacker knows the plan, and attacks where it hurts most. Values are assumptions.",
        ),
        Figure(
            "Proved gap",
            f"{gap:.1%}" if gap > 5e-4 else "0 %",
            "the plan is proved best" if proved else at_best,
            help="How far the plan can be from the best of all.",
        ),
        Figure(
            "Routes in the plan",
            f"{len(found.patrols):,}",
            _one_route(others.get(ONE_ROUTE), size, general=general),
            help="The fewest that this solution needs are not sought; the game laboratory shows what fewer cost.",
        ),
        Figure("Seconds to solve", f"{found.seconds:,.2f}", _looked_at(found)),
    )


def _change(value: float, reference: float | None, words: str, size: float, *, general: bool) -> str | None:
    """Change of the loss against a named alternative, in %; of a Stackelberg value in its own unit."""
    if reference is None or abs(reference) < SMALL * size or abs(value - reference) < 0.0005 * abs(reference):
        return None
    if general:
        return f"{'+' if value > reference else '-'}{amount(abs(value - reference), size)} against {words}"
    return f"{value / reference - 1:+.0%} against {words}"


def _one_route(other: float | None, size: float, *, general: bool) -> str | None:
    if other is None:
        return None
    return f"one route alone: {'payoff' if general else 'loss'} {amount(other if general else 0.0 - other, size)}"


def _looked_at(found: GraphSolution) -> str | None:
    for name, count in found.counts.items():
        return f"{count:,} {name} looked at"
    return None


def marks_of(shown: Shown, picks: Picks) -> Marks:
    """What the map shows of a solved game."""
    game, found = shown.game, shown.solution
    targets = game.targets.tolist()
    return Marks(
        _bases(shown.scene, picks),
        dict(zip(targets, game.values.tolist(), strict=True)),
        shown.scene.unit,
        dict(zip(targets, found.coverage.tolist(), strict=True)),
        dict(zip(targets, found.attack.tolist(), strict=True)),
    )


def _bases(scene: PatrolScene, picks: Picks) -> list[int]:
    place = {name: k for k, name in enumerate(scene.node_ids)}
    return [place[name] for name in picks.bases if name in place]


def map_view(scene: PatrolScene, picks: Picks, ground: Ground, shown: Shown | None) -> None:
    """The map, with nodes to click; without a plan the bare graph.

    Args:
        scene, picks: The scene, and what is picked at it.
        ground, shown: How it is drawn, and the solved game, if there is one.
    """
    mode = click_mode()
    if shown is None:
        place = {name: k for k, name in enumerate(scene.node_ids)}
        values = {place[name]: value for name, value in picks.values.items() if name in place}
        figure = patrol_map(ground, Marks(_bases(scene, picks), values, scene.unit))
    else:
        figure = patrol_map(ground, marks_of(shown, picks), edge_use(shown.solution))
    key = f"_lab_map_{scene.key}_{picks.round}_{mode}"
    node_chart(figure, key, None if mode == NOTHING else lambda: take_click(scene, key))
    if mode != NOTHING and len(scene.node_ids) > MOST_CLICKABLE:
        st.caption(
            f"Above {MOST_CLICKABLE:,} nodes only bases and targets can be clicked; add others in the lists."
        )
    st.caption(
        "Circles are targets, larger with their value and darker the more often they are covered; wide blue lines are walked often. A red ring "
        "marks what an attacker who knows the plan would choose."
        + (" Places are not known: the drawing is a scheme." if ground.schematic else "")
    )
