"""Calling the command line from tests: in this process, and as a program of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from patrol_core.cli import main

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Answer:
    """What a call of the command line left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """stdout as the one JSON object it must be; no NaN, no key twice."""
        return json.loads(self.out, parse_constant=_refuse, object_pairs_hook=_once)

    def fault(self, code: int) -> str:
        """The one line of a fault, after checking that there is nothing else."""
        assert (self.code, self.out) == (code, ""), (self.code, self.err)
        assert self.err.endswith("\n")
        assert self.err.count("\n") == 1, self.err
        assert "Traceback" not in self.err
        return self.err.strip()


def _refuse(name: str) -> float:
    raise AssertionError(f"{name} is no JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    assert len(set(keys)) == len(keys), keys
    return dict(pairs)


@pytest.fixture
def patrol(capfd) -> Callable[..., Answer]:
    """Run a command in this process."""

    def run(*arguments: object) -> Answer:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return Answer(code, out, err)

    return run


@pytest.fixture
def program(tmp_path) -> Callable[..., Answer]:
    """Run a command as a program of its own, in an empty folder."""

    def run(*arguments: object, given: bytes = b"", **variables: str) -> Answer:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
        done = subprocess.run(
            [sys.executable, "-m", "patrol_core", *map(str, arguments)],
            cwd=tmp_path,
            env=environment,
            input=given,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return Answer(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))

    return run
