// Whether a text is an IP address. `node:net` knows as well, but takes longer to load than most files to read.

const BYTE = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const IPV4 = new RegExp(`^${BYTE}(?:\\.${BYTE}){3}$`);

/** IPv4 or IPv6, without brackets, zone or prefix length. */
export function isIpAddress(text: string): boolean {
  return text.includes(':') ? isIpv6(text) : IPV4.test(text);
}

function isIpv6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  let groups = 0;
  for (const [half, part] of halves.entries()) {
    if (part === '') continue;
    const words = part.split(':');
    for (const [index, word] of words.entries()) {
      const last = half === halves.length - 1 && index === words.length - 1;
      if (last && IPV4.test(word)) groups += 2;
      else if (/^[\da-f]{1,4}$/i.test(word)) groups += 1;
      else return false;
    }
  }
  return halves.length === 2 ? groups < 8 : groups === 8;
}
