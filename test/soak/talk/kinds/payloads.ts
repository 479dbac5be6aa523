import { transfer } from 'portmesh';
import type { Kind } from '../kind.js';

const CHANNEL = 'soak:payload';
const TIMEOUT_MS = 8000;
const LARGEST = 2 ** 21;

/** Large ones, there and back, copied and moved. */
export const payloads: Kind = {
  name: 'payloads',
  weight: 1,
  serve({ bus }) {
    bus.handle(CHANNEL, (_, bytes) => {
      const got = bytes as Uint8Array<ArrayBuffer>;
      return transfer(got, [got.buffer]);
    });
  },
  act(seat) {
    const { bus, calls, random, report } = seat;
    const peer = seat.handler(CHANNEL);
    if (!peer) return;
    const size = Math.ceil(LARGEST * random.next() ** 4);
    const mark = random.between(0, 255);
    const bytes = new Uint8Array(size).fill(mark);
    const moves = random.chance(0.5);
    const call = bus
      .to(peer)
      .with({ timeout: TIMEOUT_MS })
      .request(CHANNEL, moves ? transfer(bytes, [bytes.buffer]) : bytes);
    report.count('requests');
    report.count('kilobytes', Math.ceil((size * 2) / 1000));
    calls.watch(call, {
      what: `request('${CHANNEL}') with ${size} bytes`,
      within: TIMEOUT_MS,
      codes: ['TIMEOUT', 'NO_HANDLER'],
      problem(result) {
        if (moves && bytes.byteLength > 0) return 'what was moved is not detached';
        const same = result instanceof Uint8Array && result.length === size;
        return same && result[0] === mark && result[size - 1] === mark ? undefined : 'came back as something else';
      },
    });
  },
};
