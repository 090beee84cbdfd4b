// The stacks that are timed: busybox services in chains of ten, on one network.

/** Compose file of `size` services; each waits for the one before it, except where a new chain starts. */
export function stack(size: number): string {
  const lines = ['services:'];
  for (let i = 1; i <= size; i++) {
    lines.push(`  s${i}:`, '    image: busybox:latest', '    command: sleep 100000');
    lines.push('    stop_grace_period: 0s', '    pull_policy: never');
    if (i % 10 !== 1) lines.push(`    depends_on: [s${i - 1}]`);
  }
  return `${lines.join('\n')}\n`;
}
