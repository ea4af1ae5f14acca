"""The application of the chaos run: writes every request that it runs to a database, then does what was asked.

One row for each execution, by number of the request and process, so that the run can tell what was run, how often and
where. The row comes first: whatever happens to the process afterwards, it is there.
"""

import ctypes
import os
import sqlite3
import threading
import time
from urllib.parse import parse_qs

# Set by the script that imports this, anew for each reload.
version = 0

_connections = threading.local()
_leaked = []


def application(environ, start_response):
    query = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
    number = query["number"]
    _write_row(int(number))
    text = _ACTIONS[environ["PATH_INFO"]](environ, query)
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Version", str(version))])
    if isinstance(text, str):
        return [("%s %s" % (number, text)).encode()]
    return text


def _write_row(number):
    connection = getattr(_connections, "connection", None)
    if connection is None:
        connection = sqlite3.connect(os.environ["CHAOS_DATABASE"], timeout=30, isolation_level=None)
        # A process that is killed loses nothing that way, only a machine would.
        connection.execute("PRAGMA synchronous = OFF")
        _connections.connection = connection
    connection.execute("INSERT INTO runs VALUES (?, ?)", (number, os.getpid()))


def _work(environ, query):
    time.sleep(int(query["ms"]) / 1000)
    return "worked"


def _upload(environ, query):
    read = 0
    while True:
        piece = environ["wsgi.input"].read(50000)
        if not piece:
            return "read %d" % read
        read += len(piece)


def _download(environ, query):
    number, lines = query["number"], int(query["lines"])
    line = ("%s %s\n" % (number, "x" * 1000)).encode()
    return (line for _ in range(lines))


def _fail(environ, query):
    raise ValueError("as asked")


def _hang(environ, query):
    while True:
        time.sleep(0.01)


def _spin(environ, query):
    while True:
        pass


def _lock(environ, query):
    """No exception ends this: a call into C that waits."""
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


def _hold(environ, query):
    """Keeps the lock of the interpreter: no other thread of the process runs meanwhile."""
    ctypes.PyDLL(None).usleep(int(query["ms"]) * 1000)
    return "held"


def _stream(environ, query):
    """An answer that begins and does not end."""

    def blocks():
        while True:
            yield b"x"
            time.sleep(0.02)

    return blocks()


def _leak(environ, query):
    _leaked.append(b"x" * (int(query["mib"]) * 2**20))
    return "leaked"


def _exit(environ, query):
    os._exit(int(query["status"]))


def _crash(environ, query):
    ctypes.string_at(0)


def _fork(environ, query):
    """Leaves a process behind for a while, which has all our descriptors."""
    if os.fork() == 0:
        time.sleep(int(query["ms"]) / 1000)
        os._exit(0)
    return "forked"


_ACTIONS = {
    "/work": _work,
    "/upload": _upload,
    "/download": _download,
    "/fail": _fail,
    "/hang": _hang,
    "/spin": _spin,
    "/lock": _lock,
    "/hold": _hold,
    "/stream": _stream,
    "/leak": _leak,
    "/exit": _exit,
    "/crash": _crash,
    "/fork": _fork,
}
