"""vivarium/body.py: the body of a request as it comes in blocks, and files as the body of a response."""

import io
import random
import unittest

from vivarium.body import BodyCut, FileWrapper, StreamedBody


def body_of(blocks, cut=None):
    """A wsgi.input over these blocks; `cut` is raised after the last."""
    rest = list(blocks)

    def next_block():
        if rest:
            return rest.pop(0)
        if cut is not None:
            raise cut
        return None

    raw = StreamedBody(next_block)
    return raw, io.BufferedReader(raw)


class StreamedBodyTest(unittest.TestCase):
    def test_any_split_reads_the_same(self):
        chance = random.Random(1)
        whole = bytes(chance.choice(b'ab\n') for _ in range(5000))
        for _ in range(50):
            cuts = sorted(chance.randrange(len(whole)) for _ in range(chance.randrange(20)))
            blocks = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)])]
            self.assertEqual(body_of(blocks)[1].read(), whole)
            self.assertEqual(body_of(blocks)[1].readlines(), whole.splitlines(keepends=True))
            source = body_of(blocks)[1]
            self.assertEqual(b''.join(iter(lambda: source.read(chance.randrange(1, 999)), b'')), whole)

    def test_end_stays_the_end(self):
        source = body_of([b'a'])[1]
        self.assertEqual([source.read(), source.read(), source.readline(), list(source)], [b'a', b'', b'', []])

    def test_cut_is_not_an_end(self):
        source = body_of([b'part'], BodyCut('the client is gone'))[1]
        self.assertEqual(source.read(4), b'part')
        with self.assertRaises(BodyCut):
            source.read()

    def test_cut_within_a_line(self):
        source = body_of([b'no line end'], BodyCut('the client is gone'))[1]
        with self.assertRaises(BodyCut):
            source.readline()

    def test_drain_takes_what_was_left(self):
        for cut in (None, BodyCut('the client is gone')):
            taken = []
            blocks = [b'a', b'b', b'c']

            def next_block():
                if blocks:
                    taken.append(blocks.pop(0))
                    return taken[-1]
                if cut is not None:
                    raise cut
                return None

            StreamedBody(next_block).drain()
            self.assertEqual(taken, [b'a', b'b', b'c'])


class FileWrapperTest(unittest.TestCase):
    def test_iterates_from_where_the_file_stands(self):
        file = io.BytesIO(bytes(range(256)) * 1000)
        file.read(100)
        self.assertEqual(b''.join(FileWrapper(file, 7)), file.getvalue()[100:])

    def test_closes_the_file_only_if_it_can_be_closed(self):
        file = io.BytesIO(b'')
        FileWrapper(file).close()
        self.assertTrue(file.closed)

        class Bare:
            def read(self, size):
                return b''

        self.assertFalse(hasattr(FileWrapper(Bare()), 'close'))


if __name__ == '__main__':
    unittest.main()
