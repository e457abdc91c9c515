"""A visit to a page that asks before it shows, and ticks what is done by hand."""

import html
import re

from rnnviz.ui.shell.jobs import jobs
from tests.conftest import until
from tests.pages.conftest import Visit


class Asking(Visit):
    """Its questions are answered by their own widgets; settings change as any of the page's widgets would change them."""

    def __init__(self, room: str, **params):
        super().__init__(room, **params)
        self.room = room
        assert not self.test.exception

    def run(self) -> "Asking":
        self.test.run()
        waited = [job for job in jobs._jobs.values() if not job.over]
        if waited:  # a worker trains what the settings describe
            until(lambda: all(job.over for job in waited))
            self.test.run()
        assert not self.test.exception
        return self

    def set(self, **changes) -> "Asking":
        self.test.session_state["settings"].update(changes)
        return self.run()

    @property
    def asked(self) -> dict:
        """The widgets of the questions, by their names."""
        before, found = f"guess_{self.room}_", {}
        for part in self.test.main:
            key = getattr(part, "key", None) or ""
            if key.startswith(before) and key != f"{before}again":
                found[key.removeprefix(before)] = part
        return found

    def guess(self, name: str, value) -> str:
        """The verdict on a guess."""
        self.asked[name].set_value(value)
        self.run()
        return self.verdicts[name]

    @property
    def html(self) -> str:
        return "".join(part.proto.body for part in self.test.get("html"))

    @property
    def verdicts(self) -> dict[str, str]:
        """By the question's name; empty where nothing was guessed."""
        found = re.findall("<p class='rnnviz-verdict' role='status'>(.*?)</p>", self.html)
        return {
            name: html.unescape(re.sub("<.*?>", "", one)) for name, one in zip(self.asked, found, strict=True)
        }

    @property
    def done(self) -> dict[str, str]:
        """The tasks that are ticked, each with the line that shows its number."""
        (found,) = re.findall("<ul class='rnnviz-tasks'>(.*?)</ul>", self.html, re.DOTALL)
        rows = re.findall("<li data-task='(.*?)'>(.*?)</li>", found, re.DOTALL)
        assert len(rows) == 3
        texts = {
            name: html.unescape(re.sub("(<.*?>)+", "|", row)).strip("|").split("|") for name, row in rows
        }
        assert all((row[0] == "✓") == (row[1] == "Done: ") == (len(row) == 4) for row in texts.values()), (
            texts
        )
        return {name: row[-1] for name, row in texts.items() if row[0] == "✓"}
