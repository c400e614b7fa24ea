"""`edgekd eval --farm`: a model measured on all free boards of a farm at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgekd.compiler.graph import Graph
from edgekd.compiler.reader import read_tflite
from edgekd.convert import tflm
from edgekd.device.farm import Farm, load_farm
from edgekd.evaluate.answers import Answers, Sample, collect, link_figures, subject_of
from edgekd.evaluate.journal import Journal, Source
from edgekd.evaluate.metrics import per_inference
from edgekd.evaluate.samples import read_test_set
from edgekd.evaluate.scores import Task, TestSet, prepare, scored
from edgekd.evaluate.spread import Share, builds_for, own_journal, require_independent, spread
from edgekd.evaluate.under_test import ORACLE, may_be_emulated
from edgekd.firmware.board import load_board
from edgekd.progress import Progress, silent


def eval_on_farm(
    model: Path,
    farm: Path | Farm,
    data: Path | tuple[npt.NDArray[Any], npt.NDArray[np.int64]],
    *,
    board: str | None = None,
    task: Task | None = None,
    samples: int | None = None,
    engine: str = "aot",
    journal: Path | None = None,
    wait: float = 0.0,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Spread a test set over all free boards of a farm and compare every output byte with TensorFlow Lite Micro's.

    farm: a file, see edgekd.device.farm. board: only those of this profile; else of any, the model built for each kind.
    A board is flashed when it can be and does not run the model. One that is in use is left out, or waited for `wait`
    seconds; one that is lost on the way leaves its samples to the others. The rest as in api.eval_model.
    Returns its JSON values, and `boards`: for each what it did. per_inference is None where kinds of boards differ.
    Raises InputError for what cannot be evaluated, DeviceError when no board is left.
    """
    pool = load_farm(farm) if isinstance(farm, Path) else farm
    x, y = read_test_set(data, samples) if isinstance(data, Path) else (data[0][:samples], data[1][:samples])
    graph = read_tflite(model)
    require_independent(model, bool(graph.variables))
    tests = prepare(graph, model, x, y, task)
    profiles = {entry.profile: load_board(entry.profile) for entry in pool.matching(board)}
    shares = [Share(entry, profiles[entry.profile]) for entry in pool.matching(board)]
    inputs: list[Sample] = [[sample[None]] for sample in tests.inputs]
    builds = builds_for(model, shares, engine, lambda words: progress(0, len(inputs), words))
    subject = subject_of(graph, [tests.inputs])
    own = own_journal(subject.model_dump_json() + engine, builds) if journal is None else None
    whole = False
    with Journal(subject, journal or own) as kept:
        try:
            spread(kept, inputs, model, pool, shares, builds, wait=wait, progress=progress)
            result = _result(model, graph, tests, inputs, kept, shares, engine)
            whole = True
        finally:
            if own is not None and (whole or not kept.answered):
                own.unlink(missing_ok=True)
    result["journal"]["file"] = str(journal) if journal else None
    return {**result, "farm": str(pool.path)}


def _result(
    model: Path,
    graph: Graph,
    tests: TestSet,
    inputs: Sequence[Sample],
    journal: Journal,
    shares: Sequence[Share],
    engine: str,
) -> dict[str, Any]:
    answers = collect(journal, graph)
    expected = tflm.run(model, inputs).outputs
    equal = [
        all(ours.tobytes() == theirs.tobytes() for ours, theirs in zip(*pair, strict=True))
        for pair in zip(answers.outputs, expected, strict=True)
    ]
    boards = _boards(journal, shares, answers, equal)
    kinds = {board["profile"] for board in boards if board["answered"]}
    return {
        "model": str(model),
        "model_sha256": graph.sha256,
        "board": ", ".join(sorted(kinds)),
        "engine": engine,
        "samples": tests.samples,
        "inferences": len(inputs),
        **scored(tests, graph, answers.outputs),
        "bit_exact": {"oracle": ORACLE, "equal": sum(equal), "of": len(equal)},
        "per_inference": _together(journal, shares, answers) if len(kinds) == 1 else None,
        "link": answers.link,
        "ram_bytes": {"arena": answers.arena_bytes, "stack": answers.stack_bytes},
        "boards": boards,
        "journal": {"file": None, "kept": journal.kept, "damaged_lines": journal.damaged_lines},
    }


def _boards(journal: Journal, shares: Sequence[Share], answers: Answers, equal: Sequence[bool]) -> list[dict[str, Any]]:
    """What each board did: those of the farm, then those that an earlier, interrupted run had besides."""
    by_name = {share.board.name: share for share in shares}
    indices: dict[str, list[int]] = {name: [] for name in by_name}
    sources: dict[str, Source] = {}
    for answer in journal.answers():
        source = journal.sessions[answer.session]
        indices.setdefault(_name(source), []).append(answer.index)
        sources[_name(source)] = source
    rows = []
    for name, mine in indices.items():
        share, source_or_none = by_name.get(name), sources.get(name)
        rows.append(
            {
                "name": name,
                "profile": source_or_none.board if source_or_none else share and share.profile.name,
                "port": source_or_none.port if source_or_none else share and (share.board.port or share.board.place),
                "build_id": source_or_none.build_id if source_or_none else None,
                "state": share.state if share else "earlier",
                "why": share.why if share else "",
                "restarts": share.restarts if share else 0,
                "answered": len(mine),
                "link": _link(journal, name),
                "equal": sum(equal[index] for index in mine),
                "per_inference": _figures(source_or_none, share, [answers.ticks[index] for index in mine]),
            }
        )
    return rows


def _together(journal: Journal, shares: Sequence[Share], answers: Answers) -> dict[str, Any] | None:
    """Figures of all answers, where all boards are of one kind; None where some are emulated and others are not."""
    sources = [journal.sessions[answer.session] for answer in journal.answers()]
    share = next((share for share in shares if share.profile.name == sources[0].board), None)
    if len({source.port == "emulated" for source in sources}) > 1:
        return None
    return _figures(sources[0], share, answers.ticks)


def _figures(source: Source | None, share: Share | None, ticks: Sequence[int]) -> dict[str, Any] | None:
    if source is None or not ticks:
        return None
    profile = share.profile if share else load_board(source.board)
    emulated = True if source.port == "emulated" else may_be_emulated(source.port, profile)
    return per_inference(ticks, profile, emulated=emulated)


def _link(journal: Journal, name: str) -> dict[str, Any]:
    """What the board's sessions took on the wire."""
    endings = journal.endings.items()
    return link_figures(ending for session, ending in endings if _name(journal.sessions[session]) == name)


def _name(source: Source) -> str:
    return source.name or source.board
