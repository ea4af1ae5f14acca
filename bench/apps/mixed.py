"""One URL that waits 200 ms, as for a slow database, beside URLs that answer at once."""

import time

BODY = b'Hello, World!\n'
HEADERS = [('Content-Type', 'text/plain'), ('Content-Length', str(len(BODY)))]


def application(environ, start_response):
    if environ['PATH_INFO'] == '/slow':
        time.sleep(0.2)
    start_response('200 OK', HEADERS)
    return [BODY]
