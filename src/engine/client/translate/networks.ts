// Networks: the create body of one, and a container's attachment to one.
import type { Network, Service } from '../../../model.ts';
import type { Attachment } from '../../engine.ts';

/** Label under which the engine takes the wanted name of the interface (API 1.49). */
const INTERFACE_NAME = 'com.docker.network.endpoint.ifname';

export interface EndpointBody {
  readonly Aliases?: readonly string[];
  readonly Links?: readonly string[];
  readonly IPAMConfig?: {
    readonly IPv4Address?: string;
    readonly IPv6Address?: string;
    readonly LinkLocalIPs?: readonly string[];
  };
  readonly IPAddress?: string;
  readonly MacAddress?: string;
  readonly DriverOpts?: Readonly<Record<string, string>>;
  readonly GwPriority?: number;
}

export function endpoint(attachment: Attachment, links: readonly string[] = attachment.links ?? []): EndpointBody {
  const { settings } = attachment;
  const options = {
    ...settings.driver_opts,
    ...(settings.interface_name === undefined ? {} : { [INTERFACE_NAME]: settings.interface_name }),
  };
  const addresses = {
    ...(settings.ipv4_address === undefined ? {} : { IPv4Address: settings.ipv4_address }),
    ...(settings.ipv6_address === undefined ? {} : { IPv6Address: settings.ipv6_address }),
    ...(settings.link_local_ips === undefined ? {} : { LinkLocalIPs: settings.link_local_ips }),
  };
  return {
    ...(attachment.aliases.length === 0 ? {} : { Aliases: attachment.aliases }),
    ...(links.length === 0 ? {} : { Links: links }),
    // As docker compose: there as soon as the file says anything about the attachment.
    ...(Object.keys(settings).length === 0 ? {} : { IPAMConfig: addresses }),
    // Shown by inspect until the container starts and really has it.
    ...(settings.ipv4_address === undefined ? {} : { IPAddress: settings.ipv4_address }),
    ...(settings.mac_address === undefined ? {} : { MacAddress: settings.mac_address }),
    ...(Object.keys(options).length === 0 ? {} : { DriverOpts: options }),
    ...(settings.gw_priority === undefined ? {} : { GwPriority: settings.gw_priority }),
  };
}

export interface NetworkFields {
  readonly NetworkMode: string;
  /** Network name → endpoint, for the networks that the create call takes. */
  readonly endpoints: Readonly<Record<string, EndpointBody>>;
  /** To be connected one by one after create: engines before API 1.44 take one network. */
  readonly later: readonly Attachment[];
  /** For the container as a whole: engines before API 1.44 know no address per attachment. */
  readonly macAddress: string | undefined;
}

/** Splits a container's attachments into what create takes and what comes after it. */
export function networkFields(
  service: Service,
  attachments: readonly Attachment[],
  takesSeveral: boolean,
): NetworkFields {
  const [primary, ...others] = attachments;
  if (service.network_mode !== undefined && service.network_mode !== '')
    return {
      NetworkMode: service.network_mode,
      endpoints: {},
      later: [],
      macAddress: takesSeveral ? undefined : service.mac_address,
    };
  if (primary === undefined) return { NetworkMode: 'none', endpoints: {}, later: [], macAddress: service.mac_address };
  if (!takesSeveral)
    return {
      NetworkMode: primary.network,
      endpoints: { [primary.network]: endpoint(primary) },
      later: others,
      macAddress: primary.settings.mac_address ?? service.mac_address,
    };
  const mac = primary.settings.mac_address ?? service.mac_address;
  const first = { ...primary, settings: { ...primary.settings, ...(mac === undefined ? {} : { mac_address: mac }) } };
  return {
    NetworkMode: primary.network,
    endpoints: Object.fromEntries([first, ...others].map((attachment) => [attachment.network, endpoint(attachment)])),
    later: [],
    macAddress: undefined,
  };
}

/** The body of `POST /networks/create`. */
export function networkBody(network: Network, labels: Readonly<Record<string, string>>): Record<string, unknown> {
  const { ipam } = network;
  const pools = (ipam?.config ?? []).map((pool) => ({
    ...(pool.subnet === undefined ? {} : { Subnet: pool.subnet }),
    ...(pool.ip_range === undefined ? {} : { IPRange: pool.ip_range }),
    ...(pool.gateway === undefined ? {} : { Gateway: pool.gateway }),
    ...(pool.aux_addresses === undefined ? {} : { AuxiliaryAddresses: pool.aux_addresses }),
  }));
  const driver = ipam?.driver ?? '';
  return {
    Name: network.name,
    // Two networks of one name would make every later look-up ambiguous; ignored from API 1.44, where it is the rule.
    CheckDuplicate: true,
    Labels: { ...network.labels, ...labels },
    ...(network.driver === undefined ? {} : { Driver: network.driver }),
    ...(network.driver_opts === undefined ? {} : { Options: network.driver_opts }),
    ...(network.internal === true ? { Internal: true } : {}),
    ...(network.attachable === true ? { Attachable: true } : {}),
    ...(network.enable_ipv6 === undefined ? {} : { EnableIPv6: network.enable_ipv6 }),
    ...(network.enable_ipv4 === undefined ? {} : { EnableIPv4: network.enable_ipv4 }),
    ...(driver === '' && pools.length === 0
      ? {}
      : {
          IPAM: {
            ...(driver === '' ? {} : { Driver: driver }),
            ...(pools.length === 0 ? {} : { Config: pools }),
            ...(ipam?.options === undefined ? {} : { Options: ipam.options }),
          },
        }),
  };
}
