"""`server_metrics()`: what all processes and threads of the server are doing, with the fields of mod_wsgi. The gateway
knows (src/apps/scoreboard.ts); threads of the application ask it through the main thread (control.py).
"""

import collections
import copy
import queue
import threading
import time

from . import hosting

WAIT_SECONDS = 1


def server_metrics():
    """None where nobody can be asked: outside a worker, while the application is imported, without a gateway."""
    if hosting.worker is None or threading.current_thread() is threading.main_thread():
        return None
    questions = hosting.worker.scoreboard
    return None if questions is None else questions.ask()


class Questions:
    """Those of all threads. The main thread never waits for one of them, whatever an interrupt has made of it."""

    def __init__(self, wake):
        self._wake = wake
        # (time.monotonic() until which its thread waits, queue for the answer)
        self._new = collections.deque()
        self._asked = []

    def ask(self):
        """Called by any thread but the main one."""
        answers = queue.SimpleQueue()
        self._new.append((time.monotonic() + WAIT_SECONDS, answers))
        self._wake()
        try:
            # The same answer may be for several threads.
            return copy.deepcopy(answers.get(timeout=WAIT_SECONDS))
        except queue.Empty:
            return None

    # In the main thread

    def take(self):
        """True when the gateway is to be asked; `answer` follows."""
        if not self._new:
            return False
        now = time.monotonic()
        self._asked = [question for question in self._asked if question[0] > now]
        while self._new:
            self._asked.append(self._new.popleft())
        return True

    def answer(self, scoreboard):
        asked, self._asked = self._asked, []
        for _, answers in asked:
            answers.put(scoreboard)
