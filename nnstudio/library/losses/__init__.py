"""How wrong an output is. One file each; a new file is found by itself."""
