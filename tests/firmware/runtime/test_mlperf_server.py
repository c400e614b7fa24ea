"""The MLPerf Tiny server against whatever a host may send, built with the sanitizers; MLPERF.md is what it must do."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from host_board import HostBoard
from mlperf_board import build_mlperf_board, keyword_model, one_layer_model

pytestmark = pytest.mark.cc

PROBABILITIES = (1 / 256, -128)
AD_INPUT, AD_OUTPUT = (0.5, 3), (0.25, -5)
BOOT = ["m-timestamp-mode-performance", "m-lap-us-1", "m-init-done"]


class Line:
    """The bare serial line to a board that has said its greeting."""

    def __init__(self, board: HostBoard) -> None:
        self._end = board.end
        self._end.settimeout(20)
        self._heard = b""
        self.greeting = self.hear()

    def hear(self) -> list[str]:
        """The lines before m-ready."""
        while not self._heard.endswith(b"m-ready\r\n"):
            self._heard += self._end.recv(65536)
        text, self._heard = self._heard.decode("ascii"), b""
        assert text.count("m-ready") == 1 and text.count("\n") == text.count("\r\n")
        return text.split("\r\n")[:-2]

    def ask(self, command: str) -> list[str]:
        self._end.sendall(command.encode() + b"%")
        return self.hear()

    def load(self, data: bytes, count: int | None = None) -> None:
        assert self.ask(f"db load {count or len(data)}") == [f"m-[Expecting {count or len(data)} bytes]"]
        pieces = [data[start : start + 31] for start in range(0, len(data), 31)]
        told = [self.ask(f"db {piece.hex()}") for piece in pieces]
        assert told[:-1] == [[]] * (len(told) - 1)
        assert told[-1] == (["m-load-done"] if count in (None, len(data)) else [])


@contextmanager
def line_to(program: Path) -> Iterator[Line]:
    board = HostBoard(program)
    try:
        yield Line(board)
    finally:
        board.end.shutdown(socket.SHUT_RDWR)
        board.close()


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("mlperf")
    models = {
        "kws01": keyword_model(),
        "ic01": one_layer_model(3072, 10, (1.0, -128), PROBABILITIES),
        "ad01": one_layer_model(640, 640, AD_INPUT, AD_OUTPUT),
    }
    return {name: build_mlperf_board(folder / name, name, model) for name, model in models.items()}


@pytest.fixture
def kws(programs: dict[str, Path]) -> Iterator[Line]:
    with line_to(programs["kws01"]) as line:
        yield line


def results(lines: list[str]) -> list[float]:
    (only,) = [line for line in lines if line.startswith("m-results-[")]
    return [float(number) for number in only.removeprefix("m-results-[").removesuffix("]").split(",")]


def printed(value: float) -> float:
    return float(f"{value:.3f}")


def test_it_says_who_it_is(kws: Line) -> None:
    assert kws.greeting == BOOT
    assert kws.ask("name") == ["m-name-dut-[host]"]
    assert kws.ask("profile") == ["m-profile-[ULPMark for tinyML Firmware V0.0.1]", "m-model-[kws01]"]
    assert any("infer" in line for line in kws.ask("help"))
    assert kws.ask("") == [] == kws.ask("   ")


def test_each_possible_probability_is_printed_as_printf_does(kws: Line) -> None:
    for start in range(-128, 128, 12):
        values = [max(-128, min(value, 127)) for value in range(start, start + 12)]
        values[0] = 100 if values[0] == 101 else values[0]  # one the engine fails at
        kws.load(np.array(values + [0] * 478, np.int8).tobytes())
        assert results(kws.ask("infer 1 0")) == [printed((value + 128) / 256) for value in values]


def test_an_inference_is_answered_line_by_line_and_its_results_again(kws: Line) -> None:
    kws.load(bytes(490))
    told = kws.ask("infer 5 2")
    start = int(told[3].removeprefix("m-lap-us-"))
    answer = "m-results-[" + ",".join(["0.500"] * 12) + "]"
    laps = [f"m-lap-us-{start}", f"m-lap-us-{start + 6}"]  # a reading for each inference, and the last
    assert told == ["m-warmup-start-2", "m-warmup-done", "m-infer-start-5", *laps, "m-infer-done", answer]
    assert kws.ask("results") == [answer]
    assert kws.ask("infer")[0] == "m-warmup-start-10"


def test_every_inference_of_a_run_has_the_input_anew(kws: Line) -> None:
    kws.load(bytes([7]) * 490)
    assert results(kws.ask("infer 3 2")) == [printed(135 / 256)] * 12


def test_images_are_pixels_minus_128(programs: dict[str, Path]) -> None:
    with line_to(programs["ic01"]) as line:
        pixels = bytes(range(0, 250, 25))
        line.load(pixels + bytes(3062))
        assert results(line.ask("infer 1 0")) == [printed(pixel / 256) for pixel in pixels]
        assert line.ask("db print")[0] == "m-buffer-" + "-".join(f"{pixel:02x}" for pixel in pixels[:8])


def test_the_anomaly_score_is_the_mean_square_distance(programs: dict[str, Path]) -> None:
    chance = np.random.default_rng(2)
    rows = [chance.normal(0, scale, 640).astype("<f4") for scale in (1, 20, 1e5)]
    rows[0][:4] = [0.25, -0.25, 0.75, -0.75]  # halves go away from zero
    with line_to(programs["ad01"]) as line:
        for x in rows:
            scaled = x / np.float32(AD_INPUT[0])
            q = np.clip(np.sign(scaled) * np.floor(np.abs(scaled) + 0.5) + AD_INPUT[1], -128, 127)
            expected = np.mean(((q - AD_OUTPUT[1]) * AD_OUTPUT[0] - x.astype(np.float64)) ** 2)
            line.load(x.tobytes())
            assert results(line.ask("infer 2 0")) == pytest.approx([expected], rel=1e-4, abs=5e-4)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_an_anomaly_input_that_is_no_number_is_refused(bad: float, programs: dict[str, Path]) -> None:
    with line_to(programs["ad01"]) as line:
        x = np.zeros(640, "<f4")
        x[17] = bad
        line.load(x.tobytes())
        assert line.ask("infer 1 0") == ["e-[input value 17 is not a finite number]"]
        line.load(np.full(640, 3e38, "<f4").tobytes())
        assert line.ask("infer 1 0")[-1] == "e-[the result is too large to tell]"


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("setup", "Unknown command: setup"),
        ("infer\n", "Unknown command: infer?"),
        ("\x80\xffx", "Unknown command: ????x"),
        ("name x", "Wrong number of arguments: name"),
        ("infer 1 2 3", "Wrong number of arguments: infer"),
        ("x" * 81, "Command longer than 80 characters"),
        ("db " + "00" * 500, "Command longer than 80 characters"),
        ("infer 0", "infer: not a number of inferences"),
        ("infer -1", "infer: not a number of inferences"),
        ("infer 1000000000", "infer: not a number of inferences"),
        ("infer 1 x", "infer: not a number of warm-up inferences"),
        ("results", "no results: infer first"),
        ("infer 1 0", "0 of 490 input bytes are loaded"),
        ("db", "db: not load N, print or hex digits"),
        ("db load", "db: not load N, print or hex digits"),
        ("db load 490 1", "db: not load N, print or hex digits"),
        ("db 00 11", "db: not load N, print or hex digits"),
        ("db load 0", "db load: not a number of bytes"),
        ("db load 49O", "db load: not a number of bytes"),
        ("db load 491", "db load: more bytes than the input has"),
        ("db load 99999999999999999999", "db load: not a number of bytes"),
        ("db 00", "db: more bytes than db load announced"),
    ],
)
def test_what_is_not_in_the_grammar_is_an_error(command: str, error: str, kws: Line) -> None:
    assert kws.ask(command) == [f"e-[{error}]"]
    kws.load(bytes(490))
    assert results(kws.ask("infer 1 0")) == [0.5] * 12


@pytest.mark.parametrize(
    ("spoiled", "error"),
    [
        ("db 0", "db: an odd number of hex digits"),
        ("db 0g", "db: not a hex digit"),
        ("db 00 00", "db: not load N, print or hex digits"),
        ("db " + "00" * 31, "db: more bytes than db load announced"),
    ],
)
def test_a_damaged_load_gives_no_result(spoiled: str, error: str, kws: Line) -> None:
    kws.load(bytes(490))
    kws.ask("infer 1 0")
    kws.load(bytes(470), count=490)
    assert kws.ask("infer 1 0") == ["e-[470 of 490 input bytes are loaded]"]
    assert kws.ask("results") == ["e-[no results: infer first]"]
    assert kws.ask(spoiled) == [f"e-[{error}]"]
    assert kws.ask("db " + "00" * 20) == ["e-[db: more bytes than db load announced]"]
    assert kws.ask("infer 1 0") == ["e-[0 of 490 input bytes are loaded]"]


def test_a_load_of_another_size_gives_no_result(kws: Line) -> None:
    kws.load(bytes(49))
    assert kws.ask("infer 1 0") == ["e-[49 of 490 input bytes are loaded]"]


def test_what_is_loaded_can_be_read_back(kws: Line) -> None:
    kws.load(bytes(range(11)), count=490)
    assert kws.ask("db print") == ["m-buffer-00-01-02-03-04-05-06-07", "m-buffer-08-09-0a"]


def test_a_failing_model_gives_no_result(kws: Line, tmp_path: Path) -> None:
    kws.load(bytes([101]) + bytes(489))
    assert kws.ask("infer 2 0")[-1] == "e-[the model failed with code -3]"
    assert kws.ask("results") == ["e-[no results: infer first]"]
    with line_to(build_mlperf_board(tmp_path / "fails", "kws01", keyword_model(), "TOY_SETUP_FAILS")) as line:
        assert line.ask("infer 1 0") == ["e-[setting the model up failed with code -5]"]


def test_time_goes_on_when_the_counter_wraps(tmp_path: Path) -> None:
    step = 0x60000000
    defines = [f"TICKS_PER_READING={step}u", "EDGEKD_PORT_TICK_HZ=1000000u"]
    with line_to(build_mlperf_board(tmp_path / "wraps", "kws01", keyword_model(), *defines)) as line:
        line.load(bytes(490))
        laps = [int(text.removeprefix("m-lap-us-")) for text in line.ask("infer 9 0")[3:5]]
        assert laps[0] > 1 << 32
        assert laps[1] - laps[0] == 10 * step


def commands(chance: random.Random) -> Iterator[bytes]:
    """Commands of the grammar, most of them spoiled, and noise."""
    while True:
        kind = chance.randrange(8)
        if kind == 0:
            yield chance.randbytes(chance.choice([1, 5, 79, 80, 81, 200])).replace(b"%", b"") + b"%"
            continue
        if kind < 4:
            words = [b"db load 490%", *[b"db " + chance.randbytes(31).hex().encode() + b"%"] * 15]
            words += [b"db " + bytes(25).hex().encode() + b"%", b"infer 1 0%", b"results%"]
        else:
            count = chance.choice([0, 1, 31, 489, 490, 491])
            words = [b"db load %d%%" % count, b"db print%", b"db 00%", b"infer 2 1%", b"name%", b"infer 0%"]
        text = bytearray(b"".join(words))
        for _ in range(chance.choice([0, 0, 1, 1, 2, 9])):
            at = chance.randrange(len(text))
            text[at : at + chance.randrange(2)] = chance.choice([b"", b"%", b" ", text[at : at + 1] * 2, b"g", b"\0"])
        yield bytes(text)


def test_a_storm_of_spoiled_commands_does_no_harm_and_gives_no_result_without_an_input(
    programs: dict[str, Path],
) -> None:
    sent = b"".join(text for text, _ in zip(commands(random.Random(5)), range(3000), strict=False))
    board = HostBoard(programs["kws01"])
    heard = bytearray()

    def drain() -> None:
        while data := board.end.recv(65536):
            heard.extend(data)

    reader = threading.Thread(target=drain)
    reader.start()
    board.end.sendall(sent)
    board.end.shutdown(socket.SHUT_WR)
    reader.join(60)
    assert not reader.is_alive()
    board.close()
    lines = heard.decode("ascii").split("\r\n")
    assert lines.count("m-ready") == sent.count(b"%") + 1
    announced, loaded, seen = 0, False, 0
    for line in lines:
        if line.startswith("m-[Expecting "):
            announced, loaded = int(line.split()[1]), False
        elif line.startswith("e-[db"):
            announced, loaded = 0, False
        elif line == "m-load-done":
            loaded = announced == 490
        elif line.startswith("m-results-["):
            assert loaded
            seen += 1
    assert seen > 500
