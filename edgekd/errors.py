"""Errors a user can cause or mend: what happened, where, what to try.

The command line prints them without a traceback and ends with their exit code: 2 for bad input or a missing
tool, 1 for a job that ran and whose result is bad.
"""

from __future__ import annotations


class EdgekdError(Exception):
    """A failure written for the person at the bench.

    message: one sentence that names the file, the place and the fact. hints: lines that say what to try.
    """

    exit_code = 2

    def __init__(self, message: str, *hints: str) -> None:
        super().__init__(message)
        self.message = message
        self.hints = hints

    def __str__(self) -> str:
        return "\n".join([self.message, *(f"  {hint}" for hint in self.hints)])


class InputError(EdgekdError):
    """A file, option or data set that cannot be used as it is."""


class ToolError(EdgekdError):
    """A program or package that is missing or failed."""


class DeviceError(EdgekdError):
    """A board, emulator or serial link that did not answer as it must."""


class BadResultError(EdgekdError):
    """The job ran to its end and its result misses what was asked of it."""

    exit_code = 1
