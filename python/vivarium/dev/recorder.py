"""`enable-recorder`: writes each request and its response to files, as HTTP messages: KEY.request, KEY.response, and
KEY.exception with the traceback if there was one. Keys sort by time. The files hold passwords and cookies as they
came, so they are for their owner alone.
"""

import io
import os
import threading
import time

from ..log import describe_exception
from .iteration import Iteration

BLOCK_BYTES = 65536


class Recorder:
    def __init__(self, application, directory):
        self._application = application
        self._directory = directory
        self._count = 0
        self._lock = threading.Lock()
        os.makedirs(directory, mode=0o700, exist_ok=True)

    def __call__(self, environ, start_response):
        with self._lock:
            self._count += 1
            key = f'{time.time_ns() // 1000}-{os.getpid()}-{self._count}'
        path = os.path.join(self._directory, key)
        body = environ['wsgi.input'].read()
        environ['wsgi.input'] = io.BytesIO(body)
        with _create(f'{path}.request') as file:
            file.write(_request_head(environ))
            file.write(body)
        record = _Record(path, start_response)
        result = record.run(lambda: self._application(environ, record.start_response))
        return _Recorded(result, record)


class _Record:
    """The response of one request."""

    def __init__(self, path, start_response):
        self._path = path
        self._start_response = start_response
        self._head = b''
        self._file = None

    def start_response(self, status, headers, *exc_info):
        headers = list(headers)
        write = self._start_response(status, headers, *exc_info)
        lines = [f'HTTP/1.1 {status}', *(f'{name}: {value}' for name, value in headers)]
        self._head = '\r\n'.join((*lines, '', '')).encode('latin-1')

        def write_both(block):
            self.keep(block)
            return write(block)

        return write_both

    def keep(self, block):
        if self._file is None:
            self._file = _create(f'{self._path}.response')
            self._file.write(self._head)
        self._file.write(block)

    def run(self, function):
        try:
            return function()
        except StopIteration:
            raise
        except BaseException as error:
            with _create(f'{self._path}.exception') as file:
                file.write(describe_exception(error).encode('utf-8', 'backslashreplace'))
            self.close()
            raise

    def close(self):
        if self._file is None and self._head:
            self.keep(b'')
        if self._file is not None:
            self._file.close()


class _Recorded(Iteration):
    def __init__(self, result, record):
        super().__init__(result, record.run)
        self._record = record

    def __next__(self):
        block = super().__next__()
        # Anything else is an error of the application, which others report.
        if isinstance(block, (bytes, bytearray, memoryview)):
            self._record.keep(block)
        return block

    def close(self):
        self._record.close()
        super().close()


def _request_head(environ):
    lines = [f"{environ['REQUEST_METHOD']} {environ['REQUEST_URI']} {environ['SERVER_PROTOCOL']}"]
    for key, value in environ.items():
        if key.startswith('HTTP_'):
            lines.append(f'{_field_name(key[5:])}: {value}')
        elif key in ('CONTENT_TYPE', 'CONTENT_LENGTH'):
            lines.append(f'{_field_name(key)}: {value}')
    return '\r\n'.join((*lines, '', '')).encode('latin-1')


def _field_name(variable):
    return variable.replace('_', '-').title()


def _create(path):
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), 'wb')
