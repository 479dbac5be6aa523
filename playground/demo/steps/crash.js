import { everybody } from '../demonstration.js';

/** @param {import('../demonstration.js').Stage} stage */
export async function crash(stage) {
  const { graph, editor, narrator, opened } = stage;
  await narrator.step('the frame’s own process is killed, and what was pending with it rejects', async () => {
    await editor.click('clear-log');
    await editor.click('to-widget');
    await editor.click('slow');
    await editor.frame('widget').logged('served', 'editor asks for something slow');
    await editor.click('crash-widget');
    await editor.peer('widget', 'frame-removed');
    const outcome = await (await editor.logged('asked', 'asks widget for something slow', 'failed')).outcome();
    if (!outcome.startsWith('PEER_GONE ')) throw new Error(`It ended with: ${outcome}`);
    await editor.click('restore-widget');
    await editor.peer('widget');
    return outcome;
  });
  await narrator.step('the utility process is killed, and its thread goes with it', async () => {
    await graph.operate('helper');
    await graph.click('crash-helper');
    await Promise.all([graph.node('helper', 'gone'), graph.node('thread', 'gone')]);
    const why = await graph.part('node-thread').getAttribute('data-reason');
    await graph.click('restore-helper');
    await Promise.all([graph.node('helper', 'here'), graph.node('thread', 'here')]);
    return `thread: ${why}`;
  });
  await narrator.step('the editor’s renderer crashes: all who live in it leave at once, and come back with it', async () => {
    const together = ['editor', 'viewer', 'outline', 'counter'];
    await graph.operate('editor');
    await graph.click('crash-editor');
    for (const name of together) await graph.node(name, 'gone');
    const reasons = await Promise.all(
      together.map(async (name) => `${name} ${await graph.part(`node-${name}`).getAttribute('data-reason')}`),
    );
    const viewer = opened('viewer');
    await graph.click('restore-editor');
    stage.viewer = await viewer;
    for (const name of everybody) await graph.node(name, 'here');
    return reasons.join(', ');
  });
}
