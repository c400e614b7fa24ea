"""Boards at places of labgrid, through its own command line, labgrid-client.

Not through its Python package: that brings a fork of pyserial which takes the place of pyserial's files, and a protobuf
that the converters cannot use. So labgrid lives in an environment of its own, and may be of any version from 25.0.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from edgekd.device.lock import BusyError
from edgekd.errors import DeviceError, ToolError

_SECONDS_TO_ANSWER = 60.0  # of a command: the coordinator may start an exporter's ser2net
_SECONDS_TO_END = 5.0
_SECONDS_BETWEEN_LOOKS = 0.05
_SECONDS_BETWEEN_TRIES = 2.0  # to acquire a place that is in use
_HOLDER = re.compile(r"acquired by (?!your)(?:user )?([^\s,]+/[^\s,.]+|[^\s,.]+)")
_HOST = re.compile(r"[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.%]+\]")


class Place:
    """A place that this user holds. url: of its serial port, for transport.open_transport."""

    def __init__(self, client: _Client, name: str, url: str) -> None:
        self._client = client
        self.name = name
        self.url = url

    def power_cycle(self) -> None:
        """Off and on again. Raises DeviceError when the place has no power switch that obeys."""
        done = self._client.run("power", "cycle")
        if done.returncode != 0:
            raise DeviceError(
                f"place {self.name}: labgrid could not switch it off and on: {_last_line(done.stderr)}",
                "the place needs a power port: labgrid-client -p PLACE show lists what it has",
            )


@contextlib.contextmanager
def acquired(
    name: str, coordinator: str | None, *, wait: float = 0.0, waiting: Callable[[str], None] | None = None
) -> Iterator[Place]:
    """Hold the place `name` as long as the context lasts; one that this user holds already stays held after it.

    coordinator: HOST:PORT, or labgrid's default. wait, waiting: as in lock.held. Raises BusyError when somebody else
    has it, ToolError without labgrid, DeviceError for what labgrid says against it.
    """
    client = _Client(name, coordinator)
    ours = _acquire(client, wait, waiting)
    try:
        with _port_of(client) as url:
            yield Place(client, name, url)
    finally:
        if ours:
            client.run("release")


class _Client:
    """labgrid-client for one place."""

    def __init__(self, place: str, coordinator: str | None) -> None:
        self.place = place
        options = ["--coordinator", coordinator] if coordinator else []
        self._command = [labgrid_client(), *options, "--place", place]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*self._command, *arguments]
        try:
            return subprocess.run(
                command,
                capture_output=True,
                text=True,
                timeout=_SECONDS_TO_ANSWER,
                check=False,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired:
            raise DeviceError(
                f"place {self.place}: labgrid-client {arguments[0]} took more than {_SECONDS_TO_ANSWER:.0f} s"
            ) from None

    def start(self, *arguments: str, stderr: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*self._command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            start_new_session=True,  # Ctrl-C is for us, who then end it in order
        )


def labgrid_client() -> str:
    """The program: on PATH, or in the environment that scripts/setup makes. Raises ToolError."""
    beside = Path(sys.prefix) / "labgrid" / "bin"
    program = shutil.which("labgrid-client") or shutil.which("labgrid-client", path=beside)
    if program is None:
        raise ToolError(
            "labgrid-client is not on PATH", "pipx install labgrid puts it there, in an environment of its own"
        )
    return program


def _acquire(client: _Client, wait: float, waiting: Callable[[str], None] | None) -> bool:
    """Make the place ours; False when this user holds it already."""
    until = time.monotonic() + wait
    told = False
    while True:
        done = client.run("acquire")
        if done.returncode == 0:
            return True
        holder = _HOLDER.search(done.stderr)
        if holder is None:
            if "already acquired" in done.stderr:  # by this user on this host
                return False
            raise DeviceError(f"place {client.place}: labgrid says: {_last_line(done.stderr)}")
        if time.monotonic() >= until:
            raise BusyError(f"place {client.place}", f"{holder[1]} (labgrid)", "try again when it is free")
        if waiting and not told:
            waiting(f"waiting for place {client.place}: in use by {holder[1]} (labgrid)")
            told = True
        time.sleep(min(_SECONDS_BETWEEN_TRIES, max(0.0, until - time.monotonic())))


@contextlib.contextmanager
def _port_of(client: _Client) -> Iterator[str]:
    """The URL of the place's serial port, while labgrid-client keeps the way to it open (it may lead through SSH)."""
    drivers = {"resources": {"RemotePlace": {"name": client.place}}, "drivers": {"SerialDriver": {}}}
    with tempfile.TemporaryDirectory(prefix="edgekd-labgrid-") as folder, tempfile.TemporaryFile() as said:
        config, exported = Path(folder, "place.yaml"), Path(folder, "port.json")
        config.write_text(json.dumps({"targets": {"main": drivers}}))  # JSON is YAML
        process = client.start("--config", str(config), "export", "--format", "json", str(exported), stderr=said)
        try:
            until = time.monotonic() + _SECONDS_TO_ANSWER
            while not exported.exists():
                if process.poll() is not None or time.monotonic() > until:
                    said.seek(0)
                    raise DeviceError(
                        f"place {client.place}: labgrid gives no serial port: "
                        + _last_line(said.read().decode("utf-8", "replace")),
                        "the place needs one: labgrid-client -p PLACE show lists what it has",
                    )
                time.sleep(_SECONDS_BETWEEN_LOOKS)
            yield _url(client.place, exported.read_text())
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_SECONDS_TO_END)
            process.kill()
            process.wait()


def _url(place: str, exported: str) -> str:
    """The serial port of what `labgrid-client export` wrote, as a URL."""
    try:
        facts = {str(key).removeprefix("LG__SERIALDRIVER_"): str(value) for key, value in json.loads(exported).items()}
    except (ValueError, AttributeError):
        facts = {}
    host, port = facts.get("HOST"), facts.get("PORT", "")
    if host is None and os.path.isabs(port):
        return port
    host = f"[{host}]" if host and ":" in host and not host.startswith("[") else host
    if host is None or not _HOST.fullmatch(host) or not port.isdecimal():
        raise DeviceError(f"place {place}: labgrid exported no serial port that can be opened: {exported[:200]!r}")
    if facts.get("PROTOCOL") == "raw":
        return f"socket://{host}:{port}"
    return f"rfc2217://{host}:{port}?ign_set_control"  # ser2net need not confirm modem lines


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].removeprefix("labgrid-client: ")[:300] if lines else "nothing"
