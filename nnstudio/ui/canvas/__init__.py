"""The canvas: the drawing of the network, where it is drawn and where it shows what it does."""
