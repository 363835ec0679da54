"""Takes the documentation's screenshots of the page: `make screenshots`."""

import shutil
from threading import Thread
from typing import Any

from playwright.sync_api import sync_playwright
from waitress.server import create_server

from odcr_cli.console.app import create_app
from tests.browser import scenes
from tests.browser.conftest import NAMES, OPTIONS
from tests.paths import ROOT

FOLDER = ROOT / "docs" / "pictures"
SIZE = {"width": 1360, "height": 860}
PICTURES: tuple[tuple[str, str, Any], ...] = (
    # name, address, colours
    ("console-demands", "demands/", "light"),
    ("console-demands-dark", "demands/", "dark"),
    ("console-run", "runs/run-999", "light"),
    ("console-capacity", "capacity/", "light"),
    ("console-plots", "plots/", "light"),
)


def main() -> None:
    """Takes all screenshots."""
    app = create_app(scenes.evening, token="token")
    server: Any = create_server(app, host="127.0.0.1", port=0)
    Thread(target=server.run, daemon=True).start()
    address = f"http://127.0.0.1:{server.effective_port}/"
    program = next(filter(None, map(shutil.which, NAMES)))
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=OPTIONS)
        for name, path, scheme in PICTURES:
            page = chromium.new_page(viewport=SIZE, color_scheme=scheme, locale="en", reduced_motion="reduce")  # type: ignore[arg-type]
            page.goto(f"{address}?token=token")
            page.goto(page.url.removesuffix("demands/") + path)
            if name == "console-demands":
                page.get_by_text("Pools: 3").click()
            file = FOLDER / f"{name}.png"
            page.screenshot(path=file, full_page="run" in name or "demands" in name)
            page.close()
            print(file.relative_to(ROOT))
        chromium.close()


if __name__ == "__main__":
    main()
