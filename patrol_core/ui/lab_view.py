"""The patrol half of the page: four figures, the map, and the tabs with routes, targets, film, simpler plans and downloads."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from patrol_core.certificate import Status
from patrol_core.errors import InputError
from patrol_core.figures.charts import CONFIG
from patrol_core.figures.lab_charts import (
    MOST_CLICKABLE,
    Ground,
    Marks,
    bounds_over_time,
    coverage_bars,
    patrol_map,
    plans_bars,
)
from patrol_core.figures.patrol_film import film
from patrol_core.games.matrix import MatrixGame
from patrol_core.games.matrix_formats import KINDS, write_matrix
from patrol_core.graphs.graph_formats import game_document, solution_document
from patrol_core.graphs.graph_game import COMPATIBLE, NORMAL, GraphGame
from patrol_core.graphs.graph_solution import GraphSolution
from patrol_core.graphs.patrol_baselines import NOBODY, ONE_ROUTE, WANDERING
from patrol_core.graphs.patrol_scene import PatrolScene
from patrol_core.reports.csv import to_csv_bytes
from patrol_core.reports.patrol_files import (
    coverage_table,
    drawn_nights,
    edge_use,
    nights_table,
    routes_geojson,
    routes_table,
    sampled_table,
)
from patrol_core.reports.plain import to_json_bytes
from patrol_core.ui import cached_lab, tables
from patrol_core.ui.frame import escape, guarded
from patrol_core.ui.lab_inputs import NOTHING, Picks, click_mode, take_click
from patrol_core.ui.lab_job import Search, progress, search, search_key

TABS = (
    "Routes",
    "Targets",
    "A night as a film",
    "Against simpler plans",
    "How it was computed",
    "Downloads",
)
MAP_CONFIG = {**CONFIG, "scrollZoom": True}
ASKED = "lab_asked"
"""Keys of games that are solved although they look too large."""
BRIEFLY = {WANDERING: "wandering units", NOBODY: "no patrol"}
"""Names of simpler plans that fit under a figure."""
SMALL = 1e-9
FORMATS = {
    "json": "Text that people and programs read.",
    "npz": "Arrays for NumPy.",
    "h5": "HDF5.",
    "nfg": "Gambit, strategic form.",
    "game": "GAMUT.",
}
MOST_ROUTES_SHOWN = 400


@dataclass(frozen=True, eq=False)
class Shown:
    """A solved game and where it is drawn.

    Attributes
    ----------
    mark
        Tells plans of one game apart.
    """

    scene: PatrolScene
    game: GraphGame
    ground: Ground
    solution: GraphSolution
    mark: str

    @property
    def unit(self) -> str:
        """What a payoff counts."""
        return "of the largest payoff" if self.game.normalise else self.scene.unit


def amount(value: float) -> str:
    """A number to four significant digits, without exponent where one can be spared."""
    if abs(value) < 1e-6:
        return "0"
    size = math.floor(math.log10(abs(value)))
    return f"{value:,.4g}" if size < -4 or size > 11 else f"{value:,.{max(0, 3 - size)}f}"


# -- solving ----------------------------------------------------------------------------------------


def size_line(game: GraphGame) -> None:
    """What the game would be written out, and what solving it means."""
    found = cached_lab.size_of(game)
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
    return "more than any computer has" if count > 1000 else f"{count:,.3g} PB"


def solved(scene: PatrolScene, game: GraphGame, limit: float) -> Shown | None:
    """The plan of a game, or None while there is none; what is going on is said."""
    key = search_key(game, limit)
    asked: set[str] = st.session_state.setdefault(ASKED, set())
    job = search(game, limit, begin=cached_lab.size_of(game).practical or key in asked)
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
    return Shown(scene, game, cached_lab.ground(scene), job.result, job.of)


def _job_note(job: Search) -> None:
    if job.running:
        st.info(
            "The game is being solved; the plan appears when it is done.", icon=":material/hourglass_top:"
        )
        progress()
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
    others = cached_lab.simpler(found, shown.mark)
    one, two, three, four = st.columns(4)
    unit = f" ({escape(shown.unit)})" if shown.unit else ""
    rival = WANDERING if WANDERING in others else NOBODY
    against = _change(found.value, others.get(rival), BRIEFLY[rival], general=game.general_sum)
    if game.general_sum:
        one.metric(
            f"Stackelberg value{unit}",
            amount(found.value),
            against,
            help="Expected payoff of the patrols when the attacker knows the plan, and answers best.",
        )
    else:
        one.metric(
            f"Worst-case loss{unit}",
            amount(0.0 - found.value),
            against,
            delta_color="inverse",
            help="Expected loss when the attacker knows the plan, and attacks where it hurts most. Values are assumptions.",
        )
    proved = found.certificate.status is Status.OPTIMAL
    bound = found.certificate.bound
    two.metric(
        "Proved gap",
        f"{found.certificate.gap:.1%}" if found.certificate.gap > 5e-4 else "0 %",
        "the plan is proved best"
        if proved
        else f"at best {amount(bound if game.general_sum else 0.0 - bound)}",
        delta_color="off",
        delta_arrow="off",
        help="How far the plan can be from the best of all.",
    )
    one_route = others.get(ONE_ROUTE)
    three.metric(
        "Routes in the plan",
        f"{len(found.patrols):,}",
        _one_route(one_route, general=game.general_sum),
        delta_color="off",
        delta_arrow="off",
        help="The fewest that this solution needs are not sought; the game laboratory shows what fewer cost.",
    )
    four.metric(
        "Seconds to solve",
        f"{found.seconds:,.2f}",
        _looked_at(found),
        delta_color="off",
        delta_arrow="off",
    )


def _change(value: float, reference: float | None, words: str, *, general: bool) -> str | None:
    """Change of the loss against a named alternative, in %; of a Stackelberg value in its own unit."""
    if reference is None or abs(reference) < SMALL or abs(value - reference) < 0.0005 * abs(reference):
        return None
    if general:
        return f"{'+' if value > reference else '-'}{amount(abs(value - reference))} against {words}"
    return f"{value / reference - 1:+.0%} against {words}"


def _one_route(other: float | None, *, general: bool) -> str | None:
    if other is None:
        return None
    return f"one route alone: {'payoff' if general else 'loss'} {amount(other if general else 0.0 - other)}"


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
    """The map, with nodes to click; without a plan the bare graph."""
    mode = click_mode()
    if shown is None:
        place = {name: k for k, name in enumerate(scene.node_ids)}
        values = {place[name]: value for name, value in picks.values.items() if name in place}
        figure = patrol_map(ground, Marks(_bases(scene, picks), values, scene.unit))
    else:
        figure = patrol_map(ground, marks_of(shown, picks), edge_use(shown.solution))
    key = f"_lab_map_{scene.key}_{picks.round}_{mode}"
    if mode == NOTHING:
        st.plotly_chart(figure, config=MAP_CONFIG, theme=None, key=key)
    else:
        st.plotly_chart(
            figure,
            config=MAP_CONFIG,
            theme=None,
            key=key,
            on_select=lambda: take_click(scene, key),
            selection_mode="points",
        )
        if len(scene.node_ids) > MOST_CLICKABLE:
            st.caption(
                f"Above {MOST_CLICKABLE:,} nodes only bases and targets can be clicked; add others in the lists."
            )
    st.caption(
        "Circles are targets, larger with their value and darker the more often they are covered; wide blue lines are walked often. A red ring "
        "marks what an attacker who knows the plan would choose."
        + (" Places are not known: the drawing is a scheme." if ground.schematic else "")
    )


# -- tabs -------------------------------------------------------------------------------------------


def lab_tabs(shown: Shown, picks: Picks) -> None:
    """Draw the tabs; only the open one works."""
    opened = st.tabs(TABS, key="_lab_tabs", on_change="rerun")
    content: tuple[Callable[[Shown, Picks], None], ...] = (
        _routes,
        _targets,
        _film,
        _compared,
        _computed,
        _downloads,
    )
    for tab, show in zip(opened, content, strict=True):
        if tab.open:
            with tab, guarded():
                show(shown, picks)


def _routes(shown: Shown, _picks: Picks) -> None:
    table = routes_table(shown.solution)
    if len(shown.solution.patrols) > MOST_ROUTES_SHOWN:
        st.caption(
            f"The {MOST_ROUTES_SHOWN} likeliest of {len(shown.solution.patrols):,} routes; the download has all."
        )
    what = "visits" if shown.game.form == NORMAL else "has in its schedule"
    st.caption(
        f"One row a route and unit. A night's route is drawn with these chances. A wait repeats a node; targets are those that the unit {what}."
    )
    tables.table(table, name="patrol_routes", units={"chance": "% of nights"}, digits=2, height=360)


def _targets(shown: Shown, _picks: Picks) -> None:
    table = coverage_table(shown.solution, shown.scene.names)
    left, right = st.columns([2, 3])
    with left:
        st.plotly_chart(coverage_bars(table), config=CONFIG, theme=None, key="_lab_coverage")
    with right:
        chosen = table[table["attacked"] > 1e-4]
        names = ", ".join(
            f"{row.target}{f' ({row.name_})' if row.name_ else ''}"
            for row in chosen.head(12).rename(columns={"name": "name_"}).itertuples()
        )
        st.write(
            f"An attacker who knows the plan would choose among: {escape(names)}."
            if names
            else "Nothing is attacked."
        )
        unit = shown.scene.unit
        tables.table(
            table,
            name="target_coverage",
            units={
                "value": unit,
                "attacker_value": unit,
                "covered": "% of nights",
                "attacked": "% of nights",
                "loss_if_attacked": unit,
                "attacker_gains": unit,
            },
            digits=2,
            height=360,
        )


def _seed() -> int:
    return int(st.session_state.get("lab_seed", 1))


def _keep_seed() -> None:
    st.session_state["lab_seed"] = int(st.session_state["_lab_seed"])


def _next_seed() -> None:
    st.session_state["lab_seed"] = _seed() % (2**31 - 1) + 1
    st.session_state.pop("_lab_seed", None)


def _nights(shown: Shown) -> tuple[int, ...]:
    return drawn_nights(shown.solution, int(st.session_state.get("lab_nights", 28)), seed=_seed())


def _film(shown: Shown, picks: Picks) -> None:
    one, two, three, four = st.columns([1, 1, 1, 2], vertical_alignment="bottom")
    with one:
        st.number_input(
            "Seed of the draw",
            min_value=1,
            max_value=2**31 - 1,
            value=_seed(),
            key="_lab_seed",
            on_change=_keep_seed,
            help="The same seed gives the same nights; take one that nobody outside can guess.",
        )
    with two:
        nights = int(
            st.number_input("Nights", 1, 366, int(st.session_state.get("lab_nights", 28)), key="_lab_nights")
        )
        st.session_state["lab_nights"] = nights
    with three:
        night = int(st.number_input("Night shown", 1, nights, 1, key=f"_lab_night_{nights}"))
    with four:
        st.button("Draw again", on_click=_next_seed, icon=":material/casino:", key="_lab_again")
    drawn = _nights(shown)
    route = drawn[night - 1]
    patrol = shown.solution.patrols[route]
    st.caption(
        f"Night {night} walks route {route + 1} of the plan ({100 * patrol.probability:.1f} % of nights). Press Play or move the slider; "
        "a circle turns blue once its target is covered."
    )
    st.plotly_chart(
        film(shown.ground, marks_of(shown, picks), shown.game, patrol, raiders=_raiders(shown, night)),
        config=CONFIG,
        theme=None,
        key="_lab_film",
    )
    st.dataframe(nights_table(shown.solution, drawn), hide_index=True, height=240)
    tables.download(
        "sampled_patrols.csv", lambda: to_csv_bytes(sampled_table(shown.solution, drawn)), "text/csv"
    )


def _raiders(shown: Shown, night: int) -> tuple[tuple[int, ...], ...]:
    """Walks of attackers who move, drawn for a night."""
    ways = shown.solution.attacker_walks
    if not ways:
        return ()
    import numpy as np

    chances = np.array([way[0] for way in ways])
    pick = np.random.default_rng((_seed(), night)).choice(len(ways), p=chances / chances.sum())
    return ways[int(pick)][1]


def _compared(shown: Shown, _picks: Picks) -> None:
    others = cached_lab.simpler(shown.solution, shown.mark)
    if not others:
        st.info("Against attackers who move there is no simple plan to compare with.", icon=":material/info:")
        return
    rows = [
        ("The plan", 0.0 - shown.solution.value),
        *((name.capitalize(), 0.0 - v) for name, v in others.items()),
    ]
    table = pd.DataFrame(rows, columns=["plan", "loss"])
    st.plotly_chart(
        plans_bars(table, title="Expected loss a night, if the attacker answers best", unit=shown.unit),
        config=CONFIG,
        theme=None,
        key="_lab_plans",
    )
    tables.table(table, name="patrol_plans", units={"loss": shown.unit}, digits=4)
    if WANDERING in others:
        st.caption(
            "Wandering is simulated over 1,000 nights: every allowed step with equal chance, back in time where units must return."
        )


def _computed(shown: Shown, _picks: Picks) -> None:
    found, game = shown.solution, shown.game
    if game.general_sum:
        st.latex(r"\max_{q} \; u_d(q, t^*) \quad t^* \in \arg\max_t u_a(q, t)")
        st.write(
            "The patrols commit to a plan q, the attacker sees it and takes what is best for it; ties go to the patrols (strong Stackelberg)."
        )
    else:
        st.latex(r"\min_{q} \max_{t} \; v_t \, (1 - c_t(q))")
        st.write(
            "Routes are drawn with chances q that the attacker knows. Of a route only what it covers matters, so routes are never "
            "listed: what can be covered is worked out move by move, what another covers as well is dropped, and a small linear program mixes the rest."
        )
    bound = found.certificate.bound
    st.caption(
        f"Payoff of the patrols {found.value:.6g}, proved bound {bound:.6g}, gap {found.certificate.gap:.2g}; the attacker's payoff {found.attacker_value:.6g}; "
        f"{escape(found.certificate.solver)}, {found.seconds:.3f} s, {found.certificate.status.value}. The value is worked out again from the routes alone."
    )
    if game.normalise:
        st.caption(
            f"Payoffs are divided by the largest of the game, {amount(found.scale)} {escape(shown.scene.unit)}."
        )
    if game.form != NORMAL and game.mode == COMPATIBLE:
        st.caption(
            "Compatible: tours of two and more targets may take one move more than there are, as in the published code."
        )
    counts = ", ".join(f"{count:,} {name}" for name, count in found.counts.items())
    if counts:
        st.caption(f"Looked at: {escape(counts)}.")
    for note in (*game.notes, *shown.scene.notes):
        st.caption(escape(note))
    st.caption(escape(shown.scene.about))
    if shown.scene.attribution:
        st.caption(escape(shown.scene.attribution))
    if len(found.history) > 1 and _worth_drawing(found):
        st.plotly_chart(
            bounds_over_time(found.history, unit="payoff"), config=CONFIG, theme=None, key="_lab_bounds"
        )


def _worth_drawing(found: GraphSolution) -> bool:
    """Whether the bounds were ever visibly apart."""
    return any(high - low > 1e-3 * max(1.0, abs(found.value)) for _, low, high in found.history)


def _downloads(shown: Shown, _picks: Picks) -> None:
    found, game, scene = shown.solution, shown.game, shown.scene
    one, two, three = st.columns(3)
    with one:
        st.write("The game and its plan")
        tables.download("patrol_game.json", lambda: to_json_bytes(game_document(game, crs=scene.crs)), "application/json")
        tables.download(
            "patrol_strategy.json", lambda: to_json_bytes(solution_document(found)), "application/json"
        )
        tables.download(
            "patrol_routes.geojson", lambda: routes_geojson(found, scene.crs), "application/geo+json"
        )
    with two:
        st.write("Tables")
        tables.download("routes.csv", lambda: to_csv_bytes(routes_table(found)), "text/csv")
        tables.download("coverage.csv", lambda: to_csv_bytes(coverage_table(found, scene.names)), "text/csv")
        drawn = _nights(shown)
        tables.download("nights.csv", lambda: to_csv_bytes(sampled_table(found, drawn)), "text/csv")
    with three:
        st.write("The game as a matrix")
        matrix_downloads(game)


def matrix_downloads(game: GraphGame) -> None:
    """Every matrix format, where the matrix is small enough; else the sentence that says so."""
    try:
        table = cached_lab.matrix(game)
    except InputError as error:
        st.caption(escape(str(error)))
        return
    matrix_files(table, "matrix")


def matrix_files(table: MatrixGame, stem: str) -> None:
    """A button a format."""
    with st.container(horizontal=True, gap="small"):
        for kind in KINDS:
            tables.download(
                f"{stem}.{kind}",
                lambda kind=kind: write_matrix(table, kind),  # type: ignore[misc]
                "application/octet-stream",
                label=f".{kind}",
                help=FORMATS.get(kind),
            )
