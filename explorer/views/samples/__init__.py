"""The tab Samples: the selected samples, or those in view, as a grid."""
