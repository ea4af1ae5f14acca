"""Interrupting one thread: where it is, and an exception that is raised in it as soon as it runs Python code again."""

import os
import sys
import threading
import time
import traceback

try:
    from ctypes import c_ulong, py_object, pythonapi
except ImportError:  # a Python without ctypes: the gateway has the worker replaced instead
    pythonapi = None

# Control messages have a limit; the innermost calls say the most.
STACK_MAX = 65536
_OURS = (os.path.dirname(os.path.abspath(__file__)) + os.sep, threading.__file__)


class RequestTimeout(BaseException):
    """The request has run for longer than `request-timeout`, and its client has been answered 504.

    Raised in the thread that runs it, wherever it is. Not an Exception, so that `except Exception` does not stop it;
    `finally`, `with` and `except vivarium.RequestTimeout` can clean up. There are `interrupt-timeout` seconds for
    that, then the worker is replaced.
    """


def raise_in(ident):
    """Has RequestTimeout raised in the thread `ident`."""
    if pythonapi is not None:
        pythonapi.PyThreadState_SetAsyncExc(c_ulong(ident), py_object(RequestTimeout))


def absorb():
    """What has not been raised in this thread yet never will be.

    One more takes its place, and is waited for. It could also be withdrawn, but then the interpreter would look for it
    for ever: with Python 3.11 the first profiler or debugger hangs in that.
    """
    if pythonapi is None:
        return
    try:
        raise_in(threading.get_ident())
        while True:
            time.sleep(0)
    except RequestTimeout:
        pass


def stack_of(ident):
    """Where the thread is, outermost call first, without the calls by which we came to the application."""
    frame = sys._current_frames().get(ident)
    if frame is None:
        return None
    calls = traceback.extract_stack(frame)
    first = next((n for n, call in enumerate(calls) if not call.filename.startswith(_OURS)), 0)
    return ''.join(traceback.format_list(calls[first:]))[-STACK_MAX:]
