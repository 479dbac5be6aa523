import { STREAM } from '../wire/frames.js';
import { MeshStream, WINDOW } from './mesh-stream.js';
import { newRequest, type CallOptions, type Request } from './request.js';
import type { Target } from './target.js';

export interface StreamRequestOwner {
  /** Nobody takes from it any more. */
  abandon(request: Request): void;
  /** Its deadline has changed. */
  watch(request: Request): void;
}

/** A stream, and the request that brings its items. */
export function streamRequest<T>(
  target: Target,
  channel: string,
  options: CallOptions,
  owner: StreamRequestOwner,
): [MeshStream<T>, Request] {
  // Once it runs, there is no end to wait for; a time-out that was given is the longest wait for an item.
  const idle = options.timeout ?? Infinity;
  let running = false;
  let waits = false;
  const rest = (): void => {
    request.started = waits && idle < Infinity ? { time: performance.now() } : undefined;
    owner.watch(request);
  };
  const stream = new MeshStream<T>({
    abandon: () => owner.abandon(request),
    credit: (cost) => request.link?.credit(request, cost),
    waiting: (now) => {
      waits = now;
      if (running) rest();
    },
  });
  const request: Request = {
    ...newRequest(STREAM, target, channel, options, (outcome) => stream.settle(outcome)),
    stream: {
      credit: WINDOW,
      started: () => {
        running = true;
        request.timeout = idle;
        rest();
      },
      item: (cost, value) => {
        if (running) rest();
        return stream.item(cost, value);
      },
    },
  };
  return [stream, request];
}
