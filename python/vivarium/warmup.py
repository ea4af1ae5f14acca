"""Warm-up: requests that a new worker runs by itself before it gets any of clients.

They run on a thread of their own, as those of clients do: what an application keeps for each thread goes with it, and
what works on the main thread alone fails here and not later.
"""

import io
import threading

from . import version
from .body import FileWrapper
from .current import current, end_request, is_cancelled
from .loader import ApplicationError
from .log import LogStream, describe_exception, log, summary
from .wsgi import checked

REQUEST_ID = 'warmup'
_DEFAULT_PORTS = {'http': '80', 'https': '443'}


def warm_up(application, requests, base):
    """Runs `requests` (WarmupRequest in src/config/configuration.ts). Raises ApplicationError when one fails."""
    failures = []

    def run():
        for request in requests:
            failure = _failure(application, request, base)
            if failure is not None:
                failures.append(failure)
                return

    thread = threading.Thread(target=run, name='vivarium-warmup', daemon=True)
    thread.start()
    thread.join()
    if failures:
        raise ApplicationError(failures[0])


def _failure(application, request, base):
    """What is wrong with the answer; None when it will do."""
    what = f"the warm-up request GET {request['url']}"
    current.request_id = REQUEST_ID
    try:
        status = _answer(application, _environ(request, base))
    except BaseException as error:  # also SystemExit
        return f'{describe_exception(_without_our_frames(error))}{what} raised {summary(error).splitlines()[0]}'
    finally:
        end_request()
    if status[:1] not in ('1', '2', '3', '4'):
        return f'{what} was answered {status}'
    # An answer for a host that the application does not know, or a redirect, has warmed little.
    log('debug' if status[:1] == '2' else 'warn', 'warmup-answered', f'{what} was answered {status}')
    return None


def _answer(application, environ):
    """The status, when the body has been read to its end and closed."""
    answer = _Answer()
    result = application(environ, answer.start_response)
    try:
        for block in result:
            checked(block)
    finally:
        close = getattr(result, 'close', None)
        if close is not None:
            close()
    if answer.status is None:
        raise AssertionError('the application returned without calling start_response()')
    return answer.status


class _Answer:
    status = None

    def start_response(self, status, headers, exc_info=None):
        if self.status is not None and not exc_info:
            raise AssertionError('start_response() was called a second time without exc_info')
        self.status = status
        return checked


def _without_our_frames(error):
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return error.with_traceback(trace)


def _environ(request, base):
    host = request['host']
    name, colon, port = host.rpartition(':')
    has_port = colon and port.isdigit()
    return {
        **base,
        'REQUEST_METHOD': 'GET',
        'SCRIPT_NAME': request['scriptName'],
        'PATH_INFO': request['pathInfo'],
        'QUERY_STRING': request['query'],
        'REQUEST_URI': request['uri'],
        'SERVER_PROTOCOL': 'HTTP/1.1',
        'SERVER_NAME': name if has_port else host,
        'SERVER_PORT': port if has_port else _DEFAULT_PORTS[request['scheme']],
        'REMOTE_ADDR': '127.0.0.1',
        'REMOTE_PORT': '0',
        'HTTP_HOST': host,
        'HTTP_USER_AGENT': f'vivarium/{version} (warm-up)',
        'wsgi.url_scheme': request['scheme'],
        'wsgi.input': io.BytesIO(),
        'wsgi.errors': LogStream('error', 'wsgi.errors'),
        'wsgi.file_wrapper': FileWrapper,
        'vivarium.request_id': REQUEST_ID,
        'vivarium.is_cancelled': is_cancelled,
        'vivarium.warmup': True,
    }
