// Points in time as Go prints and reads them.

const two = (value: number): string => String(value).padStart(2, '0');

/** `+0100` and `CET` of a moment in the local zone. */
function zone(date: Date): { offset: string; name: string } {
  const minutes = -date.getTimezoneOffset();
  const offset = `${minutes < 0 ? '-' : '+'}${two(Math.trunc(Math.abs(minutes) / 60))}${two(Math.abs(minutes) % 60)}`;
  // Which abbreviations ICU knows depends on the locale: British English has CET, American English has EST.
  const names = ['en-GB', 'en-US', 'en-AU'].map(
    (locale) =>
      new Intl.DateTimeFormat(locale, { timeZoneName: 'short' })
        .formatToParts(date)
        .find((part) => part.type === 'timeZoneName')?.value ?? '',
  );
  const name = minutes === 0 && names.includes('UTC') ? 'UTC' : names.find((text) => /^[A-Z]{3,5}$/.test(text));
  return { offset, name: name ?? offset };
}

/** Go's time.Time.String() of a moment with whole seconds, in the local zone: `2026-11-21 13:02:02 +0000 UTC`. */
export function goTime(unixSeconds: number): string {
  const date = new Date(unixSeconds * 1000);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const { offset, name } = zone(date);
  return `${day} ${clock} ${offset} ${name}`;
}

interface Nanotime {
  /** `2026-11-21 13:02:02` in the local zone. */
  readonly clock: string;
  /** Nine digits. */
  readonly fraction: string;
  /** `+0100`. */
  readonly offset: string;
}

function localParts(timeNano: bigint): Nanotime {
  const date = new Date(Number(timeNano / 1_000_000n));
  const [clock = ''] = goTime(Math.floor(date.getTime() / 1000)).split(' +');
  return {
    clock: clock.replace(/ -\d{4} .*$/, ''),
    fraction: String(timeNano % 1_000_000_000n).padStart(9, '0'),
    offset: zone(date).offset,
  };
}

/** `2026-11-21 13:02:02.123456` in the local zone, as compose prints an event's time. */
export function localMicroseconds(timeNano: bigint): string {
  const { clock, fraction } = localParts(timeNano);
  return `${clock}.${fraction.slice(0, 6)}`;
}

/** RFC 3339 with as many digits as needed, in the local zone: `2026-11-21T13:02:02.1234Z`. */
export function rfc3339Nano(timeNano: bigint): string {
  const { clock, fraction, offset } = localParts(timeNano);
  const digits = fraction.replace(/0+$/, '');
  const zoneText = offset === '+0000' ? 'Z' : `${offset.slice(0, 3)}:${offset.slice(3)}`;
  return `${clock.replace(' ', 'T')}${digits === '' ? '' : `.${digits}`}${zoneText}`;
}
