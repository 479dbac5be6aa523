// For each `proxy()`, and each `new remote.Class()`, Comlink makes a MessageChannel and exposes the object on one of its ends. Node's
// ports can't go over Electron's, or a socket; listened to, they keep the process alive; a port each costs half a millisecond; and
// nothing stands between that end and the peer. So an object that is about to leave through the mesh is exposed there instead: what
// it was exposed on is remembered here, and closed unused. Over other ports, Comlink works as ever.

import { transferHandlers } from 'comlink';

const exposed = new WeakMap<object, object>();

const handler = transferHandlers.get('proxy');
if (handler) {
  const serialize = handler.serialize.bind(handler);
  handler.serialize = (object) => {
    const made = serialize(object);
    exposed.set(made[0] as object, object as object);
    return made;
  };
}

/** The object that Comlink exposed at the far end of `port`; `undefined` if it made the port for nothing of the kind. */
export function exposedOn(port: object): object | undefined {
  return exposed.get(port);
}
