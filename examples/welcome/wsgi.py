"""The bundled example: a small WSGI application on the standard library alone.

`application` finds the page for the path; the pages are in pages.py, what they look like in layout.py.
"""

import pages
from layout import page


def not_found(environ):
    return "404 Not Found", page("Not found", "<p>There is no page here. <a href='/'>Back to the start</a>.</p>")


# Path: method: page. A page takes the environ and returns a status and the body: a string, or an iterable of them.
ROUTES = {
    "/": {"GET": pages.welcome},
    "/form": {"GET": pages.form, "POST": pages.form_sent},
    "/upload": {"GET": pages.upload, "POST": pages.upload_sent},
    "/stream": {"GET": pages.stream},
    "/environ": {"GET": pages.environ_table},
}


def application(environ, start_response):
    methods = ROUTES.get(environ["PATH_INFO"] or "/", {"GET": not_found, "POST": not_found})
    method = "GET" if environ["REQUEST_METHOD"] == "HEAD" else environ["REQUEST_METHOD"]
    headers = [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store")]

    if method not in methods:
        start_response("405 Method Not Allowed", headers + [("Allow", ", ".join(methods))])
        return [page("Not allowed", "<p>This page does not answer that method.</p>").encode()]

    status, body = methods[method](environ)
    if isinstance(body, str):
        content = body.encode()
        start_response(status, headers + [("Content-Length", str(len(content)))])
        return [content]

    # An iterable: each piece is on its way to the browser as soon as it is yielded.
    start_response(status, headers)
    return (piece.encode() for piece in body)
