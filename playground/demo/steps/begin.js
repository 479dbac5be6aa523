import { audit } from '../audit.js';

/** @param {import('../demonstration.js').Stage} stage */
export async function begin({ graph, editor, narrator, screenshots }) {
  await narrator.step('what to try first is one click away: a thread draws in the graph over a port', async () => {
    await graph.photograph(screenshots, 'first');
    await audit(graph.page);
    await graph.click('try-port');
    await graph.part('legend').filter({ hasText: 'thread' }).waitFor();
    await graph.click('close-ports');
    await graph.part('guide').getByText('main only introduces them').waitFor();
    await graph.click('hide-guide');
    await graph.part('guide').waitFor({ state: 'hidden' });
    return (await graph.logged('asked', /draws a sine at graph/, 'done')).outcome();
  });

  await narrator.step('in a narrow window, no name in the graph is covered', () =>
    narrowed(graph.page, async () => {
      await graph.page.locator('[data-testid=stage][data-small][data-settled=true]').waitFor();
      const covered = await graph.page.evaluate(() => {
        const [labels, captions] = ['.labels text', '.node .caption'].map((each) =>
          [...document.querySelectorAll(each)].map((element) => ({
            name: element.textContent,
            box: element.getBoundingClientRect(),
          })),
        );
        return labels.flatMap(({ name, box }) =>
          captions
            .filter((other) => box.left < other.box.right && other.box.left < box.right)
            .filter((other) => box.top < other.box.bottom && other.box.top < box.bottom)
            .map((other) => `${name} by ${other.name}`),
        );
      });
      if (covered.length > 0) throw new Error(`covered: ${covered.join(', ')}`);
    }),
  );

  await narrator.step('there, whom to talk to and how is in the first view', () =>
    narrowed(editor.page, async () => {
      await editor.part('peers').waitFor();
      const { bottom } = await editor.part('echo').evaluate((button) => button.getBoundingClientRect());
      if (bottom > NARROW.height) throw new Error(`the controls are ${bottom} px down`);
    }),
  );
}

const NARROW = { width: 420, height: 800 };

/**
 * @param {import('playwright-core').Page} page
 * @param {() => Promise<void>} look
 */
async function narrowed(page, look) {
  const size = await page.evaluate(() => ({ width: innerWidth, height: innerHeight }));
  await page.setViewportSize(NARROW);
  await look();
  await page.setViewportSize(size);
}
