"""How the learning rate changes while a network trains. One file each; a new file is found by itself."""
