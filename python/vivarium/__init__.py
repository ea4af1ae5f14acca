"""What applications hosted by Vivarium may import."""

version = '0.1.0'
