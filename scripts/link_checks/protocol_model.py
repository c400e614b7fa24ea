"""The protocol of firmware/runtime/PROTOCOL.md as two state machines and a channel that loses, repeats and resets.

What edgekd/device/exchange.py with window.py (the host) and firmware/runtime/server.c (the board) do with a frame, one
frame a step; bytes, checksums and times are left out: a damaged frame is a lost one, with a notice or without, and a
wait may end at any time. A result is one frame. The numbers of frames wrap as on the wire, but soon.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

Session = tuple[int, int]  # greeting, boot of the board
Message = tuple[object, ...]

BUGS = {
    "any result is the next": "the host takes a result for the next one whatever its number",
    "old frames run": "the board takes an input frame that it has had for the next one",
    "no going back": "the host sends nothing again",
    "results are forgotten": "the board keeps no result that it has sent",
    "acknowledged unseen": "the host acknowledges a result more than it has",
    "window beyond numbers": "so many frames are under way that old and new have the same number",
    "sample of before": "after a restart the host begins with the sample after the one without a result",
}


class ViolationError(Exception):
    """Something that must never happen."""


@dataclass(frozen=True)
class Limits:
    """samples: to be sent, in `frames` input frames each. results: how many the board keeps. window: input frames that
    may be under way. numbers: of frames, before they begin again. channel: messages under way in each direction.
    restarts: of the board. early: waits may end while messages are still under way. bug: one of BUGS, or "".
    """

    samples: int
    frames: int
    results: int
    window: int
    numbers: int
    channel: int
    restarts: int
    early: bool
    bug: str = ""


class Sync(NamedTuple):
    """The host's latest question, while its answer is awaited."""

    position: int
    send_again: bool
    pauses: bool


class Host(NamedTuple):
    """greeting: number of the present one. session: None until it is answered. start: the first sample of the session.
    acks: for each sample begun in it, the result frame that was expected then. first, sent, ever: input frames that the
    board has, that were sent, that were ever sent. results: accepted in this session; accepted: in all."""

    greeting: int = 0
    session: Session | None = None
    start: int = 0
    acks: tuple[int, ...] = ()
    first: int = 0
    sent: int = 0
    ever: int = 0
    results: int = 0
    accepted: int = 0
    sync: Sync | None = None

    @property
    def waits(self) -> bool:
        """Whether a sample of this session is without a result."""
        return len(self.acks) > self.results


class Board(NamedTuple):
    """expected: the next input frame. pieces: of the sample that is coming in. kept: samples whose results are kept, of
    which the first has the number `acknowledged`."""

    boot: int = 0
    session: Session | None = None
    expected: int = 0
    pieces: tuple[tuple[int, int], ...] = ()
    kept: tuple[int, ...] = ()
    acknowledged: int = 0
    gap_told: bool = False

    @property
    def made(self) -> int:
        return self.acknowledged + len(self.kept)


class State(NamedTuple):
    host: Host
    board: Board
    to_board: tuple[Message, ...] = ()
    to_host: tuple[Message, ...] = ()


START = State(Host(greeting=1), Board())


