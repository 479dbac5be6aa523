/** What is owned is ended by who owns it. */
const ends = /** @type {const} */ ([
  ['widget', 'frame-removed'],
  ['outline', 'frame-removed'],
  ['counter', 'terminated'],
  ['thread', 'terminated'],
]);

/** @param {import('../demonstration.js').Stage} stage */
export async function remove({ graph, editor, narrator }) {
  for (const [name, reason] of ends) {
    await narrator.step(`${name} is ended by its owner (${reason}), and brought back`, async () => {
      await editor.click(`to-${name}`);
      await editor.click(`end-${name}`);
      await editor.peer(name, reason);
      await graph.node(name, 'gone');
      await editor.click(`restore-${name}`);
      await editor.peer(name);
      await graph.node(name, 'here');
    });
  }
}
