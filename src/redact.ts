// Values that may be secrets, made fit to be shown.

/** What stands in the place of a secret. */
const HIDDEN = '•••';

const SECRET_NAME =
  /pass(word|wd|phrase)?|secret|token|credential|private|api_?key|access_?key|(^|_)(key|auth|pwd|pw)($|_)/i;
/** `postgres://user:password@host`. */
const PASSWORD_IN_URL = /([a-z][a-z0-9+.-]*:\/\/[^\s/:@]*):[^\s/@]+@/gi;

/** Whether a variable's name says that its value is nobody's business. */
export const namesSecret = (name: string): boolean => SECRET_NAME.test(name);

/** The value of a variable as it may be shown: hidden whole when its name tells, otherwise without passwords of URLs. */
export const shownValue = (name: string, value: string): string =>
  namesSecret(name) && value !== '' ? HIDDEN : withoutPasswords(value);

/** A text without the passwords of the URLs in it. */
export const withoutPasswords = (text: string): string => text.replace(PASSWORD_IN_URL, `$1:${HIDDEN}@`);
