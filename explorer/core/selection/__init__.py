"""Select samples by shape, class, chance or expression."""
