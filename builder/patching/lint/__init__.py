"""What can be said against a patch without applying it: `run.py` is the door, each other file holds rules."""
