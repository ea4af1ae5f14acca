"""Counts how often it has run, over all workers, in COUNT_FILE, and says so in an answer that caches may keep."""

import os
import time
from urllib.parse import parse_qs

_file = os.open(os.environ['COUNT_FILE'], os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)


def application(environ, start_response):
    query = {name: values[0] for name, values in parse_qs(environ['QUERY_STRING']).items()}
    os.write(_file, b'.')
    runs = os.fstat(_file).st_size
    if 'wait' in query:
        # Until the test has made the file.
        while not os.path.exists(query['wait']):
            time.sleep(0.01)
    headers = [
        ('Content-Type', 'text/plain'),
        ('Cache-Control', query.get('cc', 'max-age=3600')),
        ('Cache-Tag', query.get('tag', 'none')),
        ('Vary', query.get('vary', 'Accept-Encoding')),
    ]
    start_response('200 OK', headers)
    return [f'run {runs}'.encode()]
