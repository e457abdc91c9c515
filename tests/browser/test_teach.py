"""learn/teach in a real browser: paper, links, views with a teacher's keys, and pages in the frame of another site."""

import http.server
import re
import shutil
import threading

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import FLAGS, Reader, at_rest, violations
from tests.conftest import PATIENCE

PAGE = "/teach"
KEEPS_NOTHING = """for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, { get() { throw new DOMException("denied", "SecurityError"); } });"""
A4 = {"format": "A4", "margin": dict.fromkeys(("top", "right", "bottom", "left"), "15mm")}
VIEWS = ("network?network_stage=unrolled", "cell?cell_preset=remember", "cell?cell_preset=forget", "order")


class Teach(Reader):
    root = ".te-root"

    def add(self, *views: str) -> None:
        for view in views:
            self.tab.get_by_label("Address of a view").fill(f"{self.address}/{view}")
            self.tab.get_by_role("button", name="Add", exact=True).click()

    @property
    def bar(self):
        return self.tab.get_by_label("Views of the lesson")

    def stands_at(self, number: int, *said: str) -> None:
        """The view of that number is shown, and the address says so."""
        expect(self.bar).to_contain_text(f"{number} of {len(VIEWS)}")
        self.tab.wait_for_function("said => said.every((one) => location.href.includes(one))", arg=list(said))
        self.tab.wait_for_function("!location.search.includes('turn=')")
        self.rests()


@pytest.fixture
def teach(reader):
    return lambda query="", **more: reader(f"{PAGE}?{query}", kind=Teach, **more)


@pytest.fixture
def presented(teach):
    """The first of the views is shown."""
    seen = teach("teach_part=views")
    seen.add(*VIEWS)
    seen.tab.get_by_role("button", name="Present from here: The network unrolled").click()
    seen.stands_at(1, "/network", "network_stage=unrolled")
    return seen


@pytest.mark.parametrize("part", ["plan", "worksheet", "link", "views", "embed", "server"])
def test_every_part_is_legible_and_fits_a_phone(reader, part):
    seen = reader(f"{PAGE}?teach_part={part}", width=400, height=800, kind=Plain)
    assert violations(seen.tab, "light", "dark") == []
    assert seen.over_the_edge("[data-testid=stMain]", "pre, table, [data-testid=stTable]") == []


class Plain(Reader):
    """Parts without a component of ours rest as well."""

    def drawn(self) -> "Plain":
        at_rest(self.tab)
        return self


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_worksheet_is_one_sheet_and_its_answers_another(teach, language, theme):
    seen = teach(f"teach_part=worksheet&lang={language}", theme=theme)
    assert pages(seen.tab.pdf(**A4)) == 2
    seen.tab.emulate_media(media="print")
    assert (
        seen.tab.evaluate(
            """[...document.querySelectorAll("[data-testid=stSidebar], [data-testid=stHeader], button, h2, input, .te-root")]
          .filter((e) => e.checkVisibility()).map((e) => e.outerHTML.slice(0, 80))"""
        )
        == []
    )
    tasks = seen.tab.locator(".st-key-teach_sheet p")
    assert tasks.count() == 9 and all(one.is_visible() for one in tasks.all())
    assert {one.evaluate("(e) => getComputedStyle(e).color") for one in tasks.all()} == {"rgb(0, 0, 0)"}
    cut = "(e) => e.scrollWidth > e.clientWidth || e.getBoundingClientRect().right > innerWidth"
    assert not any(one.evaluate(cut) for one in tasks.all())
    seen.tab.emulate_media(media="null")
    seen.tab.locator(".st-key-pick_teach_answers label").click()
    seen.tab.wait_for_function("location.search.includes('teach_answers=False')")
    seen.rests()
    assert pages(seen.tab.pdf(**A4)) == 1


def test_a_lesson_plan_is_printed_whole(teach):
    seen = teach("teach_plan=90")
    seen.tab.emulate_media(media="print")
    steps = seen.tab.locator("[class*=st-key-teach_step_]")
    assert steps.count() == 11 and all(one.is_visible() for one in steps.all())
    seen.tab.emulate_media(media="null")
    assert pages(seen.tab.pdf(**A4)) >= 2  # and not the first screen alone


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


