// What a page gets so that it reloads itself: a few lines that listen to the proxy.
import { createHash } from 'node:crypto';

/** Below this path the proxy answers itself. */
export const CHANNEL_PATH = '/.windlass/reload';

/**
 * The first message names the state of the files. A page that was cut off, as by a proxy that was started anew, reloads when it is
 * connected again and the state is another.
 */
export const CLIENT_SCRIPT =
  `(()=>{let state;const source=new EventSource(${JSON.stringify(CHANNEL_PATH)});` +
  "source.addEventListener('state',({data})=>{if(state!==undefined&&state!==data)location.reload();state=data});" +
  // A page that comes back from the browser's memory is as old as it was.
  "addEventListener('pagehide',()=>source.close());addEventListener('pageshow',({persisted})=>{if(persisted)location.reload()})})()";

export const CLIENT_ELEMENT = `<script>${CLIENT_SCRIPT}</script>`;

/** As a Content-Security-Policy names it. */
export const CLIENT_HASH = `'sha256-${createHash('sha256').update(CLIENT_SCRIPT).digest('base64')}'`;
