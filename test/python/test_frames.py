"""vivarium/frames.py: what is written, and what is refused before it is written."""

import unittest

from vivarium import frames


class FramesTest(unittest.TestCase):
    def test_header(self):
        self.assertEqual(frames.frame(frames.DATA, 0x01020304, b'ab'), b'\x02\0\0\0\x04\x03\x02\x01\x12ab')

    def test_response(self):
        whole = frames.response_head(frames.RESPONSE, 5, '200 OK', [('A', '1'), ('B', 'caf\xe9')], b'body')
        length, exchange, kind, pieces, text_bytes = frames.RESPONSE_PREFIX.unpack_from(whole)
        self.assertEqual((exchange, kind, pieces), (5, frames.RESPONSE, 5))
        self.assertEqual(length, len(whole) - frames.HEADER_BYTES)
        text = whole[frames.RESPONSE_PREFIX.size :][:text_bytes]
        self.assertEqual(text, b'200 OK\0A\x001\0B\0caf\xe9')
        self.assertEqual(whole[frames.RESPONSE_PREFIX.size + text_bytes :], b'body')

    def test_response_in_parts_says_the_same(self):
        whole = frames.response_head(frames.RESPONSE, 5, '200 OK', [('A', '1')], b'body')
        head = frames.response_head(frames.HEAD, 5, '200 OK', [('A', '1')])
        self.assertEqual(frames.response_in_parts(whole, 4), head + frames.frame(frames.DATA, 5, b'body'))

    def test_refuses_what_wsgi_does_not_allow(self):
        bad = [
            (200, []),
            ('200 OK', [('A', 1)]),
            ('200 OK', [('A', b'bytes')]),
            ('200 OK', [('A',)]),
            ('200 OK', [('A', '\u20ac')]),
            ('200 OK', [('A', 'x' * (frames.HEAD_TEXT_MAX + 1))]),
        ]
        for status, headers in bad:
            with self.subTest(status=status), self.assertRaises((TypeError, ValueError)):
                frames.response_head(frames.HEAD, 1, status, headers)

    def test_order_of_wrapping_numbers(self):
        self.assertTrue(frames.is_after(2, 1))
        self.assertFalse(frames.is_after(1, 1))
        self.assertFalse(frames.is_after(1, 2))
        self.assertTrue(frames.is_after(0, 0xFFFFFFFF))
        self.assertFalse(frames.is_after(0xFFFFFFFF, 0))


if __name__ == '__main__':
    unittest.main()
