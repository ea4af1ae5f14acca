"""vivarium/dev/failure_report.py: what is told of an exception, and what is not."""

import json
import os
import tempfile
import unittest

from vivarium.dev.failure_report import FRAMES_MAX, HIDDEN, REPORT_MAX, report_failure, visible_variables


def failure(function):
    try:
        function()
    except BaseException as error:
        return error
    raise AssertionError('it did not fail')


def report(function, environ=None):
    return json.loads(report_failure(failure(function), environ))


class ReportTest(unittest.TestCase):
    def test_frames_have_their_source_and_the_innermost_is_last(self):
        def inner():
            raise ValueError('text')

        told = report(lambda: inner())
        self.assertEqual(told['summary'], 'ValueError: text')
        self.assertIsNone(told['environ'])
        (exception,) = told['exceptions']
        self.assertEqual((exception['title'], exception['relation']), ('ValueError: text', None))
        last = exception['frames'][-1]
        self.assertEqual((last['file'], last['function'], last['isApplication']), (__file__, 'inner', True))
        self.assertEqual(last['source'][last['line'] - last['first']].strip(), "raise ValueError('text')")
        self.assertIn('ValueError: text', told['text'])

    def test_libraries_are_told_apart(self):
        frames = report(lambda: json.loads('{'))['exceptions'][0]['frames']
        self.assertEqual([frame['isApplication'] for frame in frames][0], True)
        self.assertEqual([frame['isApplication'] for frame in frames][-1], False)

    def test_causes_and_contexts(self):
        def caused():
            try:
                1 / 0
            except ZeroDivisionError as error:
                raise ValueError from error

        def while_handled():
            try:
                caused()
            except ValueError:
                raise KeyError('k')

        def hidden():
            try:
                1 / 0
            except ZeroDivisionError:
                raise ValueError from None

        relations = [one['relation'] for one in report(while_handled)['exceptions']]
        self.assertEqual(relations, [None, 'context', 'cause'])
        self.assertEqual(len(report(hidden)['exceptions']), 1)

    def test_a_syntax_error_has_its_place(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'typo.py')
            with open(path, 'w') as file:
                file.write('x = 1\ny = (\n')
            with open(path) as file:
                told = report(lambda: compile(file.read(), path, 'exec'))
            last = told['exceptions'][0]['frames'][-1]
            self.assertEqual((last['file'], last['line'], last['source'][1]), (path, 2, 'y = ('))

    def test_an_endless_recursion_is_short(self):
        def recurse():
            recurse()

        told = report(recurse)
        self.assertLessEqual(len(told['exceptions'][0]['frames']), FRAMES_MAX)

    def test_a_report_has_a_limit(self):
        self.assertLess(len(report_failure(failure(lambda: int('x' * 3_000_000)))), REPORT_MAX)

        def chain(depth):
            try:
                if depth > 0:
                    chain(depth - 1)
                1 / 0
            except Exception as error:
                raise ValueError('é' * 5000) from error

        self.assertLess(len(report_failure(failure(lambda: chain(40)))), REPORT_MAX)

    def test_an_exception_that_breaks_its_own_description(self):
        class Broken(Exception):
            def __str__(self):
                raise RuntimeError

            @property
            def __cause__(self):
                raise RuntimeError('no cause')

        def fail():
            raise Broken

        self.assertIn('Broken', report(fail)['summary'])

    def test_secrets_are_not_told(self):
        secret = {
            'HTTP_COOKIE': 'sessionid=s3cret',
            'HTTP_AUTHORIZATION': 'Basic s3cret',
            'HTTP_PROXY_AUTHORIZATION': 's3cret',
            'HTTP_X_API_KEY': 's3cret',
            'HTTP_X_CSRFTOKEN': 's3cret',
            'DB_PASSWORD': 's3cret',
            'DATABASE_URL': 'postgres://u:s3cret@db/x',
            'CACHE_URL': 'redis://u:s3cret@cache/0',
        }
        told = visible_variables({**secret, 'PATH_INFO': '/caf\xc3\xa9', 'wsgi.input': object(), 'wsgi.version': (1, 0)})
        self.assertNotIn('s3cret', json.dumps(told))
        self.assertEqual(told['HTTP_COOKIE'], HIDDEN)
        self.assertEqual(told['CACHE_URL'], f'redis://u:{HIDDEN}@cache/0')
        self.assertEqual(told['PATH_INFO'], '/café')
        self.assertEqual(set(told), {*secret, 'PATH_INFO'})


if __name__ == '__main__':
    unittest.main()
