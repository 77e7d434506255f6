"""Names and tags of the tenant: within the rules of each type, and now and then as awkward as people make them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from workbench.dataset.draw import Stream

__all__ = ["APPLICATIONS", "LOCATIONS", "Names", "draw_tags"]

APPLICATIONS: Final = (
    "shop", "billing", "crm", "intranet", "datalake", "identity", "search", "portal", "hub", "warehouse", "payroll",
    "telemetry", "booking", "media", "reporting", "gateway", "legacy", "backup", "sandbox", "chat",
)  # fmt: skip
_ENVIRONMENTS: Final = {"prod": 5, "test": 3, "dev": 4, "stage": 2}

LOCATIONS: Final[Mapping[str, str]] = {
    "westeurope": "West Europe",
    "germanywestcentral": "Germany West Central",
    "northeurope": "North Europe",
    "eastus": "East US",
    "swedencentral": "Sweden Central",
    "uksouth": "UK South",
    "southeastasia": "Southeast Asia",
}
"""Display names by name, in order of use."""

_PREFIXES: Final[Mapping[str, str]] = {
    "disks": "disk", "networkInterfaces": "nic", "virtualMachines": "vm", "metricAlerts": "alert",
    "storageAccounts": "st", "networkSecurityGroups": "nsg", "publicIPAddresses": "pip",
    "privateEndpoints": "pe", "sites": "app", "vaults": "kv", "userAssignedIdentities": "id",
    "virtualNetworks": "vnet", "serverFarms": "plan", "servers": "sql", "databases": "db", "components": "appi",
    "virtualNetworkLinks": "link", "snapshots": "snap", "routeTables": "rt", "loadBalancers": "lb",
    "actionGroups": "ag", "workspaces": "log", "workflows": "logic", "availabilitySets": "avail",
    "registries": "cr", "databaseAccounts": "cosmos", "managedClusters": "aks", "flexibleServers": "psql",
    "namespaces": "bus", "automationAccounts": "aa", "natGateways": "ng", "redis": "redis",
}  # fmt: skip
_PLAIN: Final = frozenset({"storageAccounts", "registries"})  # lower-case letters and digits, at most 24
_LOOSE: Final = frozenset(
    {"metricAlerts", "actionGroups", "components"}
)  # almost anything but * # & + : < > ? / % @
_EXTENSIONS: Final = (
    "AzureMonitorLinuxAgent", "AADSSHLoginForLinux", "CustomScript", "DependencyAgentLinux", "MDE.Linux",
    "BGInfo", "IaaSAntimalware", "DSC",
)  # fmt: skip
_ZONES: Final = (
    "privatelink.blob.core.windows.net", "privatelink.database.windows.net", "privatelink.vaultcore.azure.net",
    "privatelink.azurewebsites.net", "privatelink.redis.cache.windows.net", "internal.contoso.example",
)  # fmt: skip

_AWKWARD_LOOSE: Final = (
    "CPU über 90 Prozent ({name})",
    "{name} 'prod' – bitte nicht löschen",
    '{name} "beta"',
    "高负载 {name}",
    "🔥 {name}",
    "{name}'}}) DETACH DELETE (n) --",
    "{name}; DROP TABLE resources",
    "$(hostname) ${{{name}}} `id`",
)
_AWKWARD_GROUPS: Final = (
    "RG_{name}(old)",
    "{name}.v1.2",
    "Größe-{name}_(früher)",
    "MC_{name}_aks_WestEurope",
    "日本語-{name}",
    "-{name}-",
    "NetworkWatcherRG",
    "DefaultResourceGroup-WEU",
)
_EVERY = 13


class Names:
    """Gives out names that are unique within their scope, whatever the case."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._given: set[tuple[str, str]] = set()
        self._count = 0

    def group(self, subscription: str) -> str:
        """Of a resource group."""
        plain = f"rg-{self._stream.skewed(APPLICATIONS, 0.6)}-{self._stream.weighted(_ENVIRONMENTS)}"
        return self._unique(subscription, self._awkward(plain, _AWKWARD_GROUPS), "-")

    def resource(self, scope: str, type_name: str) -> str:
        """Of a resource; ``type_name`` is the type without its namespace."""
        kind = type_name.rpartition("/")[2]
        if kind == "extensions":
            return self._unique(scope + kind, self._stream.skewed(_EXTENSIONS), "-")
        if kind == "privateDnsZones":
            return self._unique(scope + kind, self._stream.skewed(_ZONES), ".")
        words = [self._stream.skewed(APPLICATIONS, 0.6), self._stream.weighted(_ENVIRONMENTS)]
        if kind in _PLAIN:
            digits = self._stream.hexadecimal(6)
            return self._unique("everywhere", f"{_PREFIXES[kind]}{''.join(words)}"[:16] + digits, "")
        plain = "-".join([_PREFIXES[kind], *words, f"{self._stream.number(1, 99):02d}"])
        return self._unique(scope + kind, self._awkward(plain, _AWKWARD_LOOSE) if kind in _LOOSE else plain, "-")

    def _awkward(self, plain: str, templates: tuple[str, ...]) -> str:
        """Of every thirteen names the fourth is awkward, and the eighth is in capitals."""
        self._count += 1
        if self._count % _EVERY == 4:
            return templates[self._count // _EVERY % len(templates)].format(name=plain)
        return plain.upper() if self._count % _EVERY == 8 else plain

    def _unique(self, scope: str, name: str, joint: str) -> str:
        candidate, number = name, 2
        while (scope, candidate.lower()) in self._given:
            candidate, number = f"{name}{joint}{number}", number + 1
        self._given.add((scope, candidate.lower()))
        return candidate


_OWNERS: Final = ("platform@contoso.example", "data-team@contoso.example", "Søren Ångström", "O'Brien, Pat", "")
_AWKWARD_TAGS: Final = (
    ("cost center", "50 % / Q1"),
    ("Ablösung geplant?", "ja – spätestens 2027"),
    ("query", "'}) DETACH DELETE (n) //"),
    ("note", 'said "why not"\\n and {left} ${HOME}'),
    ("empty", ""),
    ("💶", "€ 12,50"),
    ("long", "bitte nicht löschen, wird noch gebraucht; " * 6),
    ("ms-resource-usage", "azure-cloud-shell"),
)


def draw_tags(stream: Stream) -> dict[str, str]:
    """Most resources have some, a fifth none, a tenth an awkward one."""
    if stream.chance(0.2):
        return {}
    tags = {
        "environment": stream.weighted(_ENVIRONMENTS),
        "application": stream.skewed(APPLICATIONS, 0.6),
        "owner": stream.skewed(_OWNERS),
    }
    if stream.chance(0.5):
        tags["costCenter"] = str(4000 + stream.number(0, 40) * 10)
    if stream.chance(0.1):
        key, value = stream.pick(_AWKWARD_TAGS)
        tags[key] = value
    return tags
