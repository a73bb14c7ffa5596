"""The client for threads: made from ``_async`` by ``npm run gen``."""
