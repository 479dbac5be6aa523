import type { GatewayNews, PlaygroundBus } from '../channels.js';
import { sleep } from '../place/sleep.js';

/** Milliseconds between two looks at the gateway. */
const LOOK_MS = 400;

/** Asks main how the gateway is, again and again, for as long as this seat lasts: nobody else knows. */
export async function watchGateway(bus: PlaygroundBus, tell: (news: GatewayNews) => void): Promise<void> {
  const main = bus.to('main').with({ timeout: 3000 });
  while (bus.state === 'open') {
    try {
      tell(await main.request('playground:gateway'));
    } catch {
      // blocked: it is asked again
    }
    await sleep(LOOK_MS);
  }
}
