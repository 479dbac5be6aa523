/** A slow consumer takes 25 numbers a second at most; the producer would make a thousand. */
const MOST_WHILE_SLOW = 60;

/** @param {import('../demonstration.js').Stage} stage */
export async function stream({ graph, editor, narrator }) {
  await narrator.step('editor takes a stream of numbers from the utility process', async () => {
    await editor.click('to-helper');
    await editor.click('stream');
    const line = await editor.logged('asked', /streams from helper.*, [1-9][\d,]*\/s/, 'open');
    return line.outcome();
  });
  await narrator.step('editor takes its time, and the producer is held back', async () => {
    await editor.part('slow-consumer').check();
    await graph.operate('helper', 'editor');
    // What was under way is used up first, then the producer waits: it makes no more than is taken.
    await graph.page.waitForFunction((most) => {
      const line = document.querySelector('[data-testid="log"] li[data-kind="served"][data-state="open"] .outcome');
      const rate = /, ([\d,]+)\/s/.exec(line?.textContent ?? '')?.[1];
      return rate !== undefined && Number(rate.replaceAll(',', '')) < most;
    }, MOST_WHILE_SLOW);
    const line = await graph.logged('served', 'editor streams', 'open');
    return `helper: ${await line.outcome()}`;
  });
  await narrator.step('editor has enough, and the producer stops', async () => {
    await editor.click('stop-stream');
    const taken = await editor.logged('asked', 'streams from helper', 'done');
    const produced = await graph.logged('served', 'editor streams', 'done');
    await editor.part('slow-consumer').uncheck();
    return `editor: ${await taken.outcome()}; helper: ${await produced.outcome()}`;
  });
}
