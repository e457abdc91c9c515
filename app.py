"""The door: navigation and what stands around every page. Start it with: streamlit run app.py"""

import streamlit as st

if __name__ == "__main__":  # a reader's visit
    from rnnviz.ui import rooms
    from rnnviz.ui.parts.explored import live
    from rnnviz.ui.parts.explored.controls import settle
    from rnnviz.ui.rooms.words import here
    from rnnviz.ui.shell import frame, ways
    from rnnviz.ui.shell.language import _

    frame.start(rooms.SETTINGS)
    settle()
    titles = {room: stop.title for room, stop in ways.stops().items()}
    pages = [st.Page(ways.FILES["home"], title=_("Start"), default=True)]
    pages += [
        st.Page(ways.FILES[room], title=title, url_path=ways.ADDRESSES[room])
        for room, title in titles.items()
    ]
    if gone := frame.gone():  # Streamlit would say so in a dialog, in English
        pages.append(st.Page(ways.FILES["home"], title=_("Start"), url_path=gone))
    page = st.navigation(pages, position="hidden")
    room = page.url_path.replace("-", "_") or "home"
    room = room if room in ways.FILES else "home"
    if live.is_the_readers():
        ways.follow(ways.OWN)
    frame.open_page(page, room, here.below)
    frame.finish(rooms.OF_ROOM[room])
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
        lifespan=server.lifespan(
            first,
            later=[*server.ROOMS, *server.LIBRARIES],
            counted=[
                server.WORDS,
                *(f"rnnviz.studies.{name}.survey:ready" for name in ("memory", "clipping")),
            ],
        ),
        routes=server.routes,
        middleware=server.middleware,
    )
