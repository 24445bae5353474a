"""``chanx``: the commands of the package."""

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

try:
    import click
except ImportError:  # the extra is not installed
    sys.exit("The chanx command needs click: pip install 'chanx-native[cli]'")

from chanx.client_generator.generator import ClientGenerator
from chanx.client_generator.loader import SchemaError
from chanx.client_generator.typescript import TypeScriptGenerator


@click.group()
def cli() -> None:
    """Tools for WebSocket applications described by AsyncAPI."""


@cli.command()
@click.option("-s", "--schema", required=True, help="Path or URL of an AsyncAPI 3 document, in JSON or YAML.")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Directory of the client.",
)
@click.option(
    "-l",
    "--language",
    type=click.Choice(["python", "typescript"]),
    default="python",
    show_default=True,
    help="What the client is written in; typescript is an ES module with its declarations.",
)
@click.option("-f", "--formatter", help="Command that formats the client; ruff, if it is there, by default.")
@click.option("--no-format", is_flag=True, help="Leave the client as it is written.")
@click.option("--no-readme", is_flag=True, help="Write no README.md.")
@click.option("--clear-output", is_flag=True, help="Remove the whole directory first.")
@click.option("--override-base", is_flag=True, help="Write the base package although it is there.")
@click.option("--no-clear-channels", is_flag=True, help="Keep other files in channels' directories.")
def generate_client(
    schema: str,
    output: Path,
    language: str,
    formatter: str | None,
    no_format: bool,
    no_readme: bool,
    clear_output: bool,
    override_base: bool,
    no_clear_channels: bool,
) -> None:
    """Write a typed client from an AsyncAPI document."""
    try:
        generator: ClientGenerator | TypeScriptGenerator
        if language == "typescript":
            generator = TypeScriptGenerator(schema, output, not no_readme, clear_output)
        else:
            generator = ClientGenerator(
                schema,
                output,
                generate_readme=not no_readme,
                clear_output=clear_output,
                override_base=override_base,
                clear_channels=not no_clear_channels,
            )
        written = generator.generate()
    except SchemaError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"cannot write {error.filename}: {error.strerror}") from error
    if not no_format and language == "python":
        _format(output, formatter)
    info = generator.document["info"]
    click.echo(f"{info['title']} {info['version']}: {len(written)} files written to {output}")


def _format(output: Path, formatter: str | None) -> None:
    if formatter is None:
        ruff = shutil.which("ruff")
        if ruff is None:
            return
        command = [ruff, "format", "--quiet"]
    else:
        command = shlex.split(formatter)
    try:
        done = subprocess.run([*command, str(output)], capture_output=True, text=True, check=False)
    except OSError as error:
        raise click.ClickException(f"the formatter {command[0]} cannot be run: {error}") from error
    if done.returncode:
        raise click.ClickException(f"the formatter failed:\n{done.stderr or done.stdout}")


if __name__ == "__main__":
    cli()
