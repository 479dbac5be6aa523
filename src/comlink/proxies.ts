// For each `proxy()`, and each `new remote.Class()`, Comlink makes a MessageChannel and exposes the object on one of its ends. Node's
// ports can't go over Electron's, or a socket; listened to, they keep the process alive; a port each costs half a millisecond; and
// nothing stands between that end and the peer. So what is about to leave through the mesh is exposed there instead:
//
//  1. The handler makes its channel as ever, but exposes the object on it only behind the turn's own code, in which Comlink posts.
//  2. A line that finds such a port in what it is to send takes the object. The channel has not been used: the next one gets it.
//  3. To other ports than the mesh's, Comlink's messages go as ever. What comes on them waits in the channel until it is exposed.

import { expose, transferHandlers } from 'comlink';

interface Offer {
  readonly object: object;
  readonly channel: { readonly port1: MessagePort; readonly port2: MessagePort };
}

const offers = new WeakMap<object, Offer>();
const unused: Offer['channel'][] = [];
const settled = Promise.resolve();

/** A port that stands for the object, and is exposed on soon, unless a line takes it. */
export function offer(object: object): object {
  const channel = unused.pop() ?? new MessageChannel();
  const { port1, port2 } = channel;
  const made = { object, channel };
  offers.set(port2, made);
  void settled.then(() => {
    if (offers.get(port2) !== made) return;
    offers.delete(port2);
    expose(object, port1 as never);
  });
  return port2;
}

/** Whether `port` was offered for an object. */
export function isOffered(port: object): boolean {
  return offers.has(port);
}

/** The object that `port` was offered for, if it was: it is no longer. */
export function takeFrom(port: object): object | undefined {
  const made = offers.get(port);
  offers.delete(port);
  if (made) unused.push(made.channel);
  return made?.object;
}

const handler = transferHandlers.get('proxy');
if (handler) {
  handler.serialize = (object) => {
    const port = offer(object as object);
    return [port, [port as never]];
  };
}
