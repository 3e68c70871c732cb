"""What a node can do. One file each; a new file is found by itself."""
