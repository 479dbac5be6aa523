import { everybody } from '../everybody.js';

/** @param {import('../demonstration.js').Stage} stage */
export async function join({ graph, editor, viewer, narrator }) {
  await narrator.step(
    'three windows, two frames, a worker, a utility process, its thread and main are in one mesh',
    async () => {
      for (const name of everybody) {
        await Promise.all([editor.peer(name), viewer.peer(name), graph.node(name, 'here')]);
      }
      await graph.part('summary').filter({ hasText: '9 peers · 5 processes' }).waitFor();
      return graph.read('summary');
    },
  );
  await narrator.step('who shares a renderer process is known, and who has one of its own', async () => {
    const [own, window, frame, worker, other] = await Promise.all(
      ['editor', 'viewer', 'outline', 'counter', 'widget'].map((name) => processOf(editor, name)),
    );
    if (new Set([own, window, frame, worker]).size !== 1)
      throw new Error('The editor’s pages are in several processes');
    if (other === own) throw new Error('The widget is in the editor’s process');
    return `editor, viewer, outline and counter in ${own}; widget in ${other}`;
  });
  await narrator.step('the frame of another origin was let in by the editor', async () => {
    const identity = await editor.frame('widget').read('self-identity');
    if (!/frame · app:\/\/widget .* via editor$/.test(identity)) throw new Error(`It is: ${identity}`);
    return identity;
  });
}

/**
 * @param {import('../desk.js').Desk} desk
 * @param {string} name
 */
async function processOf(desk, name) {
  const title = (await desk.part(`peer-${name}`).getAttribute('title')) ?? '';
  return /in process (\S+?)(?:,|$)/.exec(title)?.[1];
}
