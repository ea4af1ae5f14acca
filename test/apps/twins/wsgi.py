"""One Flask and one Django application that answer alike, below /flask and /django: whatever stands in front of them,
both have to say what they say to a direct client. Tests open gates, so that nothing here waits for the clock."""

import threading

import django_twin
import flask_twin

TWINS = {"flask": flask_twin.app, "django": django_twin.application}
GATE_TIMEOUT_SECONDS = 30

_gates = {}
_lock = threading.Lock()


def gate(name):
    with _lock:
        return _gates.setdefault(name, threading.Event())


def application(environ, start_response):
    _, name, rest = (environ["PATH_INFO"] + "//").split("/", 2)
    if name == "gate":
        return open_or_await(environ, start_response)
    if name not in TWINS:
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [f"no twin {name}".encode("latin-1", "replace")]
    environ["SCRIPT_NAME"] += "/" + name
    environ["PATH_INFO"] = "/" + rest[:-2]
    environ["twins.gate"] = gate
    return TWINS[name](environ, start_response)


def open_or_await(environ, start_response):
    """`/gate?open=NAME` lets an answer go on, `/gate?await=NAME` waits until one has ended."""
    action, _, name = environ["QUERY_STRING"].partition("=")
    found = gate(name)
    if action == "open":
        found.set()
    text = b"open" if found.wait(GATE_TIMEOUT_SECONDS) else b"timeout"
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [text]
