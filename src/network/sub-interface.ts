// Interfaces that live on one of the host's (macvlan, ipvlan), and the VLAN or dummy interface they may need below them, as
// text for `ip -batch`. Pure.

export interface SubInterfacePlan {
  readonly driver: 'macvlan' | 'ipvlan';
  readonly mode: string;
  /** The host's interface. */
  readonly parent: string;
  /** The name inside. */
  readonly interfaceName: string;
  /** macvlan alone: ipvlan's is the parent's. */
  readonly mac?: string;
  readonly mtu?: number | undefined;
}

/** Made within the namespace: the host never sees it. */
export const addSubInterface = (plan: SubInterfacePlan, netns: string): string =>
  `link add link ${plan.parent} name ${plan.interfaceName}${plan.mac ? ` address ${plan.mac}` : ''}${plan.mtu === undefined ? '' : ` mtu ${plan.mtu}`} netns ${netns} type ${plan.driver} mode ${plan.mode}\n`;

/** `eth0.10` → VLAN 10 on eth0; undefined for other names. */
export function vlanOf(name: string): { readonly below: string; readonly id: number } | undefined {
  const match = /^(.+)\.(\d{1,4})$/.exec(name);
  const id = Number(match?.[2]);
  return match?.[1] && id >= 1 && id <= 4094 ? { below: match[1], id } : undefined;
}

export const addVlan = (name: string, vlan: { readonly below: string; readonly id: number }): string =>
  `link add link ${vlan.below} name ${name} type vlan id ${vlan.id}\nlink set ${name} up\n`;

export const addDummy = (name: string): string => `link add ${name} type dummy\nlink set ${name} up\n`;

/** Whether the kernel makes such interfaces at all: one is made and removed. */
export const trySubInterface = (plan: Omit<SubInterfacePlan, 'mac' | 'mtu'>): string =>
  `link add link ${plan.parent} name ${plan.interfaceName} type ${plan.driver} mode ${plan.mode}\nlink del ${plan.interfaceName}\n`;
