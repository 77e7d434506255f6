"""The 36 resource types of the tenant: how frequent each is, and the api-versions that its provider understands.

The versions are a selection of the published ones; what matters is that they differ from type to type, that some
are previews, and that none suits all types.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from workbench.dataset.azure.model import ResourceType

__all__ = ["RESOURCE_TYPES", "WEIGHTS"]

_NETWORK = (
    "2024-05-01 2024-03-01 2024-01-01 2023-11-01 2023-09-01 2023-06-01 2023-04-01 2022-11-01 2022-07-01 2020-11-01"
)
_COMPUTE = "2024-11-01 2024-07-01 2024-03-01 2023-09-01 2023-07-01 2022-11-01 2022-08-01 2021-11-01"
_DISKS = "2024-03-02 2023-10-02 2023-04-02 2023-01-02 2022-07-02 2021-12-01"
_WEB = "2024-04-01 2023-12-01 2023-01-01 2022-09-01 2022-03-01 2021-03-01 2020-12-01"
_SQL = (
    "2024-05-01-preview 2023-08-01 2023-08-01-preview 2023-05-01-preview 2021-11-01 2020-11-01-preview 2014-04-01"
)
_DNS = "2024-06-01 2020-06-01 2020-01-01 2018-09-01"

_COMMON = f"""
Microsoft.Compute/disks|12|{_DISKS}
Microsoft.Network/networkInterfaces|11|{_NETWORK}
Microsoft.Compute/virtualMachines|9|{_COMPUTE}
Microsoft.Compute/virtualMachines/extensions|9|{_COMPUTE}
Microsoft.Insights/metricAlerts|9|2024-03-01-preview 2018-03-01 2017-09-01-preview
Microsoft.Storage/storageAccounts|8|2024-01-01 2023-05-01 2023-01-01 2022-09-01 2021-09-01 2019-06-01 2015-06-15
Microsoft.Network/networkSecurityGroups|7|{_NETWORK}
Microsoft.Network/publicIPAddresses|5|{_NETWORK}
Microsoft.Network/privateEndpoints|5|{_NETWORK}
Microsoft.Web/sites|5|{_WEB}
Microsoft.KeyVault/vaults|4|2024-11-01 2023-07-01 2023-02-01 2022-07-01 2021-10-01 2019-09-01 2015-06-01
Microsoft.ManagedIdentity/userAssignedIdentities|4|2024-11-30 2023-07-31-preview 2023-01-31 2018-11-30
Microsoft.Network/virtualNetworks|3|{_NETWORK}
Microsoft.Web/serverFarms|2.5|{_WEB}
"""

_RARE = f"""
Microsoft.Sql/servers/databases|1.6|{_SQL}
Microsoft.Insights/components|1.5|2020-02-02 2020-02-02-preview 2015-05-01 2014-04-01
Microsoft.Network/privateDnsZones/virtualNetworkLinks|1.4|{_DNS}
Microsoft.Compute/snapshots|1.2|{_DISKS}
Microsoft.Network/privateDnsZones|1.0|{_DNS}
Microsoft.Network/routeTables|1.0|{_NETWORK}
Microsoft.Network/loadBalancers|0.9|{_NETWORK}
Microsoft.Sql/servers|0.8|{_SQL}
Microsoft.Insights/actionGroups|0.8|2024-10-01-preview 2023-09-01-preview 2023-01-01 2022-06-01 2021-09-01
Microsoft.OperationalInsights/workspaces|0.7|2025-02-01 2023-09-01 2022-10-01 2020-08-01 2015-11-01-preview
Microsoft.Logic/workflows|0.6|2019-05-01 2018-07-01-preview 2017-07-01 2016-06-01
Microsoft.Compute/availabilitySets|0.6|{_COMPUTE}
Microsoft.ContainerRegistry/registries|0.5|2025-04-01 2023-07-01 2023-01-01-preview 2022-12-01 2019-05-01
Microsoft.ServiceBus/namespaces|0.5|2024-01-01 2022-10-01-preview 2021-11-01 2017-04-01
Microsoft.EventHub/namespaces|0.4|2024-01-01 2023-01-01-preview 2021-11-01 2017-04-01
Microsoft.DocumentDB/databaseAccounts|0.4|2024-11-15 2024-08-15 2023-11-15 2021-10-15 2015-04-08
Microsoft.ContainerService/managedClusters|0.4|2025-01-01 2024-09-01 2024-05-01 2023-10-01 2022-11-01 2020-12-01
Microsoft.DBforPostgreSQL/flexibleServers|0.4|2024-08-01 2023-12-01-preview 2022-12-01 2021-06-01
Microsoft.RecoveryServices/vaults|0.4|2024-10-01 2024-04-01 2023-06-01 2022-10-01 2016-06-01
Microsoft.Automation/automationAccounts|0.4|2023-11-01 2022-08-08 2021-06-22 2020-01-13-preview 2015-10-31
Microsoft.Network/natGateways|0.3|{_NETWORK}
Microsoft.Cache/redis|0.3|2024-11-01 2024-03-01 2023-08-01 2022-06-01 2020-06-01
"""


def _read(table: str, *, common: bool) -> list[tuple[ResourceType, float]]:
    rows = [line.split("|") for line in table.strip().splitlines()]
    return [(ResourceType(name, common, tuple(versions.split())), float(weight)) for name, weight, versions in rows]


_ROWS: Final = (*_read(_COMMON, common=True), *_read(_RARE, common=False))

RESOURCE_TYPES: Final = tuple(kind for kind, _ in _ROWS)
"""In order of their frequency within the common and within the rare."""

WEIGHTS: Final[Mapping[str, float]] = MappingProxyType({kind.type: weight for kind, weight in _ROWS})
"""By type: how many of some hundred resources are of it."""
