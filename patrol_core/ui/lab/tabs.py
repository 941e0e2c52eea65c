"""The tabs of the patrol half: routes, targets, a night as a film, simpler plans, how it was computed, downloads."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from patrol_core.certificate import relative_gap
from patrol_core.errors import InputError
from patrol_core.figures.charts.lab import bounds_over_time, coverage_bars, plans_bars
from patrol_core.figures.maps.film import film
from patrol_core.games.matrix import FORMATS, MatrixGame, write_matrix
from patrol_core.graphs.patrol import (
    COMPATIBLE,
    NORMAL,
    WANDERING,
    GraphGame,
    GraphSolution,
    game_document,
    solution_document,
)
from patrol_core.reports.bundles.patrol import (
    coverage_table,
    drawn_nights,
    nights_table,
    routes_geojson,
    routes_table,
    sampled_table,
)
from patrol_core.reports.csv import to_csv_bytes
from patrol_core.reports.plain import to_json_bytes
from patrol_core.ui.lab.alternatives import other_ways
from patrol_core.ui.lab.link import ask
from patrol_core.ui.lab.picks import Picks
from patrol_core.ui.lab.view import Shown, amount, marks_of
from patrol_core.ui.memo import lab_results
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.session.seeds import draw_again, seed_input, seed_of
from patrol_core.ui.shell import tables
from patrol_core.ui.shell.charts import plot
from patrol_core.ui.shell.frame import open_tab
from patrol_core.ui.shell.widgets import captions
from patrol_core.words import figure, tiny

FORMAT_WORDS = {
    "json": "Text that people and programs read.",
    "npz": "Arrays for NumPy.",
    "h5": "HDF5.",
    "nfg": "Gambit, strategic form.",
    "game": "GAMUT.",
}


def lab_tabs(shown: Shown, picks: Picks) -> None:
    """Draw the tabs; only the open one works."""
    open_tab("_lab_tabs", _DRAWERS, shown, picks)


def _routes(shown: Shown, _picks: Picks) -> None:
    table = routes_table(shown.solution)
    what = "visits" if shown.game.form == NORMAL else "has in its schedule"
    st.caption(
        f"One row a route and unit. A night's route is drawn with these chances. A wait repeats a node; targets are those that the unit {what}."
    )
    tables.table(table, name="patrol_routes", units={"chance": "% of nights"}, height=360)


def _targets(shown: Shown, _picks: Picks) -> None:
    table = coverage_table(shown.solution, shown.scene.names)
    left, right = st.columns([2, 3])
    with left:
        plot(coverage_bars(table), key="_lab_coverage")
    with right:
        names = attacked_names(table)
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
            height=360,
        )


def attacked_names(table: pd.DataFrame, most: int = 12) -> str:
    """Targets that are attacked, in words, those with the dearest attack first."""
    chosen = table[table["attacked"] > 1e-4].head(most)
    pairs = zip(chosen["target"].astype(str), chosen["name"].astype(str), strict=True)
    return ", ".join(f"{target} ({name})" if name and name != target else target for target, name in pairs)


def _nights(shown: Shown) -> tuple[int, ...]:
    return drawn_nights(shown.solution, ask.value("nights", 28), seed=seed_of("lab"))


def _film(shown: Shown, picks: Picks) -> None:
    one, two, three, four = st.columns([1, 1, 1, 2], vertical_alignment="bottom")
    with one:
        seed_input("lab")
    with two:
        nights = ask.whole("Nights", "nights", 28, 1, 366)
    with three:
        night = int(st.number_input("Night shown", 1, nights, 1, key=f"_lab_night_{nights}"))
    with four:
        draw_again("lab")
    drawn = _nights(shown)
    route = drawn[night - 1]
    patrol = shown.solution.patrols[route]
    st.caption(
        f"Night {night} walks route {route + 1} of the plan ({100 * patrol.probability:.1f} % of nights). Press Play or move the slider; "
        "a circle turns blue once its target is covered."
    )
    plot(
        film(shown.ground, marks_of(shown, picks), shown.game, patrol, raiders=_raiders(shown, night)),
        key="_lab_film",
    )
    tables.show(nights_table(shown.solution, drawn), height=240)
    tables.download("sampled_patrols.csv", lambda: to_csv_bytes(sampled_table(shown.solution, drawn)))


def _raiders(shown: Shown, night: int) -> tuple[tuple[int, ...], ...]:
    """Walks of attackers who move, drawn for a night."""
    ways = shown.solution.attacker_walks
    if not ways:
        return ()
    import numpy as np

    chances = np.array([way[0] for way in ways])
    pick = np.random.default_rng((seed_of("lab"), night)).choice(len(ways), p=chances / chances.sum())
    return ways[int(pick)][1]


def _compared(shown: Shown, _picks: Picks) -> None:
    others = lab_results.simpler(shown.solution)
    if not others:
        st.info("Against attackers who move there is no simple plan to compare with.", icon=":material/info:")
        return
    rows = [
        ("The plan", 0.0 - shown.solution.value),
        *((name.capitalize(), 0.0 - v) for name, v in others.items()),
    ]
    table = pd.DataFrame(rows, columns=["plan", "loss"])
    plot(
        plans_bars(table, title="Expected loss a night, if the attacker answers best", unit=shown.unit),
        key="_lab_plans",
    )
    tables.table(table, name="patrol_plans", units={"loss": shown.unit})
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
        covered = "" if game.form == NORMAL else r" + \tfrac{v_t}{p} \, c_t(q)"
        st.latex(r"\min_{q} \max_{t} \; v_t \, (1 - c_t(q))" + covered)
        st.write(
            "Routes are drawn with chances q that the attacker knows. Of a route only what it covers matters, so routes are never "
            "listed: what can be covered is worked out move by move, what another covers as well is dropped, and a small linear program mixes the rest."
        )
    bound = found.certificate.bound
    st.caption(
        f"Payoff of the patrols {figure(found.value, 6)}, proved bound {figure(bound, 6)}, gap {tiny(found.certificate.gap)}; the attacker's payoff {figure(found.attacker_value, 6)}; "
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
        st.caption(f"Worked through on the way: {escape(counts)}.")
    captions((*game.notes, *shown.scene.notes))
    st.caption(escape(shown.scene.about))
    if shown.scene.attribution:
        st.caption(escape(shown.scene.attribution))
    if len(found.history) > 1 and _worth_drawing(found):
        plot(bounds_over_time(found.history, unit="payoff"), key="_lab_bounds")
    other_ways(game, float(ask.value("limit", 30)))


def _worth_drawing(found: GraphSolution) -> bool:
    """Whether the bounds were ever visibly apart."""
    size = float(found.game.values.max()) / found.scale
    return any(relative_gap(low, high, size) > 1e-3 for _, low, high in found.history)


def _downloads(shown: Shown, _picks: Picks) -> None:
    found, game, scene = shown.solution, shown.game, shown.scene
    one, two, three = st.columns(3)
    with one:
        st.write("The game and its plan")
        tables.download("patrol_game.json", lambda: to_json_bytes(game_document(game, crs=scene.crs)))
        tables.download("patrol_strategy.json", lambda: to_json_bytes(solution_document(found)))
        tables.download("patrol_routes.geojson", lambda: routes_geojson(found, scene.crs))
    with two:
        st.write("Tables")
        tables.download("routes.csv", lambda: to_csv_bytes(routes_table(found)))
        tables.download("coverage.csv", lambda: to_csv_bytes(coverage_table(found, scene.names)))
        drawn = _nights(shown)
        tables.download("nights.csv", lambda: to_csv_bytes(sampled_table(found, drawn)))
    with three:
        st.write("The game as a matrix")
        matrix_downloads(game)


def matrix_downloads(game: GraphGame) -> None:
    """Every matrix format, where the matrix is small enough; else the sentence that says so."""
    try:
        table = lab_results.matrix(game)
    except InputError as error:
        st.caption(escape(str(error)))
        return
    matrix_files(table, "matrix")


def matrix_files(table: MatrixGame, stem: str) -> None:
    """A button a format."""
    with st.container(horizontal=True, gap="small"):
        for kind in FORMATS:
            tables.download(
                f"{stem}.{kind}",
                lambda kind=kind: write_matrix(table, kind),  # type: ignore[misc]
                label=f".{kind}",
                help=FORMAT_WORDS.get(kind),
            )


_DRAWERS = {
    "Routes": _routes,
    "Targets": _targets,
    "A night as a film": _film,
    "Against simpler plans": _compared,
    "How it was computed": _computed,
    "Downloads": _downloads,
}
TABS = tuple(_DRAWERS)
