"""What the offline model says, asked over HTTP by LangChain's ChatOpenAI, as the applications do."""

from collections.abc import Callable
from pathlib import Path

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_openai import ChatOpenAI
from llm_server_process import llm_server
from pydantic import SecretStr

Ask = Callable[..., list[str]]

DOCUMENTS = {
    "README.md": "# Lighthouse\n\nThe lighthouse guides ships. Start it with `make light`.\n",
    "docs/lamps.md": (
        "# Lamps\n\n## Kerosene lamp\n\nA kerosene lamp is a lamp that burns kerosene behind glass.\n\n"
        "```python\nlamp = KeroseneLamp(wick=3)\n```\n\n"
        "## Changing the wick\n\nTo change the wick, let the lamp cool for an hour and open the collar.\n"
    ),
    "docs/deep/signals.md": (
        "# Signals\n\n## Fog signal\n\nThe fog signal sounds every thirty seconds.\n\n"
        "```python\nfog_signal.sound(interval=30)\n# not a heading\n```\n"
    ),
    "notes.md": "# Secret notes\n\nThe password of the harbour master is swordfish.\n",
}


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    root: Path = tmp_path_factory.mktemp("documents")
    for name, text in DOCUMENTS.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    with llm_server("--documents", str(root), "--tokens-per-second", "0") as running:
        yield f"{running.url}/v1"


def model(url: str) -> ChatOpenAI:
    return ChatOpenAI(model="gpt-4o", base_url=url, api_key=SecretStr("any"), streaming=True, max_retries=0)


@pytest.fixture
def ask(url) -> Ask:
    """Asks one question after the other in one conversation; returns the answers."""

    def converse(*questions: str) -> list[str]:
        history: list[BaseMessage] = []
        answers = []
        for question in questions:
            history.append(HumanMessage(content=question))
            chunks = [chunk.text for chunk in model(url).stream(history)]
            assert len(chunks) > 5
            answers.append("".join(chunks))
            history.append(AIMessage(content=answers[-1]))
        return answers

    return converse


def test_a_question_is_answered_by_a_quotation_with_file_and_heading(ask):
    [answer] = ask("How do I change the wick?")
    assert "docs/lamps.md, “Changing the wick”" in answer
    assert "> To change the wick, let the lamp cool for an hour and open the collar." in answer


def test_the_first_answer_says_that_it_is_the_offline_model(ask):
    [answer] = ask("How do I change the wick?")
    assert "offline model" in answer
    assert "OPENAI_API_KEY" in answer


def test_documents_in_folders_are_read_and_other_files_are_not(ask):
    assert "docs/deep/signals.md, “Fog signal”" in ask("How often does the fog signal sound?")[0]
    assert "swordfish" not in ask("What is the password of the harbour master?")[0]


def test_a_comment_in_code_is_no_heading(ask):
    assert "# not a heading\n```" in ask("Show me the code of the fog signal")[0]


def test_a_follow_up_uses_the_earlier_turn(ask):
    _, example = ask("What is a kerosene lamp?", "Can you give me an example?")
    assert "What is a kerosene lamp?" in example
    assert "lamp = KeroseneLamp(wick=3)" in example


def test_a_follow_up_reaches_back_over_several_turns(ask):
    *_, example = ask("Tell me about the fog signal", "thanks!", "hello again", "show me some code")
    assert "fog_signal.sound(interval=30)" in example


def test_a_follow_up_to_a_follow_up_still_knows_the_subject(ask):
    *_, example = ask("What is a kerosene lamp?", "Is it dangerous?", "Can you give me an example?")
    assert "lamp = KeroseneLamp(wick=3)" in example


def test_the_same_follow_up_after_another_question_gives_another_answer(ask):
    assert "fog_signal.sound" in ask("What is the fog signal?", "Can you give me an example?")[1]


def test_a_follow_up_does_not_repeat_what_was_quoted(ask):
    _, first, second = ask("What is a kerosene lamp?", "an example please", "another example please")
    assert "KeroseneLamp(wick=3)" in first
    assert "KeroseneLamp(wick=3)" not in second


@pytest.mark.parametrize(
    "question",
    [
        "What is the capital of France?",
        "Write a poem about the sea",
        "What is Kubernetes?",
        "2+2?",
        "Wie spät ist es?",
        "日本の首都はどこですか",
        "%$#@!",
        "x" * 20_000,
    ],
)
def test_an_unknown_subject_is_admitted(ask, question):
    [answer] = ask(question)
    assert answer.startswith("I do not know enough about “")
    assert "Lamps" in answer  # what it can tell about instead
    assert len(answer) < 1000


def test_a_subject_that_is_only_mentioned_is_not_passed_off_as_explained(ask):
    [answer] = ask("What is glass?")
    assert "mentions it without explaining it: docs/lamps.md, “Kerosene lamp”" in answer


def test_what_the_user_told_is_remembered_in_the_conversation_only(ask):
    noted, name = ask("My name is Alice", "What is my name?")
    assert noted.startswith("Noted")
    assert "“My name is Alice”" in name
    assert "Alice" not in ask("What is my name?")[0]


def test_it_recalls_the_questions_of_the_conversation(ask):
    *_, recalled = ask("How do I change the wick?", "What did I ask?")
    assert "How do I change the wick?" in recalled


@pytest.mark.parametrize("greeting", ["Hello", "hi there!", "Good morning"])
def test_a_greeting_is_returned(ask, greeting):
    [answer] = ask(greeting)
    assert answer.startswith("Hello! I am chanx-offline, the offline model")


def test_a_greeting_before_a_question_does_not_hide_it(ask):
    assert "docs/lamps.md" in ask("Hello, how do I change the wick?")[0]


@pytest.mark.parametrize("question", ["What are you?", "Are you ChatGPT?", "which model is this?", "help"])
def test_it_says_what_it_is(ask, question):
    assert "chanx-offline, the offline model" in ask(question)[0]


async def test_the_asynchronous_client_gets_the_same_text(ask, url):
    chunks = [chunk.text async for chunk in model(url).astream([HumanMessage("How do I change the wick?")])]
    assert "".join(chunks) == ask("How do I change the wick?")[0]


def test_a_conversation_without_a_question_is_not_an_error(url):
    answer = model(url).invoke([AIMessage("I said something")])
    assert "no question in this conversation" in answer.text


def test_the_projects_own_documents_explain_python():
    with llm_server("--tokens-per-second", "0") as running:
        text = model(f"{running.url}/v1").invoke([HumanMessage("What is Python?")]).text
    assert "docs/glossary.md, “Python”" in text
    assert "programming language" in text


def test_it_serves_without_any_documents(tmp_path):
    with llm_server("--documents", str(tmp_path), "--tokens-per-second", "0") as running:
        text = model(f"{running.url}/v1").invoke([HumanMessage("What is Python?")]).text
    assert "No documentation was found" in text
