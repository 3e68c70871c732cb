"""Ways of putting rows aside for testing or validation. One file each; a new file is found by itself."""
