import type { Bus } from '../core/bus/bus.js';
import { meshOf } from '../core/bus/caller.js';
import type { CallOptions } from '../core/bus/request.js';
import { noPeerOf, select, type Target } from '../core/bus/target.js';
import type { Peer } from '../core/directory/peer.js';
import { SERVICE } from '../core/directory/grant.js';
import { MeshError } from '../core/errors/mesh-error.js';
import type { AnyService } from './define.js';
import { referencesOf } from './references.js';
import type { Result } from './result.js';
import { validate } from './schema.js';

/** A service in use: behind a handle, and all that `$with` makes of it. */
export interface User {
  readonly bus: Bus;
  readonly service: AnyService;
  readonly target: Target;
}

/** Those who provide it, and are meant. */
export function providersOf({ bus, service, target }: User): Peer[] {
  return select(target, meshOf(bus).directory.handling(SERVICE + service.name)).map(({ peer }) => peer);
}

/** A method, to be called again and again. */
export function methodOf(
  { bus, service: { name: service, schema, version }, target }: User,
  method: string,
  options: CallOptions,
): (...args: unknown[]) => Result<unknown> {
  const label = `${service}.${method}()`;
  const result = schema.methods?.[method]?.result;
  const callee = {
    target,
    channel: SERVICE + service,
    head: [undefined, method, version] as const,
    label,
    check: (value: unknown) => validate(result, value, 'PROTOCOL', label, "its result doesn't fit"),
    nobody: ({ timeout }: { readonly timeout: number }) => {
      const text = `${label}: ${noPeerOf(target)} provides '${service}', for ${timeout} ms. Is provide(bus, ${service}, …) called?`;
      return new MeshError('NO_SERVICE', text);
    },
  };
  const { call } = referencesOf(bus);
  return (...args) => call(callee, args, options);
}

/** What those who provide it say of themselves. Those that are gone meanwhile don't provide it. */
export async function statusOf(user: User, options: CallOptions): Promise<{ available: boolean; providers: object[] }> {
  const asked: { readonly value?: object; readonly reason?: unknown }[] = await Promise.allSettled(
    providersOf(user).map(async (peer) => {
      const description = (await methodOf({ ...user, target: peer }, '$status', options)()) as object;
      return { ...description, peer };
    }),
  );
  const providers = asked.flatMap(({ value }) => value ?? []);
  const failed = asked[0]?.reason as MeshError | undefined;
  if (failed && providers.length === 0 && !/^(PEER_GONE|NO_SERVICE)$/.test(failed.code)) throw failed;
  return { available: providersOf(user).length > 0, providers };
}
