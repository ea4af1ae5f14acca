"""What applications hosted by Vivarium may import."""

from .interrupt import RequestTimeout

__all__ = ['RequestTimeout', 'version']

version = '0.1.0'
