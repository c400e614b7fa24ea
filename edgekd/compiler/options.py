"""The builtin options of the operators edgekd reads, as the .tflite schema lays them out.

Slots, types and defaults are those of `schema.fbs` (TensorFlow Lite, version 3); tests compare them with the schema
that comes with TensorFlow Lite Micro.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from types import MappingProxyType
from typing import Any

from edgekd.compiler.flatbuffer import DamagedError, Table

_MAX_EXTENT = 1 << 16  # of a stride, dilation or window: far above any use, far below an overflow of 32 bits


@dataclass(frozen=True)
class Field:
    """One field of an options table. names: of an enumeration's values. positive: from 1 to 65,536."""

    name: str
    slot: int
    kind: str
    default: int | float | bool = 0
    names: tuple[str, ...] = ()
    positive: bool = False

    def read(self, table: Table) -> Any:
        """The value, checked. Raises DamagedError."""
        value = table.number(self.slot, self.kind, self.default)
        if self.names:
            if not 0 <= value < len(self.names):
                raise DamagedError(f"{self.name} is {value}, which the schema does not know")
            return self.names[value]
        if self.positive and not 1 <= value <= _MAX_EXTENT:
            raise DamagedError(f"{self.name} is {value}, not a number from 1 to {_MAX_EXTENT}")
        if self.kind == "f32" and not isfinite(value):
            raise DamagedError(f"{self.name} is {value}")
        return value


@dataclass(frozen=True)
class Options:
    """An options table: its number in the schema's union, its fields, and the vectors of int32 and strings among
    them, each with its slot."""

    code: int
    fields: tuple[Field, ...] = ()
    vectors: tuple[tuple[str, int], ...] = ()
    strings: tuple[tuple[str, int], ...] = ()


def _padding(slot: int) -> Field:
    return Field("padding", slot, "i8", names=("SAME", "VALID"))


def _activation(slot: int) -> Field:
    names = ("NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT")
    return Field("fused_activation_function", slot, "i8", names=names)


def _extent(name: str, slot: int, default: int = 0) -> Field:
    return Field(name, slot, "i32", default, positive=True)


_TYPES_TEXT = """
    FLOAT32 FLOAT16 INT32 UINT8 INT64 STRING BOOL INT16 COMPLEX64 INT8 FLOAT64 COMPLEX128 UINT64 RESOURCE VARIANT UINT32
    UINT16 INT4
"""
_TYPES = tuple(_TYPES_TEXT.split())
_POOL = Options(
    5,
    (
        _padding(0),
        _extent("stride_w", 1),
        _extent("stride_h", 2),
        _extent("filter_width", 3),
        _extent("filter_height", 4),
        _activation(5),
    ),
)
_REDUCER = Options(27, (Field("keep_dims", 0, "bool", False),))
_NONE = Options(0)

