"""Forecasts on disk: tables as Parquet, the trees as XGBoost JSON, all else as JSON; written whole or not at all.

``forecast.json`` is written last and names every other file with its sha256; a folder without it, or with a file that does
not agree with it, is no forecast.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patrol_core.errors import InputError, SourceError
from patrol_core.files.atomic import why, write_atomic
from patrol_core.files.strict_json import load_json
from patrol_core.risk.forecast.covariates import covariates_of
from patrol_core.risk.forecast.folds import Folds
from patrol_core.risk.forecast.learners import PoissonModel, TreeModel
from patrol_core.risk.forecast.models import Learnt, past_of, predictions
from patrol_core.risk.forecast.panel import Panel
from patrol_core.risk.forecast.result import FORMAT, Forecast, ForecastSettings, data_hash_of

Array = NDArray[np.float32]

SHEET = "forecast.json"
MODEL = "model.json"
_KINDS = {"f": "float64", "i": "int64", "b": "bool"}
_FRAMES = ("scores", "summary", "intervals", "trials", "importance")


def save(forecast: Forecast, folder: str | os.PathLike[str]) -> Path:
    """Write a forecast to a folder.

    Raises:
        SourceError: If it cannot be written; an earlier forecast there is then unchanged or unreadable, never
            half this one.
    """
    target = Path(folder)
    for name, content in files_of(forecast).items():
        write_atomic(target / name, content)
    return target


def files_of(forecast: Forecast) -> dict[str, bytes]:
    """The files of a forecast, in the order to write them."""
    files = {
        "predictions.parquet": _parquet(_predictions(forecast)),
        "folds.parquet": _parquet(_folds(forecast)),
        "features.parquet": _parquet(_features(forecast)),
    }
    if forecast.model is not None:
        files[MODEL] = forecast.model
    digests = {name: hashlib.sha256(held).hexdigest() for name, held in files.items()}
    files[SHEET] = json.dumps({**_sheet(forecast), "files": digests}, indent=1).encode()
    return files


def load(folder: str | os.PathLike[str]) -> Forecast:
    """Read a forecast back.

    Raises:
        InputError: If a file was changed, is of another forecast, or of another version of this program.
        SourceError: If a file cannot be read.
    """
    source = Path(folder)
    try:
        sheet = _opened(source)
        if sheet["format"] != FORMAT:
            raise InputError(f"{source} holds a forecast of another version of this program; make it again.")
        held = {name: _checked(source / name, digest) for name, digest in sheet["files"].items()}
        return _forecast(sheet, held)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{source} holds no whole forecast; make it again.") from error


def _opened(source: Path) -> Any:
    """The sheet of a stored forecast."""
    content = _read(source / SHEET)
    try:
        return load_json(content, SHEET)
    except InputError as error:
        raise InputError(f"{source} holds no whole forecast; make it again.") from error


def predict(forecast: Forecast, panel: Panel, static: pd.DataFrame | None = None) -> Array:
    """Run the stored model again on the data it was made from, (zones, horizon).

    Args:
        forecast: The stored forecast.
        panel, static: The data it was made from.

    Raises:
        InputError: If the data are not those of the forecast.
    """
    if data_hash_of(panel, static) != forecast.data_hash:
        raise InputError(
            f"The forecast was made from other data (hash {forecast.data_hash[:12]}); make it again from these."
        )
    past = past_of(panel, covariates_of(static, panel.zone_ids))
    key = forecast.winner_key
    return predictions(past, forecast.learnt, forecast.settings.horizon, (key,))[key]


# -- out -----------------------------------------------------------------------------------------------


def _predictions(forecast: Forecast) -> pd.DataFrame:
    zones, horizon = forecast.predicted.shape
    return pd.DataFrame(
        {
            "zone_id": np.repeat(list(forecast.zone_ids), horizon),
            "month": np.tile(list(forecast.months_ahead), zones),
            "predicted": forecast.predicted.ravel(),
            "low": forecast.low.ravel(),
            "high": forecast.high.ravel(),
        }
    )


def _folds(forecast: Forecast) -> pd.DataFrame:
    """Rows by origin (earlier ones first), zone, step; models have nothing at earlier origins."""
    folds = forecast.folds
    before = folds.earlier_actual.size
    nothing = np.full(before, np.nan, np.float32)
    columns = {
        "actual": np.concatenate([folds.earlier_actual.ravel(), folds.actual.ravel()]),
        "predicted": np.concatenate([folds.earlier_predicted.ravel(), folds.predicted.ravel()]),
        "low": np.concatenate([nothing, folds.low.ravel()]),
        "high": np.concatenate([nothing, folds.high.ravel()]),
    }
    columns |= {
        f"model:{name}": np.concatenate([nothing, made.ravel()]) for name, made in folds.by_model.items()
    }
    return pd.DataFrame(columns)


def _features(forecast: Forecast) -> pd.DataFrame:
    table = pd.DataFrame(forecast.features, columns=list(forecast.feature_names))
    table.insert(0, "zone_id", list(forecast.zone_ids))
    table["recent 12 months"] = forecast.recent
    return table


def _sheet(forecast: Forecast) -> dict[str, Any]:
    learnt = forecast.learnt
    regression = learnt.poisson
    return {
        "format": FORMAT,
        "data_hash": forecast.data_hash,
        "settings": asdict(forecast.settings),
        "unit": forecast.unit,
        "winner": forecast.winner,
        "winner_reason": forecast.winner_reason,
        "months_ahead": list(forecast.months_ahead),
        "origins": list(forecast.folds.origins),
        "origin_months": [list(months) for months in forecast.folds.months],
        "earlier_origins": len(forecast.folds.earlier_actual),
        "feature_names": list(forecast.feature_names),
        "feature_labels": list(forecast.feature_labels),
        "tree_settings": dict(forecast.tree_settings),
        "seconds": forecast.seconds,
        "level": forecast.level,
        "notes": list(forecast.notes),
        "learnt": {
            "origin": learnt.origin,
            "first": learnt.first,
            "season": learnt.season.tolist(),
            "scale": learnt.scale,
            "most": learnt.most,
        },
        "trees_start": None if learnt.trees is None else learnt.trees.start,
        "poisson": None
        if regression is None
        else {
            "intercept": regression.intercept,
            "coefficients": regression.coefficients.tolist(),
            "centre": regression.centre.tolist(),
            "spread": regression.spread.tolist(),
        },
        **{name: _plain(getattr(forecast, name)) for name in _FRAMES},
    }


def _plain(frame: pd.DataFrame) -> dict[str, Any]:
    """Columns as lists, with what they hold; a number that is none becomes null."""
    return {
        "columns": [str(name) for name in frame.columns],
        "kinds": [
            "str" if isinstance(kind, pd.StringDtype) else _KINDS.get(kind.kind, "object")
            for kind in frame.dtypes
        ],
        "values": [
            [None if isinstance(value, float) and value != value else value for value in frame[name].tolist()]
            for name in frame.columns
        ],
    }


def _parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


# -- in ------------------------------------------------------------------------------------------------


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SourceError(f"Could not read {path}: {why(error)}; make the forecast again.") from error


def _checked(path: Path, digest: str) -> bytes:
    content = _read(path)
    if hashlib.sha256(content).hexdigest() != digest:
        raise InputError(f"{path} was changed since the forecast was kept; make the forecast again.")
    return content


def _frame(plain: dict[str, Any]) -> pd.DataFrame:
    columns = zip(plain["columns"], plain["kinds"], plain["values"], strict=True)
    return pd.DataFrame(
        {
            name: pd.Series([np.nan if kind == "float64" and v is None else v for v in values], dtype=kind)
            for name, kind, values in columns
        }
    )


def _forecast(sheet: dict[str, Any], held: dict[str, bytes]) -> Forecast:
    features = pd.read_parquet(io.BytesIO(held["features.parquet"]))
    predictions = pd.read_parquet(io.BytesIO(held["predictions.parquet"]))
    zone_ids = tuple(str(zone) for zone in features["zone_id"])
    shape = (len(zone_ids), len(sheet["months_ahead"]))
    names = tuple(sheet["feature_names"])
    regression = sheet["poisson"]
    poisson = (
        None
        if regression is None
        else PoissonModel(
            regression["intercept"],
            *(np.array(regression[name]) for name in ("coefficients", "centre", "spread")),
        )
    )
    learnt = Learnt(
        **{**sheet["learnt"], "season": np.array(sheet["learnt"]["season"])},
        poisson=poisson,
        trees=TreeModel.from_bytes(held[MODEL], sheet["trees_start"]) if MODEL in held else None,
    )
    known = features[list(names)].to_numpy(dtype=np.float32)
    asked = dict(sheet["settings"])
    asked["models"] = tuple(asked["models"])
    by_step = _frame(sheet["intervals"])
    low, high, predicted = (
        predictions[name].to_numpy(dtype=np.float32).reshape(shape) for name in ("low", "high", "predicted")
    )
    return Forecast(
        zone_ids=zone_ids,
        months_ahead=tuple(sheet["months_ahead"]),
        predicted=predicted,
        low=low,
        high=high,
        unit=sheet["unit"],
        winner=sheet["winner"],
        winner_reason=sheet["winner_reason"],
        interval_coverage=by_step.loc[by_step["by"] == "step", "inside"].to_numpy(dtype=float),
        folds=_folds_of(sheet, pd.read_parquet(io.BytesIO(held["folds.parquet"])), shape),
        features=known,
        feature_names=names,
        feature_labels=tuple(sheet["feature_labels"]),
        level=sheet["level"],
        learnt=learnt,
        recent=features["recent 12 months"].to_numpy(dtype=float),
        settings=ForecastSettings(**asked),
        data_hash=sheet["data_hash"],
        tree_settings=sheet["tree_settings"],
        seconds=sheet["seconds"],
        notes=tuple(sheet["notes"]),
        **{name: _frame(sheet[name]) for name in _FRAMES},
    )


def _folds_of(sheet: dict[str, Any], table: pd.DataFrame, shape: tuple[int, int]) -> Folds:
    before = sheet["earlier_origins"]
    cubes = {name: table[name].to_numpy(dtype=np.float32).reshape(-1, *shape) for name in table.columns}
    return Folds(
        origins=tuple(sheet["origins"]),
        months=tuple(tuple(months) for months in sheet["origin_months"]),
        actual=cubes["actual"][before:],
        predicted=cubes["predicted"][before:],
        low=cubes["low"][before:],
        high=cubes["high"][before:],
        by_model={
            name.removeprefix("model:"): cube[before:]
            for name, cube in cubes.items()
            if name.startswith("model:")
        },
        earlier_actual=cubes["actual"][:before],
        earlier_predicted=cubes["predicted"][:before],
    )
