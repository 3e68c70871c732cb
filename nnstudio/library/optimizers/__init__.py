"""How gradients change the weights. One file each; a new file is found by itself."""
