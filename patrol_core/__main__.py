"""Run the command line: ``python -m patrol_core COMMAND …``."""

from __future__ import annotations

import sys

from patrol_core.cli import main

if __name__ == "__main__":
    sys.exit(main())
