"""Patrol planning as a plain library: crime rows in, a patrol plan with its certificate out.

The dashboard (``app.py``) and the command line (``python -m patrol_core``) are thin layers over it.
"""

from __future__ import annotations

__version__ = "0.1.0"
