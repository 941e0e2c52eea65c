"""The command line: the same product without a browser.

Results go to stdout as one JSON object, progress and faults to stderr. Exit codes: 0 done, 2 bad input,
3 infeasible, 4 a source that could not be read. No traceback is shown for a fault of the input.
"""

from __future__ import annotations

from patrol_core.cli.commands import build_parser, main

__all__ = ["build_parser", "main"]
