"""Setting up a bare machine, one module for each thing it must have.

Each module has `prepare(step)`: look for real whether the thing is there, make it if it is not, say in one line what
there is. It raises Problem where it cannot. Only the standard library is used until the virtual environment stands.
"""
