"""`enable-profiler`: cProfile around every request; the statistics are written when the worker ends.

Needs one thread: cProfile knows one at a time.
"""

import cProfile
import os
import time

from ..log import log
from .iteration import Iteration


class Profiler:
    def __init__(self, application, directory):
        self._application = application
        self._directory = directory
        self._profile = cProfile.Profile()
        self._requests = 0
        os.makedirs(directory, exist_ok=True)

    def __call__(self, environ, start_response):
        self._requests += 1
        return Iteration(self._run(lambda: self._application(environ, start_response)), self._run)

    def _run(self, function):
        self._profile.enable()
        try:
            return function()
        finally:
            self._profile.disable()

    def close(self):
        if self._requests > 0:
            path = os.path.join(self._directory, f'{int(time.time())}-{os.getpid()}.pstats')
            self._profile.dump_stats(path)
            log('info', 'profile-written', f'{path}: {self._requests} requests')
