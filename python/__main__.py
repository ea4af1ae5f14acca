"""Starts a worker: `python3 <this folder> NAME NUMBER`. The arguments are for `ps`; the supervisor says the rest."""

import os
import sys

# This folder must not shadow modules of the application: it is searched last.
_folder = sys.path.pop(0)
sys.path.append(os.path.abspath(_folder))

from vivarium.worker import main  # noqa: E402

if __name__ == '__main__':
    sys.exit(main())
