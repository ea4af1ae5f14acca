"""pdb on the terminal that the server runs in: for `breakpoint()` wherever the worker has that terminal, and with
`enable-debugger` also when a request raises an exception, and at breakpoints that were set before. The latter needs one
process with one thread; the configuration sees to that.
"""

import atexit
import contextlib
import pdb
import sys
import termios
import threading

from ..log import log
from .iteration import Iteration


class Debugger:
    """Becomes the application when that is loaded, and has a look at every exception that it raises."""

    def __init__(self):
        self._application = None
        self._pdb = TerminalPdb()
        sys.breakpointhook = lambda *_, **__: self._pdb.set_trace(sys._getframe(1))

    def wrap(self, application, at_startup):
        self._application = application
        if at_startup:
            log('info', 'debugger', 'the application is loaded: set breakpoints, then continue')
            self._pdb.reset()
            self._pdb.interaction(sys._getframe(), None)
        return self

    def __call__(self, environ, start_response):
        return Iteration(self._run(lambda: self._application(environ, start_response)), self._run)

    def _run(self, function):
        trace = sys.gettrace()
        self._watch_breakpoints()
        try:
            return function()
        except StopIteration:
            raise
        except Exception as error:
            self._look_at(error)
            raise
        finally:
            sys.settrace(trace)

    def _watch_breakpoints(self):
        """They were set in another thread, or in a request before this one; tracing is a matter of each thread."""
        if self._pdb.breaks:
            frame = sys._getframe(1)
            self._pdb.reset()
            self._pdb.botframe = frame
            self._pdb.set_continue()
            frame.f_trace = self._pdb.trace_dispatch
            sys.settrace(self._pdb.trace_dispatch)

    def _look_at(self, error):
        sys.settrace(None)
        log('error', 'debugger', f'{type(error).__name__}: its traceback follows when you quit the debugger')
        self._pdb.reset()
        # From 3.13 on pdb can walk from an exception to its cause.
        self._pdb.interaction(None, error if sys.version_info >= (3, 13) else error.__traceback__)


class TerminalPdb(pdb.Pdb):
    """On the terminal, while what the application prints goes to the error log."""

    # There is one terminal; other threads wait until it is free.
    _terminal = threading.Lock()

    def __init__(self):
        super().__init__()
        self.stdout = sys.__stdout__

    def cmdloop(self, intro=None):
        # Line editing (readline) needs the real streams.
        with self._terminal, contextlib.redirect_stdout(sys.__stdout__), contextlib.redirect_stderr(sys.__stderr__):
            super().cmdloop(intro)


def break_on_terminal():
    """Has `breakpoint()` open the debugger: each time a new one, as several threads may come to it."""
    sys.breakpointhook = lambda *_, **__: TerminalPdb().set_trace(sys._getframe(1))


def restore_terminal_at_exit():
    """A worker may have to end while somebody types."""
    try:
        attributes = termios.tcgetattr(0)
    except termios.error:
        return
    atexit.register(termios.tcsetattr, 0, termios.TCSADRAIN, attributes)
