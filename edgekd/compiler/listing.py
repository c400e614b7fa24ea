"""Which lines of the generated C belong to which operator: for debuggers, and to count what each operator costs."""

from __future__ import annotations

import re
from collections.abc import Iterable

# As model.c.j2 has them: the comment above an operator's statements, and the parameters a kernel call begins with.
_COMMENT = re.compile(r"^ +/\* (\d+): [A-Z]")
_CALL = re.compile(r"\bedgekd_\w+\(&[a-z]\w*?_(\d+),")
_BODY = re.compile(r"^int \w+_invoke\(")


def operator_lines(text: str) -> dict[int, int]:
    """Line number -> index of the operator it works for, of the text of NAME.c.

    In the function's body each operator has the lines from its comment to the next empty line; a line that calls a
    kernel belongs to the operator whose parameters it names, wherever it stands (a loop may call several kernels).
    Lines of none are not in it.
    """
    found: dict[int, int] = {}
    current = None
    for number, line in _body(text):
        comment, call = _COMMENT.match(line), _CALL.search(line)
        if not line.strip():
            current = None
        elif comment:
            current = int(comment[1])
        if call:
            found[number] = int(call[1])
        elif current is not None:
            found[number] = current
    return found


def _body(text: str) -> Iterable[tuple[int, str]]:
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        inside = inside or _BODY.match(line) is not None
        if inside:
            yield number, line
