"""How fast the flame graph is in a real browser, beside other ways to show the same profile, in the same run.

``python benchmarks/viewer.py [--rounds N] [--quick]`` opens a profile of 300,000 nodes as our report, in speedscope
(fetched from the npm registry into a temporary folder, served from loopback) and as a bare canvas that draws the
same boxes, in turn and each in a fresh page; zooms by the same turns of the wheel; searches ours; opens one of a
million nodes; and sizes reports by samples and stacks. It prints tables and writes
``benchmarks/results/viewer.json``; exit code 1 where a requirement is missed.

First paint is the time from the start of the navigation until the viewer's picture is there: for ours, its first
painting of the boxes; for speedscope, its loaded view with canvas and tabs; for the bare canvas, the end of its
script; for each then until a pixel of every canvas could be read back, which waits for all drawing to be done.
A zoom is the time from a turn of the wheel to the next frame's pixels. The browser's frame rate is not limited.
Without a graphics processor all drawing is software's, speedscope's WebGL too: see ``graphics`` in the results.
"""

from __future__ import annotations

import argparse
import base64
import functools
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from viewer_profiles import bare_boxes, profile_of, sampled_again, speedscope_json

from workbench.calltree import CallTree
from workbench.capture.environment import environment
from workbench.model import Round, RoundKind, Run, Sampler, Session, utc_now
from workbench.reporting import ReportData, RunReport, report_html
from workbench.statistics import median, paired_ratio

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FOLDER = Path(__file__).resolve().parent
RESULTS = FOLDER / "results" / "viewer.json"
PAGES = FOLDER / "viewer_pages"
NODES, MANY_NODES = 300_000, 1_000_000
STACKS = 20_000  # nodes of the profile that is sampled ever more often
SAMPLES = (30_000, 100_000, 1_000_000)
VIEW = {"width": 1280, "height": 900}
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-frame-rate-limit", "--disable-gpu-vsync",
]  # fmt: skip
ZOOMS = 12  # turns inward, then as many outward
NARROWEST = 0.5  # CSS pixels of a box that can be seen
QUERIES = ("handle_12", "library_7", r"/^(Client|Planner)\.handle_\d*6$/")
LIMITS = {
    "first paint, speedscope / ours": (">=", 5.0),
    "first paint, ours / bare canvas": ("<=", 1.3),
    "zoom, speedscope / ours": (">=", 4.0),
    "search, seconds": ("<=", 0.1),
    "report of 1,000,000 samples, bytes": ("<=", 2_000_000),
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """A page with the profile. ``ready`` holds once its picture is drawn; ``stage`` takes the wheel; one turn
    ``inward`` shows three quarters of what was shown before, one ``outward`` undoes it."""

    name: str
    url: str
    ready: str
    stage: str = ""
    inward: float = 0.0
    outward: float = 0.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; 1 if a requirement is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="times each viewer is opened (7)")
    parser.add_argument("--nodes", type=int, default=NODES, help="nodes of the profile (300,000)")
    parser.add_argument("--quick", action="store_true", help="leave out what takes a million; write no results")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as made, browser() as chromium:
        folder = Path(made)
        result = measure_viewers(chromium, folder, chosen.nodes, chosen.rounds)
        if not chosen.quick:
            result["many"] = measure_many(chromium, folder)
    if not chosen.quick:
        result["sizes"] = measure_sizes()
    result["limits"] = held(result)
    result["environment"] = {**asdict(environment()), "load_average": os.getloadavg()}
    if not chosen.quick:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(result, indent=2, default=dict) + "\n", encoding="utf-8")
    show(result)
    return 0 if all(row["met"] for row in result["limits"]) else 1


@contextmanager
def browser() -> Iterator[Browser]:
    """Chromium: ``WORKBENCH_CHROMIUM``, else the system's."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("WORKBENCH_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield made
        made.close()


# ---- the viewers


def report_of(tree: CallTree, name: str) -> str:
    """A run's report, as ``workbench report`` writes it."""
    started = utc_now()
    seconds = float(tree.samples.weight_ns.sum()) / 1e9
    only = Round(0, RoundKind.SAMPLED, 0, started, {"wall": seconds})
    session = Session("261123-000000-0000", "block", started)
    run = Run("261123-000000-0000", session.session_id, name, started, seconds, rounds=(only,),
              sampler=Sampler("pyinstrument", "5.1", 1_000_000))  # fmt: skip
    return report_html(ReportData(name, (RunReport(run, session, tree),), written_at=started))


def ours(tree: CallTree, folder: Path) -> Viewer:
    path = folder / "report.html"
    path.write_text(report_of(tree, "profile"), encoding="utf-8")
    ready = "document.querySelector('[data-wb-flamegraph]')?.__flamegraph?.state().painted > 0"
    return Viewer("workbench", path.as_uri(), ready, ".wb-fg-canvas", inward=-72.0, outward=72.0)


