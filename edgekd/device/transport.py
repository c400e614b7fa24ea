"""The way to a board: a serial port, a pseudo-terminal, or serial over a network, named as pyserial names them."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from edgekd.errors import DeviceError, InputError

_SECONDS_TO_CONNECT = 10.0
_SECONDS_TO_WRITE = 30.0
_POLL_SECONDS = 0.02  # a pyserial port is asked this often; changing its timeout per call would reconfigure the port

T = TypeVar("T")


class Transport(Protocol):
    """A two-way stream of bytes. Every method raises DeviceError when the other end is gone. has_rate: whether it runs
    at so many bits a second, as a serial port does."""

    @property
    def has_rate(self) -> bool: ...

    def read(self, seconds: float) -> bytes:
        """What has arrived; empty when nothing does for about `seconds`."""

    def write(self, data: bytes) -> None:
        """Hand `data` over; it may still be on its way when this returns."""

    def set_baud(self, rate: int) -> bool:
        """Change the rate once everything is sent; False where the way has none, or not this one."""

    def close(self) -> None: ...


def open_transport(url: str, baud: int) -> Transport:
    """Open `url`: "/dev/ttyACM0", "COM3", "socket://host:port", "rfc2217://host:port", a pseudo-terminal's path.

    baud: bits a second, where the way has such a thing. Raises DeviceError that says why it cannot be opened.
    """
    return _Socket(url) if url.startswith("socket://") else _Serial(url, baud)


class _Socket:
    """TCP as it is. pyserial's own socket:// fetches one byte a call, which is slow for an emulator."""

    has_rate = False

    def __init__(self, url: str) -> None:
        self._url = url
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise InputError(f"{url}: {error}", "write socket://HOST:PORT") from None
        if not host or not port:
            raise InputError(f"{url} names no host and port", "write socket://HOST:PORT")
        self._socket = _or_device_error(
            url, "cannot be reached", lambda: socket.create_connection((host, port), timeout=_SECONDS_TO_CONNECT)
        )
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def read(self, seconds: float) -> bytes:
        self._socket.settimeout(max(seconds, 0.001))
        try:
            data = _or_device_error(self._url, "failed while reading", lambda: self._socket.recv(65536))
        except TimeoutError:
            return b""
        if not data:
            raise DeviceError(f"{self._url}: the other end closed the connection")
        return data

    def write(self, data: bytes) -> None:
        self._socket.settimeout(_SECONDS_TO_WRITE)
        try:
            _or_device_error(self._url, "failed while writing", lambda: self._socket.sendall(data))
        except TimeoutError:
            raise DeviceError(f"{self._url} took no bytes for {_SECONDS_TO_WRITE:.0f} s") from None

    def set_baud(self, rate: int) -> bool:
        return False

    def close(self) -> None:
        self._socket.close()


class _Serial:
    """Whatever pyserial opens."""

    has_rate = True

    def __init__(self, url: str, baud: int) -> None:
        import serial

        self._url = url
        # Only a local port can be locked against a second program and give up writing.
        local = {"exclusive": True, "write_timeout": _SECONDS_TO_WRITE}
        options: dict[str, Any] = {} if "://" in url else local
        self._port = _or_device_error(
            url,
            "cannot be opened",
            lambda: serial.serial_for_url(url, baudrate=baud, timeout=_POLL_SECONDS, **options),
            *_hints_for_ports(url),
        )

    def read(self, seconds: float) -> bytes:
        def poll() -> bytes:
            for _ in range(max(1, round(seconds / _POLL_SECONDS))):
                if first := self._port.read(1):
                    return bytes(first + self._port.read(self._port.in_waiting))
            return b""

        return _or_device_error(self._url, "failed while reading", poll)

    def write(self, data: bytes) -> None:
        _or_device_error(self._url, "failed while writing", lambda: self._port.write(data))

    def set_baud(self, rate: int) -> bool:
        def change() -> None:
            self._port.flush()
            self._port.baudrate = rate

        try:
            _or_device_error(self._url, f"does not take {rate} baud", change)
        except DeviceError:
            return False
        return True

    def close(self) -> None:
        self._port.close()


def _or_device_error(url: str, what: str, action: Callable[[], T], *hints: str) -> T:
    """`action()`; what the system or pyserial says against it becomes a DeviceError. A time-out passes through."""
    try:
        return action()
    except TimeoutError as error:
        if what == "cannot be reached":
            raise DeviceError(f"{url} {what}: {error}", *hints) from None
        raise
    except (OSError, ValueError) as error:  # pyserial's SerialException is an OSError
        text = getattr(error, "strerror", None) or str(error)
        raise DeviceError(f"{url} {what}: {text}", *hints) from None


def _hints_for_ports(url: str) -> list[str]:
    """What else could be meant by a port that does not open."""
    if "://" in url:
        return []
    from serial.tools import list_ports

    ports = [f"{port.device} ({port.description})" for port in list_ports.comports()]
    return ["ports here: " + ", ".join(ports) if ports else "no serial port is plugged in here"]
