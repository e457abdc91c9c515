"""The formulas of the pages as MathML, which browsers draw by themselves: the part of LaTeX that the pages write, and no more."""

import re
from collections.abc import Iterator
from html import escape

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\s+|.", re.DOTALL)
_LETTERS = {
    "alpha": "α",
    "delta": "δ",
    "Delta": "Δ",
    "eta": "η",
    "lambda": "λ",
    "rho": "ρ",
    "sigma": "σ",
    "theta": "θ",
    "partial": "∂",
    "top": "⊤",
    "infty": "∞",
    "ell": "ℓ",
}
_NAMES = {"tanh", "cos", "ln", "log", "exp", "max", "min"}
_SIGNS = {
    "cdot": "⋅",
    "cdots": "⋯",
    "dots": "…",
    "ldots": "…",
    "circ": "∘",
    "odot": "⊙",
    "times": "×",
    "le": "≤",
    "ge": "≥",
    "ne": "≠",
    "approx": "≈",
    "mid": "∣",
    "to": "→",
    "lVert": "‖",
    "rVert": "‖",
    "{": "{",
    "}": "}",
    "%": "%",
    "_": "_",
}
_LARGE = {"sum": "∑", "prod": "∏"}
_SPACES = {",": 0.17, ":": 0.22, ";": 0.28, "quad": 1.0, "qquad": 2.0, " ": 0.3, "!": 0.0}
_ACCENTS = {"hat": "^", "tilde": "~", "bar": "¯"}


def formula(latex: str, display: bool = False) -> str:
    """A formula as a `math` element. display: on a line of its own.

    Raises ValueError for what is none of what the pages write.
    """
    inner = _Reader(latex.strip(), display).whole()
    return f"<math{' display=' + chr(34) + 'block' + chr(34) if display else ''}>{inner}</math>"


class _Reader:
    def __init__(self, latex: str, display: bool):
        self.latex, self.display = latex, display
        found = [one for one in _TOKEN.finditer(latex) if not one[0].isspace()]
        self.tokens, self.places = [one[0] for one in found], [one.start() for one in found]
        self.at = 0

    def whole(self) -> str:
        found = self._row(())
        if self.at < len(self.tokens):
            raise self._unknown(self.tokens[self.at])
        return found

    def _unknown(self, what: str) -> ValueError:
        return ValueError(f"no MathML for {what!r} in {self.latex!r}")

    def _next(self) -> str:
        if self.at == len(self.tokens):
            raise ValueError(f"the formula {self.latex!r} breaks off")
        self.at += 1
        return self.tokens[self.at - 1]

    def _peek(self) -> str | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _row(self, ends: tuple[str, ...]) -> str:
        """All up to one of the tokens `ends`, which is left standing; or to the end."""
        return "".join(self._scripted_until(ends))

    def _scripted_until(self, ends: tuple[str, ...]) -> Iterator[str]:
        while (token := self._peek()) is not None and token not in ends and token != "}":
            yield self._scripted()

    def _scripted(self) -> str:
        """An atom with what stands below and above it."""
        large = self._peek() in {f"\\{name}" for name in _LARGE}
        base, below, above = self._atom(), "", ""
        while (token := self._peek()) in ("_", "^", "'"):
            self._next()
            if token == "_":
                below = self._atom()
            else:
                above += "<mo>′</mo>" if token == "'" else self._atom()
        above = f"<mrow>{above}</mrow>" if above.count("</") > 1 else above
        parts = base + below + above
        under = large and self.display
        match bool(below), bool(above):
            case True, True:
                return f"<munderover>{parts}</munderover>" if under else f"<msubsup>{parts}</msubsup>"
            case True, False:
                return f"<munder>{parts}</munder>" if under else f"<msub>{parts}</msub>"
            case False, True:
                return f"<mover>{parts}</mover>" if under else f"<msup>{parts}</msup>"
        return parts

    def _group(self) -> str:
        """What stands in braces, or the one token that stands there without."""
        if self._peek() != "{":
            token = self._next()
            if token.isdigit() and len(token) > 1:  # of \tfrac14 the first digit
                self.at -= 1
                self.tokens[self.at : self.at + 1] = [token[0], token[1:]]
                self.places[self.at : self.at + 1] = [self.places[self.at], self.places[self.at] + 1]
                token = self._next()
            return self._of(token)
        self._next()
        inner = self._row(("}",))
        if self._next() != "}":
            raise ValueError(f"a brace is left open in {self.latex!r}")
        return f"<mrow>{inner}</mrow>"

    def _written(self) -> str:
        """The text in braces, as it stands."""
        if self._next() != "{":
            raise ValueError(f"text without braces in {self.latex!r}")
        start = self.places[self.at - 1] + 1  # blanks count here, so the text is taken from the source
        end = self.latex.index("}", start)
        while self._next() != "}":
            pass
        return self.latex[start:end]

    def _atom(self) -> str:
        return self._group() if self._peek() == "{" else self._of(self._next())

    def _of(self, token: str) -> str:
        name = token[1:] if token.startswith("\\") and len(token) > 1 else None
        if name is None:
            return self._plain(token)
        if name in _LETTERS:
            return f"<mi>{_LETTERS[name]}</mi>"
        if name in _NAMES:
            return f"<mi>{name}</mi>"
        if name in _SIGNS:
            return f'<mo stretchy="false">{escape(_SIGNS[name])}</mo>'
        if name in _LARGE:
            return f"<mo>{_LARGE[name]}</mo>"
        if name in _SPACES:
            return f'<mspace width="{_SPACES[name]}em"></mspace>'
        if name in _ACCENTS:
            return f'<mover accent="true">{self._group()}<mo>{_ACCENTS[name]}</mo></mover>'
        match name:
            case "frac" | "tfrac" | "dfrac":
                return f"<mfrac>{self._group()}{self._group()}</mfrac>"
            case "text":
                return f"<mtext>{escape(self._written())}</mtext>"
            case "mathrm" | "operatorname":
                return f'<mi mathvariant="normal">{escape(self._written())}</mi>'
            case "boldsymbol" | "mathbf":
                return f'<mrow class="bold">{self._group()}</mrow>'
            case "left" | "right":
                return f"<mo>{escape(self._next())}</mo>"
            case "rule":  # which makes a line higher
                self._group(), self._group()
                return ""
            case "textstyle" | "displaystyle":
                return ""
            case "begin":
                return self._table()
        raise self._unknown(token)

    def _plain(self, token: str) -> str:
        if token[0].isdigit():
            return f"<mn>{token}</mn>"
        if token.isalpha():
            return f"<mi>{token}</mi>"
        if token in "&^_}\\#$":
            raise self._unknown(token)
        sign = {"-": "−", "*": "∗"}.get(token, token)
        return f'<mo stretchy="false">{escape(sign)}</mo>'

    def _table(self) -> str:
        """Lines under each other, their parts aligned at the ampersands."""
        name = self._written()
        if name not in ("aligned", "cases"):
            raise self._unknown(f"\\begin{{{name}}}")
        rows, cells = [], []
        while True:
            cells.append(f"<mtd>{self._row(('&', chr(92) * 2, chr(92) + 'end'))}</mtd>")
            match self._next():
                case "&":
                    continue
                case "\\\\":
                    rows.append(cells)
                    cells = []
                case _:
                    rows.append(cells)
                    self._written()
                    break
        inner = "".join(f"<mtr>{''.join(row)}</mtr>" for row in rows)
        table = f'<mtable class="{name}" displaystyle="true">{inner}</mtable>'
        return table if name == "aligned" else f"<mrow><mo>{{</mo>{table}</mrow>"
