// What a person does with a fresh WordPress in a browser, over HTTP: install it, publish a post, read the front page.
import { setTimeout as delay } from 'node:timers/promises';

export interface Account {
  readonly user: string;
  readonly password: string;
}

/** GET, or POST with form fields; the page's text. Follows redirects. Fails on any status that is not 2xx. */
async function page(url: string, fields?: Readonly<Record<string, string>>): Promise<string> {
  const body = fields && new URLSearchParams(fields);
  const answer = await fetch(url, {
    signal: AbortSignal.timeout(60_000),
    ...(body === undefined ? {} : { method: 'POST', body }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${text.slice(0, 500)}`);
  return text;
}

/** Completes the installation. Fine when it is complete already. */
export async function installSite(site: string, title: string, account: Account): Promise<void> {
  const form = await page(`${site}/wp-admin/install.php`);
  if (/already installed/i.test(form)) return;
  const done = await page(`${site}/wp-admin/install.php?step=2`, {
    weblog_title: title,
    user_name: account.user,
    admin_password: account.password,
    admin_password2: account.password,
    pw_weak: '1',
    admin_email: 'captain@windlass.example',
    blog_public: '0',
    language: '',
    Submit: 'Install WordPress',
  });
  if (!/Success|wp-login\.php/.test(done))
    throw new Error(`WordPress refused its installation: ${plain(done).slice(0, 600)}`);
}

/** Publishes a post through XML-RPC; returns its number. */
export async function publishPost(site: string, account: Account, title: string, content: string): Promise<number> {
  const text = (value: string): string => `<value><string>${escaped(value)}</string></value>`;
  const member = (name: string, value: string): string => `<member><name>${name}</name>${text(value)}</member>`;
  const post = `<struct>${member('post_title', title)}${member('post_content', content)}${member('post_status', 'publish')}</struct>`;
  const values = ['<value><int>1</int></value>', text(account.user), text(account.password), `<value>${post}</value>`];
  const params = values.map((value) => `<param>${value}</param>`).join('');
  const answer = await fetch(`${site}/xmlrpc.php`, {
    method: 'POST',
    headers: { 'content-type': 'text/xml' },
    body: `<?xml version="1.0"?><methodCall><methodName>wp.newPost</methodName><params>${params}</params></methodCall>`,
    signal: AbortSignal.timeout(60_000),
  });
  const said = await answer.text();
  const id = /<param>\s*<value>\s*<string>(\d+)<\/string>/.exec(said)?.[1];
  if (id === undefined) throw new Error(`WordPress did not take the post: ${plain(said).slice(0, 600)}`);
  return Number(id);
}

/** The text of a post, by its number. */
export const readPost = async (site: string, id: number): Promise<string> => page(`${site}/?p=${id}`);

/** The front page, once the site serves pages. */
export async function frontPage(site: string, deadlineMs = 30_000): Promise<string> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    try {
      return await page(`${site}/`);
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(100);
    }
  }
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const escaped = (text: string): string => text.replace(/[&<>]/g, (character) => ENTITIES[character] ?? character);

/** A page's words, without its markup. */
const plain = (html: string): string =>
  html
    .replace(/<(style|script)[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
