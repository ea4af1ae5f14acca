"""The worker that this process is, for the modules that applications import. None in any other process."""

worker = None
