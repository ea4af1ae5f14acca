"""Samples: the values of a metric, one for each combination of label values. Any thread may change them."""

import contextlib
import sys
import threading
import time
from bisect import bisect_left

MAX = sys.float_info.max


class Sample:
    """`changed` is called once when it has changed, and not again before it was taken."""

    __slots__ = ('labels', 'lock', '_value', '_is_changed', '_changed')

    def __init__(self, definition, labels, changed):
        self.labels = labels
        self.lock = threading.Lock()
        self._value = 0
        self._is_changed = False
        self._changed = changed
        self.touch()

    def touch(self):
        """It is to be sent, though it may be the same."""
        if not self._is_changed:
            self._is_changed = True
            self._changed()

    def take(self):
        """The value as JSON, if it has changed since the last call."""
        with self.lock:
            if not self._is_changed:
                return None
            self._is_changed = False
            return self._state()

    def _state(self):
        return _within_limits(self._value)


class CounterSample(Sample):
    __slots__ = ()

    def inc(self, amount=1):
        if finite(amount) < 0:
            raise ValueError(f'a counter only grows: {amount} cannot be added')
        with self.lock:
            self._value += amount
            self.touch()


class GaugeSample(Sample):
    __slots__ = ()

    def set(self, value):
        value = finite(value)
        with self.lock:
            self._value = value
            self.touch()

    def inc(self, amount=1):
        amount = finite(amount)
        with self.lock:
            self._value += amount
            self.touch()

    def dec(self, amount=1):
        self.inc(-amount)


class HistogramSample(Sample):
    __slots__ = ('_bounds', '_counts')

    def __init__(self, definition, labels, changed):
        self._bounds = definition.buckets
        self._counts = [0] * (len(self._bounds) + 1)
        super().__init__(definition, labels, changed)

    def observe(self, value):
        value = finite(value)
        # A bucket has the values up to and with its bound.
        bucket = bisect_left(self._bounds, value)
        with self.lock:
            self._value += value
            self._counts[bucket] += 1
            self.touch()

    @contextlib.contextmanager
    def time(self):
        """Observes how many seconds a `with` block takes, also when it raises."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.observe(time.perf_counter() - begin)

    def _state(self):
        return [_within_limits(self._value), list(self._counts)]


def finite(value):
    if type(value) is not int and type(value) is not float:
        value = float(value)
    if not -MAX <= value <= MAX:
        raise ValueError(f'a metric takes finite numbers, not {value}')
    return value


def _within_limits(value):
    """Finite numbers may add up to one that is not, which JSON does not have."""
    return max(-MAX, min(MAX, value))
