"""Where rows come from. One file each; a new file is found by itself."""
