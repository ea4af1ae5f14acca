"""Writes the `id` of every request it runs to COUNT_FILE, so that a test can tell which were run, and how often."""

import os
import time
from urllib.parse import parse_qs

# One write of a short line to a file opened for appending is whole, whichever process or thread does it.
_file = os.open(os.environ["COUNT_FILE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def count(request_id):
    os.write(_file, "{} {}\n".format(request_id, os.getpid()).encode())


def application(environ, start_response):
    query = parse_qs(environ["QUERY_STRING"])
    request_id = query["id"][0]
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    count(request_id)
    if "ms" in query:
        time.sleep(int(query["ms"][0]) / 1000)
    length = ("Content-Length", str(len(request_id)))
    start_response("200 OK", [("Content-Type", "text/plain"), length, ("X-Pid", str(os.getpid()))])
    return [request_id.encode()]
