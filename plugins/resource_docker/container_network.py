"""A container's ports, hosts and networks: as Docker takes them, and as it tells them."""

from __future__ import annotations

from typing import Any

from .sets import in_order

Properties = dict[str, Any]


def port_key(port: Properties) -> str:
    return f"{port['internal']}/{port['protocol'] or 'tcp'}"


def port_bindings(ports: list[Properties]) -> Properties:
    bindings: dict[str, list[Properties]] = {}
    for port in ports:
        binding = {"HostIp": port["ip"] or "", "HostPort": str(port["external"] or 0)}
        bindings.setdefault(port_key(port), []).append(binding)
    return bindings


def endpoint(network: Properties) -> Properties:
    """The endpoint settings of one entry of networksAdvanced."""
    body: Properties = {
        "Aliases": network["aliases"] or [],
        "DriverOpts": dict(pair.split("=", 1) for pair in network["driverOpts"] or [] if "=" in pair),
        "IPAMConfig": {
            "IPv4Address": network["ipv4Address"] or "",
            "IPv6Address": network["ipv6Address"] or "",
            "LinkLocalIPs": network["linkLocalIps"] or [],
        },
        "MacAddress": network["macAddress"] or "",
    }
    if network["gwPriority"]:
        body["GwPriority"] = network["gwPriority"]
    return body


def from_docker(found: Properties, host: Properties, state: Properties) -> Properties:
    settings = found.get("NetworkSettings") or {}
    config = found["Config"]
    networks = settings.get("Networks") or {}
    read: Properties = {
        "bridge": settings.get("Bridge", ""),
        "hostname": config.get("Hostname", ""),
        "domainname": config.get("Domainname", ""),
        "networkMode": host.get("NetworkMode", ""),
        "networkDatas": [_network_data(name, networks[name]) for name in sorted(networks)],
        "publishAllPorts": host.get("PublishAllPorts", False),
        "hosts": in_order(_extra_host(entry) for entry in host.get("ExtraHosts") or []),
        "dns": in_order(host.get("Dns") or []),
        "dnsOpts": in_order(host.get("DnsOptions") or []),
        "dnsSearches": in_order(host.get("DnsSearch") or []),
    }
    # A stopped container has no port bindings; where it may be stopped, that is no change.
    if state.get("ports") and (found["State"]["Running"] or state.get("mustRun")):
        read["ports"] = _ports(settings.get("Ports") or {})
    return read


def _network_data(name: str, endpoint: Properties) -> Properties:
    return {
        "gateway": endpoint.get("Gateway", ""),
        "globalIpv6Address": endpoint.get("GlobalIPv6Address", ""),
        "globalIpv6PrefixLength": endpoint.get("GlobalIPv6PrefixLen", 0),
        "ipAddress": endpoint.get("IPAddress", ""),
        "ipPrefixLength": endpoint.get("IPPrefixLen", 0),
        "ipv6Gateway": endpoint.get("IPv6Gateway", ""),
        "macAddress": endpoint.get("MacAddress", ""),
        "networkName": name,
    }


def _extra_host(entry: str) -> Properties:
    """Of an IPv6 address only what is before its first colon, as the official provider reads it."""
    host, address, *_ = entry.split(":")
    return {"host": host, "ip": address}


def _ports(bindings: Properties) -> list[Properties]:
    ports = []
    for key in sorted(bindings, key=lambda key: int(key.split("/")[0])):
        internal, _, protocol = key.partition("/")
        for binding in bindings[key] or []:
            external = int(binding.get("HostPort") or 0)
            ports.append({"external": external, "internal": int(internal), "ip": binding.get("HostIp", ""), "protocol": protocol})
    return ports