def test_a_link_has_a_code_and_is_kept_as_a_view(teach):
    seen = teach("teach_part=link&teach_page=cell&teach_asks=locked")
    code = seen.tab.get_by_role("img", name="QR code of the link")
    expect(code.locator("path")).to_have_attribute(
        "d", re.compile(r"^M4 4h1v1h-1z")
    )  # the corner of a finder
    seen.tab.get_by_role("button", name="Add to my views").click()
    expect(seen.tab.locator(".te-said")).to_contain_text("Added: 1 views")
    assert seen.tab.evaluate("JSON.parse(localStorage['rnnviz-views'])[0].link").startswith(
        "cell?lesson=locked-"
    )
    whole = seen.tab.get_by_role("link", name="Open it").get_attribute("href")
    assert whole == seen.tab.locator("[data-testid=stCode] code").inner_text()


def test_controls_of_a_locked_link_rest_in_the_browser_too(reader, teach):
    seen = teach("teach_part=link&teach_page=cell&teach_asks=locked,alone")
    path = seen.tab.locator("[data-testid=stCode] code").inner_text().removeprefix(seen.address)
    locked = reader(path, kind=Plain)
    expect(locked.tab.get_by_role("radio", name="GRU")).to_be_disabled()
    expect(locked.tab.locator("[data-testid=stMain] .stButton:visible")).to_have_count(1)  # how to leave
    expect(locked.tab.locator("[data-testid=stSidebar]")).to_have_count(0)
    locked.rests()  # a click while the page runs for what the browser has just told is lost
    at_rest(locked.tab)
    locked.tab.get_by_role("button", name="Look around freely").click()
    # until the page has been run again, the control that was held may stand beside the one that is free
    expect(locked.tab.get_by_role("radio", name="GRU").last).to_be_enabled()
    locked.tab.wait_for_function("!location.search.includes('lesson')")


def test_the_keys_of_a_clicker_lead_through_the_views(presented):
    seen = presented
    for key, number, *said in (
        ("PageDown", 2, "/cell", "remember"),
        ("n", 3, "/cell", "forget"),
        ("PageDown", 4, "/order"),
        ("PageDown", 4, "/order"),
        ("p", 3, "/cell", "forget"),
        ("PageUp", 2, "/cell", "remember"),
        ("PageUp", 1, "/network", "unrolled"),
    ):
        seen.tab.keyboard.press(key)
        seen.stands_at(number, *said)
    assert violations(seen.tab) == []
    seen.tab.get_by_role("button", name="End the presentation").click()
    expect(seen.bar).to_have_count(0)
    seen.tab.keyboard.press("PageDown")
    seen.rests()
    assert "/network" in seen.tab.url


def test_a_black_screen_and_a_large_cursor_come_and_go(presented):
    tab = presented.tab
    black = tab.get_by_role("dialog", name="The screen is black. Any key brings the page back.")
    for key in ("b", "."):
        tab.keyboard.press(key)
        expect(black).to_be_focused()
        box = black.bounding_box()
        assert (box["width"], box["height"]) == (1280, 1000)
        tab.keyboard.press("x")
        expect(black).to_have_count(0)
    for large in (True, False):
        tab.keyboard.press("l")
        assert ("url(" in tab.evaluate("getComputedStyle(document.body).cursor")) is large


def test_keys_rest_while_one_types_and_where_a_picture_has_them(presented):
    tab = presented.tab
    tab.locator(".st-key-pick_network_seed input").click()
    for key in ("n", "b", "PageDown", "."):
        tab.keyboard.press(key)
    expect(tab.locator("#rnnviz-black")).to_have_count(0)
    tab.locator(".nw-picture").focus()
    tab.keyboard.press("b")  # plays its backward pass
    expect(tab.locator("#rnnviz-black")).to_have_count(0)
    presented.stands_at(1, "/network", "network_stage=unrolled")


def test_views_are_named_ordered_and_taken_out(teach):
    seen = teach("teach_part=views")
    seen.add(*VIEWS[:2], "nowhere", "//example.org/cell")
    expect(seen.tab.locator(".te-said")).to_contain_text("This is no address of a page of this app")
    fields = seen.tab.locator(".te-view input")
    expect(fields).to_have_count(2)
    fields.first.fill("<b>My loop</b>")
    fields.first.press("Enter")
    seen.tab.get_by_role("button", name="Down: <b>My loop</b>").click()
    expect(fields.nth(1)).to_have_value("<b>My loop</b>")
    seen.tab.reload()
    seen.drawn()
    expect(fields.nth(1)).to_have_value("<b>My loop</b>")
    seen.tab.get_by_role("button", name="Take out: One cell by hand").click()
    expect(fields).to_have_count(1)


