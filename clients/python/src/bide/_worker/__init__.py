"""The remote worker: claims jobs, runs handlers, keeps leases, reports how attempts ended."""
