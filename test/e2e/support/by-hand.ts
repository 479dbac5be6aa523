import type { Page } from 'playwright-core';

/**
 * Joins without the library, as `connect()` does. In the page, `control` is its control port, `ids` the others' by their names, and
 * `openTo(id)` opens a link: it resolves with the bridge's UNLINKED, if that comes.
 */
export async function joinByHand(page: Page, name: string): Promise<void> {
  await page.evaluate(async (given) => {
    const { port1, port2 } = new MessageChannel();
    const welcome = new Promise<unknown[][]>((resolve) => (port1.onmessage = (event) => resolve(event.data)));
    window.postMessage(['portmesh:join', given, 1], '/', [port2]);
    const [[, { peers }]] = (await welcome) as [[number, { peers: [{ id: string; name: string }][] }]];
    window['control'] = port1;
    window['ids'] = Object.fromEntries(peers.map(([peer]) => [peer.name, peer.id]));
    window['link'] = (id: string) => {
      const { port1: near, port2: far } = new MessageChannel();
      port1.postMessage([[2, id, 0, 0]], [far]); // OPEN
      return near;
    };
    window['openTo'] = (id: string) =>
      new Promise((resolve) => {
        port1.onmessage = ({ data }: MessageEvent<unknown[][]>) => {
          const unlinked = data.find(([kind]) => kind === 26);
          if (unlinked) resolve(unlinked);
        };
        (window['link'] as (id: string) => MessagePort)(id);
      });
  }, name);
}

/**
 * Opens a link to a peer by hand and posts on it, each post with so many ports beside it. Returns the answers (RESULT, FAILURE, THROWN: kind,
 * id, value), up to the one with the id `last`. `openPorts` is how many of the ports have a far end that isn't closed.
 */
export function talkByHand(
  page: Page,
  target: string,
  posts: readonly (readonly [post: unknown[], ports?: number])[],
  last: number,
): Promise<unknown[][]> {
  return page.evaluate(
    ([name, given, end]) => {
      const id = (window['ids'] as Record<string, string>)[name];
      const link = (window['link'] as (id: string | undefined) => MessagePort)(id);
      const answers: unknown[][] = [];
      const done = new Promise<unknown[][]>((resolve) => {
        link.onmessage = ({ data }: MessageEvent<unknown[]>) => {
          // Its answers are small: three places each, behind STATE at most.
          for (let at = 1; at < data.length;) {
            const kind = data[at];
            if (kind === 10) at += 4;
            else if (kind === 11) at += 1;
            else if (kind === 3 || kind === 4 || kind === 5) {
              answers.push(data.slice(at, at + 3));
              if (data[at + 1] === end) resolve(answers);
              at += 3;
            } else return;
          }
        };
      });
      for (const [post, ports = 0] of given) {
        const channels = Array.from({ length: ports }, () => new MessageChannel());
        for (const { port1 } of channels) {
          window['openPorts'] = ((window['openPorts'] as number | undefined) ?? 0) + 1;
          (port1 as EventTarget).addEventListener('close', () => (window['openPorts'] as number)--);
          port1.start();
        }
        link.postMessage(
          post,
          channels.map(({ port2 }) => port2),
        );
      }
      return done;
    },
    [target, posts, last] as const,
  );
}
