"""Work: data made ready, drawings compiled, networks trained. torch; no Qt, and no thread of its own."""
