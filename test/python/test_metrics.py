"""vivarium/metrics.py: what is refused, what is counted, and the messages about it."""

import json
import math
import threading
import unittest
from unittest import mock

from gateway import CapturedLog

from vivarium import metric_registry, metrics
from vivarium.metric_registry import Registry


class MetricsTest(unittest.TestCase):
    def setUp(self):
        self.registry = Registry()
        patch = mock.patch.object(metrics, 'registry', self.registry)
        patch.start()
        self.addCleanup(patch.stop)

    def values(self):
        """What the next messages say: {name: {labels: value}}."""
        found = {}
        for message in self.registry.take_messages():
            for metric in json.loads(json.dumps(message, allow_nan=False))['metrics']:
                samples = {','.join(labels): value for labels, value in metric['samples']}
                found.setdefault(metric['name'], {}).update(samples)
        return found

    def test_message(self):
        orders = metrics.counter('orders_total', 'Orders.', ['shop'])
        orders.labels('Köln').inc()
        orders.labels(shop='Köln').inc(2)
        metrics.gauge('age_seconds', 'Age.', aggregate='max').set(-1.5)
        histogram = metrics.histogram('time_seconds', 'Time.', buckets=(0.1, 1, math.inf))
        for seconds in (0.1, 0.2, 7):
            histogram.observe(seconds)
        (message,) = self.registry.take_messages()
        plain = {'labels': [], 'aggregate': 'sum', 'buckets': None}
        orders = {**plain, 'name': 'orders', 'type': 'counter', 'help': 'Orders.', 'labels': ['shop']}
        age = {**plain, 'name': 'age_seconds', 'type': 'gauge', 'help': 'Age.', 'aggregate': 'max'}
        time = {**plain, 'name': 'time_seconds', 'type': 'histogram', 'help': 'Time.', 'buckets': [0.1, 1]}
        self.assertEqual(
            json.loads(json.dumps(message))['metrics'],
            [
                {**orders, 'samples': [[['Köln'], 3]]},
                {**age, 'samples': [[[], -1.5]]},
                {**time, 'samples': [[[], [7.3, [1, 1, 1]]]]},
            ],
        )

    def test_only_what_has_changed_and_all_for_a_new_gateway(self):
        first, second = metrics.counter('first', ''), metrics.counter('second', '')
        self.assertEqual(self.values(), {'first': {'': 0}, 'second': {'': 0}})
        wakes = []
        self.registry.on_change = lambda: wakes.append(True)
        self.assertFalse(self.registry.is_changed)
        second.inc()
        second.inc()
        self.assertEqual((self.registry.is_changed, len(wakes)), (True, 1))
        self.assertEqual(self.values(), {'second': {'': 2}})
        self.assertEqual(self.values(), {})
        self.registry.touch_all()
        self.assertEqual(self.values(), {'first': {'': 0}, 'second': {'': 2}})
        first.inc()
        self.assertEqual(len(wakes), 3)

    def test_gauge(self):
        gauge = metrics.gauge('open', '')
        gauge.inc(5)
        gauge.dec()
        gauge.dec(0.5)
        self.assertEqual(self.values(), {'open': {'': 3.5}})

    def test_time_of_a_block_that_raises(self):
        histogram = metrics.histogram('block', '', ['a'], buckets=[1e6])
        with self.assertRaises(KeyError), histogram.labels(1).time():
            raise KeyError
        self.assertEqual(self.values()['block']['1'][1], [1, 0])

    def test_the_same_again_is_the_same(self):
        self.assertIs(metrics.counter('orders', 'x'), metrics.counter('orders_total', 'x'))
        with self.assertRaisesRegex(ValueError, "already a metric named 'orders', with type 'counter', help 'x'"):
            metrics.gauge('orders', 'y')

    def test_definitions_that_are_refused(self):
        many = [str(n) for n in range(17)]
        for error, why, make in (
            (ValueError, 'letters, digits and _', lambda: metrics.counter('a-b', '')),
            (ValueError, 'letters, digits and _', lambda: metrics.counter('a\n', '')),
            (ValueError, 'no digit in front', lambda: metrics.counter('1a', '')),
            (ValueError, 'at most 200', lambda: metrics.counter('a' * 201, '')),
            (ValueError, 'the server makes', lambda: metrics.gauge('a_count', '')),
            (ValueError, 'the server makes', lambda: metrics.gauge('vivarium_x', '')),
            (TypeError, 'needs a name', lambda: metrics.counter(None, '')),
            (TypeError, 'a help text', lambda: metrics.counter('a', None)),
            (ValueError, '1024 are allowed', lambda: metrics.counter('a', 'x' * 1025)),
            (TypeError, r"like \('shop',\)", lambda: metrics.counter('a', '', 'shop')),
            (ValueError, "'le': the server uses", lambda: metrics.counter('a', '', ['le'])),
            (ValueError, "'__a': the server uses", lambda: metrics.counter('a', '', ['__a'])),
            (ValueError, 'cannot name a label', lambda: metrics.counter('a', '', ['b c'])),
            (ValueError, 'none of them twice', lambda: metrics.counter('a', '', ['b', 'b'])),
            (ValueError, 'at most 16', lambda: metrics.counter('a', '', ['l' + n for n in many])),
            (ValueError, "not 'mean'", lambda: metrics.gauge('a', '', aggregate='mean')),
            (ValueError, 'ascending', lambda: metrics.histogram('a', '', buckets=[1, 1])),
            (ValueError, 'ascending', lambda: metrics.histogram('a', '', buckets=[])),
            (ValueError, '1 to 64', lambda: metrics.histogram('a', '', buckets=range(65))),
            (ValueError, 'finite numbers', lambda: metrics.histogram('a', '', buckets=[math.nan])),
        ):
            with self.subTest(why), self.assertRaisesRegex(error, why):
                make()
        self.assertEqual(self.values(), {})

    def test_values_that_are_refused(self):
        counter, gauge = metrics.counter('counter', ''), metrics.gauge('gauge', '', ['a', 'b'])
        for error, why, call in (
            (ValueError, 'only grows', lambda: counter.inc(-1)),
            (ValueError, 'finite numbers, not nan', lambda: counter.inc(math.nan)),
            (ValueError, 'finite numbers', lambda: gauge.labels(1, 2).set(math.inf)),
            (ValueError, 'could not convert', lambda: gauge.labels(1, 2).set('many')),
            (ValueError, 'has no labels, and was given', lambda: counter.labels(1)),
            (ValueError, 'labels a, b: say which', lambda: gauge.set(1)),
            (ValueError, r"labels a, b, and was given \('x'\)", lambda: gauge.labels('x')),
            (ValueError, r'was given \(a\)', lambda: counter.labels(a=1)),
            (ValueError, r'was given \(\[\]\)', lambda: gauge.labels([])),
            (ValueError, r'was given \(a, c\)', lambda: gauge.labels(a=1, c=2)),
            (ValueError, r'was given \(1, b\)', lambda: gauge.labels(1, b=2)),
        ):
            with self.subTest(why), self.assertRaisesRegex(error, why):
                call()

    def test_sums_that_are_too_large_for_json(self):
        histogram, counter = metrics.histogram('a', '', buckets=[1]), metrics.counter('b', '')
        for _ in range(2):
            histogram.observe(1.7e308)
            counter.inc(int(1.7e308))
        largest = 1.7976931348623157e308
        self.assertEqual(self.values(), {'a': {'': [largest, [0, 2]]}, 'b': {'': largest}})

    def test_label_values_are_text_of_limited_length(self):
        counter = metrics.counter('a', '', ['x'])
        for value in ('\udc80', 'y' * 300, None):
            counter.labels(value).inc()
        self.assertEqual(list(self.values()['a']), ['?', 'y' * 256, 'None'])

    def test_too_many_label_values_are_counted_together(self):
        paths = metrics.counter('paths', '', ['a', 'b'])
        with CapturedLog() as log:
            for n in range(1003):
                paths.labels(n, n).inc()
        found = self.values()['paths']
        self.assertEqual((len(found), found['(other),(other)'], found['999,999']), (1001, 3, 1))
        self.assertEqual(log.text.count('metric-labels'), 1)

    def test_too_many_metrics(self):
        for n in range(metric_registry.METRICS_MAX):
            metrics.counter(f'c{n}', '')
        with self.assertRaisesRegex(ValueError, '500 are allowed'):
            metrics.counter('more', '')
        self.assertEqual(len(self.values()), 500)

    def test_all_that_is_allowed_fits_into_messages(self):
        buckets = [(bound + 1) * 1.0000000001 for bound in range(64)]
        with CapturedLog():
            for n in range(11):
                histogram = metrics.histogram(f'h{n}', '€' * 1024, ['a', 'b'], buckets=buckets)
                for value in range(1000):
                    histogram.labels(f'{value:04}' + '€' * 252, '\x01' * 256).observe(2.5)
        samples = 0
        for message in self.registry.take_messages():
            self.assertLess(len(json.dumps(message)), 1_000_000)
            samples += sum(len(metric['samples']) for metric in message['metrics'])
        # And what was counted together, of the last two.
        self.assertEqual(samples, metric_registry.LABELLED_SAMPLES_MAX + 2)

    def test_threads_lose_no_count(self):
        counter, histogram = metrics.counter('a', '', ['x']), metrics.histogram('b', '')
        done = threading.Event()

        def count():
            for n in range(2000):
                counter.labels(n % 3).inc()
                histogram.observe(1)

        threads = [threading.Thread(target=count) for _ in range(8)]
        seen = {}

        def take():
            while not done.is_set():
                seen.update(self.values())

        taker = threading.Thread(target=take)
        for thread in (*threads, taker):
            thread.start()
        for thread in threads:
            thread.join()
        done.set()
        taker.join()
        self.registry.touch_all()
        found = self.values()
        self.assertEqual((sum(found['a'].values()), found['b'][''][0]), (16000, 16000))
        self.assertEqual(sum(found['b'][''][1]), 16000)


if __name__ == '__main__':
    unittest.main()
