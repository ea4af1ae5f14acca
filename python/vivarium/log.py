"""The worker's side of the error log: one line a message, as src/telemetry/log.ts writes it.

What the application prints goes the same way, line by line, with the id of the request that printed it.
"""

import io
import os
import sys
import threading
import time
import traceback

from .current import current

_SEVERITY = {'debug': 0, 'info': 1, 'warn': 2, 'error': 3}
_PRIORITY = {'debug': 7, 'info': 6, 'warn': 4, 'error': 3}

_role = 'worker'
_threshold = 1


def configure(role, level):
    global _role, _threshold
    _role = role
    _threshold = _SEVERITY[level]


def log(level, code, message):
    if _SEVERITY[level] >= _threshold:
        _write(f'[{level}] [{_role}] {code}: ' + message.rstrip('\n').replace('\n', '\n    '), level)


def _write(text, level):
    now = time.time()
    stamp = time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(now))
    line = f'{stamp}.{int(now * 1000) % 1000:03d} {text}\n'
    if _is_journal():
        # Each line says how severe it is: sd-daemon(3).
        line = ''.join(f'<{_PRIORITY[level]}>{part}\n' for part in line[:-1].split('\n'))
    data = line.encode('utf-8', 'backslashreplace')
    try:
        # One write a line: lines of several processes do not mix.
        os.write(2, data)
    except OSError:
        pass  # There is nobody left to tell.


def _is_journal():
    stream = os.environ.get('JOURNAL_STREAM')
    if stream is None:
        return False
    try:
        found = os.fstat(2)
    except OSError:
        return False
    return stream == f'{found.st_dev}:{found.st_ino}'


def reopen(path):
    """Has standard output and error go to the file of this name: the one they go to was renamed."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_APPEND)
    except OSError as error:
        log('error', 'log-reopen-failed', f'{error}; the open file goes on')
        return
    for stream in (1, 2):
        os.dup2(fd, stream)
    os.close(fd)


def of_request(text):
    """The text with the id of the request that this thread runs, if it runs one."""
    request_id = current.request_id
    return text if request_id is None else f'[request {request_id}] {text}'


def describe_exception(error):
    try:
        return ''.join(traceback.format_exception(type(error), error, error.__traceback__))
    except Exception:  # an exception may break its own description
        return summary(error)


def summary(error):
    try:
        text = str(error)
        return f'{type(error).__name__}: {text}' if text else type(error).__name__
    except Exception:
        return f'{type(error).__name__} (its text cannot be shown)'


class LogStream(io.TextIOBase):
    """A text stream whose lines become messages: `sys.stdout`, `sys.stderr` and `wsgi.errors`."""

    def __init__(self, level, code):
        self._level = level
        self._code = code
        self._partial = threading.local()

    encoding = 'utf-8'
    errors = 'backslashreplace'

    def writable(self):
        return True

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f'write() argument must be str, not {type(text).__name__}')
        lines = (getattr(self._partial, 'text', '') + text).split('\n')
        self._partial.text = lines.pop()
        if self._partial.text and self.flush not in current.at_end:
            # The line ends with the request.
            current.at_end = (*current.at_end, self.flush)
        if lines:
            self._emit('\n'.join(lines))
        return len(text)

    @property
    def buffer(self):
        """For applications that write bytes: they go where the lines go, as they are."""
        return sys.__stderr__.buffer

    def flush(self):
        partial = getattr(self._partial, 'text', '')
        if partial:
            self._partial.text = ''
            self._emit(partial)

    def _emit(self, text):
        log(self._level, self._code, of_request(text))


def capture_output():
    """From here on what is printed goes to the error log; file descriptors 1 and 2 stay what they are."""
    sys.stdout = LogStream('info', 'stdout')
    sys.stderr = LogStream('error', 'stderr')
