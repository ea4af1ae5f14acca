"""What tools have in common: a WSGI application (PEP 3333) runs when it is called, each time its iterable is asked
for a block, and in `close`."""


class Iteration:
    """The iterable of an application. `run(function)` calls a function of it, and may do something around that."""

    def __init__(self, result, run):
        self._result = result
        self._run = run
        self._next = run(lambda: iter(result)).__next__

    def __iter__(self):
        return self

    def __next__(self):
        return self._run(self._next)

    def close(self):
        close = getattr(self._result, 'close', None)
        if close is not None:
            self._run(close)
