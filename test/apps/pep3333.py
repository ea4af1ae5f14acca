"""One WSGI application with a path for each thing PEP 3333 says, used by test/scenarios/.

Where a test must see an order of events, the application waits for `/gate?name=N` and the test opens it: nothing here
waits for the clock. The gates work within one process.
"""

import hashlib
import json
import os
import sys
import threading
import time
from urllib.parse import parse_qs

TEXT = [("Content-Type", "text/plain")]
GATE_TIMEOUT_SECONDS = 30

_gates = {}
_gates_lock = threading.Lock()
_closed = {}


def gate(name):
    with _gates_lock:
        return _gates.setdefault(name, threading.Event())


def query(environ, name, default=""):
    return parse_qs(environ["QUERY_STRING"]).get(name, [default])[0]


def answer_json(start_response, value):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(value, default=repr).encode()]


def answer_text(start_response, text):
    start_response("200 OK", TEXT)
    return [text.encode("latin-1")]


# Requests


def echo(environ, start_response):
    """The environ. A str keeps its characters, so that a test sees the bytes as latin-1."""
    shown = {key: value for key, value in environ.items() if isinstance(value, (str, bool, int, float, list, tuple))}
    shown["types"] = {key: type(value).__name__ for key, value in environ.items()}
    shown["read"] = environ["wsgi.input"].read().decode("latin-1")
    return answer_json(start_response, shown)


def upload(environ, start_response):
    """Takes the body in each of the ways a file can be read, and says what came."""
    source = environ["wsgi.input"]
    how = query(environ, "how", "read")
    ways = {
        "read": lambda: [source.read()],
        "read-sized": lambda: iter(lambda: source.read(1000), b""),
        "read-length": lambda: [source.read(int(environ["CONTENT_LENGTH"]))],
        "readline": lambda: iter(source.readline, b""),
        "readline-sized": lambda: iter(lambda: source.readline(7), b""),
        "readlines": source.readlines,
        "readlines-hint": lambda: iter(lambda: b"".join(source.readlines(100)), b""),
        "iteration": lambda: source,
        "none": lambda: [],
    }
    length = pieces = longest = 0
    digest = hashlib.sha256()
    for piece in ways[how]():
        length, pieces, longest = length + len(piece), pieces + 1, max(longest, len(piece))
        digest.update(piece)
    after = b"" if how == "none" else source.read(1)
    return answer_json(
        start_response,
        {
            "length": length,
            "sha256": digest.hexdigest(),
            "pieces": pieces,
            "longest": longest,
            "after": len(after),
            "terminated": environ.get("wsgi.input_terminated", False),
        },
    )


# Responses


def hello(environ, start_response):
    start_response("200 OK", TEXT + [("Content-Length", "6")])
    return [b"hello\n"]


def stream(environ, start_response):
    """Yields `first`, and `second` only when the gate is open."""
    start_response("200 OK", TEXT)
    yield b"first\n"
    if not gate(query(environ, "name")).wait(GATE_TIMEOUT_SECONDS):
        raise RuntimeError("nobody opened the gate")
    yield b"second\n"


def open_gate(environ, start_response):
    gate(query(environ, "name")).set()
    return answer_text(start_response, "open")


def wait_gate(environ, start_response):
    """Occupies a thread until the gate is open."""
    opened = gate(query(environ, "name")).wait(GATE_TIMEOUT_SECONDS)
    return answer_text(start_response, "opened" if opened else "timeout")


def announce_and_wait(environ, start_response):
    """Opens one gate, to say that it runs, and waits for another."""
    gate(query(environ, "running")).set()
    return wait_gate(environ, start_response)


def write(environ, start_response):
    send = start_response("200 OK", TEXT)
    send(b"written ")
    send(b"")
    send(b"first, ")
    return [b"then returned\n"]


def big(environ, start_response):
    """`size` bytes in blocks of 64 KiB, made as they are taken."""
    left = int(query(environ, "size"))
    start_response("200 OK", TEXT + [("Content-Length", str(left))])
    block = b"x" * 65536
    while left > 0:
        yield block[:left]
        left -= min(left, 65536)


def empty_blocks(environ, start_response):
    start_response("200 OK", TEXT)
    return [b"", b"a", b"", b"b", b""]


def no_body(environ, start_response):
    start_response("200 OK", TEXT)
    return []


def status(environ, start_response):
    """`?code=204&body=x`: any status, with or without a body that may not be there."""
    start_response(query(environ, "code") + " Chosen", [("X-Chosen", "yes")])
    return [query(environ, "body").encode()]


def file_wrapper(environ, start_response):
    source = open(__file__, "rb")  # noqa: SIM115 (the server closes it)
    source.read(int(query(environ, "skip", "0")))
    headers = TEXT + ([("Content-Length", query(environ, "length"))] if query(environ, "length") else [])
    start_response("200 OK", headers)
    return environ["wsgi.file_wrapper"](source, 1000)


def cookies(environ, start_response):
    start_response("200 OK", TEXT + [("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2")])
    return [b"two cookies"]


# close()


class Blocks:
    """An iterable that counts the calls of its close()."""

    def __init__(self, name, blocks):
        self.name, self.blocks = name, blocks

    def __iter__(self):
        return iter(self.blocks)

    def close(self):
        _closed[self.name] = _closed.get(self.name, 0) + 1
        gate("closed-" + self.name).set()


