"""Values: everything that a person decides, as frozen data. Standard library, numpy and safetensors; no Qt, no torch."""
