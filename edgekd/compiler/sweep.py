"""How calls work through images row by row: what can run as one stage, and how close its buffers may lie.

A *stage* is one call, or a chain of calls in which each makes rows only when the next one needs them:

    rows of x   0 1 2 3 4 5        conv 3x3: row 2 of y needs rows 1 to 3 of x
    rows of y     0 1 2 3          1x1:      row 2 of z needs row 2 of y, which then is needed no more

so that y is a ring of one row. As z grows, x is used up from the top: z may be written where rows of x were.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import inf

from edgekd.compiler.graph import Tensor
from edgekd.compiler.lowered import KernelCall, Rows
from edgekd.compiler.packing import Overlap


def image_rows(tensor: Tensor) -> int:
    """Rows of the one image that `tensor` is, 0 when it is something else."""
    return tensor.shape[1] if len(tensor.shape) == 4 and tensor.shape[0] == 1 else 0


def rows_of(call: KernelCall) -> Rows | None:
    """How `call` goes through its image row by row, None when it cannot."""
    if call.images != 1 or len(call.outputs) != 1:
        return None
    if call.rows is not None:
        return call.rows
    height = image_rows(call.outputs[0])
    if call.run is None or not height or call.run.count % height:
        return None
    if any(image_rows(tensor) != height for tensor in call.inputs):
        return None
    return Rows(height, stride=1, reach=1, padding=0, input_rows=height)


class Sweep:
    """One pass over the output rows of the last of `calls`, from the first row down.

    calls: one call that `rows_of` knows, or several, each but the first reading the output of the one before.
    """

    def __init__(self, calls: Sequence[KernelCall]) -> None:
        self._calls = calls
        self._rows = [rows for call in calls if (rows := rows_of(call)) is not None]
        assert len(self._rows) == len(calls)

    @property
    def rows(self) -> int:
        """Of the last output."""
        return self._rows[-1].count

    def rows_needed(self, call: int, row: int) -> tuple[int, int]:
        """The input rows, first and behind the last, that `row` of `call` reads."""
        rows = self._rows[call]
        top = row * rows.stride - rows.padding
        return min(max(top, 0), rows.input_rows), max(min(top + rows.reach, rows.input_rows), 0)

    @cached_property
    def _done(self) -> list[list[int]]:
        """By row of the last output, and call: how many of its rows there are once that row is written."""
        found = []
        for row in range(self.rows):
            counts = [row + 1]
            for call in range(len(self._calls) - 1, 0, -1):
                counts.insert(0, self.rows_needed(call, counts[0] - 1)[1] if counts[0] else 0)
            found.append(counts)
        return found

    def ring_rows(self, call: int) -> int:
        """Rows of the output of `call` that the next call needs at once."""
        needed = (self.rows_needed(call + 1, row) for row in range(self._rows[call + 1].count))
        return max(1, *(last - first for first, last in needed))

    def overlap(self, source: Tensor) -> Overlap:
        """How the last output may lie towards `source`, which calls of this stage read and nothing after it."""
        return Overlap(below=self._below(source), above=self._above(source))

    def _below(self, source: Tensor) -> int:
        """Bytes by which the output must begin before `source`: what is written keeps behind what is still read."""
        target = self._calls[-1].outputs[0]
        out_row, in_row = target.nbytes // self.rows, source.nbytes // image_rows(source)
        most = -target.nbytes
        for row, done in enumerate(self._done):
            later: float = inf
            for call, kernel in enumerate(self._calls[:-1]):
                if source in kernel.inputs and done[call] < self._rows[call].count:
                    later = min(later, self.rows_needed(call, done[call])[0] * in_row)
            last = self._calls[-1]
            if source not in last.inputs:
                if later < inf:
                    most = max(most, (row + 1) * out_row - int(later))
            elif last.run is None:
                first = self.rows_needed(len(self._calls) - 1, row)[0] * in_row
                most = max(most, (row + 1) * out_row - int(min(later, first)))
            else:
                units = last.run.count // self.rows
                for written, unread in _unit_edges(units, last.run.buffered, out_row // units, in_row // units):
                    most = max(most, row * out_row + written - int(min(later, row * in_row + unread)))
        return most

    def _above(self, source: Tensor) -> int | None:
        """Bytes by which the output must begin after `source` does when rows are made from the last one up."""
        if len(self._calls) != 1:
            return None
        target = self._calls[0].outputs[0]
        out_row, in_row = target.nbytes // self.rows, source.nbytes // image_rows(source)
        return max(self.rows_needed(0, row)[1] * in_row - row * out_row for row in range(self.rows))


def run_overlap(call: KernelCall, source: Tensor) -> Overlap:
    """How the output of a run over anything but one image may lie towards its input `source`."""
    assert call.run is not None
    target = call.outputs[0]
    units, buffered = call.run.count, call.run.buffered
    if buffered >= units:
        return Overlap(below=-target.nbytes, above=-source.nbytes)
    edges = _unit_edges(units, buffered, target.nbytes // units, source.nbytes // units)
    return Overlap(below=max(written - unread for written, unread in edges))


def _unit_edges(units: int, buffered: int, out_unit: int, in_unit: int) -> list[tuple[int, int]]:
    """Bytes written, and where the bytes still to be read begin, at the moments that can matter: the first and the
    last, for both grow evenly in between."""
    if buffered == 0:
        return [(out_unit, 0), (units * out_unit, (units - 1) * in_unit)]
    return [(min(block, units) * out_unit, min(block, units) * in_unit) for block in (buffered, units)]
