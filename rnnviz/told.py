"""What is wrong, in one line that can be said in other languages too."""

from typing import Self


class Told(ValueError):
    """A ValueError whose line has places for what differs from case to case.

        raise Told("unit {unit} is not there; wanted 0 to {last}", unit=7, last=4)

    str() is the English line. message: with its places, as a catalogue of translations knows it; values: what stands there.
    """

    def __init__(self, message: str, **values: object):
        super().__init__(message.format(**values))
        self.message, self.values = message, values

    def __reduce__(self) -> tuple[object, ...]:
        return _again, (type(self), self.message, self.values)

    @classmethod
    def of(cls, problem: ValueError) -> Self:
        """The same line as one of this kind, with its places where it has any."""
        if isinstance(problem, Told):
            return cls(problem.message, **problem.values)
        return cls("{line}", line=str(problem))


def _again(kind: type[Told], message: str, values: dict[str, object]) -> Told:
    return kind(message, **values)
