"""The command: `python -m bide`."""
