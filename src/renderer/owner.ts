import type { OwnerWay } from '../core/broker/asker.js';
import { invalid } from '../core/errors/mesh-error.js';

/**
 * An origin as the browser writes it in `event.origin`; any other would never match. All pages of files have `file://`.
 * @throws MeshError `INVALID_ARGUMENT`
 */
export function checkOrigin(call: string, origin: unknown): asserts origin is string {
  const written =
    typeof origin === 'string' &&
    origin === origin.toLowerCase() &&
    (origin === 'file://' || /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s@]+$/.test(origin)) &&
    !/^http:.*:80$|^https:.*:443$/.test(origin);
  if (written) return;
  throw invalid(
    call,
    "give an origin as the browser writes it, in small letters, without a path or a default port: 'https://app.example', " +
      "'app://editor', or 'file://' for a page of a file.",
  );
}

/** From a frame to the page it is in. Nobody else gets its asks, and nobody else's answers are taken. */
export function wayToParent(origin: string): OwnerWay {
  const { parent } = window;
  return {
    post: (message, port) => parent.postMessage(message, origin, port ? [port as MessagePort] : []),
    channel,
    listen(listener) {
      const onMessage = (event: MessageEvent): void => {
        if (event.source !== parent || event.origin !== origin) return;
        if (listener(event.data, event.ports)) event.stopImmediatePropagation();
      };
      window.addEventListener('message', onMessage);
      return () => window.removeEventListener('message', onMessage);
    },
  };
}

/** What a dedicated worker has of its own. */
export type WorkerScope = Pick<Worker, 'postMessage' | 'addEventListener' | 'removeEventListener'>;

/** From a dedicated worker to the page, or worker, that made it. */
export function wayToMaker(scope: WorkerScope): OwnerWay {
  return {
    post: (message, port) => scope.postMessage(message, port ? [port as MessagePort] : []),
    channel,
    listen(listener) {
      const onMessage = (event: MessageEvent): void => {
        if (listener(event.data, event.ports)) event.stopImmediatePropagation();
      };
      scope.addEventListener('message', onMessage);
      return () => scope.removeEventListener('message', onMessage);
    },
  };
}

function channel(): readonly [MessagePort, MessagePort] {
  const { port1, port2 } = new MessageChannel();
  return [port1, port2];
}
