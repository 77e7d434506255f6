"""Properties of Microsoft.Network resources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from workbench.dataset.azure.scene import Details, Scene

__all__ = ["NETWORK"]

_DEFAULT_RULES: Final = (
    ("AllowVnetInBound", 65000, "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", "AzureLoadBalancer", "*"),
    ("DenyAllInBound", 65500, "Inbound", "Deny", "*", "*"),
    ("AllowVnetOutBound", 65000, "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowInternetOutBound", 65001, "Outbound", "Allow", "*", "Internet"),
    ("DenyAllOutBound", 65500, "Outbound", "Deny", "*", "*"),
)
_TARGETS: Final = {
    "Microsoft.Storage/storageAccounts": ("blob", 6),
    "Microsoft.KeyVault/vaults": ("vault", 4),
    "Microsoft.Sql/servers": ("sqlServer", 3),
    "Microsoft.Web/sites": ("sites", 2),
    "Microsoft.Cache/redis": ("redisCache", 1),
}
_STATE: Final = {"provisioningState": "Succeeded"}
_STANDARD: Final = {"name": "Standard", "tier": "Regional"}


def _interface(scene: Scene) -> Details:
    configuration: dict[str, Any] = {
        "privateIPAddress": scene.address(),
        "privateIPAllocationMethod": "Dynamic",
        "privateIPAddressVersion": "IPv4",
        "primary": True,
        "subnet": scene.subnet(),
    }
    if addresses := scene.owned("Microsoft.Network/publicIPAddresses"):
        configuration["publicIPAddress"] = {"id": addresses[0], "properties": {"deleteOption": "Detach"}}
    if scene.stream.chance(0.2) and (balancer := scene.near("Microsoft.Network/loadBalancers")):
        configuration["loadBalancerBackendAddressPools"] = [{"id": f"{balancer}/backendAddressPools/pool"}]
    properties: dict[str, Any] = {
        **_STATE,
        "resourceGuid": scene.guid("nic"),
        "ipConfigurations": [
            {
                "name": "ipconfig1",
                "id": f"{scene.place.id}/ipConfigurations/ipconfig1",
                "etag": f'W/"{scene.guid("ipconfig")}"',
                "properties": configuration,
            }
        ],
        "dnsSettings": {"dnsServers": [], "appliedDnsServers": [], "internalDomainNameSuffix": "internal.example"},
        "macAddress": scene.guid("mac").replace("-", "")[:12].upper(),
        "enableAcceleratedNetworking": scene.stream.chance(0.7),
        "enableIPForwarding": False,
        "nicType": "Standard",
    }
    if scene.owner:
        properties["virtualMachine"] = {"id": scene.owner}
    if scene.stream.chance(0.6) and (group := scene.near("Microsoft.Network/networkSecurityGroups")):
        properties["networkSecurityGroup"] = {"id": group}
    return Details(properties)


def _security_group(scene: Scene) -> Details:
    own = scene.place.id
    rules = [
        (
            scene.pick({"AllowHttps": 4, "AllowSsh": 3, "AllowRdp": 2, "DenyInternet": 2, "AllowSql": 1}) + f"-{i}",
            100 + 10 * i,
            scene.pick({"Inbound": 3, "Outbound": 1}),
            scene.pick({"Allow": 3, "Deny": 1}),
            scene.pick({"*": 1, "Internet": 2, "10.0.0.0/8": 3}),
            "VirtualNetwork",
        )
        for i in range(scene.stream.number(1, 9))
    ]
    properties = {
        **_STATE,
        "resourceGuid": scene.guid("nsg"),
        "securityRules": [_rule(f"{own}/securityRules", *rule) for rule in rules],
        "defaultSecurityRules": [_rule(f"{own}/defaultSecurityRules", *rule) for rule in _DEFAULT_RULES],
    }
    return Details(properties)


def _rule(
    prefix: str, name: str, priority: int, direction: str, access: str, source: str, destination: str
) -> dict[str, Any]:
    return {
        "name": name,
        # No "id": its path would be the group's own.
        "etag": f'W/"{prefix[-12:]}-{priority}"',
        "properties": {
            **_STATE,
            "protocol": "*" if priority >= 65000 else "Tcp",
            "sourcePortRange": "*",
            "destinationPortRange": "*" if priority >= 65000 else str(priority % 7 * 100 + 22),
            "sourceAddressPrefix": source,
            "destinationAddressPrefix": destination,
            "access": access,
            "priority": priority,
            "direction": direction,
            "sourceAddressPrefixes": [],
            "destinationAddressPrefixes": [],
        },
    }


def _public_address(scene: Scene) -> Details:
    properties: dict[str, Any] = {
        **_STATE,
        "resourceGuid": scene.guid("pip"),
        "ipAddress": f"203.0.113.{scene.stream.number(1, 254)}",
        "publicIPAddressVersion": "IPv4",
        "publicIPAllocationMethod": "Static",
        "idleTimeoutInMinutes": 4,
    }
    if scene.owner:
        properties["ipConfiguration"] = {"id": f"{scene.owner}/ipConfigurations/ipconfig1"}
    return Details(properties, sku=dict(_STANDARD), zones=scene.zones())


def _private_endpoint(scene: Scene) -> Details:
    kind = scene.pick({kind: weight for kind, (_, weight) in _TARGETS.items()})
    connection = {
        "name": scene.place.label,
        "properties": {
            **_STATE,
            "privateLinkServiceId": scene.near(kind),
            "groupIds": [_TARGETS[kind][0]],
            "privateLinkServiceConnectionState": {"status": "Approved", "actionsRequired": "None"},
        },
    }
    properties = {
        **_STATE,
        "resourceGuid": scene.guid("pe"),
        "subnet": scene.subnet(),
        "privateLinkServiceConnections": [connection],
        "manualPrivateLinkServiceConnections": [],
        "customDnsConfigs": [{"fqdn": "private.example", "ipAddresses": [scene.address()]}],
    }
    return Details(properties)


def _virtual_network(scene: Scene) -> Details:
    octet = scene.stream.number(0, 250)
    peer = scene.near("Microsoft.Network/virtualNetworks") if scene.stream.chance(0.5) else ""
    peerings = [
        {
            "name": "to-hub",
            "properties": {**_STATE, "peeringState": "Connected", "remoteVirtualNetwork": {"id": peer}},
        }
    ]
    properties = {
        **_STATE,
        "resourceGuid": scene.guid("vnet"),
        "addressSpace": {"addressPrefixes": [f"10.{octet}.0.0/16"]},
        "subnets": [
            _subnet(scene, name, f"10.{octet}.{i}.0/24") for i, name in enumerate(("default", "apps", "data"))
        ],
        "virtualNetworkPeerings": peerings if peer else [],
        "enableDdosProtection": False,
    }
    return Details(properties)


def _subnet(scene: Scene, name: str, prefix: str) -> dict[str, Any]:
    properties: dict[str, Any] = {**_STATE, "addressPrefix": prefix, "delegations": [], "serviceEndpoints": []}
    for key, kind, chance in (
        ("networkSecurityGroup", "networkSecurityGroups", 0.6),
        ("routeTable", "routeTables", 0.25),
        ("natGateway", "natGateways", 0.1),
    ):
        if scene.stream.chance(chance) and (found := scene.near(f"Microsoft.Network/{kind}")):
            properties[key] = {"id": found}
    return {"name": name, "id": f"{scene.place.id}/subnets/{name}", "properties": properties}


def _load_balancer(scene: Scene) -> Details:
    own = scene.place.id
    address = scene.near("Microsoft.Network/publicIPAddresses")
    front = {"privateIPAllocationMethod": "Dynamic", **({"publicIPAddress": {"id": address}} if address else {})}
    rule = {
        "frontendIPConfiguration": {"id": f"{own}/frontendIPConfigurations/front"},
        "backendAddressPool": {"id": f"{own}/backendAddressPools/pool"},
        "probe": {"id": f"{own}/probes/health"},
        "protocol": "Tcp",
        "frontendPort": 443,
        "backendPort": 8443,
    }
    properties = {
        **_STATE,
        "frontendIPConfigurations": [{"name": "front", "properties": front}],
        "backendAddressPools": [{"name": "pool", "id": f"{own}/backendAddressPools/pool"}],
        "loadBalancingRules": [{"name": "https", "properties": rule}],
        "probes": [{"name": "health", "properties": {"protocol": "Https", "port": 8443, "requestPath": "/health"}}],
    }
    return Details(properties, sku=dict(_STANDARD))


def _private_zone(scene: Scene) -> Details:
    counts = {"numberOfRecordSets": scene.stream.number(1, 90), "numberOfVirtualNetworkLinks": 1}
    return Details({**_STATE, **counts, "maxNumberOfRecordSets": 25000, "internalId": scene.guid("zone")})


def _zone_link(scene: Scene) -> Details:
    network = scene.near("Microsoft.Network/virtualNetworks")
    return Details(
        {
            **_STATE,
            "registrationEnabled": False,
            "virtualNetworkLinkState": "Completed",
            **({"virtualNetwork": {"id": network}} if network else {}),
        }
    )


def _route_table(scene: Scene) -> Details:
    routes = [
        {
            "name": f"route-{number}",
            "properties": {
                **_STATE,
                "addressPrefix": f"10.{number}.0.0/16",
                "nextHopType": "VirtualAppliance",
                "nextHopIpAddress": "10.0.0.4",
            },
        }
        for number in range(scene.stream.number(1, 6))
    ]
    return Details({**_STATE, "disableBgpRoutePropagation": True, "routes": routes})


def _nat_gateway(scene: Scene) -> Details:
    address = scene.near("Microsoft.Network/publicIPAddresses")
    properties: dict[str, Any] = {**_STATE, "idleTimeoutInMinutes": 4}
    if address:
        properties["publicIpAddresses"] = [{"id": address}]
    return Details(properties, sku={"name": "Standard"})


NETWORK: Final[Mapping[str, Callable[[Scene], Details]]] = {
    "Microsoft.Network/networkInterfaces": _interface,
    "Microsoft.Network/networkSecurityGroups": _security_group,
    "Microsoft.Network/publicIPAddresses": _public_address,
    "Microsoft.Network/privateEndpoints": _private_endpoint,
    "Microsoft.Network/virtualNetworks": _virtual_network,
    "Microsoft.Network/loadBalancers": _load_balancer,
    "Microsoft.Network/privateDnsZones": _private_zone,
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": _zone_link,
    "Microsoft.Network/routeTables": _route_table,
    "Microsoft.Network/natGateways": _nat_gateway,
}
"""The draw of its properties by type."""
