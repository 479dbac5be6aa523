/** How calls of a service are made. */
export interface ServiceCallOptions {
  /** Milliseconds until a call rejects; it waits so long for a provider too. `Infinity`: for ever. @default 30000 */
  readonly timeout?: number;
  /** Aborts calls: they reject with `ABORTED`, and are cancelled at the provider. */
  readonly signal?: AbortSignal | undefined;
}
