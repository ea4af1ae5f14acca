"""Tools for development. Loaded only when a setting asks for one (see toolbox.py)."""
