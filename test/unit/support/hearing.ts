import type { Port, PortListener } from '../../../src/core/port/port.js';

/** A port whose owner hears what `between` makes of what arrives. */
export function hearing(port: Port, between: (listener: PortListener) => PortListener['message']): Port {
  return {
    carries: port.carries,
    raw: port.raw,
    post: (message, transfer) => port.post(message, transfer),
    close: () => port.close(),
    detach: () => port.detach(),
    start: (listener) => port.start({ ...listener, message: between(listener) }),
  };
}
