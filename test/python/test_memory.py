"""vivarium/memory.py: a limit that leaves a reserve. In processes of their own, which cannot get out of it again."""

import subprocess
import sys
import unittest

SCRIPT = """
import resource
from vivarium import memory

def size():
    return resource.getrlimit(resource.RLIMIT_DATA)[0] // 2**20

{steps}
"""


class MemoryTest(unittest.TestCase):
    def run_steps(self, *steps):
        script = SCRIPT.format(steps='\n'.join(steps))
        return subprocess.run([sys.executable, '-B', '-c', script], capture_output=True, text=True, timeout=30)

    def test_reserve_is_opened_once(self):
        done = self.run_steps('memory.limit(300 * 2**20)', *['print(size())', 'memory.open_reserve()'] * 3)
        self.assertEqual((done.stdout.split(), done.stderr), (['300', '332', '332'], ''))

    def test_hard_limit_that_is_there_already_is_kept(self):
        hard = 'resource.setrlimit(resource.RLIMIT_DATA, (310 * 2**20, 310 * 2**20))'
        done = self.run_steps(hard, 'memory.limit(300 * 2**20)', 'memory.open_reserve()', 'print(size())')
        self.assertEqual((done.stdout.split(), done.stderr), (['310'], ''))

    def test_no_limit(self):
        done = self.run_steps('before = size()', 'memory.limit(0)', 'memory.open_reserve()', 'print(size() == before)')
        self.assertEqual((done.stdout.split(), done.stderr), (['True'], ''))


if __name__ == '__main__':
    unittest.main()
