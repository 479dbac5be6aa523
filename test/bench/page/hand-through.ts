import { ipcRenderer } from 'electron';
import { PORT_MESSAGE } from '../main/channels.js';

/** Ports don't cross the contextBridge; `window.postMessage` takes them to the page. */
export function handPortsThrough(): void {
  ipcRenderer.on(PORT_MESSAGE, (event, label: string) => {
    window.postMessage([PORT_MESSAGE, label], '/', [...event.ports]);
  });
}
