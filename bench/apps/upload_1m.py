"""Reads the whole body in blocks, as a form parser does, and answers how many bytes it was."""


def application(environ, start_response):
    read = environ['wsgi.input'].read
    remaining = int(environ['CONTENT_LENGTH'] or 0)
    received = 0
    while remaining > 0:
        block = read(min(65536, remaining))
        if not block:
            break
        received += len(block)
        remaining -= len(block)
    body = b'%d\n' % received
    start_response('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', str(len(body)))])
    return [body]
