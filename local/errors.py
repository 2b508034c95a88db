"""The one exception of the local stack."""


class StackError(Exception):
    """The stack could not start, run or stop; the text says what happened and what to do.

    It is written for the person at the terminal: the command line prints it without a traceback.
    """
