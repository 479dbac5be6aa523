import { Bus } from '../core/bus/bus.js';
import { meshOf } from '../core/bus/caller.js';
import { invalid, show } from '../core/errors/mesh-error.js';
import { registration, type Registration } from '../core/registration.js';
import { channelOf } from './channel.js';
import type { AnyBus } from './from.js';
import { Line } from './line.js';

/**
 * Exposes an object to the other peers under a name, as Comlink does: they `wrap()` it. Each of them has a port of its own to it. What
 * can be reached from it by property names can be read, set, called and constructed by them, but for `constructor`, `prototype`,
 * `__proto__` and the like: so expose an object made for that, not one that holds a window, a DOM node or the like in a property.
 *
 * Disposing ends the connections too: what is pending there rejects with `CLOSED`, and so does what is called later. So does the end
 * of the bus. An object's `[finalizer]` is called for each wrapped proxy of it that is released, collected, or lost with its peer.
 *
 * @param object an object, a function, or a class
 * @throws MeshError `INVALID_ARGUMENT` if `name` is no name, `object` can't be exposed, or this bus exposes one of that name already;
 *   `NOT_AUTHORIZED` if this peer may not take ports on `comlink:<name>`; `LIMIT`; `CLOSED`
 * @example
 * const exposed = expose(bus, 'scene', new Scene());
 */
export function expose(bus: AnyBus, name: string, object: object): Registration {
  const call = `expose(bus, ${show(name)}, object)`;
  const channel = channelOf(call, name);
  if (Object(object) !== object) throw invalid(call, 'give an object, a function or a class.');
  if (!(bus instanceof Bus)) throw invalid(call, 'the first argument must be a bus.');
  const mesh = meshOf(bus);
  if (mesh.dispatcher.handlers.has(channel)) throw invalid(call, 'this bus exposes one of that name already.');
  const exposure = { object };
  const taking = bus.onPort(channel, (_, port) => {
    new Line(mesh, port, name, exposure);
  });
  return registration(() => {
    taking.dispose();
    for (const line of mesh.lines as Set<never> as Set<Line>) {
      if (line.exposure === exposure) for (const id of line.lanes.keys()) line.close(id);
    }
  });
}
