import type { Bus } from '../core/bus/bus.js';
import { meshOf } from '../core/bus/caller.js';
import type { MeshEvent } from '../core/bus/events.js';
import type { Mesh } from '../core/bus/mesh.js';
import type { CallOptions } from '../core/bus/request.js';
import { peersOf, select, type Target } from '../core/bus/target.js';
import type { Peer } from '../core/directory/peer.js';
import { MeshError } from '../core/errors/mesh-error.js';
import type { Service } from './define.js';
import { Lifecycle } from './lifecycle.js';
import { References } from './references.js';
import type { Result } from './result.js';
import { validate, type StandardSchema } from './schema.js';
import { fits, mismatch } from './version.js';
import { callsOf, DESCRIBE, eventOf, headOf, type Description } from './wire.js';

type AnyListener = (...args: unknown[]) => unknown;

interface Listening {
  readonly event: string;
  readonly listener: AnyListener;
  readonly heard: (event: MeshEvent, ...args: unknown[]) => unknown;
}

/** A service in use: behind a handle, and all that `$with` makes of it. */
export class ServiceUser {
  readonly service: Service;
  readonly #bus: Bus;
  readonly #mesh: Mesh;
  readonly #target: Target;
  readonly #channel: string;
  readonly #references: References;
  readonly #lifecycle: Lifecycle;
  #listening: Listening[] = [];

  constructor(bus: Bus, service: Service, target: Target) {
    this.service = service;
    this.#bus = bus;
    this.#mesh = meshOf(bus);
    this.#target = target;
    this.#channel = callsOf(service.name);
    this.#references = References.of(bus);
    this.#lifecycle = new Lifecycle(this.#mesh, () => this.providers());
  }

  /** Those who provide it, and are meant. */
  providers(): Peer[] {
    return select(this.#target, this.#mesh.directory.handling(this.#channel)).map(({ peer }) => peer);
  }

  // ---- calls

  /** A method, to be called again and again. */
  method(name: string, options: CallOptions, target = this.#target): (...args: unknown[]) => Result<unknown> {
    const { schema, version = '' } = this.service;
    const label = `${this.service.name}.${name || '$status'}()`;
    const result = (schema.methods as { [method: string]: { result?: StandardSchema } } | undefined)?.[name]?.result;
    const check = result && ((value: unknown) => validate(result, value, (issues) => misfit(label, issues)));
    const callee = { target, channel: this.#channel, head: headOf(name, version), label, check };
    const service = { nobody: () => this.#nobody(label, options.timeout) };
    return (...args) => this.#references.call(callee, args, options, service);
  }

  async status(options: CallOptions): Promise<{ available: boolean; providers: object[] }> {
    const providers = this.providers();
    const asked = await Promise.allSettled(
      providers.map(async (peer) => {
        const { version, methods } = (await this.method(DESCRIBE, options, peer)()) as Description;
        return { peer, version, methods };
      }),
    );
    const answered = asked.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const [failed] = asked.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
    // Those that are gone meanwhile don't provide it.
    if (answered.length === 0 && failed && !MeshError.is(failed, 'PEER_GONE') && !MeshError.is(failed, 'NO_SERVICE'))
      throw failed;
    return { available: this.providers().length > 0, providers: answered };
  }

  async ready(options: CallOptions): Promise<void> {
    const { version } = (await this.method(DESCRIBE, options)()) as Description;
    if (!fits(this.service.version, version))
      throw mismatch(`${this.service.name}.$ready()`, this.service.version, version);
  }

  #nobody(label: string, timeout = 30_000): MeshError {
    const { name } = this.service;
    const target = this.#target;
    const whom =
      target === undefined ? 'nobody' : typeof target === 'string' ? `no peer '${target}'` : `no peer ${target.id}`;
    const there = target === undefined || peersOf(target, this.#mesh.directory).length > 0 ? '' : ', nor is it there';
    return new MeshError(
      'NO_SERVICE',
      `${label}: ${whom} provides '${name}'${there}, for ${timeout} ms. Is provide(bus, ${name}, …) called?`,
    );
  }

  // ---- events

  on(event: string, listener: AnyListener, once: boolean): void {
    if (event === '$start' || event === '$stop') {
      return this.#lifecycle.add(event, listener, once);
    }
    const { name } = this.service;
    const heard = (from: MeshEvent, version: unknown, ...args: unknown[]): unknown => {
      if (!this.providers().some(({ id }) => id === from.sender.id)) return undefined; // anybody may send, who is not told not to
      this.#check(`${name}.$on('${event}')`, from, event, version, args);
      if (once) this.off(event, listener);
      return listener(...args);
    };
    this.#bus.on(eventOf(name, event), heard);
    this.#listening = [...this.#listening, { event, listener, heard }];
  }

  confirm(): Promise<void> {
    return this.#mesh.confirm();
  }

  off(event: string, listener: AnyListener): void {
    if (event === '$start' || event === '$stop') return this.#lifecycle.remove(event, listener);
    const found = this.#listening.filter((each) => each.event === event && each.listener === listener).at(-1);
    if (!found) return;
    this.#listening = this.#listening.filter((each) => each !== found);
    this.#bus.off(eventOf(this.service.name, event), found.heard);
  }

  close(): void {
    for (const { event, listener } of this.#listening) this.off(event, listener);
    this.#lifecycle.close();
  }

  /** Throws what is to be reported. */
  #check(call: string, { sender }: MeshEvent, event: string, version: unknown, args: readonly unknown[]): void {
    const { version: own, schema } = this.service;
    const from = `${call}, from ${sender.name} (${sender.id})`;
    if (!fits(own, version)) throw mismatch(from, own, version);
    const expected = (schema.events as { [event: string]: StandardSchema } | undefined)?.[event];
    if (expected) validate(expected, args, (issues) => misfit(from, issues));
  }
}

function misfit(label: string, issues: string): MeshError {
  return new MeshError('PROTOCOL', `${label}: what came does not fit its schema: ${issues}`);
}
