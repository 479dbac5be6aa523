import type { Bus } from '../core/bus/bus.js';
import { meshOf } from '../core/bus/caller.js';
import type { MeshEvent } from '../core/bus/events.js';
import { newRequest, type CallOptions } from '../core/bus/request.js';
import { noPeerOf, select, type Target } from '../core/bus/target.js';
import { SERVICE } from '../core/directory/grant.js';
import type { Peer } from '../core/directory/peer.js';
import { invalid, MeshError, show, type LeaveReason } from '../core/errors/mesh-error.js';
import { checkOptions } from '../core/options.js';
import { heldPort } from '../core/port/port-holder.js';
import { disposing } from '../core/registration.js';
import { REQUEST } from '../core/wire/frames.js';
import type { ServiceCallOptions } from './call-options.js';
import type { AnyService } from './define.js';
import { isMethodName, noMethod } from './methods.js';
import { referencesOf } from './references.js';
import type { Result } from './result.js';
import { after, validate } from './schema.js';
import { checkFit } from './version.js';

/** A listener of a handle's. */
export interface Listening {
  readonly event: unknown;
  readonly listener: unknown;
  end(): void;
}

type AnyListener = (...args: unknown[]) => unknown;

/** Its last `$start` or `$stop`: each is told behind the one before. A stop, behind what it answers whatever it is asked: so, behind its events. */
const lastTold = new WeakMap<Peer, Promise<unknown>>();

/**
 * What the application holds: an object with every method that a service may have. Which ones this one has, the compiler knows, and the
 * provider; so a name that can't be a method's is the only one that is refused here. All of it is in one function: what its parts
 * would have to hand each other weighs more.
 *
 * @param listening its listeners, and those of all that `$with` makes of it
 */
