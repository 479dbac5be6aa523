import { connect } from 'portmesh/renderer';
import { Random } from '../random.js';
import type { Report } from '../talk/report.js';
import { Seat } from '../talk/seat.js';
import { COUNTS, VIOLATION, type PageApi } from './page-api.js';

declare global {
  interface Window {
    soak: PageApi;
    gc(): void;
  }
  interface Performance {
    readonly memory: { readonly usedJSHeapSize: number };
  }
}

const COUNTS_MS = 1000;
const COLLECTIONS = 3;

const seats = new Map<string, Seat>();
let counts: Record<string, number> = {};

const report: Report = {
  violation: (text) => console.error(VIOLATION + text),
  count: (what, by = 1) => void (counts[what] = (counts[what] ?? 0) + by),
};

setInterval(() => {
  console.log(COUNTS + JSON.stringify(counts));
  counts = {};
}, COUNTS_MS);
window.addEventListener('error', ({ message }) => report.violation(`uncaught: ${message}`));
window.addEventListener('unhandledrejection', ({ reason }) => report.violation(`unhandled: ${String(reason)}`));

function seatOf(id: string): Seat {
  const seat = seats.get(id);
  if (!seat) throw new Error(`there is no seat ${id} here`);
  seats.delete(id);
  return seat;
}

window.soak = {
  async sit(name, seed) {
    const seat = new Seat(await connect({ name }), new Random(seed), report);
    const { id } = seat.bus.self;
    seats.set(id, seat);
    seat.talk();
    return id;
  },
  stand: (id) => seatOf(id).leave(),
  async evicted(id) {
    const seat = seatOf(id);
    const { reason } = await seat.bus.closed;
    if (reason !== 'evicted') report.violation(`${id} was evicted, and is told '${reason}'`);
    await seat.settled();
    seat.dispose();
  },
  hang(ms) {
    const end = performance.now() + ms;
    while (performance.now() < end);
  },
  async hush() {
    for (const seat of seats.values()) seat.hush();
    await Promise.all([...seats.values()].map((seat) => seat.settled()));
  },
  talk() {
    for (const seat of seats.values()) seat.talk();
  },
  views: () =>
    Object.fromEntries(
      [...seats].map(([id, { bus, roster }]) => [
        id,
        { directory: [...bus.peers].map((peer) => peer.id).sort(), news: roster.ids },
      ]),
    ),
  async held() {
    const held = await Promise.all([...seats].map(async ([id, seat]) => [id, await seat.held()]));
    return held
      .filter(([, what]) => what !== '')
      .map(([id, what]) => `${id}: ${what}`)
      .join('; ');
  },
  async heap() {
    for (let i = 0; i < COLLECTIONS; i++) {
      window.gc();
      await new Promise((resolve) => setTimeout(resolve));
    }
    return performance.memory.usedJSHeapSize;
  },
};
