"""The protocol's states, all of them, for small windows: scripts/check_link model."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from link_checks.explore import explore
from link_checks.protocol_model import Limits, Model
from link_checks.record import RESULTS, circumstances, save

# The first is the one of the tests. Then samples of several frames; three samples, with fewer results kept than there
# are samples; one result kept; numbers that wrap within the run; waits that end too early; two restarts.
CASES = (
    Limits(samples=2, frames=1, results=2, window=2, numbers=8, channel=2, restarts=0, early=False),
    Limits(samples=2, frames=2, results=2, window=2, numbers=8, channel=2, restarts=1, early=False),
    Limits(samples=3, frames=1, results=2, window=2, numbers=8, channel=2, restarts=1, early=False),
    Limits(samples=3, frames=2, results=1, window=2, numbers=8, channel=2, restarts=1, early=False),
    Limits(samples=4, frames=1, results=2, window=2, numbers=4, channel=2, restarts=0, early=False),
    Limits(samples=2, frames=1, results=2, window=2, numbers=8, channel=2, restarts=0, early=True),
    Limits(samples=2, frames=1, results=2, window=2, numbers=8, channel=2, restarts=2, early=False),
)


def main(command: str, out: Path | None) -> int:
    """Explore all cases; exit code 1 when something was found."""
    made_by = circumstances(command)
    rows: list[dict[str, Any]] = []
    for limits in CASES:
        explored = explore(Model(limits))
        case = {name: value for name, value in asdict(limits).items() if name != "bug"}
        print(", ".join(f"{name} {value}" for name, value in case.items()))
        print(
            f"  {explored.states:,} states, {explored.steps:,} steps: {explored.found or 'nothing found'}", flush=True
        )
        for step in explored.trace:
            print(f"    {step}")
        figures = {name: value for name, value in asdict(explored).items() if name not in ("seconds", "trace")}
        rows.append({**case, **figures})
    total = sum(row["states"] for row in rows)
    bad = sum(bool(row["found"]) for row in rows)
    print(f"{total:,} states in {len(rows)} cases, {bad} with something found")
    save(out or RESULTS / "link_model.json", made_by, {"cases": rows, "states": total, "found": bad})
    return int(bool(bad))
