"""The speed targets of the design, measured in a real browser beside a stock HoloViews app."""
