"""The legend: classes as rows, or the colour bar of a number."""
