"""The parts of the script that trains a project's network."""
