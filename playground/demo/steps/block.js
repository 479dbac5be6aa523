/** Half of the block: that traffic goes on is shown here; how small the gap can be is the benchmarks' business. */
const MAX_GAP_MS = 1000;
/** Main must really have stood still, or the traffic beside it proves nothing. */
const MIN_BLOCKED_MS = 1900;

/** @param {import('../demonstration.js').Stage} stage */
export async function blockMain({ editor, viewer, narrator }) {
  await narrator.step('main is blocked for 2 s, and the windows go on talking', async () => {
    await Promise.all([flows(editor, 'viewer'), flows(editor, 'main'), flows(viewer, 'editor')]);
    for (const desk of [editor, viewer]) await desk.click('clear-log');
    await editor.click('block-main');
    const [atEditor, atViewer, main] = [
      await readGap(editor, 'viewer'),
      await readGap(viewer, 'editor'),
      await readGap(editor, 'main'),
    ];
    const result = `largest gap ${atEditor} ms at editor, ${atViewer} ms at viewer; main answered nobody for ${main} ms`;
    if (!(main >= MIN_BLOCKED_MS)) throw new Error(`Main was not blocked: ${result}`);
    if (!(atEditor <= MAX_GAP_MS && atViewer <= MAX_GAP_MS)) throw new Error(`The windows stood still too: ${result}`);
    return result;
  });
}

/**
 * Waits until round trips are measured.
 *
 * @param {import('../desk.js').Desk} desk
 * @param {string} peer
 */
async function flows(desk, peer) {
  await desk.part(`rate-${peer}`).filter({ hasText: /[1-9]/ }).waitFor();
}

/**
 * The largest gap in the answers of a peer while main was blocked, once main is done.
 *
 * @param {import('../desk.js').Desk} desk
 * @param {string} peer
 */
async function readGap(desk, peer) {
  await desk.logged('note', 'main was blocked');
  return Number((await desk.part('block-result').getAttribute(`data-${peer}`)) || NaN);
}
