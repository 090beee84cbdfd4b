// What a page gets so that it reloads itself: a few lines that listen to the proxy.
import { createHash } from 'node:crypto';

/** Below this path the proxy answers itself. */
export const CHANNEL_PATH = '/.windlass/reload';

export interface ClientScript {
  readonly element: string;
  /** As a Content-Security-Policy names it. */
  readonly hash: string;
}

/**
 * The script for a page that was asked for when the files were in this state. The proxy's messages name the state they are in: another
 * one, now or after an interruption, means that the page is old.
 */
export function clientScript(state: string): ClientScript {
  const script =
    `(()=>{const source=new EventSource(${JSON.stringify(CHANNEL_PATH)});` +
    `source.addEventListener('state',({data})=>{if(data!==${JSON.stringify(state)}){source.close();location.reload()}});` +
    // A page that comes back from the browser's memory is as old as it was.
    "addEventListener('pagehide',()=>source.close());" +
    "addEventListener('pageshow',({persisted})=>{if(persisted)location.reload()})})()";
  const hash = `'sha256-${createHash('sha256').update(script).digest('base64')}'`;
  return { element: `<script>${script}</script>`, hash };
}
