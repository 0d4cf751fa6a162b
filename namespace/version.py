"""The version of the distribution, in one place."""

from importlib.metadata import PackageNotFoundError, version


def _version() -> str:
    try:
        return version("uns-mes")
    except PackageNotFoundError:  # run from a folder, as the lonely-service test does
        return "0+unknown"


VERSION = _version()
