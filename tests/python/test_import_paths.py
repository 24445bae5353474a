"""The import paths of chanx 1.x are the same modules under a second name."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import chanx

ROOT = Path(__file__).parents[2]

MODULES = [
    "",
    ".apps",
    ".authenticator",
    ".discovery",
    ".routing",
    ".settings",
    ".testing",
    ".urls",
    ".views",
    ".websocket",
    ".utils",
    ".utils.asgi",
    ".utils.request",
    ".utils.settings",
    ".management.commands.generate_asyncapi_schema",
]


@pytest.mark.parametrize("name", MODULES)
def test_both_paths_give_one_module(name: str) -> None:
    old = importlib.import_module(f"chanx.ext.channels{name}")
    new = importlib.import_module(f"chanx.channels{name}")
    assert old is new
    assert new.__spec__ is not None
    assert new.__spec__.name == new.__name__ == f"chanx.channels{name}"


def test_type_checkers_find_every_module_of_the_old_path() -> None:
    folder = ROOT / "python" / "chanx" / "ext" / "channels"
    for name in MODULES:
        if "management" not in name:
            path = folder.joinpath(*name.split(".")[1:])
            assert path.with_suffix(".pyi").exists() or (path / "__init__.pyi").exists(), name


def test_an_unknown_module_below_the_old_path_is_missing() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"chanx\.ext\.channels\.nothing"):
        importlib.import_module("chanx.ext.channels.nothing")


def test_single_names_of_the_old_paths() -> None:
    from chanx.channels.testing import WebsocketCommunicator
    from chanx.channels.websocket import AsyncJsonWebsocketConsumer

    assert importlib.import_module("chanx.testing").WebsocketCommunicator is WebsocketCommunicator
    core = importlib.import_module("chanx.core.websocket")
    assert core.AsyncJsonWebsocketConsumer is AsyncJsonWebsocketConsumer
    with pytest.raises(AttributeError, match="nothing"):
        _ = core.nothing
    assert importlib.import_module("chanx.core.adapter").get_channel_layer is not None


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(Path(chanx.__file__).parents[1]), "PATH": ""},
        timeout=60,
        check=False,
    )


def test_the_old_path_in_installed_apps_gives_the_same_application() -> None:
    done = run(
        "import django\n"
        "from django.conf import settings\n"
        "settings.configure(INSTALLED_APPS=['django.contrib.contenttypes', 'django.contrib.auth',"
        " 'chanx.ext.channels'])\n"
        "django.setup()\n"
        "from django.apps import apps\n"
        "from django.core.management import get_commands\n"
        "config = apps.get_app_config('chanx_channels')\n"
        "print(config.name, type(config).__module__, get_commands()['generate_asyncapi_schema'])\n"
    )
    assert done.stdout.split() == ["chanx.channels", "chanx.channels.apps", "chanx.channels"], done.stderr


def test_the_core_imports_without_django() -> None:
    done = run(
        "import sys\n"
        "class NoDjango:\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name.split('.')[0] in ('django', 'channels', 'rest_framework', 'asgiref'):\n"
        "            raise ModuleNotFoundError(name, name=name)\n"
        "sys.meta_path.insert(0, NoDjango())\n"
        "import chanx.core.websocket, chanx.core.registry, chanx.core.authenticator\n"
        "import chanx.core.testing, chanx.core.decorators, chanx.asyncapi.generator, chanx.routing\n"
        "print('imported')\n"
    )
    assert done.stdout == "imported\n", done.stderr
