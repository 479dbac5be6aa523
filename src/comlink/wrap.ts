import { wrap as wrapOn, type Remote } from 'comlink';
import { meshOf, type CallerOptions } from '../core/bus/caller.js';
import { MeshError, show } from '../core/errors/mesh-error.js';
import { channelOf } from './channel.js';
import { callerOf, type AnyCaller } from './from.js';
import { Line } from './line.js';

/**
 * Comlink's proxy of an object that another peer exposes, over a port of its own. Its calls reject with what the object threw, as
 * Comlink passes it on, or with a MeshError: `PEER_GONE` (with `reason`) when the peer is gone, `CLOSED` when it no longer exposes
 * the object, `NOT_CLONEABLE`, `NO_METHOD` for names that are refused. None is left pending.
 *
 * Rejects with `NO_HANDLER` if nobody exposes it, or as `openPort` does.
 *
 * @param from whose: `bus` (one of those that expose it, they take turns), `bus.to('viewer')`, `bus.to(peer)`
 * @param options for the connection, not for the calls on it: `timeout`, `signal`, and `wait`, to wait for somebody who exposes it
 * @throws MeshError `INVALID_ARGUMENT` if `name` is no name, or an option is none
 * @example
 * const scene = await wrap<Scene>(bus.to('viewer'), 'scene');
 * await scene.draw(42);
 * scene[releaseProxy]();
 */
export async function wrap<T>(from: AnyCaller, name: string, options: CallerOptions = {}): Promise<Remote<T>> {
  const call = `wrap(${show(name)})`;
  const channel = channelOf(call, name);
  const caller = callerOf(from, call);
  const mesh = meshOf(caller);
  const port = await caller
    .with(options)
    .openPort(channel)
    .catch((cause: unknown) => {
      if (!MeshError.is(cause)) throw cause;
      const { code, message, reason } = cause;
      const text =
        code === 'NO_HANDLER'
          ? `${call}: nobody exposes it. Call expose(bus, '${name}', object) there, or give { wait: ms }.`
          : message.replace(`openPort('${channel}')`, call); // whoever calls has not called that
      throw new MeshError(code, text, { cause, reason });
    });
  if (mesh.closeInfo) port.close();
  mesh.check(call);
  return wrapOn<T>(new Line(mesh, port, name).lanes.get(0) as never);
}
