"""Runs that take too long for every change. Each is a command, and says at its end what it found."""