def bare(tree: CallTree, folder: Path, narrowest: float = 0.0) -> Viewer:
    """The rows that our view shows unscrolled, boxes of that many pixels and more, and names where they fit."""
    boxes = bare_boxes(tree)
    keep = (boxes["row"] < 33) & (boxes["width"] * 1224 >= narrowest)
    boxes = {name: column[keep] for name, column in boxes.items()}
    document: dict[str, Any] = {name: base64.b64encode(c.tobytes()).decode() for name, c in boxes.items()}
    wide = (boxes["width"] * 1224 >= 28).nonzero()[0].tolist()
    document["names"] = [[i, tree.frames[i % len(tree.frames)].function] for i in wide]
    page = (PAGES / "bare.html").read_text(encoding="utf-8").replace("$BOXES", json.dumps(document))
    name = "bare canvas, visible boxes" if narrowest else "bare canvas"
    path = folder / f"{name.replace(', ', '-').replace(' ', '-')}.html"
    path.write_text(page, encoding="utf-8")
    return Viewer(name, path.as_uri(), "window.__drawn === true")


@contextmanager
def speedscope(tree: CallTree, folder: Path) -> Iterator[Viewer]:
    """Its released page from its npm package, beside the profile, on a loopback port."""
    subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent", "--prefix", str(folder),
         "speedscope"], check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    package = folder / "node_modules" / "speedscope"
    released = package / "dist" / "release"
    (released / "profile.json").write_text(speedscope_json(tree, "profile"), encoding="utf-8")
    version = json.loads((package / "package.json").read_text())["version"]
    with served(released) as url:
        ready = "document.title.endsWith('- speedscope') && document.querySelectorAll('canvas').length >= 3"
        yield Viewer(f"speedscope {version}", f"{url}#profileURL={url}profile.json", ready,
                     "canvas:last-of-type", inward=-10.0, outward=40 / 3)  # fmt: skip


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder on loopback; yields its address."""
    handler = functools.partial(QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


# ---- measuring


@contextmanager
def opened(chromium: Browser, viewer: Viewer) -> Iterator[tuple[Page, float]]:
    """A fresh page with the viewer and the seconds to its first paint."""
    context = chromium.new_context(viewport=VIEW, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.add_init_script((PAGES / "probe.js").read_text(encoding="utf-8"))
    page.add_init_script(f"window.__painted = window.__viewer.firstPaint(() => {viewer.ready});")
    page.goto(viewer.url, wait_until="commit")
    milliseconds = page.evaluate("window.__painted")
    yield page, milliseconds / 1e3
    context.close()


def zoom_seconds(page: Page, viewer: Viewer) -> list[float]:
    """Seconds of each turn of the wheel, inward to 1/32 and back out; the first two turns warm up."""
    turns = [viewer.inward, viewer.outward] + [viewer.inward] * ZOOMS + [viewer.outward] * ZOOMS
    measured = page.evaluate(
        """async ([selector, turns]) => {
          const stage = [...document.querySelectorAll(selector)].filter((each) => each.clientWidth > 0).at(-1);
          const { step, wheel, frame } = window.__viewer;
          const times = [];
          for (const deltaY of turns) {
            times.push(await step(() => wheel(stage, deltaY)));
            await frame(); // what the viewer puts off until after the frame is not the next turn's
          }
          return times;
        }""",
        [viewer.stage, turns],
    )
    return [each / 1e3 for each in measured[2:]]


def search_seconds(page: Page) -> dict[str, float]:
    """Seconds from a query typed to its matches on the screen, the slower of two times."""
    script = """async (query) => {
      const { step } = window.__viewer;
      const input = document.querySelector(".wb-fg-search");
      const found = document.querySelector(".wb-fg-found");
      const type = (text) => { input.value = text; input.dispatchEvent(new Event("input", { bubbles: true })); };
      const times = [];
      for (let turn = 0; turn < 2; turn++) {
        await step(() => type(""), () => found.textContent === "");
        times.push(await step(() => type(query), () => found.textContent !== ""));
      }
      return [Math.max(...times), found.textContent];
    }"""
    answers = {query: page.evaluate(script, query) for query in QUERIES}
    assert all("%" in text for _, text in answers.values()), f"nothing found: {answers}"
    return {query: milliseconds / 1e3 for query, (milliseconds, _) in answers.items()}


def measure_viewers(chromium: Browser, folder: Path, nodes: int, rounds: int) -> dict[str, Any]:
    """Every viewer in turn, the order mirrored from round to round."""
    tree = profile_of(nodes)
    first: dict[str, list[float]] = {}
    zoom: dict[str, list[float]] = {}
    search: dict[str, list[float]] = {query: [] for query in QUERIES}
    with speedscope(tree, folder) as peer:
        viewers = [ours(tree, folder), bare(tree, folder), peer, bare(tree, folder, NARROWEST)]
        for number in range(rounds):
            for viewer in viewers if number % 2 == 0 else viewers[::-1]:
                with opened(chromium, viewer) as (page, seconds):
                    first.setdefault(viewer.name, []).append(seconds)
                    if viewer.stage:
                        zoom.setdefault(viewer.name, []).append(median(zoom_seconds(page, viewer)))
                    if viewer is viewers[0]:
                        for query, taken in search_seconds(page).items():
                            search[query].append(taken)
                        graphics = page.evaluate(GRAPHICS)
            print(f"round {number + 1} of {rounds}: " + ", ".join(f"{n} {t[-1]:.2f} s" for n, t in first.items()),
                  file=sys.stderr, flush=True)  # fmt: skip
    return {
        "nodes": nodes, "samples": len(tree.samples), "rounds": rounds, "viewers": [v.name for v in viewers],
        "first_paint_s": first, "zoom_s": zoom, "search_s": search, "graphics": graphics,
    }  # fmt: skip


GRAPHICS = """() => { const gl = document.createElement("canvas").getContext("webgl");
  const info = gl?.getExtension("WEBGL_debug_renderer_info");
  const renderer = info ? gl.getParameter(info.UNMASKED_RENDERER_WEBGL) : "none";
  return { renderer, browser: navigator.userAgent }; }"""


def measure_many(chromium: Browser, folder: Path) -> dict[str, Any]:
    """A million nodes: does it open, and when."""
    tree = profile_of(MANY_NODES)
    viewer = ours(tree, folder)
    with opened(chromium, viewer) as (page, seconds):
        graph = "document.querySelector('[data-wb-flamegraph]').__flamegraph"
        shown = page.evaluate(f"{graph}.layout().length")
        zoom = median(zoom_seconds(page, viewer))
        search = max(search_seconds(page).values())
    size = (folder / "report.html").stat().st_size
    return {"nodes": MANY_NODES, "boxes_shown": shown, "first_paint_s": seconds, "zoom_s": zoom,
            "search_s": search, "bytes": size}  # fmt: skip


def measure_sizes() -> list[dict[str, int]]:
    """Bytes of a report: the same stacks sampled ever more often, then ever more stacks at a million samples."""
    few = profile_of(STACKS)
    trees = [sampled_again(few, samples) for samples in SAMPLES]
    trees += [sampled_again(profile_of(nodes), SAMPLES[-1]) for nodes in (5 * STACKS, NODES)]
    return [
        {"nodes": len(t), "samples": len(t.samples), "bytes": len(report_of(t, "profile").encode())} for t in trees
    ]


# ---- judging and showing


def held(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What was measured against each requirement; those without a figure in this run are left out."""
    mine, control, peer, _ = result["viewers"]
    first, zoom = result["first_paint_s"], result["zoom_s"]
    figures: dict[str, dict[str, Any]] = {
        "first paint, speedscope / ours": ratio(first[mine], first[peer]),
        "first paint, ours / bare canvas": ratio(first[control], first[mine]),
        "zoom, speedscope / ours": ratio(zoom[mine], zoom[peer]),
        "search, seconds": {"value": max(median(times) for times in result["search_s"].values())},
    }
    for size in result.get("sizes", ()):
        if (size["nodes"], size["samples"]) == (NODES, SAMPLES[-1]):
            figures["report of 1,000,000 samples, bytes"] = {"value": size["bytes"]}
    rows = []
    for name, figure in figures.items():
        relation, limit = LIMITS[name]
        met = figure["value"] >= limit if relation == ">=" else figure["value"] <= limit
        rows.append({"requirement": name, "limit": f"{relation} {limit:g}", **figure, "met": bool(met)})
    return rows


