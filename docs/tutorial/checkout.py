"""Builds the project as it stands at the end of a part of the tutorial.

usage: python docs/tutorial/checkout.py part2 my_project

A part's folder in projects/ holds only what the part adds or changes, so each file is kept once: the folders up to the
part are laid over each other, and a file named FILE.append is added to the end of FILE.
"""

import argparse
import shutil
import sys
from pathlib import Path

PROJECTS = Path(__file__).resolve().parent / "projects"
PARTS = [f"part{number}" for number in range(1, 5)]


def checkout(part: str, destination: Path) -> None:
    """Writes the project of a part.

    Args:
        part: One of PARTS.
        destination: A directory that does not exist yet, or is empty.

    Raises:
        FileExistsError: There is something in the destination.
    """
    if destination.exists() and any(destination.iterdir()):
        raise FileExistsError(f"{destination} is not empty; name a new directory")
    for layer in PARTS[: PARTS.index(part) + 1]:
        for source in sorted((PROJECTS / layer).rglob("*")):
            if not source.is_file() or "__pycache__" in source.parts:
                continue
            target = destination / source.relative_to(PROJECTS / layer)
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.suffix == ".append":
                with target.with_suffix("").open("a", encoding="utf-8") as grown:
                    grown.write(source.read_text(encoding="utf-8"))
            else:
                shutil.copyfile(source, target)


def main() -> None:
    """Reads the command line and builds the project."""
    parser = argparse.ArgumentParser(description="Builds the project of a part of the tutorial.")
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("destination", type=Path)
    options = parser.parse_args()
    try:
        checkout(options.part, options.destination)
    except OSError as error:
        sys.exit(f"error: {error}")
    print(f"{options.part} is in {options.destination}. Start it with:")
    print(f"  python {options.destination}/chanx_django/manage.py migrate")
    print(f"  python {options.destination}/chanx_django/manage.py runserver")


if __name__ == "__main__":
    main()
