// The preload of electron-common-ipc's windows: sandboxed, as its documentation has it, but without context isolation.

import { ipcRenderer } from 'electron';
import { PreloadElectronCommonIpc } from 'electron-common-ipc/lib/index-preload.js';
import { handPortsThrough } from './hand-through.js';

handPortsThrough();
// Its answers go from renderer to renderer by `sendTo`, which Electron 28 removed. On top of `send` they take the way that
// its questions take: its bridge in main reads the target and passes them on.
if (!('sendTo' in ipcRenderer)) {
  Object.assign(ipcRenderer, {
    sendTo: (_contents: number, channel: string, ...args: unknown[]) => ipcRenderer.send(channel, ...args),
  });
}
PreloadElectronCommonIpc(false);
