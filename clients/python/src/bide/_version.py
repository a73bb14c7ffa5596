"""The version of the package: that of the server that it comes with."""

__version__ = "0.1.0"
