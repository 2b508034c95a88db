"""`make bench`: compares the functions with naive peers, and runs the fault campaign and races."""
