import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Lab, untilPeers } from './support/lab.js';
import { embed, openView, openWebview, startThread, startUtility, startWorker } from './support/lab-places.js';

describe('the lab reaches every kind of place', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.launch();
  });
  beforeEach(() => lab.start());
  afterEach(async () => {
    await lab.stop();
  });
  afterAll(() => lab.close());

  it('frames of any origin, sandboxed ones, and documents given as text', async () => {
    const page = await lab.join('a', 'owner');
    const same = await embed(page, { host: 'a' });
    const other = await embed(page, { host: 'other' });
    const sandboxed = await embed(page, { host: 'a', sandbox: 'allow-scripts' });
    const text = await embed(page, { srcdoc: '<script src="app://a/lab.js"></script>' });
    const origins = [same, other, sandboxed, text].map((frame) => frame.evaluate(() => self.origin));
    expect(await Promise.all(origins)).toEqual(['app://a', 'app://other', 'null', 'app://a']);
    await page.evaluate((name) => {
      const iframe = document.querySelector<HTMLIFrameElement>(`iframe[name="${name}"]`);
      window.lab.share(iframe!, { origin: 'app://other' });
    }, other.name());
    await other.evaluate(async () => {
      window.bus = await window.lab.connect({ name: 'embedded', owner: 'app://a' });
    });
    await untilPeers(page, ['embedded']);
  });

  it('a dedicated worker', async () => {
    const page = await lab.join('a', 'owner');
    const worker = await startWorker(page);
    await page.evaluate(() => void window.lab.share((window['workers'] as Record<string, Worker>)['worker']!));
    expect(
      await worker.evaluate(async () => {
        const { lab } = self as unknown as Window;
        return (await lab.connect({ name: 'worker' })).self.type;
      }),
    ).toBe('worker');
    await untilPeers(page, ['worker']);
  });

  it('a utility process, and a thread of it', async () => {
    const page = await lab.join('a', 'page');
    const utility = await startUtility(lab);
    await lab.main(
      (main, number) => void main.bridge.attach(main.utilities[number]!.target, { name: 'thumbs' }),
      utility.number,
    );
    const type = await utility.run(async (there) => {
      there.bus = await there.lab.connect({ via: there.lab.via });
      return there.bus.self.type;
    });
    expect(type).toBe('utility');
    const thread = await startThread(utility);
    await utility.run(
      ({ lab: { share, threads, via } }, number) => void share(threads[number]!.target, { via }),
      thread.number,
    );
    await thread.run(async (there) => {
      there.bus = await there.lab.connect({ via: there.lab.via, name: 'thread' });
    });
    await untilPeers(page, ['thumbs', 'thread']);
  });

  it('a webview, and a view', async () => {
    const page = await lab.join('a', 'page', { webPreferences: { webviewTag: true } });
    for (const place of [await openWebview(lab, page, 'b'), await openView(lab, 'c')]) {
      await place.run(async (window) => {
        window.bus = await window.lab.connect({ name: location.hostname });
      });
    }
    await untilPeers(page, ['b', 'c']);
  });
});
