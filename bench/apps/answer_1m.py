"""An answer of 1 MB in one block."""

BODY = b'x' * (1 << 20)
HEADERS = [('Content-Type', 'application/octet-stream'), ('Content-Length', str(len(BODY)))]


def application(environ, start_response):
    start_response('200 OK', HEADERS)
    return [BODY]
