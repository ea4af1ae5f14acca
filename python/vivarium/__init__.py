"""What applications hosted by Vivarium may import."""

from .current import is_cancelled, request_data
from .interrupt import RequestTimeout

__all__ = ['RequestTimeout', 'is_cancelled', 'request_data', 'version']

version = '0.1.0'
