import { once } from 'node:events';
import type { MessageChannelMain } from 'electron';
import { afterEach, expect, it, vi } from 'vitest';
import { CloneChecker } from '../../../src/main/clone-check.js';
import { FakeChannelMain } from '../support/fake-electron.js';

/** Channels as in Electron before 30.1.2: a post that fails closes the port. */
class FragileChannelMain extends FakeChannelMain {
  constructor() {
    super();
    const { port1 } = this;
    const post = port1.postMessage.bind(port1);
    port1.postMessage = (message, transfer) => {
      try {
        post(message, transfer);
      } catch (error) {
        port1.close();
        throw error;
      }
    };
  }
}

const channels: FakeChannelMain[] = [];
afterEach(() => {
  for (const { port1, port2 } of channels.splice(0)) {
    port1.close();
    port2.close();
  }
});

function recorded(Channel: typeof FakeChannelMain): typeof MessageChannelMain {
  return class extends Channel {
    constructor() {
      super();
      channels.push(this);
    }
  } as unknown as typeof MessageChannelMain;
}

it('tries payloads as long as it does not know', () => {
  const { check } = new CloneChecker(recorded(FakeChannelMain));
  expect(() => check([() => {}])).toThrow(/could not be cloned/);
  check([{ fine: new Map() }]);
});

it('tries none where a failed post does no harm', async () => {
  const { check } = new CloneChecker(recorded(FakeChannelMain));
  await vi.waitFor(() => check([() => {}]), { interval: 1 });
});

it('goes on trying where a failed post closes the port', async () => {
  const { check } = new CloneChecker(recorded(FragileChannelMain));
  await once(channels[0]!.port2, 'close');
  expect(() => check([() => {}])).toThrow(/could not be cloned/);
});
