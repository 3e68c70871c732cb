"""The command line: the same engine without a window. One file a command; no Qt is imported."""
