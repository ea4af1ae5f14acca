"""Metrics of the application: counters, gauges and histograms. The server adds up those of all workers and shows them
with its own, so nobody needs a directory for several processes (docs/guide/metrics.md).

    from vivarium import metrics

    ORDERS = metrics.counter('shop_orders', 'Orders taken.', labels=('country',))
    ORDERS.labels('DE').inc()

The main thread sends what has changed, once a second at most (control.py).
"""

from .metric_registry import define, registry
from .metric_samples import CounterSample, GaugeSample, HistogramSample

__all__ = ['counter', 'gauge', 'histogram']

SECONDS_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
LABEL_VALUE_MAX = 256


def counter(name, help, labels=()):
    """Something that only grows. It is shown with the ending `_total`, which may be left out here."""
    if isinstance(name, str) and name.endswith('_total'):
        name = name[: -len('_total')]
    return registry.register(Counter, define('counter', name, help, labels))


def gauge(name, help, labels=(), aggregate='sum'):
    """Something that goes up and down. Of the values of all workers, `aggregate` is shown: 'sum', 'min' or 'max'."""
    return registry.register(Gauge, define('gauge', name, help, labels, aggregate))


def histogram(name, help, labels=(), buckets=SECONDS_BUCKETS):
    """How often a value came into each bucket. `buckets` are their upper bounds, ascending."""
    return registry.register(Histogram, define('histogram', name, help, labels, buckets=buckets))


class _Metric:
    sample_class = None

    def __init__(self, definition):
        self.definition = definition
        self.samples = {}
        # A metric without labels is there from the start, with 0.
        self._only = None
        if not definition.labels:
            self._only = self.samples[()] = self.make_sample(())

    def make_sample(self, values):
        return self.sample_class(self.definition, values, registry.note_change)

    def labels(self, /, *values, **named):
        """The sample for these label values, given in the order of the labels or by name. It may be kept."""
        if not named:
            try:
                return self.samples[values]
            except (KeyError, TypeError):
                pass  # A new one, or not given as text.
        return self._find(values, named)

    def _find(self, values, named):
        names = self.definition.labels
        if named and not values and set(named) == set(names):
            values = [named[name] for name in names]
        elif named or len(values) != len(names) or not names:
            given = ', '.join([*map(repr, values), *named])
            raise ValueError(f'{self._describe()}, and was given ({given})')
        texts = tuple(map(_label_value, values))
        sample = self.samples.get(texts)
        return sample if sample is not None else registry.add_sample(self, texts)

    def _sample(self):
        if self._only is None:
            raise ValueError(f'{self._describe()}: say which, with .labels(…)')
        return self._only

    def _describe(self):
        definition = self.definition
        names = ', '.join(definition.labels)
        return f"the {definition.type} '{definition.name}' has {'the labels ' + names if names else 'no labels'}"


class Counter(_Metric):
    sample_class = CounterSample

    def inc(self, amount=1):
        self._sample().inc(amount)


class Gauge(_Metric):
    sample_class = GaugeSample

    def set(self, value):
        self._sample().set(value)

    def inc(self, amount=1):
        self._sample().inc(amount)

    def dec(self, amount=1):
        self._sample().dec(amount)


class Histogram(_Metric):
    sample_class = HistogramSample

    def observe(self, value):
        self._sample().observe(value)

    def time(self):
        """Observes how many seconds a `with` block takes, also when it raises."""
        return self._sample().time()


def _label_value(value):
    # Lone surrogates are no text that could be shown.
    return str(value)[:LABEL_VALUE_MAX].encode('utf-8', 'replace').decode()
