/** @param {import('../demonstration.js').Stage} stage */
export async function join({ editor, viewer, narrator }) {
  await narrator.step('both windows and main are in one mesh', async () => {
    for (const desk of [editor, viewer]) {
      for (const name of ['editor', 'viewer', 'main']) await desk.peer(name);
    }
    return `editor (${await editor.read('self-identity')}), viewer (${await viewer.read('self-identity')})`;
  });
}
