"""Keeps projects until killed. Run as a program with the store's folder; says ``ready`` before the first."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

from patrol_core.projects import Library
from tests.ui import hostile


def main() -> None:
    library = Library("a" * 32, Path(sys.argv[1]))
    data = hostile.area("Kept")
    os.write(1, b"ready\n")
    for count in range(100_000):
        kept = library.save(replace(data, name=f"Kept {count % 3}"))
        library.save_scenarios(kept.id, [{"name": "A", "budget": count}] * (1 + count % 5))
        if count % 4 == 3:
            library.delete(kept.id)


if __name__ == "__main__":
    main()
