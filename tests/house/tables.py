"""Tables of Markdown."""

from collections.abc import Iterator


def table(heads: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    """Each line ends with a line break; bars inside a cell stay in it."""
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)
