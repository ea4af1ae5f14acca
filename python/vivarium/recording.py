"""`process_metrics()`: what this process has done since it was started, with the fields of mod_wsgi. Counts from the
moment on that `start_recording_metrics()` is called.
"""

import os
import threading
import time

from . import events, hosting

_lock = threading.Lock()
# Thread of the worker -> its requests. None: nothing is recorded.
_requests = None
_busy_seconds = 0.0


def start_recording_metrics():
    global _requests
    with _lock:
        if _requests is not None or hosting.worker is None:
            return
        _requests = dict.fromkeys(range(1, hosting.worker.threads + 1), 0)
    events.subscribe_events(_record)


def process_metrics():
    """None before `start_recording_metrics()`."""
    now = time.time()
    with _lock:
        if _requests is None:
            return None
        requests, busy_seconds = dict(_requests), _busy_seconds
    active = list(events.active_requests.values())
    user, system = os.times()[:2]
    return {
        'pid': os.getpid(),
        'restart_time': hosting.worker.started_at,
        'current_time': now,
        'running_time': int(now - hosting.worker.started_at),
        'request_count': sum(requests.values()),
        'request_busy_time': busy_seconds + sum(now - event['application_start'] for event in active),
        'request_threads': len(requests),
        'active_requests': len(active),
        'cpu_user_time': user,
        'cpu_system_time': system,
        'cpu_time': user + system,
        **_memory(),
        'threads': [{'thread_id': thread, 'request_count': count} for thread, count in requests.items()],
    }


def _record(name, **event):
    global _busy_seconds
    if name == 'request_finished':
        with _lock:
            _requests[event['thread_id']] += 1
            _busy_seconds += event['application_time']


def _memory():
    """In bytes, where the system says it in /proc."""
    try:
        with open('/proc/self/status', encoding='ascii', errors='replace') as file:
            lines = dict(line.split(':', 1) for line in file)
        return {
            'memory_rss': int(lines['VmRSS'].split()[0]) * 1024,
            'memory_max_rss': int(lines['VmHWM'].split()[0]) * 1024,
        }
    except (OSError, KeyError, ValueError):
        return {}
