"""A worker process: loads the application and runs its requests on threads, each with a channel of its own.

    main thread    control channel, lifeline, signals (control.py)
    thread 1 … T   a channel each (channel.py), requests through wsgi.py

Started by the supervisor, which says in one line of JSON on file descriptor 3 what to run; the end of that
connection means that the supervisor is gone. At SIGURG the stacks of all threads are written to it.
"""

import faulthandler
import json
import mmap
import os
import signal
import socket
import sys
import threading
import time

from . import events, frames, hosting, memory, mod_wsgi_finder, version
from .channel import Channel
from .control import Control, connect
from .lending import Lender
from .loader import ApplicationError, load
from .log import capture_output, configure, describe_exception, log
from .privileges import drop_privileges
from .warmup import warm_up

LIFELINE = 3
EXIT_NOT_LOADED = 3
# Control messages have a limit; the end of a traceback says the most.
TRACEBACK_MAX = 65536
# Of the time that a worker has to stop, when subscribers of `process_stopping` want some of it, too.
REQUESTS_SHARE = 0.8
REDIAL_SECONDS = (0.02, 0.05, 0.1, 0.2)


class Worker:
    """What the threads of a worker share."""

    def __init__(self, settings):
        application = settings['application']
        self._socket_path = settings['socketPath']
        self._token = settings['token']
        self._number = settings['worker']
        self.threads = settings['threads']
        self.stopping = threading.Event()
        self.ledger = _create_ledger(settings['ledgerPath'], self.threads)
        self.application = None
        self.name = application['name']
        self.started_at = time.time()
        self.processes = application['processes']['max']
        self.callable_name = None
        self.is_observed = False
        # Called when the introduction has changed.
        self.on_change = None
        # Of control.py, for server_metrics().
        self.scoreboard = None
        self.lender = Lender()
        self.channels = []
        self._threads = []
        self.environ = {
            **application['environment'],
            'wsgi.version': (1, 0),
            'wsgi.multithread': self.threads > 1,
            'wsgi.multiprocess': application['processes']['max'] > 1,
            'wsgi.run_once': False,
            'wsgi.input_terminated': True,
            'SERVER_SOFTWARE': f'vivarium/{version}',
            'GATEWAY_INTERFACE': 'CGI/1.1',
        }

    @property
    def introduction(self):
        """What it says of itself when it is ready."""
        # The gateway says when it got each request, which costs time, only when somebody wants to know.
        return {'threads': self.threads, **({'times': True} if self.is_observed else {})}

    def observe(self):
        """See events.py."""
        if self.is_observed:
            return
        from .observed import ObservedResponder

        Channel.responder = ObservedResponder
        self.is_observed = True
        self.on_change()

    def start(self, application, callable_name):
        self.application = application
        self.callable_name = callable_name
        self.channels = [Channel(self, index) for index in range(self.threads)]
        self._threads = [
            threading.Thread(target=_serve, args=(channel,), name=f'vivarium-{channel.index}', daemon=True)
            for channel in self.channels
        ]
        for thread in self._threads:
            thread.start()

    def is_serving(self):
        return any(thread.is_alive() for thread in self._threads)

    def connect(self, hello):
        who = {'token': self._token, 'worker': self._number, 'pid': os.getpid()}
        return connect(self._socket_path, {**who, **hello})

    def dial(self, index):
        """The connection of a channel, as soon as there is a gateway; None when the worker stops."""
        attempt = 0
        while not self.stopping.is_set():
            connection = self.connect({'channel': index})
            if connection is not None:
                return connection
            self.stopping.wait(REDIAL_SECONDS[min(attempt, len(REDIAL_SECONDS) - 1)])
            attempt += 1
        return None


