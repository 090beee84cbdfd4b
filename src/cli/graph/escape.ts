// Text that becomes part of XML or HTML.

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Safe as content and inside quotes; control characters, which XML does not allow, are left out. */
export const escapeXml = (text: string): string =>
  [...text]
    .filter((character) => character >= ' ' || character === '\n' || character === '\t')
    .map((character) => ENTITIES[character] ?? character)
    .join('');

/** A page of its own around what is drawn: nothing is fetched, and no script runs. */
export const page = (title: string, body: string, style = ''): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeXml(title)}</title>
<style>body{margin:24px;font:14px system-ui,sans-serif;color:#1f2328;background:#fff}svg{max-width:100%;height:auto}${style}</style>
</head>
<body>
${body}</body>
</html>
`;
