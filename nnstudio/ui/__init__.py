"""Eyes and hands: the window. Qt, pyqtgraph and numpy, over the engine."""
