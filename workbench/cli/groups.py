"""A command group that says which command a mistyped one may have meant."""

from __future__ import annotations

import click

from workbench.suggestions import suggestion

__all__ = ["SuggestingGroup"]


class SuggestingGroup(click.Group):
    """``click.Group`` with a hint, also where commands are looked up lazily."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            ctx.fail(f"no such command {name!r}{suggestion(name, self.list_commands(ctx), listed='')}")
        return super().resolve_command(ctx, args)
