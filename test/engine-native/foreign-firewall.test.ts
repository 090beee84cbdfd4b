// What is written into other firewalls of the host, and what is left alone.
import { expect, test } from 'vitest';
import { ForeignFirewall } from '../../src/engine/native/networks/foreign-firewall.ts';
import type { Host } from '../../src/host.ts';

const FORWARD =
  'chain FORWARD {\n type filter hook forward priority filter; policy drop;\n counter jump DOCKER-USER\n}';

/** A host whose chains are given; tells what was run beside listing, with what was written to it. */
function hostWith(chains: Readonly<Record<string, string>>, refuses: (program: string) => boolean = () => false) {
  const ran: string[] = [];
  const host: Host = {
    run: (program, args, options = {}) => {
      const [verb, , family, , chain = ''] = args;
      if (program === 'nft' && verb === 'list') {
        const stdout = chains[`${family} ${chain}`];
        return Promise.resolve({ exitCode: stdout === undefined ? 1 : 0, stdout: stdout ?? '', stderr: '' });
      }
      ran.push([program, ...args, ...(options.input ?? '').split('\n')].join(' ').trim());
      return Promise.resolve({ exitCode: refuses(program) ? 1 : 0, stdout: '', stderr: '' });
    },
  };
  return { firewall: new ForeignFirewall(host), ran };
}

const both = (action: string, chain: string): string =>
  `iptables-restore -w --noflush *filter ${action} ${chain} -i wl-1 -j ACCEPT ${action} ${chain} -o wl-1 -j ACCEPT COMMIT`;

test('nothing is written where nothing is dropped', async () => {
  for (const chains of [{}, { 'ip FORWARD': FORWARD.replace('policy drop', 'policy accept') }]) {
    const { firewall, ran } = hostWith(chains);
    await firewall.admit('wl-1', false);
    await firewall.dismiss('wl-1');
    expect(ran).toEqual([]);
  }
});

test('a bridge is let through where dockerd leaves room for others, and no longer when it goes', async () => {
  const { firewall, ran } = hostWith({ 'ip FORWARD': FORWARD, 'ip DOCKER-USER': 'chain DOCKER-USER {}' });
  await firewall.admit('wl-1', false);
  await firewall.dismiss('wl-1');
  await firewall.dismiss('wl-1');
  expect(ran).toEqual([both('-I', 'DOCKER-USER'), both('-D', 'DOCKER-USER')]);
});

test('rules that an earlier engine wrote are kept, and taken back with the bridge', async () => {
  const own = FORWARD.replace('counter jump DOCKER-USER', 'iifname "wl-1" accept');
  const { firewall, ran } = hostWith({ 'ip FORWARD': own });
  await firewall.admit('wl-1', false);
  expect(ran).toEqual([]);
  await firewall.dismiss('wl-1');
  expect(ran).toEqual([both('-D', 'FORWARD')]);
});

test('IPv6 has chains of its own', async () => {
  const { firewall, ran } = hostWith({ 'ip6 FORWARD': FORWARD, 'ip6 DOCKER-USER': '' });
  await firewall.admit('wl-1', true);
  expect(ran).toEqual([both('-I', 'DOCKER-USER').replace('iptables', 'ip6tables')]);
});

test('where one of two rules is gone already, the other one goes', async () => {
  const { firewall, ran } = hostWith({ 'ip FORWARD': FORWARD }, (program) => program === 'iptables-restore');
  await firewall.admit('wl-1', false);
  ran.length = 0;
  await firewall.dismiss('wl-1');
  expect(ran.slice(1)).toEqual([
    'iptables -w -D DOCKER-USER -i wl-1 -j ACCEPT',
    'iptables -w -D DOCKER-USER -o wl-1 -j ACCEPT',
  ]);
});
