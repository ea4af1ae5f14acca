"""Events that applications may subscribe to, with the names and fields of mod_wsgi (docs/guide/events.md).

Nothing is done for a request before the first one subscribes: then observed.py takes the place of the plain way.
"""

from . import hosting
from .interrupt import RequestTimeout
from .log import describe_exception, log, of_request

event_callbacks = []
shutdown_callbacks = []
# Those that run and are observed: request id -> what its `request_started` says.
active_requests = {}
# Makes further variables of a request from what is known of it: see mod_wsgi.py.
environ_extensions = []


def subscribe_events(callback):
    """Has `callback(name, **event)` called for every event. Returns it, so it serves as a decorator."""
    _subscribe(event_callbacks, callback)
    observe()
    return callback


def subscribe_shutdown(callback):
    """As `subscribe_events`, for `process_stopping` alone."""
    _subscribe(shutdown_callbacks, callback)
    return callback


def observe():
    """From now on the requests of this worker are observed."""
    if hosting.worker is not None:
        hosting.worker.observe()


def publish(name, event):
    """Calls all subscribers of the event, each of which may add to it. Returns what it has become."""
    _call(event_callbacks, name, event)
    return event


def extend_environ(environ, described):
    for extension in environ_extensions:
        environ.update(extension(described))


def is_stopping_awaited():
    return bool(event_callbacks or shutdown_callbacks)


def publish_stopping(reason):
    event = {'shutdown_reason': reason}
    _call(event_callbacks, 'process_stopping', event)
    _call(shutdown_callbacks, 'process_stopping', event)


def _subscribe(callbacks, callback):
    if not callable(callback):
        raise TypeError(f'a subscriber is called with each event; {type(callback).__name__} is not callable')
    callbacks.append(callback)


def _call(callbacks, name, event):
    for callback in tuple(callbacks):
        try:
            more = callback(name, **event)
            if isinstance(more, dict):
                event.update(more)
        except RequestTimeout:
            raise
        except BaseException as error:  # also SystemExit: the request goes on
            what = of_request(f'{_name_of(callback)} for {name}')
            log('error', 'event-callback-failed', f'{what}\n{describe_exception(error)}')


def _name_of(callback):
    return f"{getattr(callback, '__module__', '?')}.{getattr(callback, '__qualname__', type(callback).__name__)}"
