"""The exported functions, one file each; `main.py` imports them."""
