"""The field for an expression that selects samples."""
