"""vivarium/dev/sources.py: which files the supervisor is told to watch."""

import json
import os
import socket
import sys
import tempfile
import types
import unittest

from vivarium.dev.sources import SourceReporter, files_of_failure, loaded_files


class SourcesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = os.path.realpath(folder.name)
        modules = set(sys.modules)
        self.addCleanup(lambda: [sys.modules.pop(name) for name in set(sys.modules) - modules])
        sys.path.insert(0, self.folder)
        self.addCleanup(sys.path.remove, self.folder)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w') as file:
            file.write(text)
        return path

    def failure(self, name):
        try:
            __import__(name)
        except Exception as error:
            return set(files_of_failure(error))
        self.fail(f'{name} could be imported')

    def test_modules_of_the_application_are_told_and_those_of_python_are_not(self):
        path = self.write('shop_of_test/views.py', '')
        __import__('shop_of_test.views')
        files = set(loaded_files())
        self.assertIn(path, files)
        self.assertNotIn(os.path.realpath(os.__file__), {os.path.realpath(file) for file in files})
        self.assertNotIn(json.__file__, files)

    def test_anything_may_stand_in_sys_modules(self):
        class Lazy(types.ModuleType):
            def __getattribute__(self, name):
                raise AssertionError('it was loaded')

        sys.modules['lazy_of_test'] = Lazy('lazy_of_test')
        sys.modules['odd_of_test'] = object()
        sys.modules['none_of_test'] = None
        numbered = types.ModuleType('numbered_of_test')
        numbered.__file__ = 7
        sys.modules['numbered_of_test'] = numbered
        self.assertTrue(all(isinstance(path, str) for path in loaded_files()))

    def test_news_only(self):
        ours, theirs = socket.socketpair()
        self.addCleanup(ours.close)
        self.addCleanup(theirs.close)
        reporter = SourceReporter(ours)
        lines = theirs.makefile()
        self.addCleanup(lines.close)

        def told():
            ours.sendall(b'"end"\n')
            return [file for line in iter(lambda: json.loads(lines.readline()), 'end') for file in line['files']]

        reporter.report()
        told()
        path = self.write('late_of_test.py', '')
        __import__('late_of_test')
        reporter.report(['/settings.ini', 'not/absolute', '/nul\0'])
        self.assertEqual(told(), sorted([path, '/settings.ini']))
        reporter.report(['/settings.ini'])
        self.assertEqual(told(), [])

    def test_a_failure_names_the_files_of_its_traceback(self):
        broken = self.write('broken_of_test.py', 'raise ValueError\n')
        outer = self.write('outer_of_test.py', 'try:\n    import broken_of_test\nexcept ValueError:\n    1 / 0\n')
        self.assertLessEqual({broken, outer}, self.failure('outer_of_test'))

    def test_a_syntax_error_names_its_file(self):
        path = self.write('typo_of_test.py', 'def\n')
        self.assertIn(path, self.failure('typo_of_test'))

    def test_a_module_that_is_missing_may_come_to_be(self):
        self.assertIn(os.path.join(self.folder, 'absent_of_test.py'), self.failure('absent_of_test'))
        self.write('shop_of_test/__init__.py', 'import shop_of_test.absent\n')
        files = self.failure('shop_of_test')
        self.assertIn(os.path.join(self.folder, 'shop_of_test', 'absent.py'), files)
        self.assertIn(os.path.join(self.folder, 'shop_of_test', 'absent', '__init__.py'), files)

    def test_a_file_that_is_missing_may_come_to_be(self):
        self.write('reader_of_test.py', f'open({self.folder + "/settings.ini"!r})\n')
        self.assertIn(self.folder + '/settings.ini', self.failure('reader_of_test'))


if __name__ == '__main__':
    unittest.main()
