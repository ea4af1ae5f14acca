"""A well-behaved application inside wsgiref.validate, which raises when server or application break PEP 3333.

The validator wants what the PEP wants: `read` with an argument, the iterable closed, str and bytes exactly.
"""

from wsgiref.validate import validator


@validator
def application(environ, start_response):
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length) if length else b""
    environ["wsgi.errors"].write("validated\n")
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Length", str(len(body)))])
    return [b"valid ", body]
