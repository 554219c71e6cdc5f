"""Schema changes, one file each, up and down; each runs in one transaction."""
