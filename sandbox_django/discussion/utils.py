"""Names on the channel layer; open rooms are in `room.<name>` and reach neither."""

TOPIC_LIST = "discussion.topics"


def name_topic(pk: int) -> str:
    """The layer group of the pages that show a topic."""
    return f"discussion.topic.{pk}"