def close(environ, start_response):
    start_response("200 OK", TEXT)
    return Blocks(query(environ, "name"), [b"a", b"b"])


def close_empty(environ, start_response):
    start_response("204 No Content", [])
    return Blocks(query(environ, "name"), [])


def close_raising(environ, start_response):
    def blocks():
        yield b"a"
        raise RuntimeError("in the middle of the blocks")

    start_response("200 OK", TEXT)
    return Blocks(query(environ, "name"), blocks())


def close_endless(environ, start_response):
    """Goes on until the server stops asking, as it does when the client has gone."""

    def blocks():
        while True:
            yield b"x" * 65536

    start_response("200 OK", TEXT)
    return Blocks(query(environ, "name"), blocks())


def closed(environ, start_response):
    """How often close() was called; with `wait`, after it has been once."""
    name = query(environ, "name")
    if query(environ, "wait"):
        gate("closed-" + name).wait(GATE_TIMEOUT_SECONDS)
    return answer_text(start_response, str(_closed.get(name, 0)))


# Faults of applications


def exc_before(environ, start_response):
    raise RuntimeError("raised before the head")


def exc_after(environ, start_response):
    start_response("200 OK", TEXT + [("Content-Length", "100")])
    yield b"some of it"
    raise RuntimeError("raised after the head")


def exc_after_chunked(environ, start_response):
    start_response("200 OK", TEXT)
    yield b"some of it"
    raise RuntimeError("raised after the head")


def exc_info_before(environ, start_response):
    """Changes its mind by `exc_info` while nothing has been sent."""
    start_response("200 OK", [("X-First", "yes")])
    try:
        raise ValueError("changed my mind")
    except ValueError:
        start_response("503 Service Unavailable", TEXT, sys.exc_info())
    return [b"changed"]


def exc_info_after(environ, start_response):
    start_response("200 OK", TEXT)
    yield b"some of it"
    try:
        raise ValueError("too late to change")
    except ValueError:
        start_response("500 Internal Server Error", TEXT, sys.exc_info())
    yield b"must not arrive"


def twice(environ, start_response):
    start_response("200 OK", TEXT)
    start_response("200 OK", TEXT)
    return [b"never"]


def no_start(environ, start_response):
    return [b"no start_response"]


def returns_none(environ, start_response):
    start_response("200 OK", TEXT)


def yields_text(environ, start_response):
    start_response("200 OK", TEXT)
    return ["text"]


def wrong_length_short(environ, start_response):
    start_response("200 OK", TEXT + [("Content-Length", "10")])
    return [b"short"]


def wrong_length_long(environ, start_response):
    start_response("200 OK", TEXT + [("Content-Length", "5")])
    return [b"much longer than that"]


def bad_header(environ, start_response):
    start_response("200 OK", TEXT + [("X-Bad", "a\r\nX-Injected: yes")])
    return [b"never"]


def bad_status(environ, start_response):
    start_response("200 OK\r\nX-Injected: yes", TEXT)
    return [b"never"]


def hop_by_hop(environ, start_response):
    start_response("200 OK", TEXT + [("Connection", "close"), ("Transfer-Encoding", "chunked")])
    return [b"5\r\nhello\r\n0\r\n\r\n"]


# The process


def errors(environ, start_response):
    environ["wsgi.errors"].write("one line for the error log\n")
    environ["wsgi.errors"].writelines(["a second ", "in pieces\n"])
    environ["wsgi.errors"].flush()
    return answer_text(start_response, "written")


def pid(environ, start_response):
    return answer_text(start_response, str(os.getpid()))


def sleep(environ, start_response):
    time.sleep(int(query(environ, "ms")) / 1000)
    return answer_text(start_response, "slept")


def exit_process(environ, start_response):
    os._exit(int(query(environ, "status", "7")))


ROUTES = {
    "/echo": echo,
    "/upload": upload,
    "/hello": hello,
    "/stream": stream,
    "/gate": open_gate,
    "/wait": wait_gate,
    "/announce-and-wait": announce_and_wait,
    "/write": write,
    "/big": big,
    "/empty-blocks": empty_blocks,
    "/no-body": no_body,
    "/status": status,
    "/file_wrapper": file_wrapper,
    "/cookies": cookies,
    "/close": close,
    "/close-empty": close_empty,
    "/close-raising": close_raising,
    "/close-endless": close_endless,
    "/closed": closed,
    "/exc-before": exc_before,
    "/exc-after": exc_after,
    "/exc-after-chunked": exc_after_chunked,
    "/exc-info-before": exc_info_before,
    "/exc-info-after": exc_info_after,
    "/twice": twice,
    "/no-start": no_start,
    "/returns-none": returns_none,
    "/yields-text": yields_text,
    "/wrong-length-short": wrong_length_short,
    "/wrong-length-long": wrong_length_long,
    "/bad-header": bad_header,
    "/bad-status": bad_status,
    "/hop-by-hop": hop_by_hop,
    "/errors": errors,
    "/pid": pid,
    "/sleep": sleep,
    "/exit": exit_process,
}


def application(environ, start_response):
    # Everything that is not a path of its own is echoed, so that a test can ask for any path.
    return ROUTES.get(environ["PATH_INFO"], echo)(environ, start_response)
