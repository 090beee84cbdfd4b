import { expect, it } from 'vitest';
import { isForPlatform, parsePlatform, platformText } from '../../src/engine/native/images/platforms.ts';
import { Variants } from '../../src/engine/native/images/variants.ts';

it.each([
  ['linux/amd64', 'linux/amd64'],
  ['linux/arm64/v8', 'linux/arm64'],
  ['aarch64', 'linux/arm64'],
  ['Linux/X86_64', 'linux/amd64'],
  ['linux', 'linux/riscv64'],
  ['linux/arm', 'linux/arm/v7'],
  ['armel', 'linux/arm/v6'],
  ['linux/amd64/v3', 'linux/amd64/v3'],
  ['windows/amd64', 'windows/amd64'],
])('%s is %s', (written, meant) => {
  expect(platformText(parsePlatform(written, 'riscv64'))).toBe(meant);
});
it.each(['', 'linux/', 'a/b/c/d', 'li nux/amd64', '../x'])('"%s" is none', (text) => {
  expect(() => parsePlatform(text, 'amd64')).toThrow('invalid platform');
});
it('an image that names no variant is for all of its architecture', () => {
  const config = (architecture: string, variant?: string) => ({
    ...{ architecture, os: 'linux', rootfs: { type: 'layers' as const, diff_ids: [] } },
    ...(variant === undefined ? {} : { variant }),
  });
  const fits = (text: string, ...parts: [string, string?]): boolean =>
    isForPlatform(config(...parts), parsePlatform(text, 'amd64'));
  expect(fits('linux/arm64', 'arm64', 'v8')).toBe(true);
  expect(fits('linux/arm/v6', 'arm')).toBe(true);
  expect(fits('linux/arm/v6', 'arm', 'v7')).toBe(false);
  expect(fits('linux/arm64', 'amd64')).toBe(false);
});
it('what a name stands for beside an image goes with that image', () => {
  const variants = new Variants();
  variants.restore({ 'a:1': ['x', 'gone'], 'b:1': ['gone'] }, (id) => id !== 'gone');
  expect([variants.of('a:1'), variants.of('b:1'), [...variants.all.keys()]]).toEqual([['x'], [], ['a:1']]);
  variants.set('c:1', ['x', 'y']);
  variants.forget('x');
  expect([variants.has('x'), variants.has('y'), variants.of('a:1'), variants.of('c:1')]).toEqual([
    false,
    true,
    [],
    ['y'],
  ]);
});
