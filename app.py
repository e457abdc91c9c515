"""The door: navigation and what stands around every page. Start it with: streamlit run app.py"""

import streamlit as st

from rnnviz import ui

if __name__ == "__main__":  # a reader's visit
    from rnnviz.ui import _

    ui.start()
    rooms = {
        "": [st.Page("pages/explore/home.py", title=_("Start"), default=True)],
        _("Learn"): [st.Page("pages/learn/vanishing.py", title=_("Why gradients vanish"))],
        _("Explore"): [
            st.Page("pages/explore/states.py", title=_("Hidden states")),
            st.Page("pages/explore/gates.py", title=_("Gates")),
            st.Page("pages/explore/gradients.py", title=_("Gradients")),
        ],
        _("Lab"): [st.Page("pages/lab/compare.py", title=_("Compare architectures"))],
    }
    ui.open_page(st.navigation(rooms, position="hidden"), rooms)
    ui.finish()
else:  # the server starts
    from rnnviz.ui import server

    app = st.App("app.py", lifespan=server.lifespan, routes=server.routes)
