"""Live views, one file each. A panel measures in the worker and draws in the window."""
