import { audit } from '../audit.js';

/** @param {import('../demonstration.js').Stage} stage */
export async function accessible({ graph, editor, narrator }) {
  await narrator.step('all can be read, and told by a screen reader, as far as a program can say', async () => {
    const passed = [await audit(graph.page), await audit(editor.page, editor.page.frames())];
    for (const view of ['service', 'comlink']) {
      await editor.click(`view-${view}`);
      passed.push(await audit(editor.page));
    }
    await editor.click('view-talk');
    return `${new Set(passed.flat()).size} rules of WCAG 2.2, A and AA`;
  });
}
