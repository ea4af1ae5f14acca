"""The pages: each takes the environ and returns a status and a body (see wsgi.py)."""

import os
import platform
import threading
import time
from hashlib import sha256
from urllib.parse import parse_qs

from layout import FOOT, head, page, table
from multipart import read_form_data

OK = "200 OK"

WELCOME = """
<p class="lead">It works. A Python worker made this page, and Vivarium brought it to you.</p>
<ul class="cards">
<li><a href="/form"><strong>Send a form</strong><span>A POST and what the application got of it.</span></a></li>
<li><a href="/upload"><strong>Upload a file</strong><span>Collected by the gateway, then read at full speed.</span></a></li>
<li><a href="/stream"><strong>Watch a stream</strong><span>Each block is on its way as soon as it is yielded.</span></a></li>
<li><a href="/environ"><strong>See the environ</strong><span>Everything a WSGI application is told of a request.</span></a></li>
</ul>
"""

FORM = """
<form method="post" action="/form">
<label for="name">Your name</label>
<input id="name" name="name" autocomplete="name" required>
<label for="message">A message</label>
<textarea id="message" name="message" rows="4"></textarea>
<button>Send</button>
</form>
"""

UPLOAD = """
<form method="post" action="/upload" enctype="multipart/form-data">
<label for="file">A file of up to 10 MB</label>
<input id="file" name="file" type="file" required>
<button>Upload</button>
</form>
"""

# Values that belong to the visitor alone, even on a page made for looking.
PRIVATE = {"HTTP_COOKIE", "HTTP_AUTHORIZATION"}

NUMBERS = 20
PAUSE_SECONDS = 0.3


def welcome(environ):
    facts = table(
        "This request",
        [
            ("Server", environ.get("SERVER_SOFTWARE", "")),
            ("Python", platform.python_version()),
            ("Worker process", os.getpid()),
            ("Thread", threading.current_thread().name),
            ("Your address", environ.get("REMOTE_ADDR", "")),
        ],
    )
    return OK, page("Welcome to Vivarium", WELCOME + facts, "/")


def form(environ):
    return OK, page("Form", FORM, "/form")


def form_sent(environ):
    size = int(environ.get("CONTENT_LENGTH") or 0)
    fields = parse_qs(environ["wsgi.input"].read(size).decode("utf-8", "replace"), keep_blank_values=True)
    rows = [(name, ", ".join(values)) for name, values in fields.items()]
    return OK, page("Form", table("The application received", rows) + FORM, "/form")


def upload(environ):
    return OK, page("Upload", UPLOAD, "/upload")


def upload_sent(environ):
    parts = read_form_data(environ)
    rows = []
    for part in parts:
        if part.filename:
            rows.append(("Name", part.filename))
            rows.append(("Type", part.content_type))
            rows.append(("Size", "{:,} bytes".format(len(part.content))))
            rows.append(("SHA-256", sha256(part.content).hexdigest()))
    if not rows:
        return "400 Bad Request", page("Upload", "<p role='alert'>There was no file in it.</p>" + UPLOAD, "/upload")
    return OK, page("Upload", table("The application received", rows) + UPLOAD, "/upload")


def stream(environ):
    return OK, _stream()


def _stream():
    yield head("Stream", "/stream") + "<p>One number every 300 ms, in one response.</p><ol class='stream'>"
    for number in range(1, NUMBERS + 1):
        yield "<li>{}</li>\n".format(number)
        time.sleep(PAUSE_SECONDS)
    yield "</ol><p role='status'>Complete.</p>" + FOOT


def environ_table(environ):
    rows = [(key, "(hidden)" if key in PRIVATE else value) for key, value in sorted(environ.items())]
    return OK, page("Environ", table("The environ of this request", rows), "/environ")
