"""Writes the C: one function that calls kernels with constant parameters, and the constants in a file of their own."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from jinja2 import Environment, PackageLoader, StrictUndefined

from edgekd import __version__
from edgekd.compiler import c_text
from edgekd.compiler.graph import Graph, Operator, Tensor
from edgekd.compiler.lowered import KernelCall, Lowered
from edgekd.compiler.packing import ALIGNMENT
from edgekd.compiler.plan import MemoryPlan, Stage
from edgekd.compiler.probes import Probe
from edgekd.compiler.reader import printable
from edgekd.compiler.statements import Names, Statements
from edgekd.compiler.storages import Copy, Place
from edgekd.compiler.targets import Target
from edgekd.errors import InputError

_MAX_CONSTANTS = 64 << 20  # bytes: tensors may share a buffer of the file, so a small file can ask for a lot of C


def content_key(values: npt.NDArray[Any]) -> tuple[str, bytes]:
    """Type and digest of an array: those that agree are written once."""
    return values.dtype.str, hashlib.sha256(np.ascontiguousarray(values).tobytes()).digest()


@dataclass(frozen=True)
class _Interface:
    """A graph input or output as the header names it: "input", or "input_0" when there are several."""

    label: str
    tensor: Tensor


def interfaces(graph: Graph) -> tuple[list[_Interface], list[_Interface]]:
    """Inputs and outputs with their labels."""
    return _labelled("input", graph.inputs), _labelled("output", graph.outputs)


def _labelled(kind: str, tensors: Sequence[Tensor]) -> list[_Interface]:
    if len(tensors) == 1:
        return [_Interface(kind, tensors[0])]
    return [_Interface(f"{kind}_{position}", tensor) for position, tensor in enumerate(tensors)]


def emit(
    graph: Graph,
    calls: Sequence[Lowered],
    plan: MemoryPlan,
    probes: Sequence[Probe] = (),
    *,
    name: str,
    model: str,
    kernels: Path,
    target: Target,
) -> dict[str, str]:
    """The files of the compiled model by name: NAME.h, NAME.c, NAME_weights.h, NAME_weights.c and kernel sources.

    probes: where tensors are looked at. name: a checked C name. model: what comments call the file. kernels: the folder
    of the kernels' sources. Raises InputError for a name that clashes, or constants that are too large.
    """
    sources = sorted({source for call in calls if isinstance(call, KernelCall) for source in call.sources})
    sources += ["trace/trace.c", "trace/trace.h"] if probes else []
    own = [f"{name}.h", f"{name}.c", f"{name}_weights.h", f"{name}_weights.c"]
    clash = {file.lower() for file in own} & {Path(source).name.lower() for source in (*sources, "flash.h")}
    if clash:
        raise InputError(f"the model's name {name} is also a kernel's ({min(clash)})", "choose another with --name")
    context = _Writer(graph, calls, plan, probes, name, model, sources, target).context()
    sources.append(next(header for header, enough in target.flash if context["flash_bytes"] <= enough))
    environment = Environment(
        loader=PackageLoader("edgekd.compiler"),
        autoescape=False,  # it is C, not HTML; names out of the file pass printable()
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    templates = ["model.h.j2", "model.c.j2", "weights.h.j2", "weights.c.j2"]
    files = {
        file: environment.get_template(template).render(context) for file, template in zip(own, templates, strict=True)
    }
    return files | {Path(source).name: (kernels / source).read_text(encoding="utf-8") for source in sources}


class _Writer:
    """Turns one planned model into what the templates need: plain strings and numbers."""

    def __init__(
        self,
        graph: Graph,
        calls: Sequence[Lowered],
        plan: MemoryPlan,
        probes: Sequence[Probe],
        name: str,
        model: str,
        sources: Sequence[str],
        target: Target,
    ) -> None:
        self._graph = graph
        self._calls = calls
        self._plan = plan
        self._probes = probes
        self._name = name
        self._model = model
        self._sources = sources
        self._target = target
        self._inputs, self._outputs = interfaces(graph)
        self._in_arena = all(place.region == "arena" for place in plan.outputs)
        self._arrays: list[dict[str, Any]] = []
        self._array_bytes = 0
        self._names: dict[tuple[object, ...], str] = {}  # of arrays by where they lie, type and content
        self._constants: dict[int, str] = {}  # C names of constants that calls take as tensors, by index
        self._used = _used_tensors(calls, plan)

    def context(self) -> dict[str, Any]:
        for tensor in self._graph.tensors:
            place = self._plan.places.get(tensor.index)
            if place is not None and place.region == "constant" and place.at == tensor.index:
                assert tensor.data is not None
                comment = f'tensor "{printable(tensor.name)}"'
                label = f"tensor_{tensor.index}"
                # Kernels read operands from RAM, which constant ones are among.
                self._constants[tensor.index] = self._array(label, tensor.data, comment, in_flash=False)
        layers = {
            step: self._layer(step, call) for step, call in enumerate(self._calls) if isinstance(call, KernelCall)
        }
        write = self._statements(layers)
        pointers = ["arena"] * (self._plan.arena_bytes > 0)
        if not self._in_arena:
            pointers = [io.label for io in (*self._inputs, *self._outputs)] + pointers
        return {
            "name": self._name,
            "macro": self._name.upper(),
            "model": printable(self._model),
            "version": __version__,
            "sha256": self._graph.sha256,
            "arena_bytes": self._plan.arena_bytes,
            "alignment": ALIGNMENT,
            "inputs": [_interface(io, self._plan.places[io.tensor.index]) for io in self._inputs],
            "outputs": [_interface(io, place) for io, place in zip(self._outputs, self._plan.outputs, strict=True)],
            "parameters": self._parameters(),
            "in_arena": self._in_arena,
            "null_checks": " || ".join(f"{pointer} == NULL" for pointer in pointers),
            "headers": [Path(source).name for source in self._sources if source.endswith(".h")],
            "layers": list(layers.values()),
            "pointers": [line for tensor in self._order() if (line := self._pointer(tensor))],
            "probes": len(self._probes),
            "steps": [self._step(stage, layers, write) for stage in self._plan.stages],
            "copies": [self._copy(copy) for copy in self._plan.copies],
            "resets": [self._reset(variable) for variable in self._graph.variables],
            "arrays": self._arrays,
            "total": self._array_bytes,
            "flash_bytes": self._array_bytes + sum(_struct_bytes(layer) for layer in layers.values()),
        }

    def _parameters(self) -> str:
        taken = [f"const {c_text.C_TYPES[io.tensor.dtype]} *{io.label}" for io in self._inputs]
        given = [f"{c_text.C_TYPES[io.tensor.dtype]} *{io.label}" for io in self._outputs]
        return ", ".join([*([] if self._in_arena else [*taken, *given]), "void *arena"])

    def _order(self) -> list[Tensor]:
        """Every tensor that may need a local pointer, in the order they come to be."""
        made = (tensor for operator in self._graph.operators for tensor in operator.outputs)
        tensors = dict.fromkeys((*self._graph.variables, *self._graph.inputs, *made))
        return [tensor for tensor in tensors if tensor.index in self._plan.places]

    def _layer(self, step: int, call: KernelCall) -> dict[str, Any]:
        """The parameter struct of one call."""
        operator = self._graph.operators[step]
        label = re.sub(r"\W", "_", f"{operator.name.lower()}_{operator.index}")
        arrays = {
            array.name: self._array(f"{label}_{array.name}", array.values, f"{operator.where}: {array.name}")
            for array in call.constants
        }
        fields = [
            (field, c_text.value(arrays[item] if isinstance(item, str) else item))
            for field, item in (call.fields | self._rings(call)).items()
        ]
        return {"struct": call.struct, "label": label, "fields": fields, "comment": _comment(operator, call)}

    def _rings(self, call: KernelCall) -> dict[str, int]:
        """The fields of a window that say how many rows its buffers hold, where those are rings."""
        if call.rows is None:
            return {}
        kept = {
            "window.input_rows": self._plan.places[call.inputs[0].index].ring_rows,
            "window.output_rows": self._plan.places[call.outputs[0].index].ring_rows,
        }
        return {field: rows for field, rows in kept.items() if rows}

    def _statements(self, layers: dict[int, dict[str, Any]]) -> Statements:
        calls = {step: call for step, call in enumerate(self._calls) if isinstance(call, KernelCall)}
        names = Names(self._label, lambda tensor: self._plan.places[tensor.index], self._plan.scratch)
        return Statements(calls, {step: layer["label"] for step, layer in layers.items()}, names, self._probes)

    def _step(self, stage: Stage, layers: dict[int, dict[str, Any]], write: Statements) -> dict[str, Any]:
        """The statements of one stage, with its comment."""
        comments = [layers[step]["comment"] for step in stage.calls]
        if len(stage.calls) > 1:
            lines = write.reads(stage.calls) + write.chain(stage.calls)
            return {"comments": [*comments, "row by row, as the next needs them"], "lines": lines}
        (step,) = stage.calls
        reads = write.reads(stage.calls)
        if stage.order == "whole":
            return {"comments": comments, "lines": reads + write.whole(step)}
        up = stage.order == "up"
        way = "row by row, from the last up" if up else "row by row, from the first down"
        return {"comments": [f"{comments[0]}; {way}"], "lines": reads + write.by_rows(step, up=up)}

    def _array(self, label: str, values: npt.NDArray[Any], comment: str, *, in_flash: bool = True) -> str:
        """The C name of a constant array; one written already serves every layer with the same content."""
        values = np.asarray(values)
        key = (in_flash, *content_key(values))
        if key in self._names:
            return self._names[key]
        self._array_bytes += values.nbytes
        if self._array_bytes > _MAX_CONSTANTS:
            raise InputError(f"{self._model}: more than {_MAX_CONSTANTS >> 20} MiB of constants")
        if values.nbytes > self._target.largest_array:
            raise InputError(
                f"{comment} has {values.nbytes} bytes, and one array at most {self._target.largest_array} on "
                f"{self._target.title}",
                "try a student with smaller or fewer channels",
            )
        full = self._names[key] = f"{self._name}_{label}"
        self._arrays.append(
            {
                "ctype": ("EDGEKD_FLASH " if in_flash else "") + _ctype(values.dtype),
                "label": full,
                "count": values.size,
                "comment": comment,
                "values": c_text.rows(values),
            }
        )
        return full

    def _label(self, tensor: Tensor) -> str:
        """What the function calls a tensor: a parameter, a constant array or a local pointer."""
        place = self._plan.places[tensor.index]
        if tensor.is_constant:
            return self._constants[tensor.index]
        if place.region == "input" and self._inputs[place.at].tensor is tensor:
            return self._inputs[place.at].label
        if place.region == "output" and self._outputs[place.at].tensor is tensor:
            return self._outputs[place.at].label
        return f"tensor_{tensor.index}"

    def _pointer(self, tensor: Tensor) -> str | None:
        """The declaration of a tensor's local pointer, None when it has a name already or nothing reads it."""
        label = self._label(tensor)
        if label != f"tensor_{tensor.index}" or tensor.index not in self._used:
            return None
        place = self._plan.places[tensor.index]
        ctype = c_text.C_TYPES[tensor.dtype]
        if place.region == "arena":
            return f"{ctype} *const {label} = (void *)(memory + {place.at});"
        if place.region == "output":
            return f"{ctype} *const {label} = (void *){self._outputs[place.at].label};"
        source = self._inputs[place.at].label if place.region == "input" else self._constants[place.at]
        return f"const {ctype} *const {label} = {source};"

    def _reset(self, variable: Tensor) -> str:
        """The statement that gives a variable its first values."""
        place, values = self._plan.places[variable.index], variable.initial
        assert values is not None
        raw = np.ascontiguousarray(values).view(np.uint8).reshape(-1)
        if (raw == raw[0]).all():
            return f"memset((uint8_t *)arena + {place.at}, {raw[0]}, {variable.nbytes});"
        label = self._array(
            f"variable_{variable.index}", values, f'first values of "{printable(variable.name)}"', in_flash=False
        )
        return f"memcpy((uint8_t *)arena + {place.at}, {label}, {variable.nbytes});"

    def _copy(self, copy: Copy) -> str:
        place = self._plan.outputs[copy.output]
        to = f"memory + {place.at}" if place.region == "arena" else self._outputs[copy.output].label
        return f"memcpy({to}, {self._label(copy.source)}, {copy.source.nbytes});"


