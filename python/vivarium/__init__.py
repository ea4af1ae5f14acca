"""What applications hosted by Vivarium may import."""

import importlib

from . import events
from .current import is_cancelled, request_data
from .events import subscribe_events, subscribe_shutdown
from .interrupt import RequestTimeout
from .recording import process_metrics, start_recording_metrics
from .scoreboard import server_metrics

__all__ = [
    'RequestTimeout',
    'active_requests',
    'is_cancelled',
    'metrics',
    'process_metrics',
    'request_data',
    'server_metrics',
    'start_recording_metrics',
    'subscribe_events',
    'subscribe_shutdown',
    'version',
]

version = '0.1.0'


def __getattr__(name):
    """What costs something is had from the moment on that it is asked for."""
    if name == 'active_requests':
        events.observe()
        return events.active_requests
    if name == 'metrics':
        return importlib.import_module('.metrics', __name__)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