OPTIONS: Mapping[str, Options] = {
    "CONV_2D": Options(
        1,
        (
            _padding(0),
            _extent("stride_w", 1),
            _extent("stride_h", 2),
            _activation(3),
            _extent("dilation_w_factor", 4, 1),
            _extent("dilation_h_factor", 5, 1),
            Field("quantized_bias_type", 6, "i8", names=_TYPES),
        ),
    ),
    "DEPTHWISE_CONV_2D": Options(
        2,
        (
            _padding(0),
            _extent("stride_w", 1),
            _extent("stride_h", 2),
            Field("depth_multiplier", 3, "i32"),
            _activation(4),
            _extent("dilation_w_factor", 5, 1),
            _extent("dilation_h_factor", 6, 1),
        ),
    ),
    "FULLY_CONNECTED": Options(
        8,
        (
            _activation(0),
            Field("weights_format", 1, "i8", names=("DEFAULT", "SHUFFLED4x16INT8")),
            Field("keep_num_dims", 2, "bool", False),
            Field("asymmetric_quantize_inputs", 3, "bool", False),
            Field("quantized_bias_type", 4, "i8", names=_TYPES),
        ),
    ),
    "ADD": Options(11, (_activation(0), Field("pot_scale_int16", 1, "bool", True))),
    "SUB": Options(28, (_activation(0), Field("pot_scale_int16", 1, "bool", True))),
    "MUL": Options(21, (_activation(0),)),
    "AVERAGE_POOL_2D": _POOL,
    "MAX_POOL_2D": _POOL,
    "MEAN": _REDUCER,
    "SUM": _REDUCER,
    "PAD": Options(22),
    "PADV2": Options(43),
    "RESHAPE": Options(17, vectors=(("new_shape", 0),)),
    "SQUEEZE": Options(30, vectors=(("squeeze_dims", 0),)),
    "EXPAND_DIMS": Options(52),
    "SOFTMAX": Options(9, (Field("beta", 0, "f32", 0.0),)),
    "LOGISTIC": _NONE,
    "TANH": _NONE,
    "RELU": _NONE,
    "RELU6": _NONE,
    "RELU_N1_TO_1": _NONE,
    "LEAKY_RELU": Options(75, (Field("alpha", 0, "f32", 0.0),)),
    "HARD_SWISH": Options(91),
    "QUANTIZE": Options(89),
    "DEQUANTIZE": Options(38),
    "CONCATENATION": Options(10, (Field("axis", 0, "i32"), _activation(1))),
    "TRANSPOSE": Options(26),
    "SPLIT": Options(35, (Field("num_splits", 0, "i32"),)),
    "SPLIT_V": Options(79, (Field("num_splits", 0, "i32"),)),
    "SLICE": Options(48),
    "STRIDED_SLICE": Options(
        32,
        (
            Field("begin_mask", 0, "i32"),
            Field("end_mask", 1, "i32"),
            Field("ellipsis_mask", 2, "i32"),
            Field("new_axis_mask", 3, "i32"),
            Field("shrink_axis_mask", 4, "i32"),
            Field("offset", 5, "bool", False),
        ),
    ),
    "PACK": Options(59, (Field("values_count", 0, "i32"), Field("axis", 1, "i32"))),
    "UNPACK": Options(64, (Field("num", 0, "i32"), Field("axis", 1, "i32"))),
    "TRANSPOSE_CONV": Options(
        49,
        (
            _padding(0),
            _extent("stride_w", 1),
            _extent("stride_h", 2),
            _activation(3),
            Field("quantized_bias_type", 4, "i8", names=_TYPES),
        ),
    ),
    "ELU": _NONE,
    "SVDF": Options(
        6, (Field("rank", 0, "i32"), _activation(1), Field("asymmetric_quantize_inputs", 2, "bool", False))
    ),
    "VAR_HANDLE": Options(111, strings=(("container", 0), ("shared_name", 1))),
    "READ_VARIABLE": Options(112),
    "ASSIGN_VARIABLE": Options(113),
    "CALL_ONCE": Options(103, (Field("init_subgraph_index", 0, "i32"),)),
    "GATHER": Options(23, (Field("axis", 0, "i32"), Field("batch_dims", 1, "i32"))),
    "REVERSE_V2": Options(81),
    "RESIZE_BILINEAR": Options(
        15, (Field("align_corners", 2, "bool", False), Field("half_pixel_centers", 3, "bool", False))
    ),
    "RESIZE_NEAREST_NEIGHBOR": Options(
        74, (Field("align_corners", 0, "bool", False), Field("half_pixel_centers", 1, "bool", False))
    ),
    "MIRROR_PAD": Options(77, (Field("mode", 0, "i8", names=("REFLECT", "SYMMETRIC")),)),
    "SPACE_TO_DEPTH": Options(19, (Field("block_size", 0, "i32"),)),
    "DEPTH_TO_SPACE": Options(94, (Field("block_size", 0, "i32"),)),
    "SPACE_TO_BATCH_ND": Options(25),
    "BATCH_TO_SPACE_ND": Options(24),
    "MAXIMUM": Options(39),
    "MINIMUM": Options(39),
    "PRELU": _NONE,
    "REDUCE_MAX": _REDUCER,
    "REDUCE_MIN": _REDUCER,
    "ABS": Options(78),
    "BATCH_MATMUL": Options(
        101,
        (
            Field("adj_x", 0, "bool", False),
            Field("adj_y", 1, "bool", False),
            Field("asymmetric_quantize_inputs", 2, "bool", False),
        ),
    ),
    "CAST": Options(37),
    "EQUAL": Options(53),
    "NOT_EQUAL": Options(54),
    "GREATER": Options(44),
    "GREATER_EQUAL": Options(45),
    "LESS": Options(41),
    "LESS_EQUAL": Options(46),
    "LOGICAL_AND": Options(62),
    "LOGICAL_NOT": Options(63),
    "LOGICAL_OR": Options(60),
    "RSQRT": _NONE,
    "SELECT_V2": Options(98),
    "SQUARED_DIFFERENCE": Options(76),
    "ARG_MAX": Options(40),
    "ARG_MIN": Options(57),
}
_MAX_VECTOR = 8  # new_shape, squeeze_dims: one number a dimension


def read_options(name: str, code: int, table: Table | None) -> Mapping[str, Any]:
    """The options of operator `name` with defaults filled in; empty for an operator this table does not list.

    code: the file's number of the options' type, 0 when there are none. Raises DamagedError.
    """
    known = OPTIONS.get(name)
    if known is None:
        return MappingProxyType({})
    if table is None or code == 0:
        needs = [field.name for field in known.fields if field.positive and field.default == 0]
        if needs:
            raise DamagedError(f"has no options ({', '.join(needs)})")
        found: dict[str, Any] = {field.name: field.names[0] if field.names else field.default for field in known.fields}
        found |= {vector: () for vector, _ in known.vectors} | {string: "" for string, _ in known.strings}
        return MappingProxyType(found)
    if known.code and code != known.code:
        raise DamagedError(f"has options of another operator (type {code}, not {known.code})")
    found = {field.name: field.read(table) for field in known.fields}
    for vector, slot in known.vectors:
        values = table.array(slot, "<i4", vector)
        if values is not None and len(values) > _MAX_VECTOR:
            raise DamagedError(f"{vector} has {len(values)} elements, more than {_MAX_VECTOR}")
        found[vector] = () if values is None else tuple(int(value) for value in values)
    found |= {string: table.string(slot, string) for string, slot in known.strings}
    return MappingProxyType(found)
