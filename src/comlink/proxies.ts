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
  exposed: boolean;
}

const offers = new WeakMap<object, Offer>();
const unused: Offer['channel'][] = [];
const settled = Promise.resolve();

const handler = transferHandlers.get('proxy');
if (handler) {
  handler.serialize = (object) => {
    const channel = unused.pop() ?? new MessageChannel();
    const { port1, port2 } = channel;
    const offer: Offer = { object: object as object, channel, exposed: false };
    offers.set(port2, offer);
    void settled.then(() => {
      if (offers.get(port2) !== offer) return;
      offer.exposed = true;
      expose(object, port1 as never);
    });
    return [port2, [port2 as never]];
  };
}

/** The object for which Comlink made `port`, if it did: it is not exposed there any more. */
export function takeFrom(port: object): object | undefined {
  const offer = offers.get(port);
  if (!offer) return undefined;
  const { object, channel, exposed } = offer;
  offers.delete(port);
  if (exposed) channel.port2.close();
  else unused.push(channel);
  return object;
}

/** Whether Comlink made `port` for an object. */
export function isOffered(port: object): boolean {
  return offers.has(port);
}
