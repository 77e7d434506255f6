"""``%load_ext workbench``: switches ``%%profile`` and ``%%compare`` on."""

from __future__ import annotations

from typing import Any

from workbench.notebook.cells import WorkbenchCells, mark_cell, mark_halves

__all__ = ["load_ipython_extension", "unload_ipython_extension"]


def load_ipython_extension(shell: Any) -> None:
    """Switch the cell magics on, at most once, and open the connection to the page while nothing else runs."""
    if mark_cell in shell.input_transformers_cleanup:
        return
    shell.input_transformers_cleanup.append(mark_cell)
    shell.input_transformers_post.append(mark_halves)
    shell.ast_transformers.append(WorkbenchCells())
    for name, function in _magics(shell).items():
        shell.register_magic_function(function, "cell", name)
    _open_bridge()


def unload_ipython_extension(shell: Any) -> None:
    """Switch the cell magics off."""
    if mark_cell in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.remove(mark_cell)
        shell.input_transformers_post.remove(mark_halves)
    shell.ast_transformers[:] = [t for t in shell.ast_transformers if not isinstance(t, WorkbenchCells)]
    for name in ("profile", "compare"):
        shell.magics_manager.magics["cell"].pop(name, None)


def _open_bridge() -> None:
    """A page takes a moment to load the script; then the first picture needn't wait for it."""
    from workbench.notebook.live import can_be_live

    if can_be_live():
        from workbench.notebook.bridge import bridge

        bridge()


def _magics(shell: Any) -> dict[str, Any]:
    """For completion, ``%%profile?`` and tools that call magics by name; a cell is rewritten before it runs."""

    def profile(line: str, cell: str) -> None:
        """Profile the cell and show its flame graph below it.

        %%profile [NAME] [--repeat K] [--sampler pyinstrument|py-spy|none] [--interval SECONDS]

        The cell may await. Its value, its exceptions and a trailing semicolon work as usual. ``--repeat`` runs the
        cell K times, as K sampled rounds of one run. An interrupted cell keeps what was recorded.
        """
        shell.run_cell(f"%%profile {line}\n{cell}").raise_error()

    def compare(line: str, cell: str) -> None:
        """Compare two pieces of code: a verdict, and what differs.

        %%compare [BASE_NAME NEW_NAME] [--seconds BUDGET] [--sampler pyinstrument|py-spy|none] [--different-results]
        first piece
        # ---
        second piece

        Both run many times, in mirrored random order, over your variables; both may await. Where both end with an
        expression, the values must be equal, unless --different-results is given.
        """
        shell.run_cell(f"%%compare {line}\n{cell}").raise_error()

    return {"profile": profile, "compare": compare}
