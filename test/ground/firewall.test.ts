// What a private engine leaves in iptables is found by comparing two snapshots, and only that is taken away.
import { expect, test } from 'vitest';
import { parseRules, undoRules } from '../../scripts/ground/firewall.ts';

const EMPTY = `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
COMMIT
`;

const WITH_DOCKER = `*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-USER - [0:0]
-A INPUT -s 192.0.2.1/32 -j DROP
-A FORWARD -j DOCKER-USER
-A FORWARD -o wltest -m comment --comment "two words" -j ACCEPT
-A DOCKER-USER -j RETURN
COMMIT
*nat
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 10.99.1.0/24 ! -o br-1 -j MASQUERADE
COMMIT
`;

const MARKS = ['wltest', '10.99.'];

test('chains and rules are read by table', () => {
  const filter = parseRules(WITH_DOCKER).get('filter');
  expect([...(filter?.chains ?? [])]).toEqual([
    ['INPUT', 'ACCEPT'],
    ['FORWARD', 'DROP'],
    ['OUTPUT', 'ACCEPT'],
    ['DOCKER', '-'],
    ['DOCKER-USER', '-'],
  ]);
  expect(filter?.rules).toHaveLength(4);
});

test('rules, then chains, then policies go back; what others added stays', () => {
  expect(undoRules(EMPTY, WITH_DOCKER, { marks: MARKS, shared: false })).toEqual([
    ['-t', 'filter', '-D', 'FORWARD', '-j', 'DOCKER-USER'],
    ['-t', 'filter', '-D', 'FORWARD', '-o', 'wltest', '-m', 'comment', '--comment', 'two words', '-j', 'ACCEPT'],
    ['-t', 'filter', '-D', 'DOCKER-USER', '-j', 'RETURN'],
    ['-t', 'filter', '-F', 'DOCKER'],
    ['-t', 'filter', '-F', 'DOCKER-USER'],
    ['-t', 'filter', '-X', 'DOCKER'],
    ['-t', 'filter', '-X', 'DOCKER-USER'],
    ['-t', 'filter', '-P', 'FORWARD', 'ACCEPT'],
    ['-t', 'nat', '-D', 'POSTROUTING', '-s', '10.99.1.0/24', '!', '-o', 'br-1', '-j', 'MASQUERADE'],
  ]);
});

test("a machine's own Docker keeps its chains, rules and policy", () => {
  expect(undoRules(WITH_DOCKER, WITH_DOCKER, { marks: MARKS, shared: false })).toEqual([]);
});

test('while another engine runs, only what names our bridges and addresses goes', () => {
  expect(undoRules(EMPTY, WITH_DOCKER, { marks: MARKS, shared: true })).toEqual([
    ['-t', 'filter', '-D', 'FORWARD', '-o', 'wltest', '-m', 'comment', '--comment', 'two words', '-j', 'ACCEPT'],
    ['-t', 'nat', '-D', 'POSTROUTING', '-s', '10.99.1.0/24', '!', '-o', 'br-1', '-j', 'MASQUERADE'],
  ]);
});
