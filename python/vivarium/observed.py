"""Requests of an application that wants to know more of them: events are published (events.py), and what a request
uses is measured. Takes the place of the plain Responder from the first subscription on.
"""

import sys
import time

from . import events, hosting
from .current import current, request_data
from .interrupt import RequestTimeout
from .observed_input import ObservedInput
from .wsgi import Responder

try:
    from resource import RUSAGE_THREAD, getrusage
except ImportError:  # this system does not say what a thread has used
    RUSAGE_THREAD = None


class ObservedResponder(Responder):
    __slots__ = ('_described', '_cpu', '_input', '_writes', '_length', '_write_seconds')

    def run(self, application, environ):
        self._cpu = _cpu_times()
        self._writes = self._length = self._write_seconds = 0
        self._input = environ['wsgi.input'] = ObservedInput(environ['wsgi.input'])
        self._described = described = self._describe(environ)
        # However it ends, and when it cannot be interrupted any more.
        current.at_end = (*current.at_end, self._finished)
        events.extend_environ(environ, described)
        event = {
            **described,
            'request_environ': environ,
            'application_object': application,
            'callable_object': hosting.worker.callable_name,
            # A request is sent once, to one process.
            'daemon_connects': 1,
            'daemon_restarts': 0,
        }
        events.active_requests[described['request_id']] = event
        try:
            events.publish('request_started', event)
            super().run(event['application_object'], environ)
        except RequestTimeout:
            self._publish_exception()
            raise

    def start_response(self, status, headers, exc_info=None):
        write = super().start_response(status, headers, exc_info)
        self._publish(
            'response_started',
            response_status=self._status,
            response_headers=self._headers,
            exception_info=exc_info or None,
        )
        return write

    # Answers

    def _whole(self, body):
        frame = super()._whole(body)
        if body:
            self._writes += 1
            self._length += len(body)
        return frame

    def _lend(self, filelike):
        is_lent = super()._lend(filelike)
        if is_lent:
            self._writes += 1
        return is_lent

    def _send(self, block):
        begin = time.perf_counter()
        try:
            super()._send(block)
        finally:
            self._write_seconds += time.perf_counter() - begin
        self._writes += 1
        self._length += len(block)

    def _fail(self, error, environ):
        self._publish_exception()
        super()._fail(error, environ)

    # Events

    def _publish_exception(self):
        self._publish('request_exception', exception_info=sys.exc_info())

    def _publish(self, name, **more):
        request_id, data = self._described['request_id'], self._described['request_data']
        events.publish(name, {'request_id': request_id, 'request_data': data, **more})

    def _describe(self, environ):
        """What the first and the last event of a request have in common."""
        now = time.time()
        channel = self._channel
        arrived = channel.arrived(now)
        received, queued = channel.gateway_times(self._exchange) or (arrived, arrived)
        return {
            'request_id': environ['vivarium.request_id'],
            'thread_id': channel.index + 1,
            'request_data': request_data(),
            'server_pid': channel.gateway_pid(),
            'request_start': received,
            'queue_start': queued,
            'daemon_start': arrived,
            'application_start': now,
        }

    def _finished(self):
        described, used = self._described, self._input
        now = time.time()
        event = {
            **described,
            'application_finish': now,
            'application_time': now - described['application_start'],
            'input_reads': used.reads,
            'input_length': used.length,
            'input_time': used.seconds,
            'output_writes': self._writes,
            'output_length': self._length,
            'output_time': self._write_seconds,
            'status': _number_of(self._status),
            **_cpu_used(self._cpu),
        }
        try:
            events.publish('request_finished', event)
        finally:
            events.active_requests.pop(described['request_id'], None)


def _number_of(status):
    """0 when the application never called start_response()."""
    return int(status[:3]) if isinstance(status, str) and status[:3].isdecimal() else 0


def _cpu_times():
    if RUSAGE_THREAD is None:
        return None
    usage = getrusage(RUSAGE_THREAD)
    return usage.ru_utime, usage.ru_stime


def _cpu_used(before):
    if before is None:
        return {}
    user, system = (now - then for now, then in zip(_cpu_times(), before))
    return {'cpu_user_time': user, 'cpu_system_time': system, 'cpu_time': user + system}