def _struct_bytes(layer: dict[str, Any]) -> int:
    """An upper bound of the size of a layer's parameters: numbers and pointers have 4 bytes at most."""
    return sum(4 * (value.count(",") + 1) for _, value in layer["fields"])


def _used_tensors(calls: Iterable[Lowered], plan: MemoryPlan) -> set[int]:
    """Indices of tensors some call or final copy names."""
    used = {copy.source.index for copy in plan.copies}
    for call in calls:
        if isinstance(call, KernelCall):
            used |= {tensor.index for tensor in (*call.inputs, *call.outputs)}
    return used


def _comment(operator: Operator, call: Lowered) -> str:
    sources = " + ".join(_dims(tensor) for tensor in operator.inputs if tensor is not None and not tensor.is_constant)
    targets = " + ".join(_dims(tensor) for tensor in operator.outputs)
    macs = f", {call.macs} multiply-accumulates" if isinstance(call, KernelCall) and call.macs else ""
    return f"{operator.index}: {operator.name} {sources} -> {targets}{macs}"


def _dims(tensor: Tensor) -> str:
    shape = "x".join(str(extent) for extent in tensor.shape) or "scalar"
    return shape if tensor.dtype == "int8" else f"{shape} {tensor.dtype}"


def _interface(io: _Interface, place: Place) -> dict[str, Any]:
    tensor = io.tensor
    pair = tensor.quantization is not None and not tensor.quantization.per_channel
    return {
        "label": io.label,
        "macro": io.label.upper(),
        "ctype": c_text.C_TYPES[tensor.dtype],
        "comment": f'{io.label.replace("_", " ")}: "{printable(tensor.name)}", {tensor.dtype}',
        "offset": place.at,
        "elements": tensor.elements,
        "bytes": tensor.nbytes,
        "rank": len(tensor.shape),
        "shape": "{" + ", ".join(str(extent) for extent in tensor.shape) + "}",
        "scale": c_text.floating(tensor.scale) if pair else None,
        "zero_point": f"({tensor.zero_point})" if pair else None,
    }


def _ctype(dtype: np.dtype[Any]) -> str:
    for known, ctype in c_text.C_TYPES.items():
        if np.dtype(known) == dtype:
            return ctype
    raise AssertionError(f"no C type for {dtype}")
