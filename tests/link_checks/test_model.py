"""The protocol's model, a small case of it whole, and that the search finds errors which are put in."""

from __future__ import annotations

from dataclasses import replace

import pytest
from link_checks.explore import TooManyStatesError, explore
from link_checks.model import CASES
from link_checks.protocol_model import BUGS, START, Limits, Model, State, ViolationError

SMALL = CASES[0]
# Where the smallest case does not show it.
SHOWN_BY = {
    "sample of before": replace(SMALL, restarts=1),
    "window beyond numbers": replace(SMALL, samples=3, results=3, numbers=2, channel=3),
}


def test_a_small_case_has_no_deadlock_and_no_wrong_result() -> None:
    explored = explore(Model(SMALL))
    assert explored.found == "" and explored.trace == ()
    assert explored.states > 5_000


@pytest.mark.parametrize("bug", BUGS)
def test_an_error_that_is_put_in_is_found_with_the_way_to_it(bug: str) -> None:
    explored = explore(Model(replace(SHOWN_BY.get(bug, SMALL), bug=bug)))
    assert explored.found
    assert explored.trace


class Counting(Model):
    """Not the protocol: a number that goes up by one or two, so that what the search must find is known."""

    def __init__(self, end: int, *, forbidden: int = -1, trap: int = -1) -> None:
        super().__init__(SMALL)
        self._end, self._forbidden, self._trap = end, forbidden, trap

    def is_done(self, state: State) -> bool:
        return state.host.accepted == self._end

    def steps(self, state: State):  # type: ignore[no-untyped-def]
        value = state.host.accepted
        if value == self._forbidden:
            raise ViolationError(f"reached {value}")
        if value != self._trap:
            for more in (1, 2):
                if value + more <= self._end:
                    yield f"+{more}", state._replace(host=state.host._replace(accepted=value + more))


def test_the_search_counts_states_and_steps() -> None:
    explored = explore(Counting(end=10))
    assert (explored.states, explored.steps, explored.longest, explored.found) == (11, 19, 5, "")


def test_the_search_finds_what_must_not_be_by_the_shortest_way() -> None:
    explored = explore(Counting(end=10, forbidden=5))
    assert explored.found == "reached 5"
    assert len(explored.trace) == 4 and explored.trace[-1] == "then"


def test_the_search_finds_where_the_end_is_out_of_reach() -> None:
    explored = explore(Counting(end=10, trap=4))
    assert "never gets its result" in explored.found
    assert explored.trace == ("+2", "+2")


def test_the_search_stops_where_there_are_too_many_states() -> None:
    with pytest.raises(TooManyStatesError):
        explore(Counting(end=100), most=50)


def test_the_model_begins_with_nothing_known() -> None:
    limits = Limits(samples=1, frames=1, results=1, window=1, numbers=4, channel=1, restarts=0, early=False)
    assert [what for what, _ in Model(limits).steps(START)] == ["the host greets"]