def main():
    lifeline = socket.socket(fileno=LIFELINE)
    lifeline.set_inheritable(False)
    settings = _read_settings(lifeline)
    if settings is None:
        return 0
    application = settings['application']
    configure(f"{application['name']} worker {settings['worker']} ({os.getpid()})", settings['logLevel'])
    faulthandler.enable()
    # In C, so that it works when no Python code can run.
    faulthandler.register(signal.SIGURG, file=lifeline, all_threads=True)
    drop_privileges(settings['user'], settings['group'])
    if application['umask'] is not None:
        os.umask(application['umask'])
    os.environ.update(application['environment'])
    os.chdir(application['workingDirectory'])
    sys.path[:0] = [application['workingDirectory'], *application['pythonPath']]
    capture_output()

    memory.limit(application['recycling']['memoryLimitHard'])
    worker = Worker(settings)
    control = Control(worker, lifeline)
    hosting.worker = worker
    mod_wsgi_finder.install()
    os.register_at_fork(after_in_child=lambda: _abandon(worker, control))
    toolbox = None
    try:
        with control.loading():
            toolbox = _open_toolbox(application['development'], lifeline)
            found, callable_name = load(application['target'])
            warm_up(found, application['warmup'], worker.environ)
            if toolbox is not None:
                found = toolbox.loaded(found)
    except BaseException as error:  # whatever a module does when it is imported, also SystemExit
        report = None if toolbox is None else toolbox.not_loaded(error)
        return 0 if control.stop_asked else _not_loaded(control, error, report)
    try:
        worker.start(found, callable_name)
    except (MemoryError, RuntimeError) as error:  # no memory for so many threads
        return _not_loaded(control, error, None)
    control.run()
    _stop(worker, control, settings['shutdownTimeoutMs'] / 1000)
    if toolbox is not None:
        toolbox.close()
    return 0


def _serve(channel):
    try:
        channel.run()
    except MemoryError:
        # A worker that lacks a thread, and nobody knows, is worse than none.
        os._exit(memory.EXIT_OUT_OF_MEMORY)


def _open_toolbox(settings, lifeline):
    """The tools for development; None when none is wanted."""
    if not any(settings.values()):
        return None
    from .dev.toolbox import Toolbox

    return Toolbox(settings, lifeline)


def _read_settings(lifeline):
    line = b''
    while not line.endswith(b'\n'):
        chunk = lifeline.recv(65536)
        if not chunk:
            return None
        line += chunk
    return json.loads(line)


def _create_ledger(path, threads):
    """The id of the request that each thread started last, in a file: it survives this process, however it ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.ftruncate(descriptor, 4 * threads)
        return memoryview(mmap.mmap(descriptor, 4 * threads)).cast('I')
    finally:
        os.close(descriptor)


def _not_loaded(control, error, report):
    if isinstance(error, MemoryError):
        memory.open_reserve()
    if isinstance(error, ApplicationError):
        text = str(error)
    else:
        text = describe_exception(_without_our_frames(error))
    text = text[-TRACEBACK_MAX:]
    if not control.say_for_certain(frames.FAILED, {'traceback': text, 'report': report}, 2):
        log('error', 'application-not-loaded', text)
    return EXIT_NOT_LOADED


def _without_our_frames(error):
    """The traceback from the application on: how we came there helps nobody."""
    ours = os.path.dirname(os.path.abspath(__file__))
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if not name.startswith(ours) and 'importlib' not in name:
            return error.with_traceback(trace)
        trace = trace.tb_next
    # These say by themselves what is wrong with the application. Anything else may be a fault of ours.
    return error.with_traceback(None) if isinstance(error, (SyntaxError, ModuleNotFoundError)) else error


def _stop(worker, control, seconds):
    worker.stopping.set()
    # The gateway closes each channel when it has its last answer. Subscribers have time left when requests do not end.
    control.finish(seconds * REQUESTS_SHARE if events.is_stopping_awaited() else seconds)
    events.publish_stopping(control.stop_reason)
    control.send_metrics()
    sys.stdout.flush()
    sys.stderr.flush()


def _abandon(worker, control):
    """A process that the application forks answers no requests and holds nothing of ours open."""
    faulthandler.unregister(signal.SIGURG)
    worker.stopping = threading.Event()
    worker.stopping.set()
    worker.ledger = [0] * worker.threads
    for channel in worker.channels:
        channel.abandon()
    control.abandon()
