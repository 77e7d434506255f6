"""The options of the scenarios over the object store, given as text."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.scenarios.option_texts import Readers, names, number, read_texts, seconds, share
from workbench.services.s3 import S3Faults, S3Options

__all__ = ["OPTIONS", "read_options"]


_READERS: Readers = {
    "latency_scale": number(0, 1000),
    "slow_down_rate": share,
    "reset_rate": share,
    "bad_keys": names,
    "timeout_s": seconds,
}

OPTIONS = tuple(_READERS)
"""The names of all options; ``bad_keys`` joins several parts of keys with ``+``: ``000003/+000007/``."""

_DEFAULT_TIMEOUT_S = 30.0


def read_options(scenario: str, options: Mapping[str, str], seed: int) -> tuple[S3Options, float]:
    """What the texts mean: the store's options, and the client's timeout in seconds.

    Raises ``UsageError`` for an unknown name or a value that can't be read.
    """
    values = read_texts(scenario, _READERS, options)
    faults = S3Faults(
        slow_down_rate=values.get("slow_down_rate", 0.0),
        reset_rate=values.get("reset_rate", 0.0),
        bad_keys=values.get("bad_keys", ()),
    )
    store = S3Options(latency_scale=values.get("latency_scale", 1.0), seed=seed, faults=faults)
    return store, values.get("timeout_s", _DEFAULT_TIMEOUT_S)
