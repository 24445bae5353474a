"""The commands in the documentation can be given: targets, files, subcommands, options and variables exist.

What they do is tested where the page is followed; this is about a page that names something which has gone.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from packaging.requirements import Requirement

from chanx.cli.main import cli

ROOT = Path(__file__).resolve().parents[2]
SANDBOX = ROOT / "sandbox_django"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
# Commands of the shell and of other programs, whose arguments are not ours.
OTHERS = {"source", "export", "mkdir", "touch", "redis-server", "createdb", "git", "docker"}
# Parses commands of manage.py and resolves addresses with the sandbox's settings.
_IN_THE_SANDBOX = """
import contextlib, io, json, sys
import django
django.setup()
from django.core.management import get_commands, load_command_class
from django.urls import Resolver404, resolve

wrong = []
commands, paths = json.load(sys.stdin)
for line in commands:
    name, *arguments = line
    if name not in get_commands():
        wrong.append(f"manage.py has no command {name}")
        continue
    if not arguments:
        continue  # it is only named
    app = get_commands()[name]
    command = load_command_class(app, name) if isinstance(app, str) else app
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            command.create_parser("manage.py", name).parse_args(arguments)
    except (Exception, SystemExit) as error:
        wrong.append(f"manage.py {name} {arguments}: {said.getvalue() or error}")
for path in paths:
    try:
        resolve(path)
    except Resolver404:
        wrong.append(f"the sandbox has no address {path}")
