/** @param {import('../demonstration.js').Stage} stage */
export async function service({ editor, viewer, narrator, screenshots }) {
  const desks = [editor, viewer];
  await narrator.step(
    'two windows use a service of the utility process, and see the picture that it streams',
    async () => {
      for (const desk of desks) await desk.click('view-service');
      await Promise.all(desks.map((desk) => painted(desk)));
      await Promise.all(desks.map((desk) => desk.part('fractal-status').filter({ hasText: 'helper' }).waitFor()));
      const line = await editor.logged('asked', 'calls fractal.paint()', 'done');
      return `${await editor.read('fractal-status')}; ${await line.outcome()}`;
    },
  );
  await narrator.step('editor goes closer, and by an event viewer hears of it', async () => {
    const before = await seen(viewer);
    await clickAt(editor, -0.058, 0.044); // the valley of the seahorses
    await viewer.logged('got', 'fractal has moved: editor asked for it');
    return `${before}, then ${await together(desks, before)}`;
  });
  await narrator.step('the service explores, and calls viewer back for each place that it looks at', async () => {
    const before = await seen(viewer);
    await viewer.click('fractal-explore');
    const line = await viewer.logged('asked', 'calls fractal.explore()', 'done');
    const outcome = await line.outcome();
    if (!outcome.startsWith('called back 12 times')) throw new Error(`It ended with: ${outcome}`);
    await together(desks, before);
    await viewer.photograph(screenshots, 'service');
    return outcome;
  });
  await narrator.step(
    'its process is killed: a call waits; it is started again, and the same handle works',
    async () => {
      await editor.click('fractal-switch');
      await Promise.all(
        desks.map((desk) => desk.part('fractal-picture').and(desk.page.locator('[data-available="false"]')).waitFor()),
      );
      // Electron 27 doesn't always tell the one from the other.
      await viewer.logged('left', /helper provides fractal no more: (killed|exited)/);
      await editor.click('clear-log');
      await clickAt(editor, 0, 0);
      await editor.logged('asked', /calls fractal\.go\(\).*waits/, 'open');
      const before = await seen(viewer);
      await viewer.click('fractal-switch');
      await viewer.logged('joined', 'fractal is provided by helper');
      const line = await editor.logged('asked', 'calls fractal.go()', 'done');
      await together(desks, before);
      const how = await line.text();
      for (const desk of desks) await desk.click('view-talk');
      return how;
    },
  );
}

/** @param {import('../desk.js').Desk} desk */
async function painted(desk) {
  await desk.part('fractal-picture').and(desk.page.locator('[data-state="painted"]')).waitFor();
}

/** @param {import('../desk.js').Desk} desk */
async function seen(desk) {
  return (await desk.part('fractal-picture').getAttribute('data-seen')) ?? '';
}

/**
 * Waits until all of them have painted the same part, another one than before; returns which.
 *
 * @param {readonly import('../desk.js').Desk[]} desks
 * @param {string} before
 */
async function together(desks, before) {
  const [first, ...others] = desks;
  if (!first) return '';
  const picture = first.part('fractal-picture');
  await picture.and(first.page.locator(`[data-state="painted"]:not([data-seen="${before}"])`)).waitFor();
  const now = await seen(first);
  await Promise.all(
    others.map((desk) =>
      desk
        .part('fractal-picture')
        .and(desk.page.locator(`[data-seen="${now}"]`))
        .waitFor(),
    ),
  );
  return now;
}

/**
 * Clicks on the picture, so many of its heights beside its middle.
 *
 * @param {import('../desk.js').Desk} desk
 * @param {number} right
 * @param {number} down
 */
async function clickAt(desk, right, down) {
  const picture = desk.part('fractal-picture');
  const { width, height } = (await picture.boundingBox()) ?? { width: 0, height: 0 };
  await picture.click({ position: { x: width / 2 + right * height, y: height / 2 + down * height } });
}
