import { transfer, type MeshPort } from 'portmesh';
import type { Kind } from '../kind.js';

const OPEN = 'soak:port';
const PASS = 'soak:pass-port';
const TIMEOUT_MS = 8000;
const MOST = 30;

/** A port straight to a peer, or passed on to a third one: an echo for each message, in order, or the word that it is closed. */
export const ports: Kind = {
  name: 'ports',
  weight: 2,
  serve({ bus }) {
    bus.onPort(OPEN, (_, port) => echo(port));
    bus.handle(PASS, (_, port, count) => talk(port as MeshPort, count as number));
  },
  act({ bus, calls, random, report }) {
    report.count('ports');
    const caller = bus.with({ timeout: TIMEOUT_MS });
    const count = random.between(1, MOST);
    calls.watch(
      caller.openPort(OPEN).then((port) => talk(port, count)),
      {
        what: `openPort('${OPEN}')`,
        within: TIMEOUT_MS * 2,
        codes: ['TIMEOUT', 'NO_HANDLER'],
        problem: (result) => result as string | undefined,
      },
    );
    if (!random.chance(0.3)) return;
    report.count('ports passed on');
    const passed = caller.openPort(OPEN).then((port) => caller.request(PASS, transfer(port, [port]), count));
    calls.watch(passed, {
      what: 'a port passed on',
      within: TIMEOUT_MS * 2,
      // Between two kinds of port there is no way for it.
      codes: ['TIMEOUT', 'NO_HANDLER', 'NOT_CLONEABLE'],
      problem: (result) => result as string | undefined,
    });
  },
};

function echo(port: MeshPort): void {
  port.onmessage = ({ data }) => port.postMessage(data);
  port.onclose = () => port.close();
}

/** What is wrong with the answers, if anything is. A port that closes is the peer's end. */
function talk(port: MeshPort, count: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const end = (problem?: string): void => {
      clearTimeout(timer);
      port.close();
      resolve(problem);
    };
    // A peer that hangs for longer than that is none of the steps.
    const timer = setTimeout(() => end(`${next} answers of ${count}`), TIMEOUT_MS);
    let next = 0;
    port.onmessage = ({ data }) => {
      if (data !== next) return end(`${String(data)} came in the place of ${next}`);
      if (++next === count) end();
    };
    port.onclose = () => end();
    for (let i = 0; i < count; i++) port.postMessage(i);
  });
}
