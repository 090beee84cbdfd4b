// The systemd unit of the native engine. Pure.

/** Its name, and where it goes: for units that an administrator adds. */
export const UNIT_NAME = 'windlass.service';
export const UNIT_PATH = `/etc/systemd/system/${UNIT_NAME}`;

/**
 * `command` starts an engine in the foreground, with absolute paths; `socket` is named for whoever reads the unit. A keeper
 * (`--restart`) tells systemd when its socket takes calls; an engine without one does not.
 */
export function systemdUnit(command: readonly string[], socket: string): string {
  return `# Written by "windlass engine install". The engine listens on ${socket}.
[Unit]
Description=windlass native container engine
Wants=network-online.target
After=network-online.target nss-lookup.target firewalld.service nftables.service docker.service

[Service]
Type=${command.includes('--restart') ? 'notify' : 'exec'}
ExecStart=${command.map(quoted).join(' ')}
Restart=on-failure
RestartSec=500ms
# Told to end while it starts.
SuccessExitStatus=143
# Containers are not the engine's to take along: only its own process is told to end.
KillMode=process
Delegate=yes
TasksMax=infinity

[Install]
WantedBy=multi-user.target
`;
}

/** One argument as systemd reads it: % and $ stand for themselves. */
function quoted(argument: string): string {
  const plain = argument.replace(/%/g, '%%').replace(/\$/g, '$$$$');
  return /^[\w./:=@%+,-]+$/.test(plain) ? plain : `"${plain.replace(/(["\\])/g, '\\$1')}"`;
}
