"""What the design promises about speed, measured in a real browser beside a stock HoloViews app."""
