"""A JSON answer of 10 KB, encoded once, so that the figure is the server's and not that of the json module."""

import json

BODY = json.dumps([{'id': n, 'name': 'item %03d' % n, 'tags': ['a', 'b'], 'pad': ''} for n in range(150)]).encode()
BODY = BODY[:-2] + b' ' * (10240 - len(BODY)) + BODY[-2:]
HEADERS = [('Content-Type', 'application/json'), ('Content-Length', str(len(BODY)))]


def application(environ, start_response):
    start_response('200 OK', HEADERS)
    return [BODY]
