"""Finding passages: Markdown is cut at its headings, and BM25 ranks the pieces for a question."""

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

K1 = 1.4  # how fast further occurrences of a term stop counting
B = 0.6  # how much a long passage is marked down
HEADING_WEIGHT = 3  # a term in the heading counts as this many in the text
PASSAGE_WORDS = 110  # a passage is closed at the end of the block that passes this many words

_WORD = re.compile(r"[^\W_]+(?:[_.'\u2019-]+[^\W_]+)*")
_SEPARATORS = re.compile(r"[_.'\u2019-]+")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+")
_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*\s*$")
_FENCE = re.compile(r"^\s{0,3}(`{3,}|~{3,})")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_SUFFIXES = ("ations", "ation", "ings", "ing", "ers", "ies", "ied", "es", "ed", "er", "s", "e")


def _stem(word: str) -> str:
    """Returns the word without a common English ending, so that `groups` finds `group`."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3 and not word.endswith("ss"):
            return word[: -len(suffix)]
    return word


def terms(text: str) -> list[str]:
    """Returns the search terms of a text: stems, and for an identifier also its parts."""
    found: list[str] = []
    for word in _WORD.findall(unicodedata.normalize("NFKC", text)):
        found.append(_stem(_SEPARATORS.sub("_", word.lower())))
        parts = _PART.findall(word)
        if len(parts) > 1:
            found.extend(_stem(part.lower()) for part in parts)
    return found


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document that is quoted as a whole."""

    source: str
    headings: tuple[str, ...]
    text: str

    @property
    def heading(self) -> str:
        """The nearest heading."""
        return self.headings[-1] if self.headings else ""

    @property
    def citation(self) -> str:
        """File and heading, as the answer names them."""
        return f"{self.source}, “{self.heading}”" if self.heading else self.source

    @property
    def has_code(self) -> bool:
        """Whether it shows a code block."""
        return "```" in self.text


@dataclass(slots=True)
class _Section:
    source: str
    headings: tuple[str, ...]
    blocks: list[str] = field(default_factory=list)

    def passages(self) -> Iterable[Passage]:
        held: list[str] = []
        words = 0
        for position, block in enumerate(self.blocks):
            held.append(block)
            words += len(block.split())
            following = self.blocks[position + 1] if position + 1 < len(self.blocks) else ""
            # A code block stays with the paragraph that introduces it.
            if words >= PASSAGE_WORDS and not (following.startswith("```") and not block.startswith("```")):
                yield Passage(self.source, self.headings, "\n\n".join(held))
                held, words = [], 0
        if held:
            yield Passage(self.source, self.headings, "\n\n".join(held))


def read_markdown(source: str, text: str) -> list[Passage]:
    """Cuts a Markdown document into passages."""
    section = _Section(source, ())
    sections = [section]
    path: list[tuple[int, str]] = []
    block: list[str] = []
    fence = ""

    def close_block() -> None:
        if block:
            section.blocks.append("\n".join(block))
            block.clear()

    for line in text.splitlines():
        opening = _FENCE.match(line)
        if fence:
            block.append(line)
            if opening and opening[1].startswith(fence):
                fence = ""
                close_block()
        elif opening:
            close_block()
            fence = opening[1]
            block.append(line.strip())
        elif heading := _HEADING.match(line):
            close_block()
            level = len(heading[1])
            path = [entry for entry in path if entry[0] < level]
            path.append((level, _LINK.sub(r"\1", heading[2]).replace("`", "")))
            section = _Section(source, tuple(name for _, name in path))
            sections.append(section)
        elif line.strip():
            block.append(_LINK.sub(r"\1", line.rstrip()))
        else:
            close_block()
    close_block()
    return [passage for each in sections for passage in each.passages()]


def read_documents(root: Path, patterns: Sequence[str]) -> list[Passage]:
    """Reads the Markdown files under `root` that match one of the patterns."""
    files = sorted({file for pattern in patterns for file in root.glob(pattern) if file.is_file()})
    return [
        passage
        for file in files
        for passage in read_markdown(
            file.relative_to(root).as_posix(), file.read_text(encoding="utf-8", errors="replace")
        )
    ]


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found for a question."""

    passage: Passage
    score: float
    coverage: float
    """The share of the question that the passage mentions, by weight of the terms: 0 to 1."""


class Index:
    """BM25 over passages."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.passages = passages
        self._postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        lengths: list[int] = []
        for number, passage in enumerate(passages):
            counts = Counter(terms(passage.text))
            lengths.append(counts.total())
            heading = set(terms(passage.heading))
            for term in heading | set(terms(" ".join(passage.headings[:-1]))):
                counts[term] += HEADING_WEIGHT if term in heading else 1
            for term, count in counts.items():
                self._postings[term].append((number, count))
        mean = sum(lengths) / len(lengths) if lengths else 1.0
        self._norms = [K1 * (1 - B + B * length / (mean or 1.0)) for length in lengths]

    def frequency(self, term: str) -> int:
        """Returns how many passages have the term."""
        return len(self._postings.get(term, ()))

    def weight(self, term: str) -> float:
        """Returns the inverse document frequency; a term of no passage weighs most."""
        with_term = self.frequency(term)
        return math.log(1 + (len(self.passages) - with_term + 0.5) / (with_term + 0.5))

    def search(self, query: dict[str, float], limit: int = 8) -> list[Hit]:
        """Returns the best passages, best first.

        Args:
            query: How much each term matters.
            limit: The most passages to return.
        """
        # A compound that nobody wrote in one piece (`redis-layer`) is left to its parts.
        query = {term: share for term, share in query.items() if "_" not in term or term in self._postings}
        scores: dict[int, float] = defaultdict(float)
        covered: dict[int, float] = defaultdict(float)
        total = sum(self.weight(term) * share for term, share in query.items())
        for term, share in query.items():
            weight = self.weight(term) * share
            for number, count in self._postings.get(term, ()):
                scores[number] += weight * count * (K1 + 1) / (count + self._norms[number])
                covered[number] += weight
        best = sorted(scores, key=lambda number: (-scores[number], number))[:limit]
        return [Hit(self.passages[number], scores[number], covered[number] / total) for number in best]
