"""What the package's Python keeps to, beyond what the linter and the type checker see."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.tree import PACKAGE, ROOT, ending, modules, name, syntax

_PURE = ("platforms", "port", "rules", "resources", "core")
_NEVER_SAY = {"mock", "stub", "dummy", "util", "utils", "customer", "provider"}
_EVENT = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
_LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}

_MAY_REVEAL = {
    "cli/application.py": "a new client secret is shown once, and becomes its digest",
    "cli/client.py": "the demo calls the API as a client does",
    "conformance/credentials.py": "the kit proves to the server under test who it is, and checks its digests",
    "compose/foundation.py": "the database's address opens the pool",
    "outbound/drive.py": "a platform's token leaves for its platform",
    "sandbox/play.py": "a fake reads a token as it stands on the wire",
    "vault/key_source.py": "a master key that was made is written to its file",
    "vault/keys.py": "the master key, read",
    "vault/tokens.py": "what is sealed",
    "rules/signing.py": "a client secret signs",
}


_MADE_BY = {"store/sealed.py": "_column"}
"""Where statements differ in names alone: which function makes them."""


def test_secrets_are_revealed_only_where_they_must_be() -> None:
    revealing = {
        path.relative_to(PACKAGE).as_posix()
        for path in modules()
        if path != PACKAGE / "core" / "secret.py"
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Attribute) and node.attr == "reveal"
    }
    assert revealing == {path for path in _MAY_REVEAL if (PACKAGE / path).exists()}


def test_structs_are_frozen() -> None:
    structs = [
        (path, node)
        for path in modules()
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id == "Struct" for base in node.bases)
    ]
    assert structs
    assert [f"{name(path)}: {node.name}" for path, node in structs if not _is_frozen(node)] == []


def test_pure_rooms_never_say_any() -> None:
    assert [
        f"{name(path)}:{node.lineno}"
        for path in _in_rooms(*_PURE)
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Name) and node.id == "Any"
    ] == []


def test_a_statement_is_a_constant_of_its_module() -> None:
    at_the_top, anywhere = 0, 0
    for path in modules():
        if path.relative_to(PACKAGE).as_posix() in _MADE_BY:
            continue
        assigned = {id(value) for value in _constants(path)}
        statements = _calls_of("Statement", path)
        at_the_top += sum(id(call) in assigned and _is_literal(call.args[0]) for call in statements)
        anywhere += len(statements)
    assert at_the_top == anywhere > 0


def test_statements_that_a_function_makes_are_made_of_a_constants_literals() -> None:
    for where, maker in _MADE_BY.items():
        path = PACKAGE / where
        (function,) = (node for node in syntax(path).body if isinstance(node, ast.FunctionDef) and node.name == maker)
        assert {id(call) for call in _calls_of("Statement", path)} <= {id(node) for node in ast.walk(function)}
        at_the_top = {id(node) for value in _constants(path) for node in ast.walk(value)}
        made = _calls_of(maker, path)
        assert made
        assert [
            call.lineno for call in made if id(call) not in at_the_top or not all(map(_is_literal, call.args))
        ] == []


def test_a_flow_is_read_from_its_run() -> None:
    flows = {path.stem: syntax(path) for path in modules() if path.parent == PACKAGE / "flows"}
    verbs = {verb for verb, tree in flows.items() if "run" in {getattr(node, "name", "") for node in tree.body}}
    shared = ast.get_docstring(flows.pop("__init__")) or ""
    assert flows.keys() - verbs == set(re.findall(r"`(\w+)`", shared.partition("Shared:")[2]))
    told = re.search(
        r"  flows/ +verbs: ([a-z_,\s]+)\n  store/", (ROOT / "docs" / "house.md").read_text(encoding="utf-8")
    )
    assert told
    assert set(re.split(r",\s+", told[1])) == verbs


def test_a_line_of_the_log_is_a_constant_name_with_dots() -> None:
    lines = [(path, call) for path in modules() for call in _lines_of_the_log(path)]
    assert lines
    assert [f"{name(path)}:{call.lineno}" for path, call in lines if not _has_dotted_name(call)] == []


def test_names_keep_to_the_vocabulary() -> None:
    python = ending(".py")
    assert [
        f"{name(path)}:{line}: {word}"
        for path in python
        for word, line in _defined(syntax(path))
        if _NEVER_SAY & set(re.sub(r"([A-Z])", r"_\1", word).lower().split("_"))
    ] == []


def test_a_test_says_a_sentence() -> None:
    tests = [
        (path, node.name)
        for path in ending(".py")
        if path.name.startswith("test_")
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    ]
    assert tests
    assert [f"{name(path)}: {said}" for path, said in tests if said.count("_") < 3] == []


def _in_rooms(*rooms: str) -> list[Path]:
    return [path for path in modules() if path.relative_to(PACKAGE).parts[0] in rooms]


def _is_frozen(node: ast.ClassDef) -> bool:
    return any(
        word.arg == "frozen" and isinstance(word.value, ast.Constant) and word.value.value is True
        for word in node.keywords
    )


def _calls(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(syntax(path)) if isinstance(node, ast.Call)]


def _calls_of(function: str, path: Path) -> list[ast.Call]:
    return [call for call in _calls(path) if isinstance(call.func, ast.Name) and call.func.id == function]


def _constants(path: Path) -> list[ast.expr]:
    """What is assigned at a module's top."""
    return [node.value for node in syntax(path).body if isinstance(node, ast.Assign | ast.AnnAssign) and node.value]


_LITERAL = ast.Constant | ast.Name | ast.BinOp | ast.Add | ast.JoinedStr | ast.FormattedValue | ast.expr_context


def _is_literal(node: ast.expr) -> bool:
    """Whether it is made of literals and of the module's own names, put together at most."""
    return all(isinstance(part, _LITERAL) for part in ast.walk(node))


def _lines_of_the_log(path: Path) -> Iterator[ast.Call]:
    """Calls of a logger's methods, whatever the logger is called, and of names that stand for one of these."""
    assigned = [node for node in ast.walk(syntax(path)) if isinstance(node, ast.Assign)]
    loggers = {_target(node) for node in assigned if re.search(r"get_?[lL]ogger\(|\.bind\(", ast.unparse(node.value))}

    def is_method(node: ast.expr) -> bool:
        return isinstance(node, ast.Attribute) and node.attr in _LEVELS and ast.unparse(node.value) in loggers

    says = {_target(node) for node in assigned if isinstance(node.value, ast.IfExp) and is_method(node.value.body)}
    for call in _calls(path):
        if is_method(call.func) or (isinstance(call.func, ast.Name) and call.func.id in says):
            yield call


def _target(node: ast.Assign) -> str:
    return ast.unparse(node.targets[0])


def _has_dotted_name(call: ast.Call) -> bool:
    first = call.args[0] if call.args else None
    return (
        isinstance(first, ast.Constant) and isinstance(first.value, str) and _EVENT.fullmatch(first.value) is not None
    )


def _defined(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every name that a file gives to something of its own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