export function handleOf(
  bus: Bus,
  service: AnyService,
  target: Target,
  options: CallOptions,
  listening: Set<Listening>,
): object {
  const { name, schema, version } = service;
  const channel = SERVICE + name;
  const mesh = meshOf(bus);
  const { call } = referencesOf(bus);

  /** Those who provide it, and are meant. */
  const providers = (): Peer[] => select(target, mesh.directory.handling(channel)).map(({ peer }) => peer);
  const provides = ({ id }: Peer): boolean => providers().some((each) => each.id === id);

  /** A method, to be called again and again. */
  const methodOf = (method: string, whom = target): ((...args: unknown[]) => Result<unknown>) => {
    const label = `${name}.${method}()`;
    const result = schema.methods?.[method]?.result;
    const callee = {
      target: whom,
      channel,
      head: [undefined, method, version] as const,
      label,
      check: (value: unknown) => validate(result, value, 'PROTOCOL', label, "its result doesn't fit"),
      nobody: ({ timeout }: { readonly timeout: number }) => {
        const text = `${label}: ${noPeerOf(whom)} provides '${name}', for ${timeout} ms. Is provide(bus, ${name}, ...) called?`;
        return new MeshError('NO_SERVICE', text);
      },
    };
    return (...args) => call(callee, args, options);
  };

  /** Tells an event of the service's, `$start` and `$stop` too, until what is returned is called. */
  const listen = (event: string, listener: AnyListener): (() => void) => {
    const { news } = mesh;
    const isOwn = event !== '$start' && event !== '$stop';
    const known = new Set(providers().map(({ id }) => id));
    let ended = false;
    // The mesh tells of each change of each peer.
    const look = (peer: Peer, left?: LeaveReason): unknown => {
      const { id } = peer;
      const did = known.has(id);
      const does = provides(peer);
      if (does) known.add(id);
      // What it told before it stopped may still be on its way.
      else if (!isOwn || left) known.delete(id);
      if (isOwn || does === did || does !== (event === '$start')) return undefined;
      const link = does || left ? undefined : mesh.directory.get(id)?.link;
      const answered = new Promise((resolve) => {
        if (link?.open) link.sendCall(newRequest(REQUEST, peer, channel, { ...options, wait: 0 }, resolve), []);
        else resolve(0);
      });
      const told = Promise.allSettled([lastTold.get(peer), answered]).then(() => !ended && listener(peer, left));
      lastTold.set(peer, told);
      return told;
    };
    const told = `${channel}/${event}`;
    const heard = ({ sender }: MeshEvent, theirs: unknown, ...args: unknown[]): unknown => {
      if (!known.has(sender.id)) return undefined; // anybody may send, who is not told not to
      const on = `${name}.$on('${event}'), from ${sender.name} (${sender.id})`;
      checkFit(on, version, theirs);
      return after(validate(schema.events?.[event], args, 'PROTOCOL', on), () => listener(...args));
    };
    if (isOwn) bus.on(told, heard); // it may throw
    const kinds = ['join', 'change', 'leave'];
    for (const each of kinds) news.add(each, look);
    return () => {
      for (const each of kinds) news.remove(each, look);
      ended = true;
      bus.off(told, heard);
    };
  };

  /** What those who provide it say of themselves. Those that are gone meanwhile don't provide it. */
  const status = async (): Promise<{ available: boolean; providers: object[] }> => {
    const asked: { readonly value?: object; readonly reason?: unknown }[] = await Promise.allSettled(
      providers().map(async (peer) => ({ ...((await methodOf('$status', peer)()) as object), peer })),
    );
    const answered = asked.flatMap(({ value }) => value ?? []);
    const failed = asked[0]?.reason as MeshError | undefined;
    if (failed && answered.length === 0 && !/^(PEER_GONE|NO_SERVICE)$/.test(failed.code)) throw failed;
    return { available: providers().length > 0, providers: answered };
  };

  const on = (called: string) => (event: unknown, listener: unknown) => {
    if (typeof event !== 'string' || !/^([^$]|\$(start|stop)$)/.test(event) || typeof listener !== 'function') {
      throw invalid(`${name}.${called}(${show(event)})`, 'the listener is a function, the event a name.');
    }
    const stop = listen(event, (...args) => {
      if (called === '$once') added.end();
      return listener(...args) as unknown;
    });
    const added: Listening = { event, listener, end: () => (listening.delete(added), stop()) };
    listening.add(added);
    return handle;
  };

  const close = (): void => listening.forEach((each) => each.end());
  /** What there is, and each method that was asked for. */
  const members: { [name: PropertyKey]: unknown } = {
    __proto__: null, // so that it has no other names
    $on: on('$on'),
    $once: on('$once'),
    $off: (event: string, listener: AnyListener) => {
      const those = [...listening].filter((each) => each.event === event && each.listener === listener);
      those.pop()?.end(); // of several registrations, the last one
      return handle;
    },
    $subscribe: async (event: unknown, listener: unknown) => {
      on('$subscribe')(event, listener);
      await mesh.confirm(`${name}.$subscribe(${show(event)})`);
    },
    get $available() {
      return !mesh.closeInfo && providers().length > 0;
    },
    $status: status,
    $ready: async () => void (await methodOf('$ready')()),
    $with: (more: ServiceCallOptions) =>
      handleOf(
        bus,
        service,
        target,
        { ...options, ...checkOptions(`${name}.$with(`, more, ['timeout', 'signal']) },
        listening,
      ),
    $close: close,
    [disposing]: close,
    // What a template asks for.
    [Symbol.toPrimitive]: () => `[${shown}]`,
  };
  // Of a class, which the console shows: a plain object without properties would be sent as that.
  const shown = `service ${name}`;
  const { [shown]: Handle } = { [shown]: class {} };
  const handle: object = new Proxy(Object.freeze(new (Handle as new () => object)()), {
    get(_, key) {
      if (isMethodName(key)) members[key] ??= methodOf(key);
      // Whatever is awaited is asked for `then`, what is shown as JSON for `toJSON`.
      if (key in members || typeof key !== 'string' || /^(then|toJSON)$/.test(key)) return members[key];
      return () => Promise.reject(noMethod(`${name}.${key}()`));
    },
    has(_, key) {
      // Whoever is about to send it asks that.
      if (key === heldPort)
        throw new MeshError('NOT_CLONEABLE', `the handle of ${shown} stays here. Call consume() there.`);
      return key in members || isMethodName(key);
    },
    set: (_, key) => {
      throw invalid(`${name}.${String(key)} = ...`, 'a service can be called, not changed.');
    },
  });
  return handle;
}
