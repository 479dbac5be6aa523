import { everybody } from '../everybody.js';

/** @param {import('../demonstration.js').Stage} stage */
export async function join({ graph, editor, viewer, narrator }) {
  await narrator.step(
    'three windows, two frames, a worker, a utility process, its thread, three Node processes and main are in one mesh',
    async () => {
      for (const name of everybody) {
        await Promise.all([editor.peer(name), viewer.peer(name), graph.node(name, 'here')]);
      }
      await graph.part('summary').filter({ hasText: '12 peers · 9 processes' }).waitFor();
      return graph.read('summary');
    },
  );
  await narrator.step('who shares a renderer process is known, and who has one of its own', async () => {
    const [own, window, frame, worker, other] = await Promise.all(
      ['editor', 'viewer', 'outline', 'counter', 'widget'].map(async (name) => (await editor.identity(name)).process),
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
