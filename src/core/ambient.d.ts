// The few globals that every host of the core has (browsers, workers, Node, Electron), and nothing else: `window`,
// `process` or a DOM type in core is a compile error. Dependents see the real declarations of their own platform.
interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
interface AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}
declare const AbortController: { new (): AbortController };
interface Event {
  readonly type: string;
}
declare const Event: { new (type: string): Event };
interface EventTarget {
  addEventListener(type: string, listener: unknown, options?: unknown): void;
  removeEventListener(type: string, listener: unknown, options?: unknown): void;
  dispatchEvent(event: Event): boolean;
}
declare const EventTarget: { new (): EventTarget };
declare const DOMException: { new (message: string, name: string): Error } | undefined;
declare const performance: { now(): number };
declare function structuredClone<T>(value: T, options?: { transfer: readonly unknown[] }): T;
declare function queueMicrotask(callback: () => void): void;
declare function setTimeout(callback: () => void, ms: number): unknown;
declare function clearTimeout(timer: unknown): void;
declare const console: { error(...data: unknown[]): void };
interface ReadableStreamDefaultController<T> {
  enqueue(chunk: T): void;
  close(): void;
}
interface ReadableStreamDefaultReader<T> {
  read(): Promise<{ done: boolean; value: T | undefined }>;
  cancel(reason?: unknown): Promise<void>;
}
interface ReadableStream<T> {
  getReader(): ReadableStreamDefaultReader<T>;
}
declare const ReadableStream: {
  new <T>(
    source: {
      pull(controller: ReadableStreamDefaultController<T>): unknown;
      cancel(reason?: unknown): unknown;
    },
    strategy: { highWaterMark: number },
  ): ReadableStream<T>;
};