def ratio(base: Sequence[float], new: Sequence[float]) -> dict[str, Any]:
    """New / base, paired by round."""
    estimate = paired_ratio(base, new)
    return {"value": estimate.ratio, "low": estimate.low, "high": estimate.high, "label": estimate.label}


def show(result: Mapping[str, Any]) -> None:
    """The tables."""
    print(f"{result['nodes']:,} nodes, {result['samples']:,} samples, {result['rounds']} rounds, medians")
    print(f"{'viewer':28s} {'first paint':>12s} {'zoom step':>12s}")
    for name, times in result["first_paint_s"].items():
        zoom = result["zoom_s"].get(name)
        print(f"{name:28s} {median(times):10.3f} s {f'{median(zoom) * 1e3:9.1f} ms' if zoom else '-':>12s}")
    for query, times in result["search_s"].items():
        print(f"search {query:32s} {median(times) * 1e3:8.1f} ms")
    if many := result.get("many"):
        print(f"{many['nodes']:,} nodes: first paint {many['first_paint_s']:.2f} s, "
              f"zoom {many['zoom_s'] * 1e3:.1f} ms, "
              f"search {many['search_s'] * 1e3:.0f} ms, {many['bytes'] / 1e6:.1f} MB")  # fmt: skip
    for size in result.get("sizes", ()):
        print(f"{size['nodes']:9,} nodes {size['samples']:10,} samples {size['bytes'] / 1e6:8.2f} MB")
    for row in result["limits"]:
        interval = f" [{row['low']:.3g}, {row['high']:.3g}] {row['label']}" if "low" in row else ""
        verdict = "met" if row["met"] else "MISSED"
        print(f"{row['requirement']:38s} {row['value']:12.4g}{interval}  {row['limit']}: {verdict}")


if __name__ == "__main__":
    sys.exit(main())
