r"""How offenders choose, from where patrols were and where incidents happened: maximum likelihood.

Incident counts c_it of period i over zones t are multinomial with q_t(x_i) = softmax of z_it . w, where z_it are the
features: U_a(t, x_i) for quantal response (w = lambda), and (x_it, R_t, P_t) for SUQR (w = w1, w2, w3). The log likelihood

    L(w) = sum_it c_it log q_t(x_i),   dL = sum_it c_it (z_it - mean_q z_i),   -d2L = sum_i N_i Cov_q(z_i)

is concave, so Newton's method with step halving finds its maximum; standard errors are from the observed information
-d2L at the maximum (for a logit it equals the expected one). A feature that does not vary, or that is a multiple of
those before it, cannot be identified from the data: its weight is fixed at 0 and said so. In the zone game P_t is
(1 - e) R_t, so w3 is always such a feature there.

Source: McFadden (1974), conditional logit; Nguyen et al. (2013) fit SUQR in this way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn

import numpy as np
from numpy.typing import ArrayLike

from patrol_core.arrays import Floats
from patrol_core.errors import InputError, SolverError
from patrol_core.games.behavioural.attackers import SUQR, QuantalResponse
from patrol_core.games.stackelberg import Payoffs
from patrol_core.games.zone import ZoneGame

_MOST_STEPS = 200

#: A feature is a multiple of others where this share of it, or less, is its own.
_OWN = 1e-8

#: Information that has shrunk to this share of its start means that the likelihood only rises and never turns.
_VANISHED = 1e-10


@dataclass(frozen=True, eq=False)
class Fit:
    """Maximum-likelihood estimate with its uncertainty.

    Attributes:
        names: ``("lambda",)`` or ``("w1", "w2", "w3")``.
        estimate, standard_error: One number a name; the standard error is NaN where the weight could not be
            identified and is fixed at 0.
        log_likelihood, uniform_log_likelihood: At the estimate, and for offenders who choose every zone alike.
        incidents: Number of incidents used.
        notes: What a reader must know.
    """

    names: tuple[str, ...]
    estimate: Floats
    standard_error: Floats
    log_likelihood: float
    uniform_log_likelihood: float
    incidents: float
    notes: tuple[str, ...] = field(default=())

    def interval(self) -> dict[str, tuple[float, float]]:
        """95 % interval of each weight, by the normal approximation."""
        width = 1.959963984540054 * self.standard_error
        return {
            name: (float(w - d), float(w + d))
            for name, w, d in zip(self.names, self.estimate, width, strict=True)
        }

    def as_dict(self) -> Mapping[str, object]:
        """Plain data; a standard error that does not exist is None."""
        return {
            "estimate": dict(zip(self.names, self.estimate.tolist(), strict=True)),
            "standard_error": {
                name: None if np.isnan(se) else float(se)
                for name, se in zip(self.names, self.standard_error, strict=True)
            },
            "log_likelihood": self.log_likelihood,
            "uniform_log_likelihood": self.uniform_log_likelihood,
            "incidents": self.incidents,
            "notes": list(self.notes),
        }

    def attacker(self) -> QuantalResponse | SUQR:
        """The attacker to plan for. A negative lambda counts as 0: such offenders do not look at patrols."""
        if self.names == ("lambda",):
            return QuantalResponse(max(0.0, float(self.estimate[0])))
        return SUQR(*(float(w) for w in self.estimate))


def fit_lambda(
    game: ZoneGame, coverage: ArrayLike, incidents: ArrayLike, *, payoffs: Payoffs | None = None
) -> Fit:
    """Rationality of offenders from past coverage and incidents.

    Args:
        game: Zones and values (budget and rules are not used).
        coverage: (periods, n) or (n,) past coverage, each in [0, 1].
        incidents: Same shape: incidents at each zone, >= 0.
        payoffs: General payoffs instead of the zone game's.

    Raises:
        InputError: For tables that do not fit, no incidents, zones that all look alike to offenders, or data on
            which lambda has no finite estimate.
    """
    x, counts = _tables(game, coverage, incidents)
    if payoffs is None and game.curved:
        features = (game.values * game.left(x))[:, :, None]
    else:
        table = payoffs if payoffs is not None else Payoffs.zero_sum(game.values, game.effectiveness)
        features = (table.attacker_uncovered * (1 - x) + table.attacker_covered * x)[:, :, None]
    fit = _fit(("lambda",), features, counts)
    if np.isnan(fit.standard_error[0]):
        raise InputError(
            "lambda cannot be told from these data: every zone is worth the same to an offender in every period."
        )
    if fit.estimate[0] < 0:
        note = "The estimate is negative: offenders went where there was less to gain. Plan with lambda 0, and check the data."
        return Fit(**{**fit.__dict__, "notes": (*fit.notes, note)})
    return fit


def fit_suqr(
    game: ZoneGame, coverage: ArrayLike, incidents: ArrayLike, *, payoffs: Payoffs | None = None
) -> Fit:
    """SUQR weights (w1, w2, w3) from past coverage and incidents.

    Args:
        game, coverage, incidents, payoffs: As in :func:`fit_lambda`.
    """
    x, counts = _tables(game, coverage, incidents)
    table = payoffs if payoffs is not None else Payoffs.zero_sum(game.values, game.effectiveness)
    reward = np.broadcast_to(table.attacker_uncovered, x.shape)
    penalty = np.broadcast_to(table.attacker_covered, x.shape)
    return _fit(("w1", "w2", "w3"), np.stack([x, reward, penalty], axis=2), counts)


def _tables(game: ZoneGame, coverage: ArrayLike, incidents: ArrayLike) -> tuple[Floats, Floats]:
    x, counts = _table(game, "coverage", coverage), _table(game, "incidents", incidents)
    if x.shape != counts.shape:
        raise InputError(
            f"coverage has {x.shape[0]} periods and incidents {counts.shape[0]}: give both for the same periods."
        )
    if (x > 1).any():
        i, t = (int(k) for k in np.argwhere(x > 1)[0])
        raise InputError(
            f"coverage of zone {game.zone_ids[t]!r} in period {i + 1} is {x[i, t]:g}: accepted are numbers from 0 to 1."
        )
    if not counts.sum() > 0:
        raise InputError("incidents are all 0: nothing can be told about offenders without incidents.")
    return x, counts


def _table(game: ZoneGame, name: str, given: ArrayLike) -> Floats:
    try:
        array = np.atleast_2d(np.array(given, dtype=float))
    except (TypeError, ValueError):
        raise InputError(f"{name} holds something that is not a number: accepted are numbers >= 0.") from None
    if array.ndim != 2 or array.shape[1] != game.size or not array.shape[0]:
        raise InputError(f"{name} has shape {array.shape}: accepted is (periods, {game.size} zones).")
    wrong = np.argwhere(~((array >= 0) & np.isfinite(array)))
    if wrong.size:
        i, t = (int(k) for k in wrong[0])
        raise InputError(
            f"{name} of zone {game.zone_ids[t]!r} in period {i + 1} is {array[i, t]}: accepted are numbers >= 0."
        )
    return array


# -- the likelihood -------------------------------------------------------------------------------


def _fit(names: tuple[str, ...], features: Floats, counts: Floats) -> Fit:
    """Newton's method on the features that can be identified, each scaled to size 1."""
    kept = _identified(features, counts)
    scale = np.array([float(np.abs(features[:, :, k]).max()) or 1.0 for k in kept])
    used = features[:, :, kept] / scale if kept else features[:, :, :0]
    weights, information = _newton(used, counts, names)
    estimate, error = np.zeros(len(names)), np.full(len(names), np.nan)
    if kept:
        estimate[kept] = weights / scale
        error[kept] = np.sqrt(np.diag(np.linalg.inv(information))) / scale
    dropped = [name for k, name in enumerate(names) if k not in kept]
    notes = tuple(
        f"{name} cannot be told from these data (its feature does not vary, or follows from the others): fixed at 0."
        for name in dropped
    )
    total = float(counts.sum())
    uniform = -total * float(np.log(counts.shape[1]))
    value = _log_likelihood(used, counts, weights)
    return Fit(names, estimate, error, value, uniform, total, notes)


