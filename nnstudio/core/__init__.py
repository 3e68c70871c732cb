"""Values: everything that a person decides, as frozen data. Standard library, numpy, safetensors; no Qt, no torch."""
