"""Properties of what keeps data: storage, databases, caches, queues, registries and backups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from workbench.dataset.azure.scene import Details, Scene

__all__ = ["DATA"]

_STATE: Final = {"provisioningState": "Succeeded"}


def _storage(scene: Scene) -> Details:
    name = scene.place.label
    rules = [
        {"id": subnet["id"], "action": "Allow", "state": "Succeeded"}
        for subnet in (scene.subnet(), scene.subnet())
        if subnet and scene.stream.chance(0.3)
    ]
    encryption: dict[str, Any] = {
        "services": {each: {"keyType": "Account", "enabled": True} for each in ("blob", "file")},
        "keySource": "Microsoft.Storage",
    }
    if scene.stream.chance(0.15) and (identity := scene.near("Microsoft.ManagedIdentity/userAssignedIdentities")):
        encryption |= {"keySource": "Microsoft.Keyvault", "identity": {"userAssignedIdentity": identity}}
    endpoints = {each: f"https://{name}.{each}.core.windows.example/" for each in ("blob", "dfs", "file", "queue")}
    properties = {
        **_STATE,
        "primaryEndpoints": endpoints,
        "primaryLocation": scene.place.location,
        "statusOfPrimary": "available",
        "allowBlobPublicAccess": scene.stream.chance(0.1),
        "minimumTlsVersion": "TLS1_2",
        "supportsHttpsTrafficOnly": True,
        "isHnsEnabled": scene.stream.chance(0.2),
        "networkAcls": {"bypass": "AzureServices", "defaultAction": "Deny", "virtualNetworkRules": rules},
        "encryption": encryption,
        "accessTier": "Hot",
    }
    sku = {"name": scene.pick({"Standard_LRS": 6, "Standard_ZRS": 2, "Standard_GRS": 1}), "tier": "Standard"}
    return Details(properties, sku=sku, kind="StorageV2", identity=scene.identity(0.15))


def _sql_server(scene: Scene) -> Details:
    properties = {
        "administratorLogin": "sqladmin",
        "version": "12.0",
        "state": "Ready",
        "fullyQualifiedDomainName": f"{scene.place.label}.database.windows.example",
        "privateEndpointConnections": [],
        "minimalTlsVersion": "1.2",
        "publicNetworkAccess": "Disabled",
    }
    return Details(properties, kind="v12.0", identity=scene.identity(0.4))


def _database(scene: Scene) -> Details:
    properties = {
        "collation": "SQL_Latin1_General_CP1_CI_AS",
        "maxSizeBytes": 268435456000,
        "status": scene.pick({"Online": 9, "Paused": 1}),
        "databaseId": scene.guid("database"),
        "creationDate": "2024-03-01T08:00:00.000Z",
        "currentServiceObjectiveName": "GP_S_Gen5_2",
        "zoneRedundant": False,
        "readScale": "Disabled",
    }
    return Details(
        properties, sku={"name": "GP_S_Gen5", "tier": "GeneralPurpose", "capacity": 2}, kind="v12.0,user,vcore"
    )


def _cosmos(scene: Scene) -> Details:
    place = {"locationName": scene.place.location, "failoverPriority": 0, "isZoneRedundant": False}
    subnets = [
        {"id": subnet["id"], "ignoreMissingVNetServiceEndpoint": False} for subnet in (scene.subnet(),) if subnet
    ]
    properties = {
        **_STATE,
        "documentEndpoint": f"https://{scene.place.label}.documents.azure.example:443/",
        "databaseAccountOfferType": "Standard",
        "consistencyPolicy": {"defaultConsistencyLevel": "Session", "maxIntervalInSeconds": 5},
        "locations": [place],
        "virtualNetworkRules": subnets,
        "capabilities": [{"name": "EnableServerless"}] if scene.stream.chance(0.3) else [],
    }
    return Details(properties, kind="GlobalDocumentDB", identity=scene.identity(0.3))


def _redis(scene: Scene) -> Details:
    properties = {
        **_STATE,
        "redisVersion": "6.0",
        "sku": {"name": "Standard", "family": "C", "capacity": 1},
        "enableNonSslPort": False,
        "redisConfiguration": {"maxmemory-reserved": "50", "maxclients": "1000"},
        "hostName": f"{scene.place.label}.redis.cache.windows.example",
        "sslPort": 6380,
        "privateEndpointConnections": [],
    }
    return Details(properties)


def _queue(scene: Scene) -> Details:
    properties = {
        **_STATE,
        "metricId": f"{scene.place.subscription}:{scene.place.label}",
        "serviceBusEndpoint": f"https://{scene.place.label}.servicebus.windows.example:443/",
        "status": "Active",
        "zoneRedundant": scene.stream.chance(0.5),
        "minimumTlsVersion": "1.2",
    }
    return Details(properties, sku={"name": "Standard", "tier": "Standard"}, identity=scene.identity(0.2))


def _registry(scene: Scene) -> Details:
    properties = {
        **_STATE,
        "loginServer": f"{scene.place.label}.azurecr.example",
        "adminUserEnabled": False,
        "policies": {"retentionPolicy": {"days": 7, "status": "disabled"}},
    }
    return Details(properties, sku={"name": "Premium", "tier": "Premium"}, identity=scene.identity(0.2))


def _postgres(scene: Scene) -> Details:
    subnet = scene.subnet()
    properties = {
        "version": scene.stream.pick(("14", "15", "16", "17")),
        "state": "Ready",
        "fullyQualifiedDomainName": f"{scene.place.label}.postgres.database.azure.example",
        "storage": {"storageSizeGB": 128, "autoGrow": "Enabled"},
        "network": {
            "publicNetworkAccess": "Disabled",
            "delegatedSubnetResourceId": subnet.get("id", ""),
            "privateDnsZoneArmResourceId": scene.near("Microsoft.Network/privateDnsZones"),
        },
        "highAvailability": {"mode": "ZoneRedundant", "state": "Healthy"},
        "backup": {"backupRetentionDays": 14, "geoRedundantBackup": "Disabled"},
    }
    return Details(
        properties, sku={"name": "Standard_D2ds_v5", "tier": "GeneralPurpose"}, identity=scene.identity(0.3)
    )


def _recovery(scene: Scene) -> Details:
    storage = {"standardTierStorageRedundancy": "GeoRedundant", "crossRegionRestore": "Disabled"}
    properties = {**_STATE, "privateEndpointStateForBackup": "None", "redundancySettings": storage}
    return Details(properties, sku={"name": "RS0", "tier": "Standard"}, identity=scene.identity(0.5))


DATA: Final[Mapping[str, Callable[[Scene], Details]]] = {
    "Microsoft.Storage/storageAccounts": _storage,
    "Microsoft.Sql/servers": _sql_server,
    "Microsoft.Sql/servers/databases": _database,
    "Microsoft.DocumentDB/databaseAccounts": _cosmos,
    "Microsoft.Cache/redis": _redis,
    "Microsoft.ServiceBus/namespaces": _queue,
    "Microsoft.EventHub/namespaces": _queue,
    "Microsoft.ContainerRegistry/registries": _registry,
    "Microsoft.DBforPostgreSQL/flexibleServers": _postgres,
    "Microsoft.RecoveryServices/vaults": _recovery,
}
"""The draw of its properties by type."""
