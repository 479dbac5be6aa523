/** @param {import('../demonstration.js').Stage} stage */
export async function hang({ graph, editor, narrator }) {
  await narrator.step(
    'the worker hangs for 5 s: it is known to, nobody gives it up, and it answers in the end',
    async () => {
      await editor.click('clear-log');
      await editor.click('to-counter');
      await editor.click('hang-counter');
      await graph.node('counter', 'unresponsive');
      await editor.click('echo');
      const answer = await editor.logged('asked', 'asks counter for an echo', 'done');
      await graph.node('counter', 'here');
      return answer.outcome();
    },
  );
}
