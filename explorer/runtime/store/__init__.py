"""Keep runs on disk: records, writers, readers, locks, archives."""
