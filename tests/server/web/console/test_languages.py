"""Whatever the console says, it says in every language."""

import ast
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

CONSOLE = Path(__file__).parents[4] / "server/web/console"
SAYING = {"say", "later", "say_many"}


def said():
    """Every text of the console's code, a plural as its two forms, and where it stands."""
    return {
        (text, f"{path.relative_to(CONSOLE)}:{call.lineno}")
        for path in CONSOLE.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and (text := _text_of(call)) is not None
    }


def _text_of(call):
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    wanted = 2 if name == "say_many" else 1
    texts = [each.value for each in call.args[:wanted] if isinstance(each, ast.Constant)]
    if name not in SAYING or len(texts) < wanted:
        return None
    return tuple(texts) if wanted == 2 else texts[0]


def translated(language):
    known = {}
    for path in (CONSOLE / "languages" / language).glob("*.po"):
        with path.open("rb") as file:
            known |= {
                message.id: message.string
                for message in read_po(file, locale=language, abort_invalid=True)
                if message.id
            }
    return known


@pytest.mark.parametrize("language", ["it"])
def test_every_text_has_its_translation_with_the_same_facts(language):
    known = translated(language)
    texts = said()
    assert len(texts) > 20
    missing = sorted(
        {f"{where}: {message}" for message, where in texts if not all(known.get(message) or [None])}
    )
    assert missing == []
    for message, string in known.items():
        forms = [message] if isinstance(message, str) else list(message)
        strings = [string] if isinstance(string, str) else list(string)
        facts = {part.split("}")[0] for form in forms for part in form.split("{")[1:]}
        assert all({part.split("}")[0] for part in one.split("{")[1:]} <= facts for one in strings), message


@pytest.mark.parametrize("language", ["it"])
def test_no_translation_is_kept_of_what_nobody_says(language):
    texts = {message for message, _ in said()}
    assert sorted(str(message) for message in translated(language) if message not in texts) == []
