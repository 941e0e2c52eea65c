"""The version of the program, said once."""

from __future__ import annotations

VERSION = "0.1.0"
