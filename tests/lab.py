"""A lab on the loopback interface: ser2net, labgrid's coordinator and exporter, a switchable power port."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import socket
import subprocess
import threading
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

from needs import missing, require_program

from edgekd.device.labgrid import labgrid_client
from edgekd.errors import ToolError

_SECONDS_TO_START = 20.0


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextlib.contextmanager
def running(*command: str, port: int, cwd: Path) -> Iterator[None]:
    """A server that listens on `port` of the loopback interface once this begins."""
    with (cwd / f"{Path(command[0]).name}.log").open("a+") as log:
        process = subprocess.Popen(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            until = time.monotonic() + _SECONDS_TO_START
            while not _listens(port):
                log.seek(0)
                assert process.poll() is None and time.monotonic() < until, f"{command[0]} said: {log.read()}"
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            process.wait(10)


def _listens(port: int) -> bool:
    """Whether something listens there, without connecting: a serial server would take that for its client."""
    tables = [Path(path).read_text() for path in ("/proc/net/tcp", "/proc/net/tcp6")]
    listening = [line.split() for table in tables for line in table.splitlines()[1:]]
    return any(int(fields[1].split(":")[1], 16) == port and fields[3] == "0A" for fields in listening)


@contextlib.contextmanager
def ser2net(connector: str, cwd: Path) -> Iterator[str]:
    """ser2net before `connector` (in its own words, "serialdev,/dev/ttyS0,115200n81,local"): an rfc2217:// URL."""
    port = free_port()
    config = cwd / f"ser2net-{port}.yaml"
    config.write_text(
        f"connection: &board\n  accepter: telnet(rfc2217,mode=server),tcp,127.0.0.1,{port}\n  connector: {connector}\n"
    )
    with running(_ser2net(), "-d", "-n", "-c", str(config), port=port, cwd=cwd):
        yield f"rfc2217://127.0.0.1:{port}?ign_set_control"  # a pseudo-terminal has no modem lines to confirm


@contextlib.contextmanager
def serial_port_of(url: str) -> Iterator[str]:
    """A pseudo-terminal, to everybody a serial port, whose other end is the board at socket://HOST:PORT."""
    master, slave = os.openpty()
    tty.setraw(slave)
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as line:

        def to_board() -> None:
            with contextlib.suppress(OSError):
                while data := os.read(master, 4096):
                    line.sendall(data)

        def to_host() -> None:
            with contextlib.suppress(OSError):
                while data := line.recv(4096):
                    while data:
                        data = data[os.write(master, data) :]

        for carry in (to_board, to_host):
            threading.Thread(target=carry, daemon=True).start()
        yield os.ttyname(slave)
        line.shutdown(socket.SHUT_RDWR)
    os.close(slave)  # the thread that reads the other end is told
    os.close(master)


def _ser2net() -> str:
    path = "/usr/sbin/ser2net"  # of Debian's package; not on every user's PATH
    return path if Path(path).is_file() else require_program("ser2net")


class Labgrid:
    """A coordinator with one exporter. coordinator: HOST:PORT."""

    def __init__(self, coordinator: str, cwd: Path) -> None:
        self.coordinator = coordinator
        self._cwd = cwd

    def client(self, *arguments: str, user: str | None = None) -> subprocess.CompletedProcess[str]:
        """labgrid-client, of this user or of another."""
        environment = {"LG_USERNAME": user} if user else {}
        command = [labgrid_client(), "--coordinator", self.coordinator, *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=60, cwd=self._cwd, env={**os.environ, **environment}
        )

    def create(self, place: str, group: str) -> None:
        """A place with all that the exporter has in `group`."""
        for command in (["create"], ["add-match", f"*/{group}/*"]):
            done = self.client("-p", place, *command)
            assert done.returncode == 0, done.stderr


@contextlib.contextmanager
def labgrid(resources: dict[str, dict[str, dict[str, object]]], cwd: Path) -> Iterator[Labgrid]:
    """labgrid with an exporter of `resources`: group -> class -> parameters."""
    try:
        programs = Path(labgrid_client()).parent
    except ToolError:
        missing("the program labgrid-client")
        raise
    port = free_port()
    coordinator = f"127.0.0.1:{port}"
    (cwd / "exporter.yaml").write_text(json.dumps(resources))  # JSON is YAML
    with running(str(programs / "labgrid-coordinator"), "-l", coordinator, port=port, cwd=cwd):
        lab = Labgrid(coordinator, cwd)
        exporter = [str(programs / "labgrid-exporter"), "-c", coordinator, "-n", "rack", "--hostname", "127.0.0.1"]
        with (cwd / "exporter.log").open("w") as log:
            process = subprocess.Popen([*exporter, "exporter.yaml"], cwd=cwd, stdout=log, stderr=log)
            try:
                until = time.monotonic() + _SECONDS_TO_START
                while any(group not in lab.client("resources").stdout for group in resources):
                    assert process.poll() is None and time.monotonic() < until, (cwd / "exporter.log").read_text()
                yield lab
            finally:
                process.terminate()
                process.wait(10)


@contextlib.contextmanager
def power_port(switched: Callable[[bool], None]) -> Iterator[dict[str, object]]:
    """A power switch with labgrid's "simplerest" interface: parameters of a NetworkPowerPort that calls `switched`."""
    state = {"on": True}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            value = self.path.rpartition("/")[2]
            if value in ("0", "1"):
                state["on"] = value == "1"
                switched(state["on"])
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"1" if state["on"] else b"0")

        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        host = f"http://127.0.0.1:{server.server_port}/{{index}}/{{value}}"
        yield {"model": "simplerest", "host": host, "index": 1}
    finally:
        server.shutdown()
        server.server_close()
