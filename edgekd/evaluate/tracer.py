"""How often each instruction of one inference runs: an emulated board watched by a QEMU plugin of ours.

The plugin (qemu_plugin/count.c, which says how it counts) is compiled by this machine's gcc when it is first needed
and kept in edgekd's own folder.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgekd.errors import ToolError
from edgekd.evaluate.image import CodeImage
from edgekd.host_program import compiled

_SOURCE = Path(__file__).parent / "qemu_plugin" / "count.c"


@dataclass(frozen=True)
class LayerCode:
    """An instruction at begin to end - 1 makes `layer` the one that all instructions from then on belong to."""

    begin: int
    end: int
    layer: int


@dataclass(frozen=True)
class Executed:
    """An instruction: its address, how often it ran as part of `layer`, and how often something else than the next
    instruction in memory followed it."""

    layer: int
    address: int
    runs: int
    jumps: int


class Tracer:
    """Counts the first run of the function at `entry`, from its first instruction until its caller goes on.

        with Tracer(image, image.function("invoke"), layers) as tracer:
            with Emulator(board, image.path, tracer.arguments) as emulator:
                ...  # one inference
            executed = tracer.executed()

    layers: numbers from 1; what runs before any of them is layer 0. arguments: for QEMU.
    Raises ToolError where the plugin cannot be compiled.
    """

    def __init__(self, image: CodeImage, entry: int, layers: Sequence[LayerCode] = ()) -> None:
        self._plan = "".join(
            [
                f"code {image.begin:x} {image.end:x}\nentry {entry:x}\n",
                *(f"layer {code.begin:x} {code.end:x} {code.layer}\n" for code in layers),
            ]
        )

    def __enter__(self) -> Tracer:
        plugin = compiled_plugin()
        self._folder = tempfile.TemporaryDirectory(prefix="edgekd-trace-")
        folder = Path(self._folder.name)
        self._counts = folder / "counts"
        (folder / "plan").write_text(self._plan)
        options = {"file": plugin, "plan": folder / "plan", "counts": self._counts}
        # QEMU ends an option's value at a comma, but for two of them.
        words = [f"{name}={str(path).replace(',', ',,')}" for name, path in options.items()]
        self.arguments = ("-plugin", ",".join(words))
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    @property
    def is_done(self) -> bool:
        """Whether the inference has ended."""
        return self._counts.exists()

    def executed(self) -> list[Executed]:
        """What ran, by layer and address. Raises ToolError when no inference has ended."""
        if not self.is_done:
            raise ToolError("the emulator's plugin saw no inference begin and end")
        return [
            Executed(int(layer), int(address, 16), int(runs), int(jumps))
            for layer, address, runs, jumps in map(str.split, self._counts.read_text().splitlines())
        ]


def compiled_plugin() -> Path:
    """The plugin as QEMU loads it, compiled unless that was done before. Raises ToolError."""
    return compiled(_SOURCE, "-fPIC", "-shared", suffix=".so")
