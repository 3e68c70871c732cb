"""Changes at random of the rows of a batch while training. One file each; a new file is found by itself."""
