"""What an option's value may be; a bad one is told by the option's own name, not by what it stands in for."""

from __future__ import annotations

import click

from workbench.errors import UsageError

__all__ = ["above_zero", "limits", "percentage", "probability"]


def _name(parameter: click.Parameter) -> str:
    return max(parameter.opts, key=len)


def above_zero(context: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    """A number above 0, such as seconds. Raises ``UsageError``."""
    if value is not None and not value > 0:
        raise UsageError(f"{_name(parameter)} must be above 0, not {value:g}")
    return value


def probability(context: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    """A number between 0 and 1. Raises ``UsageError``."""
    if value is not None and not 0 < value < 1:
        raise UsageError(f"{_name(parameter)} must lie between 0 and 1, not {value:g}")
    return value


def percentage(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """A percentage as text. Raises ``UsageError``."""
    from workbench.analysis.verdict import parse_percent

    if value:
        try:
            parse_percent(value)
        except UsageError as error:
            raise UsageError(f"{_name(parameter)}: {error}") from None
    return value


def limits(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """Greatest exponents as text. Raises ``UsageError``."""
    from workbench.experiment.limits import parse_limits

    try:
        parse_limits(value)
    except UsageError as error:
        raise UsageError(f"{_name(parameter)}: {error}") from None
    return value
