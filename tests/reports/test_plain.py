"""Plain data: numpy and pandas become what JSON can say."""

from __future__ import annotations

import datetime as dt
import json
import math

import numpy as np
import pandas as pd
import pytest

from patrol_core.certificate import Certificate, Status
from patrol_core.reports.plain import iso, plain, to_json_bytes


def test_by_hand():
    value = {
        "status": Status.OPTIMAL,
        1: np.float64(0.1),
        "n": np.int64(3),
        "yes": np.bool_(True),
        "none": [math.nan, math.inf, None, pd.NA, pd.NaT],
        "array": np.arange(3, dtype=float),
        "day": dt.date(2026, 1, 2),
        "time": dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC),
        "month": pd.Period("2026-01", freq="M"),
        "series": pd.Series({"a": 1}),
        "frame": pd.DataFrame({"z": ["a"], "x": [0.5]}),
        "set": {"b", "a"},
    }
    assert json.loads(to_json_bytes(value)) == {
        "status": "optimal",
        "1": 0.1,
        "n": 3,
        "yes": True,
        "none": [None] * 5,
        "array": [0.0, 1.0, 2.0],
        "day": "2026-01-02",
        "time": "2026-01-02T03:04:00+00:00",
        "month": "2026-01",
        "series": {"a": 1},
        "frame": [{"z": "a", "x": 0.5}],
        "set": ["a", "b"],
    }


def test_a_dataclass_is_its_fields():
    certificate = Certificate(Status.OPTIMAL, 1.0, 1.0, 0.0, "hand", 0.1, ("one",))
    assert plain(certificate) == certificate.as_dict()


def test_floats_come_back_to_the_last_bit():
    values = np.random.default_rng(1).normal(size=100) * 10.0 ** np.arange(-50, 50)
    assert json.loads(to_json_bytes(values)) == values.tolist()


def test_an_unknown_object_is_refused():
    with pytest.raises(TypeError, match="cannot write a object"):
        plain({"x": object()})


def test_iso():
    assert iso(pd.Timestamp("2026-01-02")) == "2026-01-02"
    assert iso(pd.Timestamp("2026-01-02 06:00")) == "2026-01-02T06:00:00"
    assert iso(dt.datetime(2026, 1, 2, tzinfo=dt.UTC)) == "2026-01-02T00:00:00+00:00"