class Model:
    """What may happen next in a state. Raises ViolationError when it must not."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits

    def is_done(self, state: State) -> bool:
        return state.host.accepted == self.limits.samples

    def steps(self, state: State) -> Iterator[tuple[str, State]]:
        """(what happens, the state after it)."""
        yield from self._channel_steps(state)
        if self.is_done(state):
            return
        if state.board.boot < self.limits.restarts:
            yield "the board restarts", state._replace(board=Board(boot=state.board.boot + 1))
        if len(state.to_board) < self.limits.channel:
            yield from self._host_steps(state)

    # The channel

    def _channel_steps(self, state: State) -> Iterator[tuple[str, State]]:
        if state.to_board:
            head, rest = state.to_board[0], state.to_board[1:]
            yield f"lost: {head}", state._replace(to_board=rest)
            yield f"damaged: {head}", self._say(state._replace(to_board=rest), [("notice", state.board.session)])
            for name, left in (("arrives", rest), ("arrives, and again", state.to_board)):
                after, said = self._board_takes(state.board, head)
                yield f"{name}: {head}", self._say(state._replace(board=after, to_board=left), said)
        if state.to_host:
            head, rest = state.to_host[0], state.to_host[1:]
            yield f"lost: {head}", state._replace(to_host=rest)
            yield f"damaged: {head}", self._ask(state._replace(to_host=rest), send_again=True, pauses=False)
            yield f"arrives: {head}", self._host_takes(state._replace(to_host=rest), head)
            yield f"arrives, and again: {head}", self._host_takes(state, head)

    def _say(self, state: State, messages: list[Message]) -> State:
        """What finds no room on the line is lost."""
        return state._replace(to_host=(state.to_host + tuple(messages))[: self.limits.channel])

    # The host

    def _host_steps(self, state: State) -> Iterator[tuple[str, State]]:
        host = state.host
        silent = self.limits.early or not (state.to_board or state.to_host)
        if host.session is None:
            if silent:
                yield "the host greets", state._replace(to_board=(*state.to_board, ("hello", host.greeting)))
            return
        if silent and host.waits:
            yield "the host asks", self._ask(state, send_again=True, pauses=True)
        if host.sync is not None and host.sync.pauses:
            return
        if host.sent < len(host.acks) * self.limits.frames and host.sent - host.first < self._window():
            yield self._send_input(state)

    def _begin(self, host: Host) -> Host:
        """Begin the samples that may be begun; the host does so before it does anything else."""
        begun = host.start + len(host.acks)
        if begun < self.limits.samples and begun - host.accepted < self.limits.results:
            return self._begin(host._replace(acks=(*host.acks, host.results)))
        return host

    def _window(self) -> int:
        return self.limits.numbers + 1 if self.limits.bug == "window beyond numbers" else self.limits.window

    def _send_input(self, state: State) -> tuple[str, State]:
        host, number = state.host, state.host.sent
        sample, part = divmod(number, self.limits.frames)
        ack = host.acks[sample] + (self.limits.bug == "acknowledged unseen")
        frame = ("input", host.session, number % self.limits.numbers, ack, (host.start + sample, part))
        host = host._replace(sent=number + 1, ever=max(host.ever, number + 1))
        return f"sent: {frame}", state._replace(host=host, to_board=(*state.to_board, frame))

    def _ask(self, state: State, *, send_again: bool, pauses: bool) -> State:
        host = state.host
        if host.session is None or not host.waits or len(state.to_board) >= self.limits.channel:
            return state
        before = host.sync
        sync = Sync(
            host.sent,
            send_again or (before is not None and before.send_again),
            pauses or (before is not None and before.pauses),
        )
        to_board = tuple(map(_outdated, state.to_board))
        to_host = tuple(map(_outdated, state.to_host))
        frame = ("sync", host.session, True, host.results, send_again)
        return State(host._replace(sync=sync), state.board, (*to_board, frame), to_host)

    def _host_takes(self, state: State, message: Message) -> State:
        host, kind, session = state.host, message[0], message[1]
        if kind == "greeted":
            assert isinstance(session, tuple)
            if host.session is None and session[0] == host.greeting:
                host = Host(host.greeting, session, start=host.accepted, accepted=host.accepted)
                if self.limits.bug == "sample of before" and session[1] > 0:
                    host = host._replace(start=min(host.accepted + 1, self.limits.samples - 1))
                return state._replace(host=self._begin(host))
            return state
        if host.session is None or session != host.session:
            return state
        if kind == "not greeted":
            return state._replace(host=host._replace(session=None, greeting=host.greeting + 1, sync=None))
        if not host.waits:
            return state
        if kind == "notice" or (kind == "ack" and message[3]):
            if kind == "ack":
                state = state._replace(host=self._advance(host, message[2]))
            return self._ask(state, send_again=False, pauses=True)
        if kind == "ack":
            return state._replace(host=self._advance(host, message[2]))
        if kind == "answer":
            return self._host_takes_answer(state, message)
        return self._host_takes_result(state, message)

    def _advance(self, host: Host, expected: object) -> Host:
        assert isinstance(expected, int)
        more = (expected - host.first) % self.limits.numbers
        if not 0 < more <= host.ever - host.first:
            return host
        first = host.first + more
        return host._replace(first=first, sent=max(host.sent, first))

    def _host_takes_answer(self, state: State, message: Message) -> State:
        host, sync = state.host, state.host.sync
        _, _, latest, expected, made = message
        if sync is None or not latest:
            return state
        assert isinstance(expected, int) and isinstance(made, int)
        host = self._advance(host._replace(sync=None), expected)
        if (sync.position - expected) % self.limits.numbers and self.limits.bug != "no going back":
            host = host._replace(sent=host.first)
        state = state._replace(host=host)
        if made != host.results % self.limits.numbers:
            return self._ask(state, send_again=True, pauses=False)
        return state

    def _host_takes_result(self, state: State, message: Message) -> State:
        _, _, number, expected, sample = message
        host = self._advance(state.host, expected)
        state = state._replace(host=host)
        assert isinstance(number, int)
        ahead = (number - host.results) % self.limits.numbers
        if ahead and self.limits.bug != "any result is the next":
            again = host.sync is not None and host.sync.send_again
            is_gap = ahead < self.limits.numbers // 2
            return self._ask(state, send_again=True, pauses=False) if is_gap and not again else state
        if sample != host.accepted:
            raise ViolationError(f"the result of sample {sample} is accepted for sample {host.accepted}")
        host = host._replace(results=host.results + 1, accepted=host.accepted + 1)
        return state._replace(host=self._begin(host))

    # The board

    def _board_takes(self, board: Board, message: Message) -> tuple[Board, list[Message]]:
        kind, session = message[0], message[1]
        if kind == "hello":
            assert isinstance(session, int)
            wanted = (session, board.boot)
            if board.session != wanted:
                board = Board(boot=board.boot, session=wanted)
            return board, [("greeted", wanted)]
        if board.session is None or session != board.session:
            return board, [("not greeted", session)]
        if kind == "sync":
            return self._board_answers(board, message)
        return self._board_takes_input(board, message)

    def _acknowledged(self, board: Board, ack: object) -> Board:
        assert isinstance(ack, int)
        more = (ack - board.acknowledged) % self.limits.numbers
        if more > len(board.kept):
            return board
        return board._replace(acknowledged=board.acknowledged + more, kept=board.kept[more:])

    def _board_answers(self, board: Board, message: Message) -> tuple[Board, list[Message]]:
        _, session, latest, ack, send_again = message
        board = self._acknowledged(board._replace(gap_told=False), ack)
        said: list[Message] = []
        if send_again and self.limits.bug != "results are forgotten":
            said = [self._result(board, at) for at in range(len(board.kept))]
        numbers = self.limits.numbers
        return board, [*said, ("answer", session, latest, board.expected % numbers, board.made % numbers)]

    def _result(self, board: Board, at: int) -> Message:
        numbers = self.limits.numbers
        number = (board.acknowledged + at) % numbers
        return ("result", board.session, number, board.expected % numbers, board.kept[at])

    def _board_takes_input(self, board: Board, message: Message) -> tuple[Board, list[Message]]:
        _, session, number, ack, piece = message
        assert isinstance(number, int)
        numbers = self.limits.numbers
        board = self._acknowledged(board, ack)
        ahead = (number - board.expected) % numbers
        if ahead >= numbers // 2 and self.limits.bug != "old frames run":
            return board, [("ack", session, board.expected % numbers, False)]
        if 0 < ahead < numbers // 2:
            told = [] if board.gap_told else [("ack", session, board.expected % numbers, True)]
            return board._replace(gap_told=True), list(told)
        if not board.pieces and len(board.kept) >= self.limits.results:
            raise ViolationError("a sample is begun that there is no room for")
        pieces = (*board.pieces, piece)
        board = board._replace(expected=board.expected + 1, gap_told=False, pieces=pieces)  # type: ignore[arg-type]
        if len(pieces) < self.limits.frames:
            return board, [("ack", session, board.expected % numbers, False)]
        return self._run(board)

    def _run(self, board: Board) -> tuple[Board, list[Message]]:
        sample = board.pieces[0][0]
        if board.pieces != tuple((sample, part) for part in range(self.limits.frames)):
            raise ViolationError(f"the board runs a sample made of {board.pieces}")
        board = board._replace(pieces=(), kept=(*board.kept, sample))
        return board, [self._result(board, len(board.kept) - 1)]


def _outdated(message: Message) -> Message:
    """Questions are numbered, and of numbers only this counts: whether one is that of the latest."""
    return (*message[:2], False, *message[3:]) if message[0] in ("sync", "answer") else message
