"""vivarium/loader.py: what a target may name, and what is said when there is no application in it."""

import os
import sys
import tempfile
import unittest

from vivarium.loader import ApplicationError, load

SCRIPT = """
def application(environ, start_response): return 'application'
def handler(environ, start_response): return 'handler'
class Site:
    @staticmethod
    def web(environ, start_response): return 'nested'
def make():
    return handler
number = 7
"""


class LoaderTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        modules = set(sys.modules)
        self.addCleanup(lambda: [sys.modules.pop(name) for name in set(sys.modules) - modules])
        sys.path.insert(0, self.folder)
        self.addCleanup(sys.path.remove, self.folder)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, 'w') as file:
            file.write(text)
        return path

    def load_script(self, text, name=None, file='site_of_test.py'):
        return load({'kind': 'script', 'path': self.write(file, text), 'callable': name})[0]

    def test_script(self):
        self.assertEqual(self.load_script(SCRIPT)({}, None), 'application')

    def test_name_of_the_callable(self):
        self.assertEqual(self.load_script(SCRIPT, 'handler')({}, None), 'handler')
        self.assertEqual(self.load_script(SCRIPT, 'Site.web')({}, None), 'nested')

    def test_factory(self):
        self.assertEqual(self.load_script(SCRIPT, 'make()')({}, None), 'handler')

    def test_app_when_there_is_no_application(self):
        self.assertEqual(self.load_script("def app(e, s): return 'app'\n")({}, None), 'app')

    def test_module(self):
        self.write('module_of_test.py', SCRIPT)
        found, name = load({'kind': 'module', 'module': 'module_of_test', 'callable': None})
        self.assertEqual((found({}, None), name), ('application', 'application'))

    def test_script_is_imported_once(self):
        text = 'import sys, one_of_test\ndef app(e, s): return one_of_test is sys.modules[__name__]\n'
        self.assertTrue(self.load_script(text, file='one_of_test.py')({}, None))

    def test_file_name_that_is_no_module_name(self):
        self.assertEqual(self.load_script(SCRIPT, file='my-site.wsgi')({}, None), 'application')

    def test_nothing_to_call(self):
        cases = {
            None: "no callable named 'application' or 'app'",
            'missing': "no attribute 'missing'",
            'number': "'number' in .* is int, not a callable",
        }
        for name, message in cases.items():
            with self.subTest(name), self.assertRaisesRegex(ApplicationError, message):
                self.load_script('number = 7\n', name)

    def test_fault_in_the_script_is_the_applications_own(self):
        with self.assertRaises(ZeroDivisionError):
            self.load_script('1 / 0\n')


if __name__ == '__main__':
    unittest.main()
