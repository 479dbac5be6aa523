import { ipcMain, MessageChannelMain, type WebContents } from 'electron';
import * as channels from './channels.js';

/** A channel between two pages, made here: each gets an end, under that label. */
export function handOver(label: string, a: WebContents, b: WebContents): void {
  const { port1, port2 } = new MessageChannelMain();
  a.postMessage(channels.PORT_MESSAGE, label, [port1]);
  b.postMessage(channels.PORT_MESSAGE, label, [port2]);
}

/** A channel whose other end is echoed on here. */
export function echoOnPort(label: string, contents: WebContents): void {
  const { port1, port2 } = new MessageChannelMain();
  port1.on('message', ({ data }) => port1.postMessage(data));
  port1.start();
  contents.postMessage(channels.PORT_MESSAGE, label, [port2]);
}

export function answerInvokes(): void {
  ipcMain.handle(channels.INVOKE, (_event, message: unknown) => message);
}

/** Main in the middle, as most applications have it. */
export function relay(client: WebContents, server: WebContents): void {
  ipcMain.on(channels.QUESTION, (_event, message: unknown) => server.send(channels.RELAYED_QUESTION, message));
  ipcMain.on(channels.ANSWER, (_event, message: unknown) => client.send(channels.RELAYED_ANSWER, message));
}

export function introduce(server: WebContents): void {
  ipcMain.on(channels.INTRODUCE, ({ ports }) => server.postMessage(channels.INTRODUCED, null, ports));
}
