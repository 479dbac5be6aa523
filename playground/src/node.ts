// A Node child process. There is no Electron in it, and no port leads to it: it knows where the broker is, and a secret.

import { takeNodeSeat } from './node/seat.js';

const [, , name = 'node'] = process.argv;
takeNodeSeat(name).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
