import axe from 'axe-core';

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/**
 * Holds a window, in light and in dark, against the rules for people who see, hear and move in other ways: as far as a program can
 * tell.
 *
 * @param {import('playwright-core').Page} page
 * @param {import('playwright-core').Frame[]} [frames] each is looked at by itself: those of other origins can't be, from outside
 * @returns {Promise<string[]>} the rules that it was held against
 */
export async function audit(page, frames = [page.mainFrame()]) {
  const passed = new Set();
  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    await page.emulateMedia({ colorScheme });
    for (const frame of frames) {
      await frame.evaluate(axe.source);
      const { violations, passes } = await frame.evaluate(
        (values) =>
          /** @type {typeof globalThis & { axe: typeof axe }} */ (globalThis).axe.run(document, {
            runOnly: { type: 'tag', values },
            iframes: false,
          }),
        tags,
      );
      for (const { id } of passes) passed.add(id);
      const wrong = violations.flatMap(({ help, nodes }) =>
        nodes.map(({ html, any }) => `  ${help}: ${html} ${any[0]?.message ?? ''}`),
      );
      if (wrong.length > 0) throw new Error(`${frame.url()}, ${colorScheme}:\n${wrong.join('\n')}`);
    }
  }
  await page.emulateMedia({ colorScheme: null });
  return [...passed];
}
