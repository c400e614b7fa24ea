"""See scripts/bench_models."""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import edgekd
from edgekd.errors import EdgekdError
from edgekd.files import write_atomically

RESULTS = Path("scripts/results/bench_models.json")
BOARDS = ("mps2-an386", "netduinoplus2")
SAMPLES = 10


def main() -> int:
    if sys.argv[1:] == ["--table"]:
        print(table(json.loads(RESULTS.read_text())["rows"]))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(convert_all(Path(folder)))
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    compiler = subprocess.run(["arm-none-eabi-gcc", "-dumpfullversion"], capture_output=True, text=True, check=True)
    record = {
        "command": "scripts/bench_models",
        "commit": commit,
        "date": datetime.date.today().isoformat(),
        "versions": {"edgekd": edgekd.__version__, "arm-none-eabi-gcc": compiler.stdout.strip()},
        "rows": rows,
    }
    write_atomically(RESULTS, json.dumps(record, indent=1) + "\n")
    print(table(rows))
    return 0 if all(row["bit_exact"]["equal"] == row["bit_exact"]["of"] for row in rows if "bit_exact" in row) else 1


def convert_all(folder: Path) -> dict[str, Path]:
    """The four networks with seeded weights as .tflite files, by name."""
    import torch

    from edgekd.convert.api import convert_all
    from edgekd.models.mlperf_tiny import BENCHMARKS

    random = np.random.default_rng(0)
    networks, samples = {}, {}
    for name, benchmark in BENCHMARKS.items():
        torch.manual_seed(0)
        path = folder / f"{name}.tflite"
        networks[path] = benchmark.build()
        samples[path] = random.normal(size=(32, *benchmark.input_shape)).astype(np.float32)
    convert_all(networks, samples)
    return {path.stem: path for path in networks}


def measure(models: dict[str, Path]) -> list[dict[str, Any]]:
    """One row a model and board; a model that a board cannot hold has the reason instead of figures."""
    rows = []
    for board in BOARDS:
        for name, model in models.items():
            print(f"{name} on {board}", file=sys.stderr)
            try:
                rows.append({**edgekd.bench(model, board, samples=SAMPLES), "model": name})
            except EdgekdError as error:
                rows.append({"model": name, "board": board, "refused": error.message})
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown."""
    lines = [
        "| model | board | equal to TFLM | instructions an inference | flash: weights + engine, B | "
        "RAM: arena + static + stack, B |",
        "|---|---|---|---:|---:|---:|",
    ]
    for row in rows:
        if "refused" in row:
            lines.append(f"| {row['model']} | {row['board']} | {row['refused']} | | | |")
            continue
        exact, flash, ram = row["bit_exact"], row["flash_bytes"], row["ram_bytes"]
        lines.append(
            f"| {row['model']} | {row['board']} | {exact['equal']} of {exact['of']} | "
            f"{row['per_inference']['instructions']:,} | {flash['weights']:,} + {flash['engine']:,} | "
            f"{ram['arena']:,} + {ram['static']:,} + {ram['stack']:,} = {ram['total']:,} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
