"""The exact search for checkpoints, beside the page."""

from __future__ import annotations

from patrol_core.graphs.checkpoints import CheckpointGame, CheckpointPlan, solve_simplified
from patrol_core.ui.memo.content import digest_of
from patrol_core.ui.shell.jobs import PATIENCE_S, Job, Slot
from patrol_core.words import figure


def _progress(job: Job[CheckpointPlan]) -> tuple[float, str]:
    words = f"Searching for the best plan: {job.seconds:.0f} of at most {job.limit:g} s."
    if job.upper == job.upper:
        words += (
            f" So far a loss of {figure(-job.lower, 4)}; less than {figure(-job.upper, 4)} is impossible."
        )
    return job.seconds / job.limit, words


SLOT: Slot[CheckpointPlan] = Slot("checkpoint_job", "game", _progress)


def search(game: CheckpointGame, limit: float) -> Job[CheckpointPlan]:
    """The search for a game: one that has ended, the one under way, or a new one."""

    def work(job: Job[CheckpointPlan]) -> CheckpointPlan:
        return solve_simplified(game, time_limit=limit, stop=job.on_bounds)[0]

    job = SLOT.found(f"{digest_of(game)}-{limit:g}", limit, work, PATIENCE_S)
    assert job is not None
    return job
