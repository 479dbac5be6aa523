// What every host has whose objects Comlink exposes: pages, workers, Node, Electron. See core/ambient.d.ts.
interface MessagePort {
  close(): void;
}
declare const MessageChannel: { new (): { readonly port1: MessagePort; readonly port2: MessagePort } };
