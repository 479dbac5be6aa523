/** @param {import('../demonstration.js').Stage} stage */
export async function fail({ editor, viewer, narrator }) {
  await editor.click('to-viewer');
  await narrator.step(
    'what a handler throws arrives as it was, with the stack of both sides and its cause',
    async () => {
      await editor.click('fail');
      const failed = await editor.logged('asked', 'asks viewer for something that fails', 'failed');
      const stack = await failed.folded();
      const remote = /--- (.*) ---\s+at (openDrawer) /.exec(stack);
      if (!remote) throw new Error(`The remote stack is missing in:\n${stack}`);
      if (!/Caused by: RangeError: .*\s+at findKey /.test(stack)) throw new Error(`The cause is missing in:\n${stack}`);
      return `${await failed.outcome()}; at ${remote[2]} in viewer`;
    },
  );
  await narrator.step('a request times out, and viewer stops working on it', async () => {
    await editor.part('slow-ms').selectOption('20000');
    await editor.part('slow-timeout').selectOption('500');
    await editor.click('slow');
    const timedOut = await editor.logged('asked', 'time-out 0.5 s', 'failed');
    const outcome = await timedOut.outcome();
    if (!outcome.startsWith('TIMEOUT')) throw new Error(`It ended with: ${outcome}`);
    const stopped = await viewer.logged('served', 'editor asks for something slow', 'done');
    return `viewer: ${await stopped.outcome()}`;
  });
  await narrator.step('a request is aborted, and viewer stops working on it', async () => {
    await editor.part('slow-timeout').selectOption('Infinity');
    await viewer.click('clear-log');
    await editor.click('slow');
    await viewer.logged('served', 'editor asks for something slow');
    await editor.click('abort');
    const aborted = await editor.logged('asked', 'something slow', 'stopped');
    const stopped = await viewer.logged('served', 'editor asks for something slow', 'done');
    return `editor: ${await aborted.outcome()}, viewer: ${await stopped.outcome()}`;
  });
}
