"""The map and the tabs of the checkpoints page: tonight, best paths, simpler plans, convergence, intruders, how it was computed."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from patrol_core.certificate import Status, relative_gap
from patrol_core.figures.charts.checkpoints import convergence, intruder_bars, plans_bars
from patrol_core.figures.maps.plane import MOST_CLICKABLE
from patrol_core.figures.maps.roads import Places, places_of, road_map
from patrol_core.graphs.checkpoints import (
    CLOSE,
    COMB,
    CUT,
    ENTRANCES,
    EXITS,
    RADIUS,
    CheckpointGame,
    CheckpointPlan,
    draw,
    rules_in_words,
)
from patrol_core.reports.bundles.checkpoints import (
    marginals_geojson,
    marginals_table,
    paths_table,
    schedule_table,
)
from patrol_core.ui.checkpoints.inputs import NOTHING, Picks, click_mode, take_click
from patrol_core.ui.checkpoints.job import SLOT, search
from patrol_core.ui.memo import checkpoints_results
from patrol_core.ui.memo.checkpoints_results import Start
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.session.seeds import draw_again, seed_input, seed_of
from patrol_core.ui.shell import tables
from patrol_core.ui.shell.charts import plot
from patrol_core.ui.shell.frame import open_tab
from patrol_core.ui.shell.jobs import Job
from patrol_core.ui.shell.node_clicks import node_chart
from patrol_core.ui.shell.widgets import Figure, against, captions, figures, here
from patrol_core.words import figure as number

PERCENT = "% of nights"
BRIEFLY = {CUT: "an even cut", ENTRANCES: "even entrances", EXITS: "even exits"}
"""Names of simpler plans that fit under a figure."""
NOTHING_LOST = 1e-9
"""A loss below this, in units of the largest there can be, is none, and nothing is said relative to it."""


@dataclass(frozen=True, eq=False)
class Shown:
    """What the page shows.

    Attributes:
        plan: The exact plan, or the better of the sampled ones while the search goes on.
        bound: No plan gives the defender more, proved.
    """

    start: Start
    game: CheckpointGame
    plan: CheckpointPlan
    job: Job[CheckpointPlan]
    bound: float


def shown_plan(start: Start, game: CheckpointGame, limit: float) -> Shown:
    """Search for the plan of a game, and what to show meanwhile.

    Args:
        start, game: The roads, and the game on them.
        limit: Seconds for the exact search.
    """
    radius, comb = (checkpoints_results.sample(game, f"ranger+{name}") for name in ("radius", "comb"))
    job = search(game, limit)
    best = radius if radius.value >= comb.value else comb
    bound = best.ranger_bound
    if job.result is not None:
        if job.result.value >= best.value - NOTHING_LOST * _most(game):
            best = job.result
        bound = min(bound, max(job.result.certificate.bound, best.value))
    return Shown(start, game, best, job, bound)


def _most(game: CheckpointGame) -> float:
    """The largest loss there can be."""
    return float(game.losses.max())


def checkpoint_metrics(shown: Shown) -> None:
    """Four figures: the plan, what is possible, RANGER sampled, and what the intruder runs into."""
    game, plan = shown.game, shown.plan
    others = checkpoints_results.simpler(game)
    name, (_, rival) = max(
        ((name, found) for name, found in others.items() if name not in (RADIUS, COMB)),
        key=lambda row: row[1][1].value,
        default=(RADIUS, others[RADIUS]),
    )
    gap = plan.value - shown.bound
    proved = relative_gap(plan.value, shown.bound, _most(game)) <= CLOSE
    sampled = max(checkpoints_results.sample(game, f"ranger+{way}").value for way in ("radius", "comb"))
    best = plan.approach.best
    known = (
        "best path"
        if plan.approach.value <= plan.value + 1e-6 * _most(game)
        else "best path found in the time"
    )
    figures(
        Figure(
            "Expected loss a night",
            loss_text(plan.value, _most(game)),
            _against(-plan.value, -rival.value, BRIEFLY.get(name, name), _most(game)),
            good="lower",
            help="Against an intruder who knows the habits and answers best.",
        ),
        Figure(
            "Nobody can do better than",
            loss_text(shown.bound, _most(game)),
            "the plan is proved best" if proved else f"at most {number(-gap, 4)} away",
        ),
        Figure(
            "RANGER, sampled",
            loss_text(sampled, _most(game)),
            _against(-sampled, -plan.value, "the plan", _most(game)),
            good="lower",
            help="The better of radius and comb sampling of RANGER's marginals.",
        ),
        Figure(
            "Intruder stopped",
            f"{best.stopped:.0%}",
            f"on the {known}, to {escape(game.network.nodes[int(game.targets[best.target])])}",
        ),
    )


def loss_text(payoff: float, most: float) -> str:
    """The loss of a payoff, to three decimals, or to three digits where the largest loss there can be is small."""
    loss = abs(payoff) if abs(payoff) > NOTHING_LOST * most else 0.0
    return f"{number(loss)}" if 0 < loss < 0.1 and most < 1 else f"{loss:,.3f}"


def _against(value: float, reference: float, words: str, most: float) -> str | None:
    return against(value, reference, f"against {words}", least=0.0005, floor=NOTHING_LOST * most, digits=1)


def gap_table(shown: Shown) -> pd.DataFrame:
    """Bounds and plans in the order of their loss, and how far each is from the least possible."""
    game, plan = shown.game, shown.plan
    rows = [
        ("RANGER's bound", plan.ranger_bound),
        ("Least possible, proved", shown.bound),
        ("The plan", plan.value),
        ("RANGER, radius sampling", checkpoints_results.sample(game, "ranger+radius").value),
        ("RANGER, comb sampling", checkpoints_results.sample(game, "ranger+comb").value),
    ]
    scale = -shown.bound if shown.bound < -NOTHING_LOST * _most(game) else float("nan")
    return pd.DataFrame(
        [(name, abs(value), 100 * (shown.bound - value) / scale) for name, value in rows],
        columns=["what", "loss", "above_least"],
    )


def gap_view(shown: Shown) -> None:
    """The small table of bounds, always in sight, and the search where it goes on."""
    tables.show(
        gap_table(shown),
        units={"above_least": "%"},
        headings={"what": "Bound or plan", "loss": "Loss a night"},
        digits=4,
    )
    found = checkpoints_results.reduced(shown.game)
    nodes, edges = (1 - b / a if a else 0.0 for a, b in zip(found.before, found.after, strict=True))
    words = "; ".join(rules_in_words(found)) or "nothing could be taken away"
    st.caption(
        f"Simplified without changing the value: {found.before[0]:,} crossings and {found.before[1]:,} roads to "
        f"{found.after[0]:,} and {found.after[1]:,} ({nodes:.0%} and {edges:.0%} fewer): {words}."
    )


def search_note(shown: Shown) -> None:
    """What the search is doing, or how it ended without a proof."""
    job = shown.job
    if job.running:
        st.info(
            "The exact search goes on; until it ends the better of the sampled plans is shown.",
            icon=":material/hourglass_top:",
        )
        SLOT.show()
    elif job.fault:
        st.error(escape(job.fault), icon=":material/error:")
    elif job.result is not None and job.result.certificate.status is not Status.OPTIMAL:
        st.warning(
            f"The search was ended after {job.result.certificate.seconds:.0f} s: the plan is the best so far, and how far it can be from the "
            "best of all is shown. Give it more seconds to close the gap.",
            icon=":material/timer:",
        )


def tonight_of(shown: Shown) -> tuple[int, ...]:
    """Checkpoints of the first night drawn."""
    return draw(shown.plan.strategy, 1, seed=seed_of("checkpoint"))[0]


def map_view(start: Start, picks: Picks, shown: Shown | None) -> None:
    """The map, with crossings to click; without a plan the bare roads.

    Args:
        start, picks: The roads, and what is picked on them.
        shown: The plan, if there is one.
    """
    mode = click_mode()
    if shown is None:
        figure = road_map(start.roads, _picked(start, picks))
    else:
        best = shown.plan.approach.best
        figure = road_map(
            start.roads,
            places_of(shown.game),
            shown.plan.strategy.marginals(shown.game.network.size),
            path=best.edges,
            target=int(shown.game.targets[best.target]),
            tonight=tonight_of(shown),
        )
    key = f"_checkpoint_map_{start.key}_{picks.round}_{mode}"
    node_chart(figure, key, None if mode == NOTHING else lambda: take_click(start, key))
    if mode != NOTHING and len(start.roads.network.nodes) > MOST_CLICKABLE:
        st.caption(
            f"Above {MOST_CLICKABLE:,} crossings only sources and targets can be clicked; add others in the lists."
        )
    st.caption(
        "The wider and darker a road, the more often a checkpoint stands there; octagons are tonight's. The orange road is the path an "
        "intruder who knows the habits would take."
        + (" Places are not known: the drawing is a scheme." if start.roads.schematic else "")
    )


def _picked(start: Start, picks: Picks) -> Places:
    """What is picked and known, where it is no game yet."""
    place = start.roads.network.place
    losses = {place[name]: loss for name, loss in picks.losses.items() if name in place}
    return Places(start.roads.network, tuple(place[name] for name in picks.sources if name in place), losses)


def checkpoint_tabs(shown: Shown) -> None:
    """Draw the tabs; only the open one works."""
    open_tab("_checkpoint_tabs", _DRAWERS, shown)


def _tonight(shown: Shown) -> None:
    game, plan = shown.game, shown.plan
    one, two, three = st.columns([1, 1, 2], vertical_alignment="bottom")
    with one:
        seed_input("checkpoint")
    with two:
        nights = int(
            st.number_input("Nights", min_value=1, max_value=366, value=28, key="_checkpoint_nights")
        )
    with three:
        draw_again("checkpoint")
    drawn = draw(plan.strategy, nights, seed=seed_of("checkpoint"))
    table = schedule_table(game, drawn)
    left, right = st.columns(2)
    with left:
        st.write(f"Nights drawn from {len(plan.strategy.sets):,} deployments; night 1 is on the map.")
        tables.table(table, name="checkpoint_schedule", height=300)
    with right:
        st.write("How often each road has a checkpoint, beside RANGER's marginals.")
        chances = marginals_table(game, plan.strategy, checkpoints_results.marginals(game).marginals)
        seen = chances[(chances["chance"] > 0) | (chances["ranger"] > 0)]
        tables.table(
            seen, name="checkpoint_marginals", units={"chance": PERCENT, "ranger": PERCENT}, height=300
        )
        tables.download(
            "checkpoint_marginals.geojson", lambda: marginals_geojson(shown.start.roads, game, plan.strategy)
        )


def _paths(shown: Shown) -> None:
    game = shown.game
    found = checkpoints_results.best_ways(game, shown.plan.strategy)
    table = paths_table(game, {t: (approach.edges, approach.stopped) for t, approach in found.found.items()})
    st.write(
        "The best path to every target for an intruder who knows the habits. A good plan makes several of them equally bad for the intruder."
    )
    if len(found.found) < len(game.targets):
        st.caption(
            "The search was cut short: targets that are missing here would cost less than those shown."
        )
    tables.table(table, name="intruder_paths", units={"stopped": "%"})


def _compared(shown: Shown) -> None:
    rows = [("The plan", -shown.plan.value, len(shown.plan.strategy.sets))]
    rows += [
        (name, -seen.value, len(strategy.sets))
        for name, (strategy, seen) in checkpoints_results.simpler(shown.game).items()
    ]
    table = pd.DataFrame(rows, columns=["plan", "expected_loss", "deployments"])
    least = -shown.plan.value if shown.plan.value < -NOTHING_LOST else float("nan")
    table["above_plan"] = 100 * (table["expected_loss"] / least - 1)
    plot(plans_bars(table, bound=-shown.bound), key="_checkpoint_bars")
    tables.table(table, name="checkpoint_plans", units={"above_plan": "% more than the plan"})


def _closing_in(shown: Shown) -> None:
    if shown.job.result is None:
        st.info("The curve is drawn when the search has ended.", icon=":material/hourglass_top:")
        return
    history = shown.job.result.history
    plot(convergence(history), key="_checkpoint_convergence")
    if len(history) == 1:
        st.caption(
            "RANGER's sampled marginals already reached the bound, so there was nothing to search for."
        )
    frame = pd.DataFrame(history, columns=["seconds", "plan_so_far", "least_possible"])
    frame[["plan_so_far", "least_possible"]] *= -1
    tables.table(frame, name="checkpoint_search", units={"seconds": "s"})


def _many_nights(shown: Shown) -> None:
    one, two = st.columns(2)
    with one:
        nights = here.steps("Nights to play", "checkpoint_played", 1000, (100, 1000, 10_000, 50_000))
    with two:
        seed = here.whole("Seed", "checkpoint_play_seed", 1, 1, 2**31 - 1)
    table = checkpoints_results.simulated(shown.game, shown.plan.strategy, nights=nights, seed=seed)
    plot(intruder_bars(table), key="_checkpoint_intruders")
    st.caption(
        "Naive: the shortest way to the dearest target, every night. Habitual: keeps a way until stopped on it. Knows the habits: the best "
        "path against the plan. Simulated, not observed."
    )
    words = table.assign(captured=100 * table["captured"])
    for column in ("payoff", "low", "high", "expected"):
        words[column] = -words[column]
    words = words.rename(columns={"payoff": "mean_loss", "low": "high", "high": "low", "captured": "stopped"})
    columns = ["intruder", "nights", "stopped", "mean_loss", "low", "high", "expected"]
    tables.table(words[columns], name="checkpoint_nights", units={"stopped": "%"})


def _computed(shown: Shown) -> None:
    st.latex(r"\min_q \max_{t,\,P:\,S\to t} \; L(t) \sum_E q_E\,(1-\delta)^{|E\cap P|}")
    st.write(
        "Deployments E of checkpoints are drawn with chances q that the intruder knows; the intruder chooses a target t, whose loss is L(t), and a path P to it. "
        "RANGER gives chances per road and a bound that no plan can beat; radius and comb sampling turn them into deployments. A double oracle "
        "then adds, in turn, the intruder's best path (exact) and the best deployment (exact where needed) until both bounds meet."
    )
    st.caption(
        "Tsai, Yin, Kwak, Kempe, Kiekintveld & Tambe (2010); Jain, Korzhyk, Vaněk, Conitzer, Pěchouček & Tambe (2011); minimum cut: Washburn & Wood (1995)."
    )
    found = shown.plan.certificate
    st.caption(
        f"Loss {number(-shown.plan.value, 6)}, least possible {number(-shown.bound, 6)}, RANGER's bound {number(-shown.plan.ranger_bound, 6)}; {escape(found.solver)}, "
        f"{found.seconds:.2f} s, {found.status.value}. The loss is that of the plan itself, worked out on the whole network by a search for the worst path."
    )
    st.caption(escape(shown.start.about))
    captions(shown.start.roads.notes)


_DRAWERS = {
    "Tonight": _tonight,
    "Where an intruder would go": _paths,
    "Against simpler plans": _compared,
    "How the search closed in": _closing_in,
    "Many nights": _many_nights,
    "How it was computed": _computed,
}
TABS = tuple(_DRAWERS)
