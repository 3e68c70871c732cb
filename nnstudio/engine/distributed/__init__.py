"""One training by several processes: who they are, how the rows are divided, and checkpoints of all of them."""
