"""How first values are drawn. One file each; a new file is found by itself."""
