"""Refuses to run where another distribution has installed its files into this package."""

import os
import re

_OTHER = re.compile(r"chanx-(?P<version>[^-]+)\.(dist-info|egg-info)")


def check_installation(package_directory: str) -> None:
    """Look for the distribution ``chanx`` beside this one.

    Both install a package ``chanx``: each overwrites files of the other, and removing one takes files
    of the other with it. What runs then is a mixture.

    Args:
        package_directory: The directory of the package ``chanx``.

    Raises:
        ImportError: ``chanx`` is installed in the same place.
    """
    try:
        names = os.listdir(os.path.dirname(package_directory))
    except OSError:  # not a directory of the file system: a zip file, a frozen application
        return
    for name in names:
        if found := _OTHER.fullmatch(name):
            raise ImportError(
                f"The distribution chanx {found['version']} is installed beside chanx-native. Both bring a "
                "package `chanx`, and one has overwritten files of the other. Run\n"
                "    pip uninstall chanx\n"
                "    pip install --force-reinstall --no-deps chanx-native"
            )
