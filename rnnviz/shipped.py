"""Where that lies which is shipped beside the code: the app, its pages and pictures, and the trained models.

In a checkout all of it stands at the top of the repository. A wheel has no top, so there it is laid into the folder `app` of the
package (pyproject.toml does it, when a wheel is built).
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def path(name: str) -> Path:
    """The file or folder of that name, as it is called at the top of the repository: app.py, checkpoints, static …"""
    inside = _PACKAGE / "app"
    return (inside if inside.is_dir() else _PACKAGE.parent) / name
