"""The door: navigation and what stands around every page. Start it with: streamlit run app.py"""

import streamlit as st

if __name__ == "__main__":  # a reader's visit
    from rnnviz.ui import rooms
    from rnnviz.ui.parts.explored.controls import settle
    from rnnviz.ui.shell import frame
    from rnnviz.ui.shell.language import _

    frame.start(rooms.SETTINGS)
    settle()
    pages = {
        "": [st.Page("pages/explore/home.py", title=_("Start"), default=True)],
        _("Learn"): [
            st.Page("pages/learn/cell.py", title=_("One cell by hand")),
            st.Page("pages/learn/order.py", title=_("The order of words")),
            st.Page("pages/learn/letters.py", title=_("The four letters")),
            st.Page("pages/learn/network.py", title=_("The network unrolled")),
            st.Page("pages/learn/bptt.py", title=_("One weight, many steps")),
            st.Page("pages/learn/memory.py", title=_("Who remembers longest?")),
            st.Page("pages/learn/vanishing.py", title=_("Why gradients vanish")),
            st.Page("pages/learn/clipping.py", title=_("What does clipping save?")),
            st.Page(
                "pages/learn/attention_by_hand.py", title=_("Attention by hand"), url_path="attention-by-hand"
            ),
            st.Page("pages/learn/blank.py", title=_("Fill in the blank")),
            st.Page("pages/learn/counting.py", title=_("The limits of counting")),
        ],
        _("Explore"): [
            st.Page("pages/explore/states.py", title=_("Hidden states")),
            st.Page("pages/explore/gates.py", title=_("Gates")),
            st.Page("pages/explore/gradients.py", title=_("Gradients")),
            st.Page("pages/explore/attention.py", title=_("Attention")),
            st.Page("pages/explore/generate.py", title=_("Text, letter by letter")),
            st.Page("pages/explore/sentiment.py", title=_("Sentiment")),
        ],
        _("Lab"): [
            st.Page("pages/lab/own.py", title=_("Your own")),
            st.Page("pages/lab/train.py", title=_("Train your own")),
            st.Page("pages/lab/runs.py", title=_("Your training, live")),
            st.Page("pages/lab/compare.py", title=_("Compare architectures")),
        ],
    }
    page = st.navigation(pages, position="hidden")
    frame.open_page(page, pages)
    frame.finish(rooms.OF_ROOM[page.url_path.replace("-", "_") or "home"])
else:  # the server starts
    from rnnviz.ui.shell import server

    first = [
        "h5netcdf",
        "scipy.cluster.hierarchy",
        *(f"rnnviz.figures.{name}" for name in ("curves", "grids", "points")),
        *(f"rnnviz.ui.rooms.{name}.pictures" for name in ("home", "states")),
    ]
    app = st.App(
        "app.py",
        lifespan=server.lifespan(first, later=[*server.ROOMS, "scipy.stats", "captum.attr"]),
        routes=server.routes,
        middleware=server.middleware,
    )
