"""Refuses what leaves this machine, in every Python process that starts with this folder on its path, and writes it down.

Python imports a module of this name when it starts, so that spawned workers are covered too. It looks at audit events
(`sys.addaudithook`), which no library can go round from Python; sockets that C code opens by itself are not seen.
"""

import errno
import os
import socket
import sys

RECORD = "NETWORK_ATTEMPTS"
"""The environment variable that names the file in which attempts are written down, one a line."""

_HOST_FIRST = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")
_ADDRESS_SECOND = ("socket.connect", "socket.sendto", "socket.sendmsg")


def _is_here(host: object) -> bool:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    here = (None, "", "localhost", "::1", "0.0.0.0", "::", socket.gethostname())
    return name in here or str(name).startswith("127.")


def _watch(event: str, arguments: tuple) -> None:
    if event in _HOST_FIRST:
        host = arguments[0]
    elif event in _ADDRESS_SECOND and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if _is_here(host):
        return
    # A datagram socket that connects sends nothing: vLLM finds the machine's own address so. It is refused all the same.
    if event != "socket.connect" or arguments[0].type != socket.SOCK_DGRAM:
        with open(os.environ[RECORD], "a", encoding="utf-8") as record:  # noqa: PTH123
            record.write(f"{event} {arguments[1] if event in _ADDRESS_SECOND else host} in process {os.getpid()}\n")
    raise OSError(errno.ENETUNREACH, f"there is no network here: {event} {host!r}")


sys.addaudithook(_watch)
