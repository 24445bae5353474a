"""Composing an answer: quotations of the documentation, and an honest word where it has none."""

import re
from collections.abc import Sequence
from dataclasses import replace

from llm_server.backends import titles
from llm_server.backends.conversation import Question, content_terms, read_conversation
from llm_server.protocol import ChatMessage
from llm_server.retrieval import Hit, Index, Passage, terms

ENOUGH = 0.55  # the share of a question that a passage has to mention to count as an answer
RARE = 4  # a term of no more passages than that says by itself what a question is about
MODEL_NAME = "chanx-offline"

WHO = (
    f"I am {MODEL_NAME}, the offline model that comes with chanx-native: no neural network, but a "
    "search over this project's documentation that quotes what it finds."
)
REAL_MODEL = "For a language model proper set OPENAI_API_KEY, or OPENAI_BASE_URL for Ollama, vLLM or others."


def _shorten(text: str, limit: int = 80) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1].rstrip() + "…"


def _quote(passage: Passage, *, with_code: bool = True) -> str:
    """Returns the passage as a quotation: prose marked line by line, code left ready to copy."""
    prose, _ = _split_code(passage)
    if not with_code and prose:
        text = "\n".join(f"> {line}" if line else "" for line in prose.splitlines())
        return f"From {passage.citation}:\n\n{text}"
    lines: list[str] = []
    in_code = False
    for line in passage.text.splitlines():
        fence = line.startswith("```")
        lines.append(line if in_code or fence or not line else f"> {line}")
        in_code ^= fence
    return f"From {passage.citation}:\n\n" + "\n".join(lines)


def _split_code(passage: Passage) -> tuple[str, str]:
    """Returns the prose and the code of a passage."""
    blocks = re.split(r"^(```.*?^```)[^\S\n]*$", passage.text, flags=re.S | re.M)
    return "\n\n".join(filter(None, (block.strip() for block in blocks[::2]))), "\n\n".join(blocks[1::2])


class _Said:
    """What the assistant has quoted so far in the conversation."""

    def __init__(self, text: str) -> None:
        self._text = re.sub(r"^> ", "", text, flags=re.M)

    def __contains__(self, text: str) -> bool:
        return bool(text) and text in self._text


