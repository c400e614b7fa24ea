"""C that looks at its tensors is the C that is deployed, with looks in it."""

from __future__ import annotations

from pathlib import Path

import graphs
import pytest
from small_models import classifier

from edgekd.compiler import PlanOptions, compile_model
from edgekd.compiler.plan import Optimize
from edgekd.compiler.probes import Probe


def model(tmp_path: Path, kind: str) -> Path:
    path = tmp_path / f"{kind}.tflite"
    chains = [("chain", 100 + n) for n in range(12)]
    path.write_bytes(classifier() if kind == "classifier" else graphs.random_graph(chains).data)
    return path


@pytest.mark.parametrize("optimize", ["speed", "ram"])
@pytest.mark.parametrize("kind", ["classifier", "chains"])
@pytest.mark.parametrize("target", ["host", "cortex-m4"])
def test_a_traced_build_differs_by_its_looks_alone(optimize: Optimize, kind: str, target: str, tmp_path: Path) -> None:
    path, options = model(tmp_path, kind), PlanOptions("arena", optimize)
    plain = compile_model(path, tmp_path / "plain", target=target, name="m", options=options)
    traced = compile_model(path, tmp_path / "traced", target=target, name="m", options=options, traced=True)
    assert traced.plan == plain.plan and plain.probes == ()
    names = {file.name for file in plain.files}
    assert {file.name for file in traced.files} == names | {"trace.c", "trace.h"}
    for name in names:
        ours, theirs = (tmp_path / "plain" / name).read_text(), (tmp_path / "traced" / name).read_text()
        assert "edgekd_trace" not in ours
        if name == "m.c":
            added = ("edgekd_trace(", '#include "trace.h"')
            theirs = "".join(line for line in theirs.splitlines(keepends=True) if not line.strip().startswith(added))
        if name == "m.h":
            begin = theirs.index("\n/* Places where this build looks")
            theirs = theirs[:begin] + theirs[theirs.index("\n", theirs.index("#define M_PROBES")) + 1 :]
        assert theirs == ours


def test_each_tensor_is_seen_when_it_is_made_and_before_each_step_that_reads_it(tmp_path: Path) -> None:
    options = PlanOptions("arena", "speed")
    compiled = compile_model(model(tmp_path, "classifier"), tmp_path, target="host", options=options, traced=True)

    def look(probe: Probe) -> tuple[int, str, int | None]:
        return probe.operator, probe.moment, probe.maker

    assert [probe.number for probe in compiled.probes] == list(range(len(compiled.probes)))
    assert [look(probe) for probe in compiled.probes] == [
        (0, "read", None),  # the model's input: nobody has made it
        (0, "made", 1),
        (1, "read", 1),
        (1, "made", 3),
        (2, "read", 3),
        (2, "made", 5),
        (3, "read", 1),  # the shortcut
        (3, "read", 5),
        (3, "made", 8),
        (4, "read", 8),
        (4, "made", 10),
        (6, "read", 10),  # reshaped in between: the same bytes
        (6, "made", 12),
        (7, "read", 12),
        (7, "made", 14),
    ]


def test_what_is_used_up_within_a_step_is_seen_once(tmp_path: Path) -> None:
    options = PlanOptions("arena", "ram")
    compiled = compile_model(model(tmp_path, "classifier"), tmp_path, target="host", options=options, traced=True)
    chains = [stage.calls for stage in compiled.plan.stages if len(stage.calls) > 1]
    assert chains
    for calls in chains:
        inside = {call.index for call in (compiled.graph.operators[step].outputs[0] for step in calls[:-1])}
        looks = [probe for probe in compiled.probes if probe.tensor.index in inside]
        assert len(looks) == len(inside) and {probe.moment for probe in looks} == {"made"}
