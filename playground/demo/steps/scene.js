/** @param {import('../demonstration.js').Stage} stage */
export async function scene({ graph, editor, narrator, screenshots }) {
  const widget = editor.frame('widget');
  await narrator.step(
    'a frame of another origin, and a worker, let shapes dance on a canvas of editor, by Comlink',
    async () => {
      await widget.part('to').selectOption('editor');
      await widget.click('dance');
      await cast(editor, 'widget');
      await editor.click('dance-counter');
      await cast(editor, 'widget counter');
      await graph.operate('counter');
      const line = await graph.logged('asked', /dances in the scene of editor.*[3-9] steps/, 'open');
      return `counter: ${await line.outcome()}`;
    },
  );
  await narrator.step('the canvas is clicked: both are called back, and go there', async () => {
    await editor.part('scene').click({ position: { x: 250, y: 180 } });
    const there = await widget.logged('asked', /dances in the scene of editor.*called back for 1 click/, 'open');
    await graph.logged('asked', /dances in the scene of editor.*called back for 1 click/, 'open');
    await editor.photograph(screenshots, 'scene');
    return `widget: ${await there.outcome()}`;
  });
  await narrator.step(
    'the worker is ended, and what danced for it leaves; the frame’s leaves when it is told to',
    async () => {
      await editor.click('to-counter');
      await editor.click('end-counter');
      await cast(editor, 'widget');
      await editor.click('restore-counter');
      await editor.peer('counter');
      await editor.click('empty-scene');
      await cast(editor, '');
      const left = await widget.logged('asked', 'dances in the scene of editor', 'done');
      await editor.click('view-talk');
      return left.outcome();
    },
  );
}

/**
 * Waits until it is they who dance there.
 *
 * @param {import('../desk.js').Desk} desk
 * @param {string} names
 */
async function cast(desk, names) {
  await desk
    .part('scene')
    .and(desk.page.locator(`[data-cast="${names}"]`))
    .waitFor();
}
