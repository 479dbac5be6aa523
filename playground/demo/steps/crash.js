/** @param {import('../demonstration.js').Stage} stage */
export async function crash({ editor, viewer, narrator }) {
  await narrator.step('viewer crashes, and what was pending with it rejects', async () => {
    for (const desk of [editor, viewer]) await desk.click('clear-log');
    await editor.click('slow');
    await viewer.logged('served', 'editor asks for something slow');
    await editor.click('crash-viewer');
    await editor.peer('viewer', 'crashed');
    const rejected = await editor.logged('asked', 'asks viewer for something slow', 'failed');
    const outcome = await rejected.outcome();
    // The reason is main's word, which a busy machine may hold up: then the calls don't wait for it.
    if (!/^PEER_GONE (crashed|lost) /.test(outcome)) throw new Error(`It ended with: ${outcome}`);
    return outcome;
  });
  await narrator.step('viewer is brought back, and answers as before', async () => {
    await editor.click('clear-log');
    await editor.click('restore-viewer');
    await editor.peer('viewer');
    await editor.click('echo');
    const answer = await editor.logged('asked', 'asks viewer for an echo', 'done');
    return answer.outcome();
  });
}