def test_a_browser_that_keeps_nothing_presents_all_the_same(chromium, server):
    tab = chromium.new_context(locale="en-US").new_page()
    tab.add_init_script(KEEPS_NOTHING)
    seen = Teach(tab, server).open(f"{PAGE}?teach_part=views")
    seen.add(*VIEWS)
    expect(tab.locator(".te-said")).to_have_text(
        "This browser keeps nothing: the list is gone when the page is loaded anew."
    )
    tab.get_by_role("button", name="Present from here: The network unrolled").click()
    seen.stands_at(1, "/network")
    tab.keyboard.press("PageDown")
    seen.stands_at(2, "/cell")
    assert seen.wrong == []
    tab.context.close()


def test_a_page_that_is_gone_is_one_line(reader):
    seen = reader("/nowhere?lang=ko", kind=Plain)
    expect(seen.tab.locator("[data-testid=stAlert]")).to_contain_text(
        "“nowhere” 페이지가 없거나 없어졌습니다"
    )
    seen.tab.get_by_role("radio", name="English").click(force=True)  # and it goes on answering
    line = "There is no page “nowhere” here, or no longer: this is the first page."
    expect(seen.tab.locator("[data-testid=stAlert]")).to_contain_text(line)
    expect(seen.tab.get_by_role("dialog")).to_have_count(0)
    seen.goes_to("The words")
    expect(seen.tab.get_by_role("heading", name="The words")).to_be_visible()
    expect(seen.tab.locator("[data-testid=stAlert]")).to_have_count(0)


SNIPPET = """<!doctype html><title>course</title><style>body { margin: 0; }</style>{snippet}"""


@pytest.fixture
def course(server):
    """Another site, whose page is what the test wants. Seen from the app's 127.0.0.1, localhost is another site."""
    held = {}

    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(held["page"].encode())

        def log_message(self, *_given):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()

        def show(snippet: str) -> str:
            held["page"] = SNIPPET.replace("{snippet}", snippet)
            return f"http://localhost:{site.server_port}/"

        yield show
        site.shutdown()


@pytest.fixture(scope="module")
def strict(chromium):
    """A browser that gives a frame of another site no cookies."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    browser = chromium.browser_type.launch(
        executable_path=path, args=[*FLAGS, "--test-third-party-cookie-phaseout"]
    )
    yield browser
    browser.close()


@pytest.mark.parametrize("keeps", [True, False])
def test_a_page_in_a_frame_of_another_site(reader, course, strict, keeps):
    """The snippet of the teachers' page, as it is copied."""
    snippet = (
        reader(f"{PAGE}?teach_part=embed&teach_page=cell", kind=Plain)
        .tab.locator("[data-testid=stCode] code")
        .inner_text()
    )
    tab = strict.new_context(viewport={"width": 900, "height": 700}).new_page()
    tab.set_default_timeout(1000 * PATIENCE)
    if not keeps:
        tab.add_init_script(KEEPS_NOTHING)
    tab.goto(course(snippet))
    frame = tab.frame_locator("iframe")
    expect(frame.locator(".cv[data-drawn]")).to_be_visible()
    inner = next(one for one in tab.frames if "/cell" in one.url)
    at_rest(inner)
    # as high as it is, and as wide: nothing of it scrolls
    inner.wait_for_function(
        """() => { const main = document.querySelector("[data-testid=stMain]");
        const fits = document.documentElement.scrollWidth <= innerWidth;
        return main.scrollHeight <= main.clientHeight && innerHeight > 700 && fits; }"""
    )
    expect(frame.locator("[data-testid=stSidebar], .st-key-stop, .st-key-onward")).to_have_count(0)
    assert tab.context.cookies() == []
    frame.get_by_role("radio", name="GRU").click(force=True)  # it answers
    inner.wait_for_function(
        "location.search.includes('cell_kind=gru') && location.search.includes('embed=true')"
    )
    at_rest(inner)
    for link, leads in (
        (".rnnviz-whole", "/cell?cell_kind=gru"),
        ("[data-testid=stPageLink] a[href*=gates]", "/gates?"),
    ):
        with tab.context.expect_page() as opening:
            frame.locator(link).first.click()
        assert leads in opening.value.url and "embed" not in opening.value.url
        opening.value.close()
    assert "/cell" in inner.url
    tab.context.close()


def test_a_page_that_is_not_asked_for_is_not_framed(course, strict, server):
    tab = strict.new_context().new_page()
    tab.set_default_timeout(1000 * PATIENCE)
    tab.goto(course(f'<iframe src="{server}/cell"></iframe>'))
    tab.wait_for_load_state("networkidle")
    assert not any(one.url.startswith(server) for one in tab.frames)
    tab.context.close()
