"""Text that every database takes."""


def storable(text: str) -> str:
    """The text itself; a validator for pydantic's fields and for forms.

    Raises:
        ValueError: It holds a NUL, which PostgreSQL refuses, or half of a surrogate pair, which is no character.
    """
    if "\x00" in text:
        raise ValueError("NUL characters are not allowed")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("half of a surrogate pair is not a character") from error
    return text
