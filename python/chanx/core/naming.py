"""Names derived from class names: snake case, and keys that AsyncAPI accepts."""

import re

# A capital starts a word; runs of capitals and digits count as one abbreviation ("HTTPBox").
_ABBREVIATION = re.compile(r"([A-Z\d]+)(?=[A-Z\d]|$)")
_WORD = re.compile(r"([\-_]*[A-Z][^A-Z]*[\-_]*)")
_SPACE = re.compile(r"\s+")
_NOT_IN_KEYS = re.compile(r"[^\w.\-]+", re.ASCII)


def snake_case(name: str) -> str:
    """Turn a class name into the snake case that pyhumps would give it.

    Names that are upper case as a whole (``A``, ``E2E``) stay as they are.

    Args:
        name: A class name or a schema title, in any case.

    Returns:
        The name in snake case: ``ChatMessage2`` becomes ``chat_message2``.
    """
    if name.isupper() or name.isnumeric():
        return name
    spelled = _ABBREVIATION.sub(lambda match: match.group(0).title(), _SPACE.sub("", name))
    return "_".join(part for part in _WORD.split(spelled) if part).lower()


def component_key(name: str) -> str:
    """Make a name usable as a key under ``components`` of an AsyncAPI document.

    The specification allows letters, digits, ``.``, ``-`` and ``_`` there, while titles of generic
    models hold brackets and user-given titles hold spaces.

    Args:
        name: Any title, for example ``Page[Item]``.

    Returns:
        The title with every other run of characters replaced by ``_``: ``Page_Item_``.
    """
    return _NOT_IN_KEYS.sub("_", name) or "_"
