import { CHANGES, LINK } from '../../../src/core/broker/control.js';
import { HANDLE } from '../../../src/core/directory/entry.js';
import type { Port } from '../../../src/core/port/port.js';
import type { TestMesh } from '../../contract/mesh.js';

/**
 * Joins a peer that speaks the wire by hand: it says that it handles `channel`, and `answer` gets the id of each frame of that
 * kind (REQUEST, PORT) that comes, with the link. Returns its control port.
 */
export function handleRaw(
  mesh: TestMesh,
  name: string,
  channel: string,
  kind: number,
  answer: (link: Port, id: unknown) => void,
): Port {
  const { port } = mesh.joinRaw(name);
  const listen = (link: Port): void =>
    link.start({
      message(data) {
        const post = data as unknown[];
        const at = post.indexOf(kind, 1);
        if (at > 0) answer(link, post[at + 1]);
      },
      unreadable() {},
      close() {},
    });
  port.start({
    message(data, ports) {
      for (const message of data as unknown[][]) if (message[0] === LINK) listen(ports[0] as Port);
    },
    unreadable() {},
    close() {},
  });
  port.post([[CHANGES, 1, [HANDLE, channel]]]);
  return port;
}
