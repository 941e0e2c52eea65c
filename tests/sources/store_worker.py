"""Imports into a store until killed. Run as a program; forks a child for each line on stdin: folder, then files.

A child takes the files in turn, for ever, each time as a newer edition, and says ``ready`` when it starts.
The modules are loaded once, so that a kill can come at any moment and not mostly during the start.
"""

from __future__ import annotations

import os
import sys

from patrol_core.sources.store.base import Store
from patrol_core.sources.store.bulk_import import import_files


def work(folder: str, files: list[str], times: int) -> None:
    store = Store(folder)
    os.write(1, b"ready\n")
    for count in range(times):
        year, rest = divmod(count, 12 * 28)
        edition = f"{2100 + year}-{rest // 28 + 1:02d}-{rest % 28 + 1:02d}"
        import_files(store, files[count % len(files)], edition=edition)


def main() -> None:
    for line in sys.stdin:
        times, folder, *files = line.rstrip("\n").split("\t")
        child = os.fork()
        if child == 0:
            try:
                work(folder, files, int(times))
            except BaseException as error:  # the parent reads it
                os.write(2, f"{type(error).__name__}: {error}\n".encode())
                os._exit(1)
            os._exit(0)
        os.write(1, f"{child}\n".encode())
        _, status = os.waitpid(child, 0)
        os.write(1, f"ended {status}\n".encode())


if __name__ == "__main__":
    main()
