// Texts that look like credentials: found before they leave the machine. A finding names the place; of the value it shows the
// head, by which its owner knows it. Pure.

export interface Finding {
  /** `Github authentication` */
  readonly kind: string;
  /** Line, from 1. */
  readonly line: number;
  /** The name it is given, where it has one: `GITHUB_TOKEN`. */
  readonly key: string;
  /** The value with all but its head left out. */
  readonly shown: string;
}

interface Detector {
  readonly kind: string;
  /** Its group `secret` is the value. */
  readonly pattern: RegExp;
  /** Has to hold for the name, where the form of the value says too little. */
  readonly key?: RegExp;
}

const DETECTORS: readonly Detector[] = [
  {
    kind: 'AWS Client ID',
    pattern: /(?<![A-Z0-9])(?<secret>A(?:3T[A-Z0-9]|KIA|GPA|IDA|ROA|IPA|NPA|NVA|SIA)[A-Z0-9]{16})(?![A-Z0-9])/g,
  },
  {
    kind: 'AWS Secret Key',
    pattern: /(?<![A-Za-z0-9+/])(?<secret>(?:aws"?)?[A-Za-z0-9+/]{40}"?)(?![A-Za-z0-9+/])/g,
    key: /aws|secret_?access_?key/i,
  },
  { kind: 'Github authentication', pattern: /(?<secret>(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,}))/g },
  { kind: 'GitLab authentication', pattern: /(?<secret>gl(?:pat|dt|rt|ptt)-[\w-]{20,})/g },
  { kind: 'Slack token', pattern: /(?<secret>xox[abprs]-[A-Za-z0-9-]{10,})/g },
  { kind: 'Stripe key', pattern: /(?<secret>[sr]k_live_[A-Za-z0-9]{16,})/g },
  { kind: 'Google API key', pattern: /(?<secret>AIza[\w-]{35})/g },
  { kind: 'JSON Web Token', pattern: /(?<secret>eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,})/g },
  { kind: 'Private Key', pattern: /(?<secret>-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----)/g },
  { kind: 'URL with password', pattern: /(?<secret>\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@"'$]+:[^\s:/@"'$]{3,}@)/gi },
];

/** A name before a value, in YAML, in an env file or in JSON. */
const NAME_BEFORE = /(?:^|[\s"'-])(?<key>[A-Za-z_][\w.-]*)["']?\s*[:=]\s*["']?[^\s:=]*$/;

/** What looks like a credential in a text. */
export function findSensitive(text: string): Finding[] {
  const findings: Finding[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    for (const { kind, pattern, key: wanted } of DETECTORS)
      for (const match of line.matchAll(pattern)) {
        const key = NAME_BEFORE.exec(line.slice(0, match.index))?.groups?.key ?? '';
        if (wanted && !wanted.test(key)) continue;
        findings.push({ kind, line: index + 1, key, shown: headOf(match.groups?.secret ?? '') });
      }
  }
  return findings;
}

const HEAD = 4;
const headOf = (secret: string): string =>
  secret.startsWith('-----') ? secret : `${secret.slice(0, HEAD)}… (${secret.length} characters)`;

/** The question about findings in files; undefined when there are none. */
export function sensitiveQuestion(
  files: readonly { readonly name: string; readonly text: string }[],
): string | undefined {
  const blocks = files.flatMap(({ name, text }) =>
    findSensitive(text).flatMap(({ kind, line, key, shown }) => [kind, `${name}:${line}: "${key}": ${shown}`]),
  );
  if (blocks.length === 0) return undefined;
  return `you are about to publish sensitive data within your OCI artifact.
please double check that you are not leaking sensitive data
${blocks.join('\n')}
Are you ok to publish these sensitive data?`;
}
