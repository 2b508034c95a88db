"""The exported functions, one file each; `main.py` gathers them."""
