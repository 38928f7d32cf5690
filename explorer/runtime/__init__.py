"""Threads and what carries their results: the standard library, the core and the models, and no screen.

Two rules hold all of it together. A result travels as an immutable snapshot with a version
(`Published`), and the only thing that one thread tells another is *that* something changed
(`Wakeups`): the reader then pulls, on its own thread, what it does not have yet.
"""
