// What every host has whose objects Comlink exposes: pages, workers, Node, Electron. See core/ambient.d.ts.
type Transferable = object;
interface MessagePort {
  onmessage: ((event: { readonly data: unknown; readonly ports: readonly object[] }) => void) | null;
  postMessage(message: unknown, transfer: readonly object[]): void;
  addEventListener(type: 'close', listener: () => void): void;
  close(): void;
}
declare const MessageChannel: { new (): { readonly port1: MessagePort; readonly port2: MessagePort } };