def _identified(features: Floats, counts: Floats) -> list[int]:
    """Features that vary over zones and are no combination of those before them."""
    seen = counts.sum(axis=1) > 0  # a period without incidents tells nothing
    centred = (features - features.mean(axis=1, keepdims=True))[seen].reshape(-1, features.shape[2])
    kept: list[int] = []
    for k in range(features.shape[2]):
        column = centred[:, k]
        size = float(np.linalg.norm(features[seen][:, :, k]))
        rest = column
        if kept:
            basis = centred[:, kept]
            basis = basis / np.linalg.norm(basis, axis=0)
            rest = column - basis @ np.linalg.lstsq(basis, column, rcond=None)[0]
        if size > 0 and float(np.linalg.norm(rest)) > _OWN * size:
            kept.append(k)
    return kept


def _newton(features: Floats, counts: Floats, names: tuple[str, ...]) -> tuple[Floats, Floats]:
    """(weights, observed information) at the maximum."""
    weights = np.zeros(features.shape[2])
    if not weights.size:
        return weights, np.zeros((0, 0))
    value = _log_likelihood(features, counts, weights)
    at_start = _smallest(_derivatives(features, counts, weights)[1])
    for _ in range(_MOST_STEPS):
        gradient, information = _derivatives(features, counts, weights)
        if _smallest(information) < _VANISHED * at_start:
            _no_maximum(names)
        step = np.linalg.solve(information, gradient)
        if float(gradient @ step) <= 1e-18 * float(counts.sum()):
            return weights, information
        length = 1.0
        while length > 1e-12:
            trial = _log_likelihood(features, counts, weights + length * step)
            if trial >= value:
                break
            length /= 2
        else:
            return weights, information
        weights, value = weights + length * step, trial
    raise SolverError("The likelihood did not settle in 200 Newton steps; check the incident counts.")


def _smallest(information: Floats) -> float:
    """Smallest eigenvalue."""
    return float(np.linalg.eigvalsh(information)[0])


def _no_maximum(names: tuple[str, ...]) -> NoReturn:
    raise InputError(
        f"{', '.join(names)} has no finite estimate on these data: incidents fall only where the model is surest, so "
        "ever larger weights fit ever better; add periods or zones."
    )


def _log_probability(features: Floats, weights: Floats) -> Floats:
    exponent = features @ weights
    exponent = exponent - exponent.max(axis=1, keepdims=True)
    return np.asarray(exponent - np.log(np.exp(exponent).sum(axis=1, keepdims=True)), dtype=float)


def _log_likelihood(features: Floats, counts: Floats, weights: Floats) -> float:
    return float((counts * _log_probability(features, weights)).sum())


def _derivatives(features: Floats, counts: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Gradient and observed information."""
    q = np.exp(_log_probability(features, weights))
    mean = np.einsum("it,itk->ik", q, features)
    centred = features - mean[:, None, :]
    gradient = np.einsum("it,itk->k", counts, centred)
    totals = counts.sum(axis=1)
    information = np.einsum("i,it,itk,itl->kl", totals, q, centred, centred, optimize=True)
    return gradient, information
