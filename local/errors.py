"""The one exception of the local stack."""


class StackError(Exception):
    """The stack could not start, run or stop; the text says what happened and what to do.

    The command line prints the text without a traceback, for the person at the terminal.
    """
