"""qmail-builder: from a recipe to a patched, configured, compiled, checked and packaged qmail.

Start reading at `pipeline.py`: it is the list of the stages.
"""

__version__ = "0.1.0"
