"""On disk and back: the same forecast, or a refusal."""

from __future__ import annotations

import json
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest

from patrol_core.errors import InputError, SourceError
from patrol_core.risk.forecast import load, predict, save, sentence
from tests.risk.forecast.made import forecast, panel, static


@pytest.mark.parametrize("keys", [("together", "mean"), ("poisson",), ("mean", "naive"), ("xgboost",)])
def test_what_is_kept_comes_back(tmp_path, keys):
    made = forecast(*keys, trials=2)
    again = load(save(made, tmp_path / "kept"))
    for one in fields(made):
        kept, back = getattr(made, one.name), getattr(again, one.name)
        if isinstance(kept, np.ndarray):
            assert (kept == back).all(), one.name
        elif isinstance(kept, pd.DataFrame):
            pd.testing.assert_frame_equal(kept, back)
        elif one.name == "folds":
            for part in fields(kept):
                left, right = getattr(kept, part.name), getattr(back, part.name)
                if part.name == "by_model":
                    assert list(left) == list(right)
                    left, right = np.stack(list(left.values())), np.stack(list(right.values()))
                assert np.array_equal(left, right), part.name
        elif one.name != "learnt":
            assert kept == back, one.name
    assert (predict(again, panel(), static(panel())) == made.predicted).all()
    assert sentence(again, "Z004") == sentence(made, "Z004")


def test_other_data_are_refused(tmp_path):
    again = load(save(forecast("poisson"), tmp_path))
    with pytest.raises(InputError, match="made from other data"):
        predict(again, panel(seed=6), static(panel()))
    with pytest.raises(InputError, match="made from other data"):
        predict(again, panel())


@pytest.mark.parametrize("name", ["predictions.parquet", "folds.parquet", "features.parquet", "model.json"])
def test_a_changed_or_missing_file_is_named(tmp_path, name):
    save(forecast("xgboost"), tmp_path)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content + b" ")
    with pytest.raises(InputError, match=f"{name} was changed"):
        load(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(SourceError, match=f"Could not read .*{name}"):
        load(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"format": 0}', '{"format": 1, "files": {}}'])
def test_a_sheet_that_is_none_is_refused(tmp_path, text):
    (tmp_path / "forecast.json").write_text(text)
    with pytest.raises(InputError, match="make it again"):
        load(tmp_path)


def test_the_sheet_is_plain_json(tmp_path):
    save(forecast("together", "mean"), tmp_path)

    def refuse(text: str) -> None:
        raise AssertionError(text)

    sheet = json.loads((tmp_path / "forecast.json").read_text(), parse_constant=refuse)
    assert sheet["data_hash"] == forecast("together", "mean").data_hash
    assert sheet["settings"]["horizon"] == 4


def test_a_folder_without_a_forecast(tmp_path):
    with pytest.raises(SourceError, match="Could not read"):
        load(tmp_path / "nowhere")
