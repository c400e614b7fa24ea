"""Resource variables: VAR_HANDLE names one, READ_VARIABLE and ASSIGN_VARIABLE use it, and CALL_ONCE sets first values.

In the file they go by handles, tensors that hold nothing but a name. In the graph each is one tensor that keeps its
values from one inference to the next, which READ_VARIABLE has for its input and ASSIGN_VARIABLE for its output.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from edgekd.compiler.flatbuffer import DamagedError
from edgekd.compiler.graph import Graph, Operator, Tensor

_VIEWS = ("RESHAPE", "SQUEEZE", "EXPAND_DIMS")  # their output is their input's memory


def first_values(tensor: Tensor) -> npt.NDArray[Any]:
    """Zeros, which for int8 is the zero point, as in TensorFlow Lite Micro (MicroInterpreterGraph::ResetTensorData)."""
    at_zero = tensor.dtype == "int8" and tensor.quantization is not None
    return np.full(tensor.shape, tensor.zero_point if at_zero else 0, tensor.dtype)


def resolve(
    operators: Sequence[Operator], tensors: Sequence[Tensor], subgraphs: Mapping[int, Sequence[Operator]]
) -> tuple[tuple[Operator, ...], tuple[Tensor, ...]]:
    """`operators` with handles resolved, and `tensors` with the variables behind them.

    subgraphs: the operators of those CALL_ONCE calls, by index. Raises DamagedError.
    """
    given: dict[tuple[str, str], npt.NDArray[Any]] = {}
    for name, value in _assignments(operators, subgraphs):
        if value.data is None:
            raise DamagedError(f"variable {name[1]!r} is first set to what is computed, not to a constant")
        given[name] = value.data
    names = dict(_handles(operators))
    found: dict[tuple[str, str], Tensor] = {}
    for op in operators:
        if op.name not in ("READ_VARIABLE", "ASSIGN_VARIABLE"):
            continue
        name, value = _name_of(op, names), _value_of(op)
        if name not in found:
            # TensorFlow Lite Micro gives a variable the type of what is assigned to it.
            initial = given.get(name)
            plain = replace(value, index=len(tensors) + len(found), name=name[1], data=None)
            if initial is not None and (initial.shape, initial.dtype) != (plain.shape, np.dtype(plain.dtype)):
                raise DamagedError(f"{op.where}: variable {name[1]!r} has another shape or type at first")
            found[name] = replace(plain, initial=first_values(plain) if initial is None else initial)
        variable = found[name]
        if (value.shape, value.dtype) != (variable.shape, variable.dtype):
            raise DamagedError(f"{op.where}: variable {name[1]!r} has another shape or type elsewhere")
    never = found.keys() - given.keys() - {_name_of(op, names) for op in operators if op.name == "ASSIGN_VARIABLE"}
    if never:
        raise DamagedError(f"variable {min(never)[1]!r} is read and never assigned")
    return tuple(_resolved(op, names, found) for op in operators), (*tensors, *found.values())


def _resolved(op: Operator, names: Mapping[int, tuple[str, str]], found: Mapping[tuple[str, str], Tensor]) -> Operator:
    if op.name == "VAR_HANDLE":
        return replace(op, outputs=())
    if op.name == "READ_VARIABLE":
        return replace(op, inputs=(found[_name_of(op, names)],))
    if op.name == "ASSIGN_VARIABLE":
        return replace(op, inputs=(op.inputs[1],), outputs=(found[_name_of(op, names)],))
    return op


def _handles(operators: Sequence[Operator]) -> Iterator[tuple[int, tuple[str, str]]]:
    """The handle's tensor index and the name of the variable, of each VAR_HANDLE."""
    for op in operators:
        if op.name == "VAR_HANDLE":
            if len(op.outputs) != 1 or op.outputs[0].dtype != "resource":
                raise DamagedError(f"{op.where}: its output is no handle")
            yield op.outputs[0].index, (op.options["container"], op.options["shared_name"])


def _assignments(
    operators: Sequence[Operator], subgraphs: Mapping[int, Sequence[Operator]]
) -> Iterator[tuple[tuple[str, str], Tensor]]:
    """What CALL_ONCE assigns, in order."""
    outer = dict(_handles(operators))
    used: set[tuple[str, str]] = set()
    for op in operators:
        if op.name in ("READ_VARIABLE", "ASSIGN_VARIABLE"):
            used.add(_name_of(op, outer))
        if op.name != "CALL_ONCE":
            continue
        inner = subgraphs[op.options["init_subgraph_index"]]
        names = dict(_handles(inner))
        for call in inner:
            if call.name == "ASSIGN_VARIABLE":
                name = _name_of(call, names)
                if name in used:
                    raise DamagedError(f"{op.where}: it sets variable {name[1]!r} after its first use")
                yield name, _value_of(call)
            elif call.name != "VAR_HANDLE":
                raise DamagedError(
                    f"{op.where}: its subgraph has {call.where}; edgekd supports constants assigned to variables only"
                )


def _name_of(op: Operator, names: Mapping[int, tuple[str, str]]) -> tuple[str, str]:
    handle = op.inputs[0] if op.inputs else None
    if handle is None or handle.index not in names:
        raise DamagedError(f"{op.where}: its first input is no handle that VAR_HANDLE made")
    return names[handle.index]


def _value_of(op: Operator) -> Tensor:
    """What READ_VARIABLE makes, or what ASSIGN_VARIABLE takes."""
    value = op.outputs[0] if op.name == "READ_VARIABLE" and len(op.outputs) == 1 else None
    if op.name == "ASSIGN_VARIABLE" and len(op.inputs) == 2:
        value = op.inputs[1]
    if value is None or value.dtype == "resource":
        raise DamagedError(f"{op.where}: it has no value")
    return value


def keep_values(graph: Graph) -> Graph:
    """`graph` with the option "copied" on every READ_VARIABLE whose value is used after the variable changes."""
    operators = list(graph.operators)
    for position, op in enumerate(operators):
        if op.name != "READ_VARIABLE":
            continue
        variable = op.inputs[0]
        changes = [at for at, later in enumerate(operators[position:], position) if variable in later.outputs]
        if changes and _last_use(graph, position) >= changes[0]:
            operators[position] = replace(op, options={**op.options, "copied": True})
    return replace(graph, operators=tuple(operators))


def _last_use(graph: Graph, position: int) -> int:
    """The last operator that reads what the operator at `position` makes, by whatever name."""
    views = set(graph.operators[position].outputs)
    last = position
    for at, op in enumerate(graph.operators[position + 1 :], position + 1):
        if views.intersection(op.inputs):
            last = at
            if op.name in _VIEWS:
                views.update(op.outputs)
    return len(graph.operators) if views.intersection(graph.outputs) else last
