"""Hours of London against a cvxpy script that solves each ward and month in turn, both in one run.

Run it with ``python benchmarks/hours_vs_cvxpy.py [--python PATH] [--wards N]``. cvxpy is no part of this project: make a
throw-away environment and name its interpreter::

    python -m venv cvxpy-env && cvxpy-env/bin/pip install cvxpy
    python benchmarks/hours_vs_cvxpy.py --python cvxpy-env/bin/python

The demand is that of ``bench_hours.py``: 4,994 zones in 684 wards, 6 months, every ward with a budget that binds. The
other script is the usual one: a loop over months and wards, a ``cvxpy.Problem`` with the logarithms, ``solve()`` with
cvxpy's own choice of solver. Import times are left out on both sides. Both objectives are recomputed from the hours here.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

WARD_HOURS = 320.0

SCRIPT = """
import json, sys, time
import cvxpy as cp
import numpy as np
table = np.load(sys.argv[1])
month, ward, weight, lower, upper = (table[name] for name in ("month", "ward", "weight", "lower", "upper"))
budget = float(table["budget"])
hours = np.zeros(len(weight))
started = time.perf_counter()
for m in np.unique(month):
    for w in np.unique(ward[month == m]):
        rows = np.flatnonzero((month == m) & (ward == w))
        x = cp.Variable(len(rows))
        problem = cp.Problem(
            cp.Maximize(cp.sum(cp.multiply(weight[rows], cp.log1p(x)))),
            [x >= lower[rows], x <= upper[rows], cp.sum(x) <= budget],
        )
        problem.solve()
        hours[rows] = x.value
seconds = time.perf_counter() - started
np.save(sys.argv[2], hours)
print(json.dumps({"seconds": seconds, "cvxpy": cp.__version__}))
"""


def main() -> None:
    import numpy as np

    from benchmarks.bench_hours import demand, median
    from patrol_core.allocation.hours import HoursRules, solve_hours
    from patrol_core.allocation.hours.check import monthly_objective, monthly_violation
    from patrol_core.allocation.hours.problem import build_problem

    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--python", default=sys.executable, help="interpreter that has cvxpy")
    parser.add_argument("--wards", type=int, default=684, help="wards to solve (default 684, all London)")
    chosen = parser.parse_args()
    zones = max(1, round(4994 * chosen.wards / 684))
    table = demand(zones, chosen.wards)
    rules = HoursRules(ward_budget=WARD_HOURS, rounding="none")
    quarters = HoursRules(ward_budget=WARD_HOURS)
    one_ward = table[table["ward"] == "W000"]
    problem = build_problem(table, rules)
    plan = solve_hours(table, rules)
    own = median(lambda: solve_hours(table, rules), 5)
    rounded = median(lambda: solve_hours(table, quarters), 5)
    single = median(lambda: solve_hours(one_ward, quarters), 5)
    print(f"{zones:,} zones, {chosen.wards} wards, 6 months; {len(plan.binding):,} ward budgets bind.")
    print(f"ours, hours        {own:8.3f} s   gap {plan.certificate.gap:.1e}")
    print(f"ours, quarters     {rounded:8.3f} s")
    print(f"ours, one ward     {single:8.4f} s   (quarters)")
    with tempfile.TemporaryDirectory() as folder:
        given, answer = Path(folder) / "given.npz", Path(folder) / "hours.npy"
        np.savez(
            given,
            month=problem.month,
            ward=problem.ward,
            weight=problem.weight,
            lower=problem.lower,
            upper=problem.upper,
            budget=WARD_HOURS,
        )
        done = subprocess.run(
            [chosen.python, "-c", SCRIPT, str(given), str(answer)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            print(
                f"cvxpy did not run: {done.stderr.strip().splitlines()[-1] if done.stderr else 'no message'}"
            )
            print(
                "Install it in an environment of its own (see the top of this file) and give --python PATH."
            )
            return
        said = json.loads(done.stdout.splitlines()[-1])
        theirs = np.load(answer)
    better = monthly_objective(problem, plan.frame["hours"].to_numpy(float)).sum()
    other = monthly_objective(problem, theirs).sum()
    print(f"cvxpy {said['cvxpy']}      {said['seconds']:8.2f} s   {said['seconds'] / own:,.0f} times as long")
    print(
        f"objective: ours {better:.8g}, theirs {other:.8g} (difference {(better - other) / better:.1e}); their plan breaks a bound or a "
        f"budget by up to {monthly_violation(problem, theirs).max():.1e} h."
    )


if __name__ == "__main__":
    main()
