import { audit } from '../audit.js';

/** @param {import('../demonstration.js').Stage} stage */
export async function begin({ graph, narrator, screenshots }) {
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

  await narrator.step('in a narrow window, no name in the graph is covered', async () => {
    const { page } = graph;
    const { width, height } = await page.evaluate(() => ({ width: innerWidth, height: innerHeight }));
    await page.setViewportSize({ width: 420, height: 800 });
    await page.locator('[data-testid=stage][data-small][data-settled=true]').waitFor();
    const covered = await page.evaluate(() => {
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
    await page.setViewportSize({ width, height });
  });
}
