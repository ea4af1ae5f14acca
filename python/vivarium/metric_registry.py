"""The metrics of this process: what they are called and how many there may be, and the messages that tell the gateway
of their values (src/protocols/worker/metrics.ts has the form and the same limits).
"""

import re
import threading
from collections import namedtuple

from .log import log
from .metric_samples import finite

METRICS_MAX = 500
# Beside one of each metric, which has none of its own labels.
LABELLED_SAMPLES_MAX = 9500
LABELLED_SAMPLES_OF_METRIC_MAX = 1000
LABELS_MAX = 16
BUCKETS_MAX = 64
NAME_MAX = 200
HELP_MAX = 1024
# Stands for all the label values that would be too many.
OTHER = '(other)'
# The gateway takes frames of up to 1 MiB.
MESSAGE_BYTES = 262144

_NAME = re.compile(r'[a-zA-Z_][a-zA-Z0-9_]*\Z')
_RESERVED_NAME = re.compile(r'vivarium_|.*_(total|created|bucket|count|sum|info)\Z')
_RESERVED_LABEL = re.compile(r'__|(le|quantile|application|worker)\Z')

Definition = namedtuple('Definition', ('name', 'type', 'help', 'labels', 'aggregate', 'buckets'))


def define(kind, name, help, labels, aggregate='sum', buckets=None):
    """A definition that may be shown. Raises TypeError or ValueError."""
    what = f'the {kind} {name!r}'
    if not isinstance(name, str) or not isinstance(help, str):
        raise TypeError(f'{what} needs a name and a help text')
    if not _NAME.match(name) or len(name) > NAME_MAX:
        raise ValueError(f'{what}: a name has letters, digits and _, at most {NAME_MAX}, and no digit in front')
    if _RESERVED_NAME.match(name):
        endings = '_total, _created, _bucket, _count, _sum or _info'
        raise ValueError(f'{what}: the server makes the names that begin with vivarium_ or end with {endings}')
    if len(help) > HELP_MAX:
        raise ValueError(f'{what}: its help has {len(help)} characters; {HELP_MAX} are allowed')
    if aggregate not in ('sum', 'min', 'max'):
        raise ValueError(f"{what}: aggregate is 'sum', 'min' or 'max', not {aggregate!r}")
    if buckets is not None:
        buckets = _checked_buckets(what, buckets)
    return Definition(name, kind, help, _checked_labels(what, labels), aggregate, buckets)


def _checked_labels(what, labels):
    if isinstance(labels, str):
        raise TypeError(f'{what}: labels are a list of names, like ({labels!r},)')
    labels = tuple(labels)
    for label in labels:
        if not isinstance(label, str) or not _NAME.match(label) or len(label) > NAME_MAX:
            raise ValueError(f'{what}: {label!r} cannot name a label: letters, digits and _ can, no digit in front')
        if _RESERVED_LABEL.match(label):
            raise ValueError(f'{what}: a label cannot be named {label!r}: the server uses that name')
    if len(labels) > LABELS_MAX or len(set(labels)) != len(labels):
        raise ValueError(f'{what}: at most {LABELS_MAX} labels are allowed, and none of them twice')
    return labels


def _checked_buckets(what, buckets):
    bounds = tuple(buckets)
    if bounds and bounds[-1] == float('inf'):
        bounds = bounds[:-1]
    bounds = tuple(finite(bound) for bound in bounds)
    if not 0 < len(bounds) <= BUCKETS_MAX or any(a >= b for a, b in zip(bounds, bounds[1:])):
        raise ValueError(f'{what}: buckets are 1 to {BUCKETS_MAX} upper bounds, ascending')
    return bounds


class Registry:
    def __init__(self):
        self._lock = threading.Lock()
        self._metrics = {}
        self._labelled = 0
        # A sample has changed since the last messages were made.
        self.is_changed = False
        # Called when that becomes true.
        self.on_change = _nothing

    def register(self, make, definition):
        """The metric of this definition; that of an earlier call if there was one."""
        with self._lock:
            known = self._metrics.get(definition.name)
            if known is None:
                if len(self._metrics) >= METRICS_MAX:
                    raise ValueError(f'{definition.name!r} is one metric too many: {METRICS_MAX} are allowed')
                self._metrics[definition.name] = known = make(definition)
            elif known.definition != definition:
                pairs = zip(Definition._fields, known.definition, definition)
                others = ', '.join(f'{field} {old!r}' for field, old, new in pairs if old != new)
                raise ValueError(f'there is already a metric named {definition.name!r}, with {others}')
            return known

    def add_sample(self, metric, values):
        """The sample with these label values; a common one for all when there are too many of them."""
        with self._lock:
            samples = metric.samples
            if values and values not in samples:
                if self._labelled >= LABELLED_SAMPLES_MAX or len(samples) >= LABELLED_SAMPLES_OF_METRIC_MAX:
                    values = (OTHER,) * len(values)
                    if values not in samples:
                        _warn(metric.definition)
                else:
                    self._labelled += 1
            if values not in samples:
                samples[values] = metric.make_sample(values)
            return samples[values]

    def note_change(self):
        if not self.is_changed:
            self.is_changed = True
            self.on_change()

    def touch_all(self):
        """A new gateway knows none of them."""
        for sample in self._all_samples():
            with sample.lock:
                sample.touch()

    def take_messages(self):
        """What has changed since the last call, in messages that are not too large."""
        # First: what changes meanwhile is for the next call.
        self.is_changed = False
        found, size = {}, 0
        for metric in list(self._metrics.values()):
            name = metric.definition.name
            for sample in list(metric.samples.values()):
                state = sample.take()
                if state is None:
                    continue
                if name not in found:
                    found[name] = {**metric.definition._asdict(), 'samples': []}
                    size += 1000 + 6 * len(metric.definition.help)
                found[name]['samples'].append([sample.labels, state])
                size += 40 + 12 * sum(map(len, sample.labels)) + 20 * len(metric.definition.buckets or ())
                if size > MESSAGE_BYTES:
                    yield {'metrics': list(found.values())}
                    found, size = {}, 0
        if found:
            yield {'metrics': list(found.values())}

    def abandon(self):
        """In a process that the application has forked: it counts for itself."""
        self.on_change = _nothing
        self._lock = threading.Lock()
        for sample in self._all_samples():
            sample.lock = threading.Lock()

    def _all_samples(self):
        return [sample for metric in list(self._metrics.values()) for sample in list(metric.samples.values())]


def _nothing():
    pass


def _warn(definition):
    what = f"the {definition.type} '{definition.name}' has too many combinations of label values"
    log('warn', 'metric-labels', f"{what}: further ones are counted together, as '{OTHER}'")


registry = Registry()
