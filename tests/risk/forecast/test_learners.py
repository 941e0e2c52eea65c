"""The two models that learn, against second libraries and brute force."""

from __future__ import annotations

import json
import threading
from itertools import combinations
from math import factorial

import numpy as np
import pytest

from patrol_core.errors import InputError
from patrol_core.risk.forecast.learners import DEFAULTS, TreeModel, fit_poisson, fit_trees, tree_table

SMALL = {**DEFAULTS, "rounds": 6, "max_depth": 3, "min_child_weight": 1.0}


def _data(rows: int = 400, columns: int = 4, seed: int = 3):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(rows, columns))
    offset = rng.normal(0.2, 0.3, rows)
    target = rng.poisson(np.exp(0.4 + offset + features @ np.array([0.5, -0.3, 0.0, 0.2])[:columns]))
    return features, target.astype(float), offset


def test_poisson_regression_is_that_of_statsmodels():
    import statsmodels.api as sm

    features, target, offset = _data()
    made = fit_poisson(features, target, offset, ridge=0.0)
    other = sm.GLM(target, sm.add_constant(features), family=sm.families.Poisson(), offset=offset).fit(
        tol=1e-12
    )
    slopes = made.coefficients / made.spread
    assert slopes == pytest.approx(other.params[1:], abs=1e-6)
    assert made.intercept - made.centre @ slopes == pytest.approx(other.params[0], abs=1e-6)
    assert made.predict(features, offset) == pytest.approx(other.fittedvalues, rel=1e-5)


def test_with_few_rows_the_regression_falls_back_on_what_is_expected():
    features, target, offset = _data()
    expected = np.array([1.0, 0.0, 0.0, 0.0])
    near = fit_poisson(features, target, offset, expected=expected, ridge=1e9)
    assert near.coefficients / near.spread == pytest.approx(expected, abs=1e-4)
    assert near.predict(features, offset).mean() == pytest.approx(target.mean(), rel=1e-6)


def test_equal_and_constant_columns_do_not_break_it():
    features, target, offset = _data(columns=2)
    doubled = np.column_stack([features, features[:, 0], np.full(len(target), 7.0)])
    made = fit_poisson(doubled, target, offset)
    assert np.isfinite(made.predict(doubled, offset)).all()
    assert made.coefficients[0] == pytest.approx(made.coefficients[2], abs=1e-6)


def test_no_crime_at_all_is_predicted_as_none():
    features, target, offset = _data()
    assert fit_poisson(features, target * 0, offset).predict(features, offset).max() < 1e-4


def test_parts_of_the_regression_add_up():
    features, target, offset = _data()
    made = fit_poisson(features, target, offset)
    log = made.intercept + offset + made.parts(features).sum(axis=1)
    assert np.exp(log) == pytest.approx(made.predict(features, offset))


def _expected(node: dict, row: np.ndarray, known: set[int]) -> float:
    """Expectation of a tree given some features, others averaged by the rows that went each way."""
    if "leaf" in node:
        return float(node["leaf"])
    ways = {child["nodeid"]: child for child in node["children"]}
    feature = int(node["split"][1:])
    if feature in known:
        goes = node["yes"] if row[feature] < np.float32(node["split_condition"]) else node["no"]
        return _expected(ways[goes], row, known)
    cover = [child["cover"] for child in node["children"]]
    return sum(_expected(child, row, known) * child["cover"] for child in node["children"]) / sum(cover)


def test_tree_contributions_are_shapley_values_by_brute_force():
    features, target, offset = _data()
    single = features.astype(np.float32)
    made = fit_trees(tree_table(single, target, offset), SMALL, seed=1)
    trees = [json.loads(text) for text in made.booster.get_dump(dump_format="json", with_stats=True)]
    parts = made.parts(single[:5], offset[:5])
    for place in range(5):
        row = single[place]
        for feature in range(4):
            others = [one for one in range(4) if one != feature]
            value = 0.0
            for size in range(4):
                weight = factorial(size) * factorial(3 - size) / factorial(4)
                for group in combinations(others, size):
                    gain = sum(
                        _expected(tree, row, {*group, feature}) - _expected(tree, row, set(group))
                        for tree in trees
                    )
                    value += weight * gain
            assert parts[place, feature] == pytest.approx(value, abs=2e-5)
    assert np.exp(parts.sum(axis=1)) == pytest.approx(made.predict(single[:5], offset[:5]), rel=1e-5)


def test_trees_learn_and_the_same_seed_gives_the_same_trees():
    features, target, offset = _data(rows=2000)
    single = features.astype(np.float32)
    table = tree_table(single, target, offset)
    settings = {**SMALL, "rounds": 60}
    made = fit_trees(table, settings, seed=1).predict(single, offset)
    assert made.mean() == pytest.approx(target.mean(), rel=0.02)
    assert np.corrcoef(made, target)[0, 1] > 0.5
    assert (made == fit_trees(table, settings, seed=1).predict(single, offset)).all()
    assert (made != fit_trees(table, settings, seed=2).predict(single, offset)).any()


def test_trees_stop_between_rounds_when_asked():
    features, target, offset = _data()
    cancel = threading.Event()
    cancel.set()
    made = fit_trees(tree_table(features.astype(np.float32), target, offset), SMALL, seed=1, cancel=cancel)
    assert made.booster.num_boosted_rounds() == 1


def test_a_kept_model_is_the_same_and_bytes_that_are_none_are_refused():
    features, target, offset = _data()
    single = features.astype(np.float32)
    made = fit_trees(tree_table(single, target, offset), SMALL, seed=1)
    again = TreeModel.from_bytes(made.to_bytes(), made.start)
    assert (again.predict(single, offset) == made.predict(single, offset)).all()
    with pytest.raises(InputError, match="cannot be read"):
        TreeModel.from_bytes(b"{}", 0.0)
