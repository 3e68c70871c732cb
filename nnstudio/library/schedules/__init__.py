"""How the learning rate changes from epoch to epoch. One file each; a new file is found by itself."""
