/** Half of the block: that traffic goes on is shown here; how small the gap can be is the benchmarks' business. */
const MAX_GAP_MS = 1000;
/** Main must really have stood still, or the traffic beside it proves nothing. */
const MIN_BLOCKED_MS = 1900;

/** @param {import('../demonstration.js').Stage} stage */
export async function blockMain({ graph, editor, viewer, narrator, screenshots }) {
  await narrator.step('main is blocked for 2 s, and all others go on talking', async () => {
    await Promise.all([flows(editor, 'helper'), flows(editor, 'main'), flows(viewer, 'widget')]);
    for (const desk of [editor, viewer]) await desk.click('clear-log');
    await editor.click('block');
    await graph.node('main', 'blocked');
    await graph.photograph(screenshots, 'blocked');
    const [atEditor, atViewer, main] = [
      await readGap(editor, 'helper'),
      await readGap(viewer, 'widget'),
      await readGap(editor, 'main'),
    ];
    await graph.node('main', 'here');
    const result =
      `largest gap ${atEditor} ms between editor and helper, ${atViewer} ms between viewer and widget; ` +
      `main answered nobody for ${main} ms`;
    if (!(main >= MIN_BLOCKED_MS)) throw new Error(`Main was not blocked: ${result}`);
    if (!(atEditor <= MAX_GAP_MS && atViewer <= MAX_GAP_MS)) throw new Error(`The others stood still too: ${result}`);
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
