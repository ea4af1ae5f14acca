"""What both twins answer, once a framework has said what it has understood of the request."""

import hashlib

GATE_TIMEOUT_SECONDS = 30
BLOCK = bytes(range(256)) * 256


def blocks(size):
    for left in range(size, 0, -len(BLOCK)):
        yield BLOCK[:left]


def digest_of(read):
    """Length and digest of a body, read piece by piece."""
    digest, length = hashlib.sha256(), 0
    # flup says that there is no body with a str.
    for piece in iter(lambda: read(65536) or b"", b""):
        digest.update(piece)
        length += len(piece)
    return {"length": length, "sha256": digest.hexdigest()}


def two_parts(environ, name):
    """The second part comes when a test opens the gate."""
    yield b"first\n"
    if not environ["twins.gate"](name).wait(GATE_TIMEOUT_SECONDS):
        raise RuntimeError("nobody opened the gate")
    yield b"second\n"


def endless(environ, name):
    """Opens the gate when it is closed: the client has left."""
    try:
        while True:
            yield BLOCK
    finally:
        environ["twins.gate"](name).set()


def fields_of(fields):
    """Those that a client of these tests chooses; fronts add others."""
    chosen = ("accept", "authorization", "content-type", "cookie")
    names = sorted((name.lower(), value) for name, value in fields if value is not None)
    return {name: value for name, value in names if name in chosen or name.startswith("x-test-")}


def client_of(environ):
    """Who has asked, and how."""
    names = ("REMOTE_ADDR", "REQUEST_METHOD", "wsgi.url_scheme", "REMOTE_USER")
    return {**{name: environ.get(name) for name in names}, "has port": environ.get("REMOTE_PORT", "").isdigit()}
