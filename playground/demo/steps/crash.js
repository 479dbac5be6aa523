import { everybody } from '../everybody.js';

/** @param {import('../demonstration.js').Stage} stage */
export async function crash(stage) {
  const { graph, editor, narrator, opened, screenshots } = stage;
  await narrator.step(
    'the utility process is killed, its thread goes with it, and what was pending rejects',
    async () => {
      await editor.click('clear-log');
      for (const name of ['helper', 'thread']) {
        await editor.click(`to-${name}`);
        await editor.click('slow');
      }
      await graph.operate('helper');
      await graph.logged('served', 'editor asks for something slow', 'open');
      await graph.click('crash-helper');
      await Promise.all([graph.node('helper', 'gone'), graph.node('thread', 'gone')]);
      const outcomes = await Promise.all(
        ['helper', 'thread'].map(async (name) =>
          (await editor.logged('asked', `asks ${name} for something slow`, 'failed')).outcome(),
        ),
      );
      if (!outcomes.every((outcome) => outcome.startsWith('PEER_GONE ')))
        throw new Error(`They ended with: ${outcomes.join('; ')}`);
      await graph.click('restore-helper');
      await Promise.all([graph.node('helper', 'here'), graph.node('thread', 'here')]);
      return outcomes.join('; ');
    },
  );
  // Not shown: the frame of another origin crashing alone. Playwright ends with its page then.
  await narrator.step(
    'the editor’s renderer crashes: all who live in it leave at once, and come back with it',
    async () => {
      const together = ['editor', 'viewer', 'outline', 'counter'];
      await graph.operate('editor');
      await graph.click('crash-editor');
      for (const name of together) await graph.node(name, 'gone');
      const reasons = await Promise.all(
        together.map(async (name) => `${name} ${await graph.part(`node-${name}`).getAttribute('data-reason')}`),
      );
      await graph.photograph(screenshots, 'gone');
      const windows = Promise.all([opened('editor'), opened('viewer')]);
      await graph.click('restore-editor');
      [stage.editor, stage.viewer] = await windows;
      for (const name of everybody) await graph.node(name, 'here');
      return reasons.join(', ');
    },
  );
}