print(json.dumps(wrong))
"""


def commands_of_blocks(page: Path) -> Iterator[list[str]]:
    """The commands of the shell blocks, variables before them and comments taken away."""
    for block in re.findall(r"^```bash\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE):
        for line in block.replace("\\\n", " ").splitlines():
            for command in re.split(r"\s&&\s|\s&\s*$", line):
                if words := shlex.split(command, comments=True):
                    yield words


def commands_of_text(page: Path) -> Iterator[list[str]]:
    """The commands that stand between backticks."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    for code in re.findall(r"`((?:make|python|pytest|manage\.py|chanx|tools/[\w.]+)(?: [^`\n]*)?)`", text):
        words = shlex.split(code)
        # One word of these is a package, and dots stand for more.
        if "..." not in words and (len(words) > 1 or words[0] not in ("chanx", "pytest", "python")):
            yield words


def all_commands() -> list[tuple[str, list[str]]]:
    found = []
    for page in PAGES:
        where = str(page.relative_to(ROOT))
        found += [(where, words) for words in (*commands_of_blocks(page), *commands_of_text(page))]
    return found


COMMANDS = all_commands()


def without_variables(words: list[str]) -> tuple[list[str], list[str]]:
    """The names of the variables in front, and the rest."""
    names = []
    if words[0] == "export":
        return [word.partition("=")[0] for word in words[1:]], []
    while words and (match := re.match(r"([A-Z_]+)=", words[0])):
        names.append(match[1])
        words = words[1:]
    return names, words


def manage_arguments(words: list[str]) -> list[str] | None:
    """What follows `manage.py`, or None for another command."""
    for number, word in enumerate(words[:2] if words[0] != "docker" else words):
        if word.endswith("manage.py"):
            return words[number + 1 :]
    return None


def test_the_pages_have_commands() -> None:
    assert len(COMMANDS) > 80


def test_variables_are_read_by_something() -> None:
    sources = [*SANDBOX.rglob("*.py"), *(ROOT / "llm_server").rglob("*.py"), *(ROOT / "tools").iterdir()]
    sources += [*(ROOT / "docs" / "tutorial" / "projects").rglob("*.py*"), ROOT / ".env.EXAMPLE"]
    read = "\n".join(file.read_text() for file in sources if file.is_file() and ".venv" not in file.parts)
    named = {(where, name) for where, words in COMMANDS for name in without_variables(words)[0]}
    assert named
    # The library of the offline model's page reads these two.
    unread = {(where, name) for where, name in named if name not in read} - {
        ("docs/offline-model.md", "OPENAI_BASE_URL"),
        ("docs/offline-model.md", "OPENAI_API_KEY"),
    }
    assert unread == set()


@pytest.mark.parametrize(
    ("where", "words"), [(where, words) for where, words in COMMANDS if words[0] == "make"], ids=str
)
def test_the_target_of_make_exists(where: str, words: list[str]) -> None:
    makefile = (ROOT / "Makefile").read_text()
    for word in words[1:]:
        if "=" in word:
            name, _, value = word.partition("=")
            assert f"$({name})" in makefile
            if name == "ARGS" and (path := shlex.split(value)[0]).startswith("tests"):
                assert (ROOT / path).exists()
        else:
            assert re.search(rf"^{word}:", makefile, re.MULTILINE)


def test_commands_of_manage_py_take_their_arguments_and_addresses_lead_somewhere() -> None:
    given = [words for _, all_words in COMMANDS if (words := without_variables(all_words)[1])]
    commands = [arguments for words in given if (arguments := manage_arguments(words))]
    urls = [word for _, words in COMMANDS if words[0] == "curl" for word in words if word.startswith("http")]
    paths = [urlsplit(url).path for url in urls if ":8000" in url]
    assert len(commands) > 10
    assert len(paths) > 1
    done = subprocess.run(
        [sys.executable, "-c", _IN_THE_SANDBOX],
        input=json.dumps([commands, paths]),
        cwd=SANDBOX,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
            "PYTHONPATH": str(ROOT / "python"),
        },
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []
    model_server = "".join(file.read_text() for file in (ROOT / "llm_server").glob("*.py"))
    assert all(f'"{urlsplit(url).path}"' in model_server for url in urls if ":8001" in url)


def check_python(words: list[str], where: str) -> None:
    """A script that exists, with options that it takes; a module; or the tutorial's own."""
    if words[0] in ("-m", "-c"):
        assert words[1] in ("venv", "websockets")
        return
    script = next(
        (base / words[0] for base in (ROOT, ROOT / "llm_server") if (base / words[0]).is_file()), None
    )
    assert script is not None, f"{where}: there is no {words[0]}"
    options = [word.partition("=")[0] for word in words[1:] if word.startswith("--")]
    assert all(f'"{option}"' in script.read_text() for option in options)
    if script.name == "checkout.py":
        assert (script.parent / "projects" / words[1]).is_dir()


def check_pip(words: list[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for word in words[1:]:
        if word == "-r" or word.startswith("requirements"):
            continue
        requirement = Requirement(word)
        if requirement.name == project["name"]:
            assert requirement.extras <= set(project["optional-dependencies"])


def check_pytest(words: list[str]) -> None:
    for number, word in enumerate(words):
        if word == "--services":
            assert (
                f'"{words[number + 1]}"' in (ROOT / "tests" / "support" / "sandbox_services.py").read_text()
            )
        elif "/" in word or word == "sandbox_django":
            assert (ROOT / word).exists()


def check_celery(words: list[str]) -> None:
    workdir = ROOT / words[words.index("--workdir") + 1]
    assert (workdir / (words[words.index("-A") + 1].replace(".", "/") + ".py")).is_file()


def check_chanx(words: list[str]) -> None:
    command = cli.get_command(None, words[0])  # type: ignore[arg-type]  # the group is asked for a name only
    assert command is not None
    if len(words) > 1:
        command.make_context(words[0], words[1:])


@pytest.mark.parametrize(
    ("where", "words"), [(where, words) for where, words in COMMANDS if words[0] != "make"], ids=str
)
def test_the_command_names_what_there_is(where: str, words: list[str]) -> None:
    words = without_variables(words)[1]
    if not words or manage_arguments(words) or words[0] in OTHERS:
        return
    if words[0] == "docker" and words[1] == "build":
        assert (ROOT / "Dockerfile").is_file()
    match words[0]:
        case "python":
            check_python(words[1:], where)
        case "pip":
            check_pip(words[1:])
        case "pytest":
            check_pytest(words[1:])
        case "celery":
            check_celery(words[1:])
        case "chanx":
            check_chanx(words[1:])
        case "curl" | "django-admin":
            pass  # the addresses are looked at with the sandbox's settings
        case "cd":
            made = ("mysite", "my_project")  # by the command before
            assert words[1] in made or (ROOT / words[1]).is_dir() or (SANDBOX / words[1]).is_dir()
        case command if command.startswith("tools/"):
            assert (ROOT / command).is_file()
        case "manage.py":
            pass  # named alone
        case command:
            raise AssertionError(f"{where}: what is {command}? Teach this test about it")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_json_of_a_page_is_json(page: Path) -> None:
    for block in re.findall(r"^```json\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE):
        try:
            json.loads(block)
        except ValueError:
            for line in block.splitlines():  # a frame each
                json.loads(line)
