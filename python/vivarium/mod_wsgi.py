"""What an application gets from `import mod_wsgi` (docs/guide/mod-wsgi.md). From then on its requests are observed, and
have the variables `mod_wsgi.…` in their environ.
"""

import logging

from vivarium import RequestTimeout, events, hosting, request_data, subscribe_events, subscribe_shutdown
from vivarium.body import FileWrapper
from vivarium.events import active_requests
from vivarium.log import describe_exception, log, of_request
from vivarium.recording import process_metrics, start_recording_metrics
from vivarium.scoreboard import server_metrics

__all__ = [
    'FileWrapper',
    'LogHandler',
    'RequestTimeout',
    'active_requests',
    'process_metrics',
    'request_data',
    'request_metrics',
    'server_metrics',
    'start_recording_metrics',
    'subscribe_events',
    'subscribe_shutdown',
    'subscribe_signals',
]

# The one whose interface this is.
version = (6, 0, 5)
process_group = hosting.worker.name
# The main interpreter.
application_group = ''
maximum_processes = hosting.worker.processes
threads_per_process = hosting.worker.threads
event_callbacks = events.event_callbacks
shutdown_callbacks = events.shutdown_callbacks


def subscribe_signals(callback):
    """The signals that mod_wsgi passes on are the server's here. As where mod_wsgi has none, nothing is called."""
    return callback


def request_metrics():
    """None, as where somebody else collects them: the server does (docs/guide/metrics.md)."""
    return None


class LogHandler(logging.Handler):
    """Writes records to the error log at their own level, with the id of the request."""

    def emit(self, record):
        try:
            text = f'{record.name}: {self.format(record)}' if self.formatter is None else self.format(record)
            log(_level_of(record), 'application-log', of_request(text))
        except RequestTimeout:
            raise
        except Exception as error:
            log('error', 'application-log', describe_exception(error))


def _level_of(record):
    if record.levelno >= logging.ERROR:
        return 'error'
    if record.levelno >= logging.WARNING:
        return 'warn'
    return 'info' if record.levelno >= logging.INFO else 'debug'


def _variables(described):
    variables = {f'mod_wsgi.{name}': described[name] for name in _DESCRIBED}
    variables['mod_wsgi.server_pid'] = str(described['server_pid'])
    variables['mod_wsgi.version'] = version
    variables['mod_wsgi.process_group'] = process_group
    variables['mod_wsgi.application_group'] = application_group
    return variables


_DESCRIBED = ('request_id', 'thread_id', 'request_start', 'queue_start', 'daemon_start', 'application_start')
events.environ_extensions.append(_variables)
events.observe()
