from __future__ import annotations

from io import StringIO
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from rich.table import Table

from edgekd.evaluate.metrics import class_figures
from edgekd.report.tables import classes_table, eval_table, link_rows

RESULT: dict[str, Any] = {
    "model": "m.tflite",
    "board": "mps2-an386",
    "task": "classify",
    "samples": 10,
    "accuracy": 0.9,
    "accuracy_interval_95": [0.596, 0.982],
    "macro_f1": 0.8888,
    "per_class": class_figures([[5, 1], [0, 4]]),
    "auc": None,
    "auc_interval_95": None,
    "bit_exact": {"oracle": "TensorFlow Lite Micro", "equal": 10, "of": 10},
    "per_inference": {
        "instructions": 2000, "cycles": None, "micros": None, "source": "", "minimum": 1000, "p50": 2000, "p90": 2100,
        "p99": 3000, "maximum": 4000,
    },
    "link": {"bytes_sent": 1000, "bytes_received": 100, "retries": 0, "seconds": 1.0},
    "journal": {"file": None, "kept": 0, "damaged_lines": 0},
}  # fmt: skip


def shown(table: Table) -> str:
    text = StringIO()
    Console(width=100, file=text).print(table)
    return text.getvalue()


def test_a_classifier_s_figures() -> None:
    text = shown(eval_table(RESULT))
    assert "90.00 %" in text and "59.6 to 98.2" in text and "0.8888" in text and "AUC" not in text
    assert "1,000 to 4,000" in text and "2,000, 2,100, 3,000" in text
    assert "kept" not in text


@pytest.mark.parametrize(("interval", "says"), [([0.81234, 0.9], "0.8123 to 0.9000"), (None, "no interval")])
def test_an_anomaly_detector_s_figures(interval: Any, says: str) -> None:
    text = shown(eval_table({**RESULT, "task": "anomaly", "auc": 0.87654, "auc_interval_95": interval}))
    assert "0.8765" in text and says in " ".join(text.split()) and "accuracy" not in text


def test_what_was_kept_from_before_is_said() -> None:
    text = shown(eval_table({**RESULT, "journal": {"file": "j", "kept": 7, "damaged_lines": 2}}))
    assert "kept from before" in text and "7 of 10" in " ".join(text.split()) and "damaged journal lines" in text


def test_classes_have_a_row_each_and_their_names_are_no_markup() -> None:
    text = shown(classes_table({**RESULT, "class_names": ["[bold]shirt", "coat"]}))
    assert [line.split() for line in text.splitlines()[2:]] == [
        ["[bold]shirt", "1.0000", "0.8333", "0.9091", "6"],
        ["coat", "0.8000", "1.0000", "0.8889", "4"],
    ]


def test_of_many_classes_the_worst_are_shown() -> None:
    confusion = np.diag(np.full(100, 9))
    confusion[70, 3] = 9
    text = shown(classes_table({**RESULT, "per_class": class_figures(confusion.tolist())}))
    assert "30 of 100 classes" in text
    assert [line.split()[0] for line in text.splitlines()[2:4]] == ["3", "70"]
    assert len(text.splitlines()) == 32


def test_the_serial_link_s_row_tells_its_rate_and_what_did_not_work() -> None:
    link = {**RESULT["link"], "baud": [115_200], "baud_refused": [921_600]}
    ((*_, note),) = link_rows(link)
    assert note.endswith("0 retries, 115200 baud, 921600 baud did not work")
    for without in (RESULT["link"], {**link, "baud": [], "baud_refused": []}):
        ((*_, note),) = link_rows(without)
        assert note.endswith("0 retries")
