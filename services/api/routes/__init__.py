"""Thin handlers: one file a noun, each a function from the platform to its router."""
