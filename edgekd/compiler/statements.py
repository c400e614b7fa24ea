"""The body of NAME_invoke: which kernel is called on which memory, and in which order of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edgekd.compiler.graph import Tensor
from edgekd.compiler.lowered import KernelCall
from edgekd.compiler.probes import Probe
from edgekd.compiler.storages import Place
from edgekd.compiler.sweep import Sweep, image_rows, rows_of

_INDENT = "    "


@dataclass(frozen=True)
class Names:
    """What the function calls things. label: of a tensor. place: where it lies. scratch: offset in the arena."""

    label: Callable[[Tensor], str]
    place: Callable[[Tensor], Place]
    scratch: dict[int, int]


class Statements:
    """Writes the calls of a model. layers: by position of the call, the name of its parameters. probes: see Probe."""

    def __init__(
        self, calls: dict[int, KernelCall], layers: dict[int, str], names: Names, probes: Sequence[Probe] = ()
    ) -> None:
        self._calls = calls
        self._layers = layers
        self._names = names
        self._probes = probes

    def reads(self, steps: Sequence[int]) -> list[str]:
        """Looks at what `steps` are about to read."""
        return [self._look(probe) for probe in self._probes if probe.moment == "read" and probe.operator in steps]

    def whole(self, step: int) -> list[str]:
        """One call over everything, or one for each image of a batch."""
        call = self._calls[step]
        extent = ["0", str(call.rows.count)] if call.rows else [str(call.run.count)] if call.run else []
        looks = [self._look(probe) for probe in self._made(step)]
        if call.images == 1:
            return self._call(step, self._names.label, extent) + looks

        def of_image(tensor: Tensor) -> str:
            return f"{self._names.label(tensor)} + image * {tensor.elements // call.images}"

        return _loop(f"int32_t image = 0; image < {call.images}; ++image", self._call(step, of_image, extent)) + looks

    def by_rows(self, step: int, *, up: bool) -> list[str]:
        """One call a row, from the first one down or from the last one up."""
        rows = rows_of(self._calls[step])
        assert rows is not None
        if up:
            return _loop(f"int32_t y = {rows.count}; y-- > 0;", self._row(step, "y"))
        return _loop(f"int32_t y = 0; y < {rows.count}; ++y", self._row(step, "y"))

    def chain(self, steps: Sequence[int]) -> list[str]:
        """Rows of the last call; each call before makes rows until the one after it can go on."""
        sweep = Sweep([self._calls[step] for step in steps])
        rows = [rows for step in steps if (rows := rows_of(self._calls[step])) is not None]
        # A call that needs just its own row of the one before shares that one's counter.
        shares = [later.stride == later.reach == 1 and later.padding == 0 for later in rows[1:]] + [False]
        counters = [f"y_{step}" for step in steps]
        for at in range(len(steps) - 2, -1, -1):
            if shares[at]:
                counters[at] = counters[at + 1]
        lines: list[str] = []
        for at, step in enumerate(steps):
            lines += self._row(step, counters[at])
            if at + 1 < len(steps) and not shares[at]:
                later = rows[at + 1]
                ahead = f"{counters[at + 1]} * {later.stride}" if later.stride > 1 else counters[at + 1]
                need = later.reach - later.padding
                ahead += f" + {need}" if need > 0 else f" - {-need}" if need else ""
                count = rows[at].count
                lines = _loop(f"; {counters[at]} < {count} && {counters[at]} < {ahead}; ++{counters[at]}", lines)
        own = list(dict.fromkeys(reversed(counters)))
        start = ", ".join(f"{counter} = 0" for counter in own)
        return _loop(f"int32_t {start}; {own[0]} < {sweep.rows}; ++{own[0]}", lines)

    def _row(self, step: int, row: str) -> list[str]:
        """The call for one row. Kernels of windows find it by themselves; a run is given where it begins."""
        call = self._calls[step]
        looks = [self._look_at_row(probe, row) for probe in self._made(step)]
        if call.rows is not None:
            return self._call(step, self._names.label, [row, f"{row} + 1"]) + looks
        assert call.run is not None

        def of_row(tensor: Tensor) -> str:
            height, label = image_rows(tensor), self._names.label(tensor)
            kept = self._names.place(tensor).ring_rows
            if kept == 1:
                return label
            index = f"{row} % {kept}" if kept else row
            return f"{label} + {index} * {tensor.elements // height}"

        return self._call(step, of_row, [str(call.run.count // image_rows(call.outputs[0]))]) + looks

    def _made(self, step: int) -> list[Probe]:
        return [probe for probe in self._probes if probe.moment == "made" and probe.operator == step]

    def _look(self, probe: Probe) -> str:
        return f"edgekd_trace({probe.number}, {self._names.label(probe.tensor)}, 0, {probe.tensor.nbytes});"

    def _look_at_row(self, probe: Probe, row: str) -> str:
        tensor = probe.tensor
        height, kept = image_rows(tensor), self._names.place(tensor).ring_rows
        there = f"{row} % {kept}" if kept else row
        place = f"{self._names.label(tensor)} + {there} * {tensor.elements // height}"
        size = tensor.nbytes // height
        return f"edgekd_trace({probe.number}, {place}, (uint32_t){row} * {size}u, {size});"

    def _call(self, step: int, argument: Callable[[Tensor], str], extent: Sequence[str]) -> list[str]:
        """The lines of one call. extent: its last arguments."""
        call = self._calls[step]
        lines = []
        arguments = [f"&{self._layers[step]}"] if call.struct is not None else []
        for kind, qualifier, tensors, as_array in (
            ("inputs", "const ", call.inputs, call.inputs_as_array),
            ("outputs", "", call.outputs, call.outputs_as_array),
        ):
            given = [argument(tensor) for tensor in tensors]
            if as_array:
                array = f"{self._layers[step]}_{kind}"
                lines.append(f"{qualifier}void *const {array}[] = {{{', '.join(given)}}};")
                given = [array]
            arguments += given
        if call.scratch_bytes:
            arguments.append(f"memory + {self._names.scratch[step]}")
        return [*lines, f"{call.function}({', '.join([*arguments, *extent])});"]


def _loop(head: str, body: Sequence[str]) -> list[str]:
    return [f"for ({head}) {{", *(_INDENT + line for line in body), "}"]
