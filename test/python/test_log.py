"""vivarium/log.py: one line a message, and what the application prints as messages."""

import os
import subprocess
import sys
import tempfile
import threading
import unittest

from gateway import CapturedLog

from vivarium.current import current
from vivarium.log import LogStream, configure, log, summary


class LogCase(unittest.TestCase):
    def setUp(self):
        configure('app worker 1 (77)', 'info')
        self.addCleanup(configure, 'worker', 'info')

    def lines(self, act):
        with CapturedLog() as captured:
            act()
        return [line[24:] if line[:2] == '20' else line for line in captured.text.splitlines()]


class ReopenTest(unittest.TestCase):
    def run_in_child(self, path):
        """Standard output and error of a child whose log was renamed."""
        program = 'import os, sys; from vivarium import log; log.reopen(sys.argv[1]); os.write(1, b"out\\n"); os.write(2, b"err\\n")'
        return subprocess.run([sys.executable, '-c', program, path], capture_output=True, text=True, check=True)

    def test_standard_output_and_error_go_to_the_new_file(self):
        with tempfile.NamedTemporaryFile() as file:
            done = self.run_in_child(file.name)
            self.assertEqual((done.stdout, done.stderr), ('', ''))
            self.assertEqual(file.read(), b'out\nerr\n')

    def test_the_old_one_goes_on_when_it_cannot_be_opened(self):
        done = self.run_in_child('/no/such/file')
        self.assertEqual(done.stdout, 'out\n')
        self.assertRegex(done.stderr, r'log-reopen-failed: .*/no/such/file.*; the open file goes on\nerr\n')


class JournalTest(unittest.TestCase):
    def test_lines_for_the_journal_of_systemd_have_a_priority(self):
        with tempfile.TemporaryFile() as file:
            found = os.fstat(file.fileno())
            program = 'from vivarium.log import log; log("error", "a-code", "one\\ntwo")'
            environ = {**os.environ, 'JOURNAL_STREAM': f'{found.st_dev}:{found.st_ino}'}
            subprocess.run([sys.executable, '-c', program], stderr=file, env=environ, check=True)
            file.seek(0)
            self.assertRegex(file.read(), rb'^<3>\d{4}-.* a-code: one\n<3>    two\n$')


class LogTest(LogCase):
    def test_a_message(self):
        self.assertEqual(
            self.lines(lambda: log('warn', 'a-code', 'one\ntwo\n\n')),
            ['[warn] [app worker 1 (77)] a-code: one', '    two'],
        )
        self.assertEqual(self.lines(lambda: log('debug', 'a-code', 'x')), [])

    def test_text_that_is_no_utf_8(self):
        self.assertIn('\\udcff', self.lines(lambda: log('warn', 'a-code', '\udcff'))[0])


    def test_the_summary_of_an_exception(self):
        self.assertEqual(summary(ValueError('text')), 'ValueError: text')
        self.assertEqual(summary(MemoryError()), 'MemoryError')


class LogStreamTest(LogCase):
    def setUp(self):
        super().setUp()
        self.stream = LogStream('error', 'wsgi.errors')

    def test_lines_are_messages(self):
        def act():
            self.stream.write('one\ntw')
            self.stream.write('o')
            self.stream.write('\n')
            self.stream.writelines(['three', '\n'])
            print('four', file=self.stream)

        start = '[error] [app worker 1 (77)] wsgi.errors: '
        self.assertEqual(self.lines(act), [start + word for word in ('one', 'two', 'three', 'four')])

    def test_flush_ends_a_line(self):
        def act():
            self.stream.write('part')
            self.stream.flush()
            self.stream.flush()

        self.assertEqual(len(self.lines(act)), 1)

    def test_request_id(self):
        current.request_id = 'abc'
        self.addCleanup(setattr, current, 'request_id', None)
        self.assertIn('wsgi.errors: [request abc] x', self.lines(lambda: self.stream.write('x\n'))[0])

    def test_threads_do_not_mix_their_lines(self):
        def act():
            self.stream.write('mine ')
            other = threading.Thread(target=self.stream.write, args=('theirs\n',))
            other.start()
            other.join()
            self.stream.write('too\n')

        self.assertEqual([line.rsplit(': ')[1] for line in self.lines(act)], ['theirs', 'mine too'])

    def test_only_text(self):
        self.lines(lambda: self.assertEqual(self.stream.write('abc\n'), 4))
        with self.assertRaises(TypeError):
            self.stream.write(b'abc')


if __name__ == '__main__':
    unittest.main()
