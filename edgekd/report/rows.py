"""What every table of three columns is made of."""

from __future__ import annotations

Row = tuple[str, str, str]  # what, figure, how to read it
