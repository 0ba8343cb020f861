"""What ends the launcher early."""


class LaunchError(Exception):
    """One sentence for the person at the keyboard; the launcher exits with 125, as `env` and `timeout` do."""


class SignalError(Exception):
    """SIGINT, SIGTERM or SIGHUP arrived before the command was started."""

    def __init__(self, signum: int) -> None:
        super().__init__(f"interrupted by signal {signum}")
        self.signum = signum
