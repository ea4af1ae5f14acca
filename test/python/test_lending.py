"""vivarium/lending.py, and what a channel says of a lent file."""

import io
import os
import sys
import tempfile
import unittest

from gateway import SHAPE, Gateway, request

from vivarium import frames
from vivarium.body import FileWrapper
from vivarium.lending import BYTES_MIN, Lender

CONTENT = bytes(range(256)) * 1024


@unittest.skipUnless(sys.platform == 'linux', 'files are lent by way of /proc')
class LenderTest(unittest.TestCase):
    def setUp(self):
        self.lender = Lender()
        self.lender.is_wanted = True
        self.addCleanup(self.lender.take_back)
        self.file = tempfile.TemporaryFile()
        self.addCleanup(self.file.close)
        self.file.write(CONTENT)
        self.file.seek(0)

    def test_what_is_left_of_a_file_is_lent(self):
        self.file.read(7)
        descriptor, offset, size = self.lender.lend(self.file)
        self.assertEqual((offset, size), (7, len(CONTENT) - 7))
        # A descriptor of our own, of a file that has no name.
        self.file.close()
        self.assertEqual(os.pread(descriptor, size, offset), CONTENT[7:])
        self.lender.taken(descriptor)
        self.assertRaises(OSError, os.fstat, descriptor)
        # What is not lent is not closed.
        with open(os.devnull) as other:
            self.lender.taken(other.fileno())
            os.fstat(other.fileno())

    def test_named_temporary_files_and_unbuffered_ones(self):
        with tempfile.NamedTemporaryFile() as named:
            named.write(CONTENT)
            named.seek(1)
            self.assertEqual(self.lender.lend(named)[1:], (1, len(CONTENT) - 1))
            with open(named.name, 'rb', buffering=0) as raw:
                self.assertEqual(self.lender.lend(raw)[1:], (0, len(CONTENT)))

    def test_what_may_be_anything_else_is_read(self):
        class Upper(io.BufferedReader):
            def read(self, size=-1):
                return super().read(size).upper()

        reader, writer = os.pipe()
        os.close(writer)
        with open(reader, 'rb') as pipe, open(os.devnull, 'rb') as device:
            self.file.flush()
            upper = Upper(io.FileIO(os.dup(self.file.fileno())))
            spooled = tempfile.SpooledTemporaryFile()
            spooled.write(CONTENT)
            for other in (io.BytesIO(CONTENT), upper, pipe, device, spooled, io.BufferedReader(io.BytesIO(CONTENT)), None):
                self.assertIsNone(self.lender.lend(other), other)
            upper.close()
            spooled.close()

    def test_small_files_and_closed_ones_are_not(self):
        self.file.seek(len(CONTENT) - BYTES_MIN)
        self.assertIsNone(self.lender.lend(self.file))
        self.file.close()
        self.assertIsNone(self.lender.lend(self.file))

    def test_nothing_is_lent_to_a_gateway_that_has_not_asked_or_is_gone(self):
        descriptor, _, _ = self.lender.lend(self.file)
        self.lender.take_back()
        self.assertRaises(OSError, os.fstat, descriptor)
        self.assertIsNone(self.lender.lend(self.file))


@unittest.skipUnless(sys.platform == 'linux', 'files are lent by way of /proc')
class LentAnswerTest(unittest.TestCase):
    def start(self, application, is_wanted=True):
        gateway = Gateway(application)
        self.addCleanup(gateway.close)
        gateway.worker.lender.is_wanted = is_wanted
        self.addCleanup(gateway.worker.lender.take_back)
        gateway.send(SHAPE, request(1, '/'))
        return gateway

    def application(self, closed, fails=False):
        def application(environ, start_response):
            file = tempfile.TemporaryFile()
            file.write(CONTENT)
            file.seek(3)
            start_response('200 OK', [('X-A', 'b')])
            wrapper = FileWrapper(file)

            def close():
                file.close()
                closed.append(True)
                if fails:
                    raise ValueError('at the end')

            wrapper.close = close
            return wrapper

        return application

    def test_the_head_says_what_is_lent_and_the_end_follows_the_close(self):
        for fails in (False, True):
            closed = []
            gateway = self.start(self.application(closed, fails))
            kind, exchange, payload = gateway.frame()
            self.assertEqual((kind, exchange), (frames.FILE, 1))
            self.assertIn(b'200 OK\0X-A\0b', payload)
            descriptor, offset, size = frames.LENT_FILE.unpack(payload[-frames.LENT_FILE.size :])
            self.assertEqual(os.pread(descriptor, size, offset), CONTENT[3:])
            self.assertEqual(gateway.frame()[:2], (frames.END, 1))
            self.assertEqual(closed, [True])

    def test_otherwise_it_is_read_here(self):
        closed = []
        gateway = self.start(self.application(closed), is_wanted=False)
        self.assertEqual(gateway.frame()[0], frames.HEAD)


if __name__ == '__main__':
    unittest.main()
