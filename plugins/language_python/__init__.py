"""A Python language host for Pulumi: the plugin that starts Python programs for the engine.

Decides: which Python runs a program, what it needs installed, how its end is reported to the engine.
Leaves to others: everything the engine does; resource providers; the program itself.
"""
