"""What can go wrong before Django is there to say it."""


def gettext_noop(message: str) -> str:
    """Mark a sentence for the catalogues; the command that prints it translates it."""
    return message


class LaunchError(Exception):
    """One sentence for the person at the terminal.

    `template` is an English message id with `%(name)s` places, `parameters` fills them;
    `exit_code` is what the command ends with.
    """

    exit_code = 1

    def __init__(self, template: str, **parameters: object) -> None:
        self.template = template
        self.parameters = parameters
        super().__init__(template % parameters if parameters else template)


class ServerFailed(LaunchError):
    """An embedded server did not start, or stopped while it was starting."""


class AlreadyRunning(LaunchError):
    """Another `up` holds the same folder."""

    exit_code = 3
