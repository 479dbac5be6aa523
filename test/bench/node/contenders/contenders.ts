import { childProcess } from './child-process.js';
import { commonIpc } from './common-ipc.js';
import type { Contender } from './contender.js';
import { portmesh } from './portmesh.js';
import { rawSocket } from './raw-socket.js';

export const contenders = {
  portmesh,
  'raw socket': rawSocket,
  'child_process advanced': childProcess,
  'electron-common-ipc': commonIpc,
} satisfies Record<string, Contender>;

export type ContenderName = keyof typeof contenders;