class Answerer:
    """Answers a conversation from an index of the documentation."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._subjects = list(
            dict.fromkeys(
                passage.headings[0]
                for passage in index.passages
                if passage.headings and not passage.source.startswith(("CHANGELOG", "CONTRIBUTING"))
            )
        )

    def answer(self, messages: Sequence[ChatMessage]) -> str:
        """Returns the text of the answer to the last message of the user."""
        if titles.is_asked_for(messages):
            return titles.title(messages)
        question = read_conversation(messages)
        if not question.text:
            return f"{WHO} There is no question in this conversation yet. {self._offer()}"
        if question.talk is not None:
            return self._small_talk(question)
        remembered = self._remembered(question)
        if remembered:
            return remembered
        if question.refers_to:
            own = set(content_terms(question.text))
            known = {
                term: share
                for term, share in question.query.items()
                if term in own or self._index.frequency(term)
            }
            question = replace(question, query=known or question.query)
        text = self._from_documents(question)
        first = not question.earlier
        return f"{text}\n\n({WHO} {REAL_MODEL})" if first and WHO not in text else text

    def _offer(self) -> str:
        if not self._subjects:
            return f"No documentation was found to search, though. {REAL_MODEL}"
        return f"Ask me about one of these: {'; '.join(self._subjects[:12])}."

    def _small_talk(self, question: Question) -> str:
        match question.talk:
            case "greeting":
                return f"Hello! {WHO} {self._offer()}"
            case "thanks":
                return "You are welcome. Ask on, if something else about this project is unclear."
            case "farewell":
                return "Goodbye! The conversation is forgotten once this connection closes."
            case "recall":
                if not question.earlier:
                    return "This is the first message of our conversation; there is nothing before it."
                listed = "\n".join(f"- “{_shorten(turn)}”" for turn in question.earlier)
                return f"So far in this conversation you wrote:\n\n{listed}"
            case _:
                return f"{WHO} {self._offer()} {REAL_MODEL}"

    def _remembered(self, question: Question) -> str | None:
        """Answers from what the user has told in this conversation, or takes note of it."""
        wanted = set(content_terms(question.text))
        if not question.is_about_speaker or not wanted:
            return None
        if question.is_statement:
            if question.is_personal or not self._enough(question):
                return (
                    f"Noted, for this conversation: “{_shorten(question.text)}”. I am the offline "
                    "model and answer from this project's documentation; ask me about it, "
                    "and I can repeat it."
                )
            return None
        for statement in question.statements():
            if wanted <= set(terms(statement)):
                return f"Earlier in this conversation you wrote: “{_shorten(statement, 300)}”"
        return None

    def _enough(self, question: Question) -> bool:
        return any(self._answers(hit, question) for hit in self._index.search(question.query))

    def _ranked(self, question: Question) -> list[Hit]:
        """Returns passages, best first; headed by the subject and not yet quoted ones lead."""
        subject = set(question.subject)
        said = _Said(question.quoted)

        def rank(hit: Hit) -> float:
            score = hit.score * (0.4 + 0.6 * hit.coverage)
            heading = set(content_terms(hit.passage.heading))
            if subject and subject <= heading:
                score *= 3 if subject == heading else 1.5
                # A definition is a sentence; tables and code come after it.
                score *= 0.5 if hit.passage.text.startswith(("|", "```")) else 1
            prose, code = _split_code(hit.passage)
            if question.wants_code:
                score *= 0.2 if not code or code in said else 2
                # The example that is wanted is one of what was being talked about.
                score *= 3 if question.refers_to and (prose in said or heading <= set(question.query)) else 1
            elif prose if question.wants_more else "" in said:
                score *= 0.1
            return -score

        return sorted(self._index.search(question.query, limit=24), key=rank)

    def _answers(self, hit: Hit, question: Question) -> bool:
        """Tells whether a passage says enough; one common word in passing is not enough."""
        if len(question.query) == 1:
            [term] = question.query
            named = term in terms(" ".join(hit.passage.headings))
            return named or (hit.coverage > 0 and self._index.frequency(term) <= RARE)
        return hit.coverage >= ENOUGH

    def _from_documents(self, question: Question) -> str:
        hits = [hit for hit in self._ranked(question) if self._answers(hit, question)]
        about = question.refers_to or question.text
        if not hits:
            return self._admit(about, self._ranked(question))
        best = hits[0]
        goes_on = question.refers_to and not question.subject
        lead = f"On your earlier question, “{_shorten(about)}”. " if goes_on else ""
        prose, code = _split_code(best.passage)
        said = _Said(question.quoted)
        if question.subject and not self._defines(question.subject, best.passage):
            places = "; ".join(dict.fromkeys(hit.passage.citation for hit in hits[:2]))
            return (
                f"{self._ignorance(about)} The documentation mentions it without explaining it: "
                f"{places}. {self._offer()} {REAL_MODEL}"
            )
        if question.wants_code and not code:
            lead += "The documentation has no code for that; this is what it says. "
        elif (
            question.refers_to
            and (code if question.wants_code else prose if question.wants_more else "") in said
        ):
            return f"{lead}I have quoted all that the documentation has on it, from {best.passage.citation}."
        quotation = _quote(best.passage, with_code=question.wants_code or not question.subject)
        others = hits[1:]
        if question.subject:
            others = [hit for hit in others if self._defines(question.subject, hit.passage)]
        return lead + quotation + self._see_also(best, others)

    def _defines(self, subject: Sequence[str], passage: Passage) -> bool:
        """Tells whether the passage explains the X of "what is X?" or only mentions it."""
        wanted = set(subject)
        if len(wanted) > 3 or wanted & set(terms(passage.heading)):
            return True
        for sentence in re.split(r"(?<=[.!?:])\s|\n\n", passage.text):
            words = terms(sentence)
            verb = next((at for at, word in enumerate(words) if word in ("is", "are", "mean")), 0)
            if wanted <= set(words[:verb]) and verb <= len(wanted) + 4:
                return True
        return False

    @staticmethod
    def _see_also(best: Hit, others: Sequence[Hit]) -> str:
        further = dict.fromkeys(
            hit.passage.citation
            for hit in others
            if hit.coverage >= ENOUGH
            and hit.score >= 0.5 * best.score
            and hit.passage.citation != best.passage.citation
        )
        return f"\n\nSee also: {'; '.join(list(further)[:2])}." if further else ""

    @staticmethod
    def _ignorance(about: str) -> str:
        return f"I do not know enough about “{_shorten(about)}” to answer. {WHO}"

    def _admit(self, about: str, hits: Sequence[Hit]) -> str:
        nearest = ""
        if hits and hits[0].coverage >= 0.3:
            nearest = f" The nearest to it that I have is {hits[0].passage.citation}."
        return f"{self._ignorance(about)}{nearest} {self._offer()} {REAL_MODEL}"
