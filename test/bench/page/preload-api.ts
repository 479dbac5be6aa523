import { ipcRenderer } from 'electron';
import type { Client } from './contender.js';
import { gap } from './measures/gap.js';
import { latency } from './measures/latency.js';
import { introduce } from './measures/introduce.js';
import type { Message } from './payload.js';
import {
  ANSWER,
  INTRODUCED,
  INVOKE,
  INVOKE_UTILITY,
  RELAYED_ANSWER,
  RELAYED_QUESTION,
  QUESTION,
} from '../main/channels.js';

// These run in the isolated world, next to `ipcRenderer`, which is their best: a page's call through the contextBridge
// would come on top.
const clients = {
  'ipcRenderer.invoke': { echo: (message) => ipcRenderer.invoke(INVOKE, message) },
  'relay through main': openRelay(),
  'relay to utility': { echo: (message) => ipcRenderer.invoke(INVOKE_UTILITY, message) },
} satisfies Record<string, Client>;

export type PreloadContender = keyof typeof clients;

function openRelay(): Client {
  const waiting: ((message: Message) => void)[] = [];
  ipcRenderer.on(RELAYED_ANSWER, (_event, message: Message) => waiting.shift()?.(message));
  return {
    echo: (message) =>
      new Promise((resolve) => {
        waiting.push(resolve);
        ipcRenderer.send(QUESTION, message);
      }),
  };
}

/** Bytes: of the page's JavaScript, and what the process has for itself. */
async function memory(): Promise<{ heap: number; process: number }> {
  const { private: own } = await process.getProcessMemoryInfo();
  return { heap: process.getHeapStatistics().usedHeapSize * 1024, process: own * 1024 };
}

export const preloadApi = {
  latency: (name: PreloadContender, count: number) => latency(clients[name], count),
  gap: (name: PreloadContender, ms: number) => gap(clients[name], ms),
  introduce,
  memory,
  /** The called side of the relay, and of introductions. */
  serve() {
    ipcRenderer.on(RELAYED_QUESTION, (_event, message: Message) => ipcRenderer.send(ANSWER, message));
    ipcRenderer.on(INTRODUCED, ({ ports: [port] }) => {
      if (port) port.onmessage = ({ data }) => port.postMessage(data);
    });
  },
};

export type PreloadApi = typeof preloadApi;
